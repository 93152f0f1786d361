;; One component calls another, with other encodings of strings, while it is instantiated.
(component
  (component $callee
    (core module $m
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
        (local.set $at (i32.and (i32.const -8) (i32.add (i32.const 7) (global.get $top))))
        (global.set $top (i32.add (local.get $at) (local.get 3)))
        (local.get $at))
      (func (export "echo") (param i32 i32 i32 f64) (result i32)
        (i32.store (i32.const 8) (local.get 0))
        (i32.store (i32.const 12) (local.get 1))
        (i32.const 8))
      (func (export "done") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "echo") (param "s" string) (param "o" (option f64)) (result string)
      (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))
        string-encoding=utf16 (post-return (core func $i "done")))))
  (component $caller
    (import "echo" (func $echo (param "s" string) (param "o" (option f64)) (result string)))
    (core module $memory
      (memory (export "memory") 1)
      (data (i32.const 0) "h\c3\a9llo")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 256)))
    (core instance $memory (instantiate $memory))
    (core func $echo (canon lower (func $echo) (memory (core memory $memory "memory"))
      (realloc (core func $memory "realloc"))))
    (core module $m
      (import "" "echo" (func $echo (param i32 i32 i32 f64 i32)))
      (func $start (call $echo (i32.const 0) (i32.const 6) (i32.const 1) (f64.const 0.5) (i32.const 16)))
      (start $start))
    (core instance (instantiate $m (with "" (instance (export "echo" (func $echo)))))))
  (instance $callee (instantiate $callee))
  (instance (instantiate $caller (with "echo" (func $callee "echo"))))
  (export "callee" (instance $callee)))
