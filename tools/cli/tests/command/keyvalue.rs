//! Buckets that components are granted by `--keyvalue`.

use crate::common::Folder;

/// Adds 1 to the number `n` in the bucket `default`, and gives the sum; 99 if there is no such bucket.
const COUNTER: &str = r#"(component
  (import "wasi:keyvalue/store@0.2.0-draft" (instance $store
    (export "bucket" (type $bucket (sub resource)))
    (type $error' (variant (case "no-such-store") (case "access-denied") (case "other" string)))
    (export "error" (type $error (eq $error')))
    (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $error)))))))
  (alias export $store "bucket" (type $bucket))
  (alias export $store "error" (type $error))
  (import "wasi:keyvalue/atomics@0.2.0-draft" (instance $atomics
    (alias outer 1 $bucket (type $bucket'))
    (export "bucket" (type $bucket (eq $bucket')))
    (alias outer 1 $error (type $error'))
    (export "error" (type $error (eq $error')))
    (export "increment" (func (param "bucket" (borrow $bucket)) (param "key" string) (param "delta" u64)
      (result (result u64 (error $error)))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (core func $open (canon lower (func $store "open")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $increment (canon lower (func $atomics "increment")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "memory" "memory" (memory 1))
    (import "" "open" (func $open (param i32 i32 i32)))
    (import "" "increment" (func $increment (param i32 i32 i32 i64 i32)))
    (data (i32.const 16) "defaultn")
    (func (export "count") (result i64)
      (call $open (i32.const 16) (i32.const 7) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i64.const 99))))
      (call $increment (i32.load (i32.const 68)) (i32.const 23) (i32.const 1) (i64.const 1) (i32.const 96))
      (if (i32.load8_u (i32.const 96)) (then (unreachable)))
      (i64.load (i32.const 104))))
  (core instance $i (instantiate $m (with "memory" (instance $memory)) (with "" (instance
    (export "open" (func $open)) (export "increment" (func $increment))))))
  (func (export "count") (result u64) (canon lift (core func $i "count"))))"#;

#[test]
fn a_bucket_in_a_file_is_kept_and_one_in_memory_is_not() {
    let folder = Folder::with("counter.wat", COUNTER);
    let count = |grant: &str| {
        let ended = folder.silica(&["run", grant, "--invoke", "count()", "counter.wat"]);
        ended.expect(0).stdout
    };
    for sum in ["1\n", "2\n"] {
        assert_eq!(count("--keyvalue=sqlite:kept.db"), sum);
        assert_eq!(count("--keyvalue=memory"), "1\n");
    }
    folder.write(
        "grants/app.toml",
        "keyvalue = \"default=sqlite:../kept.db\"",
    );
    assert_eq!(count("--grant-file=grants/app.toml"), "3\n");
}

#[test]
fn a_bucket_that_is_not_granted_is_not_there_and_the_trace_names_the_flag() {
    let folder = Folder::with("counter.wat", COUNTER);
    let run = |flag| {
        [
            "run",
            flag,
            "--keyvalue=other=memory",
            "--invoke",
            "count()",
            "counter.wat",
        ]
    };
    let ended = folder.silica(&run("--trace")).expect(0).says(&[
        "`--keyvalue 'default=sqlite:FILE'`",
        "wasi:keyvalue/store#open(\"default\") = err(no-such-store)",
    ]);
    assert_eq!(ended.stdout, "99\n");
    folder
        .silica(&run("--keyvalue=sqlite:none/b.db"))
        .expect(66)
        .says(&["none/b.db", "cannot be opened"]);
}
