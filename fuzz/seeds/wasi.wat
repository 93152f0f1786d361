;; A command of WASI 0.1 that writes a line and looks at a file.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\0a../etc/passwd")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))
    (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 14) (i32.const 13)
      (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 104)))))
