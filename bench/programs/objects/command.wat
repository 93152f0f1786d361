;; What makes a program of each module here: fields that the benchmark puts at the module's beginning.
;;
;; The command's argument, per cent of the usual work, goes to `$run`. Its sum is printed on standard output, the time that it took on
;; standard error, as all programs of the benchmark do.
(import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))

;; 0: a buffer's address and length; 8: what was written; 16: a time; 24: how many arguments, their bytes;
;; 32: their addresses; 64: their text; up to 1024: a line that is being made.
(memory (export "memory") 1)

(func (export "_start") (local $start i64) (local $sum i64) (local $percent i32)
  (local.set $percent (call $percent))
  (local.set $start (call $now))
  (local.set $sum (call $run (local.get $percent)))
  (local.set $start (i64.sub (call $now) (local.get $start)))
  (call $print (i32.const 1) (i64.const 0x206d757320737469) (local.get $sum))
  (call $print (i32.const 2) (i64.const 0x20736e5f656d6974) (local.get $start)))

(func $now (result i64)
  (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
  (i64.load (i32.const 16)))

;; The number that is the command's argument; 100 without one.
(func $percent (result i32) (local $at i32) (local $digit i32) (local $number i32)
  (drop (call $args_sizes_get (i32.const 24) (i32.const 28)))
  (if (i32.or (i32.ne (i32.load (i32.const 24)) (i32.const 2)) (i32.gt_u (i32.load (i32.const 28)) (i32.const 900)))
    (then (return (i32.const 100))))
  (drop (call $args_get (i32.const 32) (i32.const 64)))
  (local.set $at (i32.load (i32.const 36)))
  (loop $next
    (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)))
    (if (i32.lt_u (local.get $digit) (i32.const 10))
      (then
        (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
  (local.get $number))

;; Prints a line: a name of eight bytes, and a number.
(func $print (param $to i32) (param $name i64) (param $number i64) (local $at i32)
  (local.set $at (i32.const 1023))
  (i32.store8 (local.get $at) (i32.const 10))
  (loop $digit
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at)
      (i32.add (i32.const 0x30) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
    (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
    (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
  (loop $byte
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.wrap_i64 (i64.shr_u (local.get $name) (i64.const 56))))
    (local.set $name (i64.shl (local.get $name) (i64.const 8)))
    (br_if $byte (i64.ne (local.get $name) (i64.const 0))))
  (i32.store (i32.const 0) (local.get $at))
  (i32.store (i32.const 4) (i32.sub (i32.const 1024) (local.get $at)))
  (drop (call $fd_write (local.get $to) (i32.const 0) (i32.const 1) (i32.const 8))))
