;; Imports of every kind, references passed through, a start function, names.
(module $importer
  (import "host" "log" (func $log (param i32 f64 externref)))
  (import "host" "memory" (memory 1))
  (import "host" "table" (table 1 externref))
  (import "host" "constant" (global $constant i32))
  (import "host" "counter" (global $counter (mut i64)))
  (global $derived i32 (i32.add (global.get $constant) (i32.const 4)))
  (func $start
    (global.set $counter (i64.const 1))
    (call $log (global.get $derived) (f64.const 0.5) (table.get (i32.const 0))))
  (start $start)
  (func (export "pass") (param externref funcref) (result funcref externref)
    (table.set (i32.const 0) (local.get 0))
    (local.get 1) (select (result externref) (local.get 0) (ref.null extern) (i32.const 1))))
