;; What calls cost: from the host in, and from inside to the host.
(module
  (import "host" "nothing" (func $nothing))
  (import "host" "add" (func $host_add (param i32 i32) (result i32)))
  (func (export "nothing"))
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "call_nothing") (param $count i32)
    (loop $again
      (call $nothing)
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  (func (export "call_add") (param $count i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (call $host_add (local.get $sum) (local.get $count)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
