;; Several memories, 64-bit addresses, pages of one byte.
(module
  (memory $wide i64 1 3)
  (memory $small 10 20 (pagesize 1))
  (table $table i64 2 funcref)
  (func (export "wide") (param i64) (result i64)
    (i64.load $wide offset=18446744073709551608 (local.get 0)))
  (func (export "small") (param i32) (result i32)
    (i32.load8_u $small (local.get 0)))
  (func (export "grow") (param i64) (result i64 i64)
    (memory.grow $wide (local.get 0))
    (table.grow $table (ref.null func) (local.get 0)))
  (func (export "copy") (param i64 i32)
    (memory.copy $wide $small (local.get 0) (local.get 1) (i32.const 3))))
