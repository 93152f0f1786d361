;; Richards: an operating system's kernel with six tasks that send packets to one another. Tasks differ by what they do with a packet,
;; which they are asked through a table of functions.
(module
  (rec
    (type $task (sub (struct (field $methods (ref $methods)))))
    ;; Lets a task go on, with a packet or without; gives the block that goes on next.
    (type $run (func (param (ref $task) (ref null $packet)) (result (ref null $block))))
    (type $methods (struct (field $run (ref $run))))
    (type $packet (struct
      (field $link (mut (ref null $packet))) (field $id (mut i32)) (field $kind i32)
      (field $a1 (mut i32)) (field $a2 (ref $words))))
    (type $words (array (mut i32)))
    (type $block (struct
      (field $link (ref null $block)) (field $id i32) (field $priority i32)
      (field $queue (mut (ref null $packet))) (field $task (ref $task)) (field $state (mut i32))))
    (type $blocks (array (mut (ref null $block))))
    (type $scheduler (struct
      (field $queued (mut i32)) (field $held (mut i32)) (field $blocks (ref $blocks))
      (field $list (mut (ref null $block))) (field $current (mut (ref null $block))) (field $current_id (mut i32))))
    (type $idle (sub final $task (struct (field $methods (ref $methods))
      (field $scheduler (ref $scheduler)) (field $bits (mut i32)) (field $count (mut i32)))))
    (type $device (sub final $task (struct (field $methods (ref $methods))
      (field $scheduler (ref $scheduler)) (field $pending (mut (ref null $packet))))))
    (type $worker (sub final $task (struct (field $methods (ref $methods))
      (field $scheduler (ref $scheduler)) (field $to (mut i32)) (field $letter (mut i32)))))
    (type $handler (sub final $task (struct (field $methods (ref $methods))
      (field $scheduler (ref $scheduler))
      (field $work (mut (ref null $packet))) (field $devices (mut (ref null $packet)))))))

  (global $idle_methods (ref $methods) (struct.new $methods (ref.func $run_idle)))
  (global $device_methods (ref $methods) (struct.new $methods (ref.func $run_device)))
  (global $worker_methods (ref $methods) (struct.new $methods (ref.func $run_worker)))
  (global $handler_methods (ref $methods) (struct.new $methods (ref.func $run_handler)))

  ;; Tasks: 0 idles, 1 works, 2 and 3 handle, 4 and 5 are devices. Packets: 0 for devices, 1 of work.
  ;; States: 1 runnable, 2 suspended, 4 held.

  ;; ---- packets ----

  (func $packet (param $link (ref null $packet)) (param $id i32) (param $kind i32) (result (ref $packet))
    (struct.new $packet (local.get $link) (local.get $id) (local.get $kind) (i32.const 0)
      (array.new_default $words (i32.const 4))))

  ;; A queue with a packet at its end.
  (func $append (param $packet (ref null $packet)) (param $queue (ref null $packet)) (result (ref null $packet))
    (local $at (ref null $packet)) (local $next (ref null $packet))
    (struct.set $packet $link (local.get $packet) (ref.null $packet))
    (if (ref.is_null (local.get $queue))
      (then (return (local.get $packet))))
    (local.set $at (local.get $queue))
    (block $end
      (loop $again
        (local.set $next (struct.get $packet $link (local.get $at)))
        (br_if $end (ref.is_null (local.get $next)))
        (local.set $at (local.get $next))
        (br $again)))
    (struct.set $packet $link (local.get $at) (local.get $packet))
    (local.get $queue))

  ;; ---- blocks ----

  (func $set_state (param $block (ref null $block)) (param $bits i32)
    (struct.set $block $state (local.get $block)
      (i32.or (struct.get $block $state (local.get $block)) (local.get $bits))))

  (func $waits (param $block (ref null $block)) (result i32) (local $state i32)
    (local.set $state (struct.get $block $state (local.get $block)))
    (i32.or (i32.and (local.get $state) (i32.const 4)) (i32.eq (local.get $state) (i32.const 2))))

  (func $run_block (param $block (ref null $block)) (result (ref null $block))
    (local $packet (ref null $packet)) (local $task (ref $task))
    (if (i32.eq (struct.get $block $state (local.get $block)) (i32.const 3))
      (then
        (local.set $packet (struct.get $block $queue (local.get $block)))
        (struct.set $block $queue (local.get $block) (struct.get $packet $link (local.get $packet)))
        (struct.set $block $state (local.get $block)
          (i32.eqz (ref.is_null (struct.get $block $queue (local.get $block)))))))
    (local.set $task (struct.get $block $task (local.get $block)))
    (call_ref $run (local.get $task) (local.get $packet)
      (struct.get $methods $run (struct.get $task $methods (local.get $task)))))

  ;; Gives a block a packet; gives what goes on: it, or the current one.
  (func $deliver (param $block (ref null $block)) (param $current (ref null $block)) (param $packet (ref null $packet))
    (result (ref null $block))
    (if (ref.is_null (struct.get $block $queue (local.get $block)))
      (then
        (struct.set $block $queue (local.get $block) (local.get $packet))
        (call $set_state (local.get $block) (i32.const 1))
        (if (i32.gt_s
            (struct.get $block $priority (local.get $block))
            (struct.get $block $priority (local.get $current)))
          (then (return (local.get $block)))))
      (else
        (struct.set $block $queue (local.get $block)
          (call $append (local.get $packet) (struct.get $block $queue (local.get $block))))))
    (local.get $current))

  ;; ---- the scheduler ----

  (func $scheduler (result (ref $scheduler))
    (struct.new $scheduler (i32.const 0) (i32.const 0) (array.new_default $blocks (i32.const 6))
      (ref.null $block) (ref.null $block) (i32.const 0)))

  (func $add (param $scheduler (ref $scheduler)) (param $id i32) (param $priority i32)
    (param $queue (ref null $packet)) (param $task (ref $task)) (local $block (ref $block))
    (local.set $block
      (struct.new $block (struct.get $scheduler $list (local.get $scheduler)) (local.get $id) (local.get $priority)
        (local.get $queue) (local.get $task)
        (select (i32.const 2) (i32.const 3) (ref.is_null (local.get $queue)))))
    (struct.set $scheduler $list (local.get $scheduler) (local.get $block))
    (struct.set $scheduler $current (local.get $scheduler) (local.get $block))
    (array.set $blocks (struct.get $scheduler $blocks (local.get $scheduler)) (local.get $id) (local.get $block)))

  (func $schedule (param $scheduler (ref $scheduler)) (local $block (ref null $block))
    (local.set $block (struct.get $scheduler $list (local.get $scheduler)))
    (block $end
      (loop $again
        (struct.set $scheduler $current (local.get $scheduler) (local.get $block))
        (br_if $end (ref.is_null (local.get $block)))
        (if (call $waits (local.get $block))
          (then (local.set $block (struct.get $block $link (local.get $block))))
          (else
            (struct.set $scheduler $current_id (local.get $scheduler) (struct.get $block $id (local.get $block)))
            (local.set $block (call $run_block (local.get $block)))))
        (br $again))))

  (func $block_of (param $scheduler (ref $scheduler)) (param $id i32) (result (ref null $block))
    (array.get $blocks (struct.get $scheduler $blocks (local.get $scheduler)) (local.get $id)))

  ;; Lets a held task run again; gives what goes on.
  (func $release (param $scheduler (ref $scheduler)) (param $id i32) (result (ref null $block))
    (local $block (ref null $block))
    (local.set $block (call $block_of (local.get $scheduler) (local.get $id)))
    (struct.set $block $state (local.get $block)
      (i32.and (struct.get $block $state (local.get $block)) (i32.const -5)))
    (if (result (ref null $block))
      (i32.gt_s
        (struct.get $block $priority (local.get $block))
        (struct.get $block $priority (struct.get $scheduler $current (local.get $scheduler))))
      (then (local.get $block))
      (else (struct.get $scheduler $current (local.get $scheduler)))))

  (func $hold (param $scheduler (ref $scheduler)) (result (ref null $block)) (local $block (ref null $block))
    (struct.set $scheduler $held (local.get $scheduler)
      (i32.add (struct.get $scheduler $held (local.get $scheduler)) (i32.const 1)))
    (local.set $block (struct.get $scheduler $current (local.get $scheduler)))
    (call $set_state (local.get $block) (i32.const 4))
    (struct.get $block $link (local.get $block)))

  (func $suspend (param $scheduler (ref $scheduler)) (result (ref null $block))
    (call $set_state (struct.get $scheduler $current (local.get $scheduler)) (i32.const 2))
    (struct.get $scheduler $current (local.get $scheduler)))

  ;; Sends a packet to the task that it names.
  (func $send (param $scheduler (ref $scheduler)) (param $packet (ref null $packet)) (result (ref null $block))
    (local $block (ref null $block))
    (local.set $block (call $block_of (local.get $scheduler) (struct.get $packet $id (local.get $packet))))
    (struct.set $scheduler $queued (local.get $scheduler)
      (i32.add (struct.get $scheduler $queued (local.get $scheduler)) (i32.const 1)))
    (struct.set $packet $link (local.get $packet) (ref.null $packet))
    (struct.set $packet $id (local.get $packet) (struct.get $scheduler $current_id (local.get $scheduler)))
    (call $deliver (local.get $block) (struct.get $scheduler $current (local.get $scheduler)) (local.get $packet)))

  ;; ---- what tasks do ----

  (func $run_idle (type $run) (local $task (ref $idle)) (local $bits i32) (local $scheduler (ref $scheduler))
    (local.set $task (ref.cast (ref $idle) (local.get 0)))
    (local.set $scheduler (struct.get $idle $scheduler (local.get $task)))
    (struct.set $idle $count (local.get $task)
      (i32.sub (struct.get $idle $count (local.get $task)) (i32.const 1)))
    (if (i32.eqz (struct.get $idle $count (local.get $task)))
      (then (return (call $hold (local.get $scheduler)))))
    (local.set $bits (struct.get $idle $bits (local.get $task)))
    (if (result (ref null $block)) (i32.and (local.get $bits) (i32.const 1))
      (then
        (struct.set $idle $bits (local.get $task)
          (i32.xor (i32.shr_u (local.get $bits) (i32.const 1)) (i32.const 0xd008)))
        (call $release (local.get $scheduler) (i32.const 5)))
      (else
        (struct.set $idle $bits (local.get $task) (i32.shr_u (local.get $bits) (i32.const 1)))
        (call $release (local.get $scheduler) (i32.const 4)))))

  (func $run_device (type $run)
    (local $task (ref $device)) (local $packet (ref null $packet)) (local $scheduler (ref $scheduler))
    (local.set $task (ref.cast (ref $device) (local.get 0)))
    (local.set $scheduler (struct.get $device $scheduler (local.get $task)))
    (if (ref.is_null (local.get 1))
      (then
        (local.set $packet (struct.get $device $pending (local.get $task)))
        (if (ref.is_null (local.get $packet))
          (then (return (call $suspend (local.get $scheduler)))))
        (struct.set $device $pending (local.get $task) (ref.null $packet))
        (return (call $send (local.get $scheduler) (local.get $packet)))))
    (struct.set $device $pending (local.get $task) (local.get 1))
    (call $hold (local.get $scheduler)))

  (func $run_worker (type $run)
    (local $task (ref $worker)) (local $letter i32) (local $at i32) (local $scheduler (ref $scheduler))
    (local.set $task (ref.cast (ref $worker) (local.get 0)))
    (local.set $scheduler (struct.get $worker $scheduler (local.get $task)))
    (if (ref.is_null (local.get 1))
      (then (return (call $suspend (local.get $scheduler)))))
    (struct.set $worker $to (local.get $task)
      (i32.sub (i32.const 5) (struct.get $worker $to (local.get $task))))
    (struct.set $packet $id (local.get 1) (struct.get $worker $to (local.get $task)))
    (struct.set $packet $a1 (local.get 1) (i32.const 0))
    (loop $next
      (local.set $letter (i32.add (struct.get $worker $letter (local.get $task)) (i32.const 1)))
      (if (i32.gt_u (local.get $letter) (i32.const 26))
        (then (local.set $letter (i32.const 1))))
      (struct.set $worker $letter (local.get $task) (local.get $letter))
      (array.set $words (struct.get $packet $a2 (local.get 1)) (local.get $at) (local.get $letter))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 4))))
    (call $send (local.get $scheduler) (local.get 1)))

  (func $run_handler (type $run)
    (local $task (ref $handler)) (local $work (ref null $packet)) (local $packet (ref null $packet)) (local $count i32)
    (local $scheduler (ref $scheduler))
    (local.set $task (ref.cast (ref $handler) (local.get 0)))
    (local.set $scheduler (struct.get $handler $scheduler (local.get $task)))
    (if (i32.eqz (ref.is_null (local.get 1)))
      (then
        (if (struct.get $packet $kind (local.get 1))
          (then
            (struct.set $handler $work (local.get $task)
              (call $append (local.get 1) (struct.get $handler $work (local.get $task)))))
          (else
            (struct.set $handler $devices (local.get $task)
              (call $append (local.get 1) (struct.get $handler $devices (local.get $task))))))))
    (local.set $work (struct.get $handler $work (local.get $task)))
    (if (i32.eqz (ref.is_null (local.get $work)))
      (then
        (local.set $count (struct.get $packet $a1 (local.get $work)))
        (if (i32.lt_u (local.get $count) (i32.const 4))
          (then
            (local.set $packet (struct.get $handler $devices (local.get $task)))
            (if (i32.eqz (ref.is_null (local.get $packet)))
              (then
                (struct.set $handler $devices (local.get $task) (struct.get $packet $link (local.get $packet)))
                (struct.set $packet $a1 (local.get $packet)
                  (array.get $words (struct.get $packet $a2 (local.get $work)) (local.get $count)))
                (struct.set $packet $a1 (local.get $work) (i32.add (local.get $count) (i32.const 1)))
                (return (call $send (local.get $scheduler) (local.get $packet))))))
          (else
            (struct.set $handler $work (local.get $task) (struct.get $packet $link (local.get $work)))
            (return (call $send (local.get $scheduler) (local.get $work)))))))
    (call $suspend (local.get $scheduler)))

  ;; ---- all of it ----

  (func $add_idle (param $scheduler (ref $scheduler)) (param $count i32)
    (call $add (local.get $scheduler) (i32.const 0) (i32.const 0) (ref.null $packet)
      (struct.new $idle (global.get $idle_methods) (local.get $scheduler) (i32.const 1) (local.get $count)))
    (struct.set $block $state (struct.get $scheduler $current (local.get $scheduler)) (i32.const 0)))

  (func $add_worker (param $scheduler (ref $scheduler))
    (call $add (local.get $scheduler) (i32.const 1) (i32.const 1000)
      (call $packet (call $packet (ref.null $packet) (i32.const 1) (i32.const 1)) (i32.const 1) (i32.const 1))
      (struct.new $worker (global.get $worker_methods) (local.get $scheduler) (i32.const 2) (i32.const 0))))

  (func $add_handler (param $scheduler (ref $scheduler)) (param $id i32) (param $priority i32) (param $device i32)
    (call $add (local.get $scheduler) (local.get $id) (local.get $priority)
      (call $packet
        (call $packet
          (call $packet (ref.null $packet) (local.get $device) (i32.const 0))
          (local.get $device) (i32.const 0))
        (local.get $device) (i32.const 0))
      (struct.new $handler (global.get $handler_methods) (local.get $scheduler) (ref.null $packet) (ref.null $packet))))

  (func $add_device (param $scheduler (ref $scheduler)) (param $id i32) (param $priority i32)
    (call $add (local.get $scheduler) (local.get $id) (local.get $priority) (ref.null $packet)
      (struct.new $device (global.get $device_methods) (local.get $scheduler) (ref.null $packet))))

  ;; Runs the system until the idle task has run so often. Of 1000, known numbers of packets are queued and tasks are held.
  (func $richards (export "richards") (param $count i32) (result i64) (local $scheduler (ref $scheduler))
    (local.set $scheduler (call $scheduler))
    (call $add_idle (local.get $scheduler) (local.get $count))
    (call $add_worker (local.get $scheduler))
    (call $add_handler (local.get $scheduler) (i32.const 2) (i32.const 2000) (i32.const 4))
    (call $add_handler (local.get $scheduler) (i32.const 3) (i32.const 3000) (i32.const 5))
    (call $add_device (local.get $scheduler) (i32.const 4) (i32.const 4000))
    (call $add_device (local.get $scheduler) (i32.const 5) (i32.const 5000))
    (call $schedule (local.get $scheduler))
    (if (i32.eq (local.get $count) (i32.const 1000))
      (then
        (if (i32.ne (struct.get $scheduler $queued (local.get $scheduler)) (i32.const 2322)) (then (unreachable)))
        (if (i32.ne (struct.get $scheduler $held (local.get $scheduler)) (i32.const 928)) (then (unreachable)))))
    (i64.add
      (i64.mul (i64.const 100000) (i64.extend_i32_u (struct.get $scheduler $queued (local.get $scheduler))))
      (i64.extend_i32_u (struct.get $scheduler $held (local.get $scheduler)))))

  (func $run (export "run") (param $percent i32) (result i64) (local $left i32) (local $sum i64)
    (local.set $left (i32.mul (i32.const 100) (local.get $percent)))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (call $richards (i32.const 1000))))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
