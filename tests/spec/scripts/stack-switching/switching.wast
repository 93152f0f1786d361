;; Going from one continuation to another without coming back to who resumed it.

;; Two tasks that hand control to each other.
(module
  (rec
    (type $f (func (param i32 (ref null $c)) (result i32)))
    (type $c (cont $f)))
  (type $start (func (result i32)))
  (type $s (cont $start))
  (tag $turn (result i32))

  ;; Counts down together with the other task; who comes to 0 ends with how often it was its turn, and 1000 times its number.
  (func $task (param $number i32) (param $left i32) (param $other (ref null $c)) (result i32)
    (local $turns i32)
    (loop $again
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (if (i32.eqz (local.get $left))
        (then
          (return (i32.add (local.get $turns) (i32.mul (i32.const 1000) (local.get $number))))))
      (switch $c $turn (i32.sub (local.get $left) (i32.const 1)) (local.get $other))
      (local.set $other) (local.set $left)
      (br $again))
    (unreachable))
  (func $second (type $f) (call $task (i32.const 2) (local.get 0) (local.get 1)))
  (global $left (mut i32) (i32.const 0))
  (func $first (type $start)
    (call $task (i32.const 1) (global.get $left) (cont.new $c (ref.func $second))))
  (elem declare func $first $second)

  (func (export "turns") (param i32) (result i32)
    (global.set $left (local.get 0))
    (resume $s (on $turn switch) (cont.new $s (ref.func $first))))
  ;; From deeper down: what is between the task and the clause goes along.
  (func $first_deeper (type $start)
    (resume $s (cont.new $s (ref.func $first))))
  (elem declare func $first_deeper)
  (func (export "turns of nested") (param i32) (result i32)
    (global.set $left (local.get 0))
    (resume $s (on $turn switch) (cont.new $s (ref.func $first_deeper))))
  (func (export "no clause") (result i32)
    (global.set $left (i32.const 3))
    (resume $s (cont.new $s (ref.func $first))))
  (func (export "outside") (result i32)
    (call $task (i32.const 1) (i32.const 3) (cont.new $c (ref.func $second))))
  (func (export "to null") (result i32)
    (switch $c $turn (i32.const 1) (ref.null $c))
    (unreachable))
)
(assert_return (invoke "turns" (i32.const 0)) (i32.const 1001))
(assert_return (invoke "turns" (i32.const 1)) (i32.const 2001))
(assert_return (invoke "turns" (i32.const 2)) (i32.const 1002))
(assert_return (invoke "turns" (i32.const 999)) (i32.const 2500))
(assert_return (invoke "turns of nested" (i32.const 1000)) (i32.const 1501))
(assert_suspension (invoke "no clause") "unhandled")
(assert_suspension (invoke "outside") "unhandled")
(assert_trap (invoke "to null") "null continuation reference")

;; A scheduler with a queue: tasks that yield by switching to the next, others that ask the scheduler by suspending.
(module
  (rec
    (type $f (func (param (ref null $c))))
    (type $c (cont $f)))
  (tag $yield)
  (tag $spawn (param (ref $c)))
  (type $after_spawn (func))
  (type $k (cont $after_spawn))

  (table $queue 1024 (ref null $c))
  (global $head (mut i32) (i32.const 0))
  (global $tail (mut i32) (i32.const 0))
  (global $log (mut i64) (i64.const 7))

  (func $enqueue (param (ref null $c))
    (if (ref.is_null (local.get 0)) (then (return)))
    (table.set $queue (i32.and (global.get $tail) (i32.const 1023)) (local.get 0))
    (global.set $tail (i32.add (global.get $tail) (i32.const 1))))
  (func $dequeue (result (ref null $c))
    (if (i32.eq (global.get $head) (global.get $tail)) (then (return (ref.null $c))))
    (table.get $queue (i32.and (global.get $head) (i32.const 1023)))
    (global.set $head (i32.add (global.get $head) (i32.const 1))))

  (func $note (param i64)
    (global.set $log (i64.add (i64.mul (global.get $log) (i64.const 31)) (local.get 0))))
  ;; Hands control to the next task, if there is one.
  (func $yield
    (local $next (ref null $c))
    (local.set $next (call $dequeue))
    (if (ref.is_null (local.get $next)) (then (return)))
    (call $enqueue (switch $c $yield (local.get $next))))

  (global $number (mut i64) (i64.const 0))
  (func $worker (type $f) (local $me i64) (local $left i32)
    (call $enqueue (local.get 0))
    (global.set $number (i64.add (global.get $number) (i64.const 1)))
    (local.set $me (global.get $number))
    (local.set $left (i32.const 5))
    (loop $again
      (call $note (local.get $me))
      (call $yield)
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func $main (type $f) (local $i i32)
    (call $enqueue (local.get 0))
    (local.set $i (i32.const 4))
    (loop $again
      (suspend $spawn (cont.new $c (ref.func $worker)))
      (call $yield)
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (elem declare func $worker $main)

  (func $schedule (local $task (ref null $c)) (local $k (ref null $k))
    (loop $next
      (local.set $task (call $dequeue))
      (if (ref.is_null (local.get $task)) (then (return)))
      (block $done
        (block $on_spawn (result (ref $c) (ref $k))
          (resume $c (on $yield switch) (on $spawn $on_spawn) (ref.null $c) (local.get $task))
          (br $done))
        (loop $again (param (ref $c) (ref $k))
          (local.set $k)
          (call $enqueue)
          (block $on_spawn (result (ref $c) (ref $k))
            (resume $k (on $yield switch) (on $spawn $on_spawn) (local.get $k))
            (br $done))
          (br $again)))
      (br $next)))
  (func (export "run") (result i64)
    (call $enqueue (cont.new $c (ref.func $main)))
    (call $schedule)
    (global.get $log))
)
(assert_return (invoke "run") (i64.const -4769705939564579605))
