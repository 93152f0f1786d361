;; A small module with one page of memory, a table, a global and some data, as a plug-in has them.
(module
  (memory (export "memory") 1)
  (table 8 funcref)
  (global $count (mut i32) (i32.const 0))
  (elem (i32.const 0) $bump $peek)
  (data (i32.const 1024) "a few bytes of constant data")
  (func $bump (export "bump") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.const 0) (global.get $count))
    (global.get $count))
  (func $peek (export "peek") (result i32)
    (i32.load (i32.const 0))))
