(component
  (import "host-add" (func $host-add (param "a" u32) (param "b" u32) (result u32)))
  (component $adder
    (core module $m
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))
  (instance $adder (instantiate $adder))
  (component $outer
    (import "host-add" (func $host-add (param "a" u32) (param "b" u32) (result u32)))
    (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
    (core func $host-add (canon lower (func $host-add)))
    (core func $other-add (canon lower (func $add)))
    (core module $m
      (import "" "host-add" (func $host-add (param i32 i32) (result i32)))
      (import "" "other-add" (func $other-add (param i32 i32) (result i32)))
      (memory (export "memory") 64)
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "call-host") (param $count i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (call $host-add (local.get $sum) (local.get $count)))
          (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $sum))
      (func (export "call-other") (param $count i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (call $other-add (local.get $sum) (local.get $count)))
          (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $sum))
      ;; What is there is always in the same place: it is given back before more comes.
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "free") (param i32))
      (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 8) (local.get 0))
        (i32.store (i32.const 12) (local.get 1))
        (i32.const 8)))
    (core instance $i (instantiate $m (with "" (instance
      (export "host-add" (func $host-add)) (export "other-add" (func $other-add))))))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "call-host") (param "count" u32) (result u32) (canon lift (core func $i "call-host")))
    (func (export "call-other") (param "count" u32) (result u32) (canon lift (core func $i "call-other")))
    (func (export "echo") (param "text" string) (result string) (canon lift (core func $i "echo")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")) (post-return (core func $i "free"))))
    (func (export "echo-list") (param "list" (list u64)) (result (list u64)) (canon lift (core func $i "echo")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $outer (instantiate $outer
    (with "host-add" (func $host-add)) (with "add" (func $adder "add"))))
  (export "add" (func $outer "add"))
  (export "call-host" (func $outer "call-host"))
  (export "call-other" (func $outer "call-other"))
  (export "echo" (func $outer "echo"))
  (export "echo-list" (func $outer "echo-list")))
