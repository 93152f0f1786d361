;; Two kinds of work for the price of fuel and of being interruptible: a loop and a recursion.
(module
  (memory 16)
  (func (export "sum_memory") (param $rounds i32) (result i32)
    (local $at i32) (local $sum i32)
    (loop $round
      (local.set $at (i32.const 0))
      (loop $word
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $word (i32.lt_u (local.get $at) (i32.const 1048576))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2))))))))
