;; What a throw costs, and what handlers cost where nothing is thrown.
(module
  (tag $e (param i32))
  (func $deep (param $depth i32) (param $value i32) (result i32)
    (if (local.get $depth)
      (then
        (return
          (i32.add
            (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))
            (i32.const 1)))))
    (throw $e (local.get $value)))
  ;; Caught ten frames up.
  (func (export "far") (param $count i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (block $caught (result i32)
            (try_table (result i32) (catch $e $caught)
              (call $deep (i32.const 9) (local.get $count))))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  ;; Caught where it is thrown.
  (func (export "near") (param $count i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (block $caught (result i32)
            (try_table (result i32) (catch $e $caught)
              (throw $e (local.get $count))))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $fib_handled (export "fib_handled") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (block $caught (result i32)
          (try_table (result i32) (catch $e $caught)
            (i32.add
              (call $fib_handled (i32.sub (local.get 0) (i32.const 1)))
              (call $fib_handled (i32.sub (local.get 0) (i32.const 2))))))))))
