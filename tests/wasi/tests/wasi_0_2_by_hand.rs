//! Components written by hand, for what compilers' output never does: breaking rules, other versions, drafts.

#![forbid(unsafe_code)]

use silica_component::{Component, Linker};
use silica_engine::{Config, Engine, Tier};
use silica_tests_wasi::component::{run_compiled, store};
use silica_wasi_p2::{Command, WasiContext, WasiContextBuilder};

/// The one that compiles quickest.
fn engine() -> Engine {
    if cfg!(target_arch = "x86_64") {
        Engine::new(Config::new().tier(Tier::Baseline)).expect("the settings fit")
    } else {
        Engine::default()
    }
}

/// Nothing at all.
fn grants() -> WasiContextBuilder {
    WasiContext::builder()
}

/// A command that imports this, and whose core function `run` is this, with the imported core functions by name.
fn command(imports: &str, lowered: &str, core: &str) -> String {
    format!(
        r#"(component
            {imports}
            (core module $libc (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $libc (instantiate $libc))
            {lowered}
            (core module $m {core})
            (core instance $i (instantiate $m
                (with "libc" (instance $libc)) (with "host" (instance $host))))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $run)))"#
    )
}

/// Writes to standard output, of which it was permitted so many bytes, as many more as `beyond` says.
fn writes_beyond(beyond: u32) -> String {
    command(
        r#"
        (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
        (alias export $error "error" (type $error-type))
        (import "wasi:io/streams@0.2.0" (instance $streams
            (export "output-stream" (type $stream (sub resource)))
            (alias outer 1 $error-type (type $e))
            (export "error" (type $err (eq $e)))
            (type $failure' (variant (case "last-operation-failed" (own $err)) (case "closed")))
            (export "stream-error" (type $failure (eq $failure')))
            (export "[method]output-stream.check-write" (func (param "self" (borrow $stream)) (result (result u64 (error $failure)))))
            (export "[method]output-stream.write" (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $failure)))))))
        (alias export $streams "output-stream" (type $stream))
        (import "wasi:cli/stdout@0.2.0" (instance $stdout
            (alias outer 1 $stream (type $s))
            (export "output-stream" (type $stream (eq $s)))
            (export "get-stdout" (func (result (own $stream))))))"#,
        r#"
        (core func $get (canon lower (func $stdout "get-stdout")))
        (core func $check (canon lower (func $streams "[method]output-stream.check-write") (memory (core memory $libc "memory"))))
        (core func $write (canon lower (func $streams "[method]output-stream.write") (memory (core memory $libc "memory"))))
        (core instance $host (export "get" (func $get)) (export "check" (func $check)) (export "write" (func $write)))"#,
        &format!(
            r#"
        (import "libc" "memory" (memory 1))
        (import "host" "get" (func $get (result i32)))
        (import "host" "check" (func $check (param i32 i32)))
        (import "host" "write" (func $write (param i32 i32 i32 i32)))
        (func (export "run") (result i32) (local $stream i32)
            (local.set $stream (call $get))
            (drop (memory.grow (i32.const 32)))
            (call $check (local.get $stream) (i32.const 8))
            (call $write (local.get $stream) (i32.const 64)
                (i32.add (i32.wrap_i64 (i64.load (i32.const 16))) (i32.const {beyond})) (i32.const 32))
            (i32.load8_u (i32.const 32)))"#
        ),
    )
}

#[test]
fn no_more_is_written_than_was_permitted() {
    let engine = engine();
    for (beyond, fits) in [(0, true), (1, false)] {
        let component = Component::new(&engine, writes_beyond(beyond)).expect("it is valid");
        let ended = run_compiled(&component, b"", grants()).expect("it links");
        match ended.trap {
            None => assert!(fits && ended.status == Some(0) && ended.stdout.len() == 1 << 20),
            Some(trap) => {
                assert!(
                    !fits && trap.to_string().contains("check-write"),
                    "{trap:?}"
                );
                assert_eq!(ended.stdout, "");
            }
        }
    }
}

/// Exits by code, with a patch version that is none yet.
const EXITS: [&str; 3] = [
    r#"(import "wasi:cli/exit@0.2.99" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))"#,
    r#"
    (core func $exit (canon lower (func $exit "exit-with-code")))
    (core instance $host (export "exit" (func $exit)))"#,
    r#"
    (import "host" "exit" (func $exit (param i32)))
    (func (export "run") (result i32) (call $exit (i32.const 42)) (unreachable))"#,
];

#[test]
fn a_newer_patch_version_links_and_statuses_are_exact() {
    let engine = engine();
    let [imports, lowered, core] = EXITS;
    let text = command(imports, lowered, core);
    let component = Component::new(&engine, text).expect("it is valid");
    let ended = run_compiled(&component, b"", grants()).expect("it links");
    assert_eq!(ended.status, Some(42), "{ended:?}");
}

#[test]
fn waiting_for_nothing_is_a_trap_and_not_for_ever() {
    let text = command(
        r#"(import "wasi:io/poll@0.2.0" (instance $poll
            (export "pollable" (type $pollable (sub resource)))
            (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))"#,
        r#"
        (core func $poll (canon lower (func $poll "poll") (memory (core memory $libc "memory"))
            (realloc (core func $libc "realloc"))))
        (core instance $host (export "poll" (func $poll)))"#,
        r#"
        (import "host" "poll" (func $poll (param i32 i32 i32)))
        (func (export "run") (result i32)
            (call $poll (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0))"#,
    );
    let component = Component::new(&engine(), text).expect("it is valid");
    let ended = run_compiled(&component, b"", grants()).expect("it links");
    let trap = ended.trap.expect("it would wait for ever");
    assert!(trap.to_string().contains("for ever"), "{trap:?}");
}

#[test]
fn settings_are_given_to_whoever_is_granted_them() {
    let text = command(
        r#"(import "wasi:config/store@0.2.0-rc.1" (instance $store
            (type $error' (variant (case "upstream" string) (case "io" string)))
            (export "error" (type $error (eq $error')))
            (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))"#,
        r#"
        (core func $get (canon lower (func $store "get") (memory (core memory $libc "memory"))
            (realloc (core func $libc "realloc"))))
        (core instance $host (export "get" (func $get)))"#,
        r#"
        (import "libc" "memory" (memory 1))
        (import "host" "get" (func $get (param i32 i32 i32)))
        (data (i32.const 64) "colour")
        (func (export "run") (result i32)
            (call $get (i32.const 64) (i32.const 6) (i32.const 8))
            ;; All is well if it is `ok(some("red"))`.
            (i32.eqz (i32.and
                (i32.and (i32.eqz (i32.load8_u (i32.const 8))) (i32.load8_u (i32.const 12)))
                (i32.and (i32.eq (i32.load (i32.const 20)) (i32.const 3))
                    (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 114))))))"#,
    );
    let engine = engine();
    let component = Component::new(&engine, text).expect("it is valid");
    let mut linker = Linker::new(&engine);
    silica_wasi_p2::add_to_linker(&mut linker).expect("nothing is defined twice");
    let mut store = store(&engine, grants().setting("colour", "red").build());
    let error = linker
        .instantiate(&mut store, &component)
        .expect_err("it is not granted");
    assert!(error.to_string().contains("wasi:config/store"), "{error}");
    silica_wasi_p2::config::add_to_linker(&mut linker).expect("nothing is defined twice");
    let instance = linker
        .instantiate(&mut store, &component)
        .expect("it links");
    let command = Command::new(&mut store, &instance).expect("it is a command");
    assert!(command.run(&mut store).expect("it runs"));
}

/// What stops a command.
fn trap_of(text: &str) -> String {
    let component = Component::new(&engine(), text).expect("it is valid");
    let ended = run_compiled(&component, b"", grants()).expect("it links");
    let trap = ended.trap.expect("it is stopped");
    trap.to_string()
}

#[test]
fn handles_of_streams_are_bounded() {
    let trap = trap_of(&command(
        r#"
        (import "wasi:io/streams@0.2.0" (instance $streams (export "output-stream" (type (sub resource)))))
        (alias export $streams "output-stream" (type $stream))
        (import "wasi:cli/stdout@0.2.0" (instance $stdout
            (alias outer 1 $stream (type $s))
            (export "output-stream" (type $stream (eq $s)))
            (export "get-stdout" (func (result (own $stream))))))"#,
        r#"
        (core func $get (canon lower (func $stdout "get-stdout")))
        (core instance $host (export "get" (func $get)))"#,
        r#"
        (import "host" "get" (func $get (result i32)))
        (func (export "run") (result i32) (loop $again (drop (call $get)) (br $again)) (unreachable))"#,
    ));
    assert!(
        trap.contains("no room left") || trap.contains("more handles than a store may have"),
        "{trap}"
    );
}

#[test]
fn random_bytes_are_bounded() {
    let trap = trap_of(&command(
        r#"(import "wasi:random/random@0.2.0" (instance $random
            (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))"#,
        r#"
        (core func $get (canon lower (func $random "get-random-bytes")
            (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
        (core instance $host (export "get" (func $get)))"#,
        r#"
        (import "host" "get" (func $get (param i64 i32)))
        (func (export "run") (result i32) (call $get (i64.const -1) (i32.const 8)) (i32.const 0))"#,
    ));
    assert!(trap.contains("random bytes"), "{trap}");
}

#[test]
fn a_read_of_any_length_is_bounded() {
    let engine = engine();
    let text = command(
        r#"
        (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
        (alias export $error "error" (type $error-type))
        (import "wasi:io/streams@0.2.0" (instance $streams
            (export "input-stream" (type $stream (sub resource)))
            (alias outer 1 $error-type (type $e))
            (export "error" (type $err (eq $e)))
            (type $failure' (variant (case "last-operation-failed" (own $err)) (case "closed")))
            (export "stream-error" (type $failure (eq $failure')))
            (export "[method]input-stream.blocking-skip" (func (param "self" (borrow $stream)) (param "len" u64) (result (result u64 (error $failure)))))))
        (alias export $streams "input-stream" (type $stream))
        (import "wasi:cli/stdin@0.2.0" (instance $stdin
            (alias outer 1 $stream (type $s))
            (export "input-stream" (type $stream (eq $s)))
            (export "get-stdin" (func (result (own $stream))))))"#,
        r#"
        (core func $get (canon lower (func $stdin "get-stdin")))
        (core func $skip (canon lower (func $streams "[method]input-stream.blocking-skip") (memory (core memory $libc "memory"))))
        (core instance $host (export "get" (func $get)) (export "skip" (func $skip)))"#,
        r#"
        (import "libc" "memory" (memory 1))
        (import "host" "get" (func $get (result i32)))
        (import "host" "skip" (func $skip (param i32 i64 i32)))
        (func (export "run") (result i32) (local $stream i32)
            (local.set $stream (call $get))
            ;; Five bytes are there, and then the end: `closed`, whose case is 1.
            (call $skip (local.get $stream) (i64.const -1) (i32.const 8))
            (if (i64.ne (i64.load (i32.const 16)) (i64.const 5)) (then (unreachable)))
            (call $skip (local.get $stream) (i64.const -1) (i32.const 8))
            (i32.eqz (i32.and (i32.load8_u (i32.const 8)) (i32.load8_u (i32.const 16)))))"#,
    );
    let component = Component::new(&engine, text).expect("it is valid");
    let ended = run_compiled(&component, b"bytes", grants()).expect("it links");
    assert_eq!(ended.status, Some(0), "{ended:?}");
}
