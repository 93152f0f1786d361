//! What the command says, and with which status it ends, when something is wrong.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{self, Folder, HELLO};

const SPIN: &str = "(module (func (export \"_start\") (loop br 0)))";

#[test]
fn an_import_that_nothing_provides() {
    let module = r#"(module (import "env" "foo" (func (param i32) (result i32)))
        (func (export "_start")))"#;
    let folder = Folder::with("app.wat", module);
    folder.silica(&["app.wat"]).expect(69).says(&[
        "module imports `env.foo`, a function `(i32) -> i32`, which nothing provides",
        "`--preload env=FILE` can",
    ]);
    folder.write("host.wat", r#"(module (func (export "bar")))"#);
    folder
        .silica(&["run", "--preload", "env=host.wat", "app.wat"])
        .expect(69)
        .says(&["host.wat is preloaded as `env`, but exports no `foo`"]);
}

#[test]
fn a_later_wasi() {
    let module = r#"(module (import "wasi:cli/run@0.2.0" "f" (func)) (func (export "_start")))"#;
    let folder = Folder::with("app.wat", module);
    folder
        .silica(&["app.wat"])
        .expect(69)
        .says(&["wasm32-wasip2"]);
}

#[test]
fn a_trap_shows_where() {
    let module = r#"(module
        (func $inner (param i32)
            (if (local.get 0)
                (then (call $inner (i32.sub (local.get 0) (i32.const 1))))
                (else unreachable)))
        (func $outer (export "_start") (call $inner (i32.const 2))))"#;
    let folder = Folder::with("trap.wat", module);
    folder
        .silica(&["trap.wat"])
        .expect(134)
        .says(&["unreachable", "inner", "outer"]);
}

#[test]
fn a_stack_overflow_is_a_trap() {
    let module = r#"(module (func $f (export "_start") call $f))"#;
    let folder = Folder::with("deep.wat", module);
    folder
        .silica(&["deep.wat"])
        .expect(134)
        .says(&["--max-stack"]);
}

#[test]
fn out_of_fuel() {
    let folder = Folder::with("spin.wat", SPIN);
    let ended = folder.silica(&["run", "--fuel", "1000", "spin.wat"]);
    ended.expect(123).says(&["fuel"]);
}

#[test]
fn out_of_time() {
    let folder = Folder::with("spin.wat", SPIN);
    let start = Instant::now();
    let ended = folder.silica(&["run", "--timeout", "200ms", "spin.wat"]);
    ended.expect(124).says(&["longer than 0.2 s"]);
    assert!(start.elapsed() >= Duration::from_millis(200));
}

/// Runs a program that waits in a call of the system for ever, again and again, and expects that it is interrupted there.
/// That the process is ended in the middle of the call, for want of that, has no remedy in its message.
#[track_caller]
fn interrupted_in_the_system(imports: &str, call: &str, options: &[&str]) {
    let module = format!(
        r#"(module {imports}
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\10\00\00\00")
        (func (export "_start") (loop $again (drop {call}) (br $again))))"#
    );
    let folder = Folder::with("wait.wat", &module);
    let mut arguments = vec!["run", "--timeout", "100ms"];
    arguments.extend(options);
    arguments.push("wait.wat");
    let mut command = folder.command(&arguments);
    let mut child = common::start(command.stdin(Stdio::piped()));
    let open = child.stdin.take();
    let ended = common::finish(child).expect(124);
    ended.says(&["longer than 0.1 s", "`--timeout` gives it more"]);
    drop(open);
}

#[test]
fn out_of_time_while_reading() {
    let import = r#"(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))"#;
    let read = "(call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))";
    interrupted_in_the_system(import, read, &[]);
}

/// One subscription is at 64, events go to 128, their number to 256.
const POLL: &str = r#"(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))"#;

#[test]
fn out_of_time_while_polling() {
    let poll = "(block (result i32)
        (i32.store8 (i32.const 72) (i32.const 1))
        (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))";
    interrupted_in_the_system(POLL, poll, &[]);
}

#[test]
fn out_of_time_while_sleeping() {
    let sleep = "(block (result i32)
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 1000000000000))
        (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))";
    interrupted_in_the_system(POLL, sleep, &[]);
}

#[test]
fn out_of_time_while_accepting() {
    let import = r#"(import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))"#;
    let accept = "(call $accept (i32.const 3) (i32.const 0) (i32.const 8))";
    interrupted_in_the_system(import, accept, &["--tcp-listen", "127.0.0.1:0"]);
}

#[test]
fn a_memory_over_its_limit() {
    let module = r#"(module (memory 2)
        (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
    let folder = Folder::with("memory.wat", module);
    let arguments = [
        "run",
        "--max-memory=128KiB",
        "--invoke",
        "grow",
        "memory.wat",
    ];
    assert_eq!(folder.silica(&arguments).expect(0).stdout, "-1\n");
    let arguments = [
        "run",
        "--max-memory=64KiB",
        "--invoke",
        "grow",
        "memory.wat",
    ];
    let ended = folder.silica(&arguments);
    assert!(!matches!(ended.status, Some(0) | None), "{ended:?}");
}

#[test]
fn no_program() {
    let folder = Folder::with("library.wat", r#"(module (func (export "f")))"#);
    let ended = folder.silica(&["library.wat"]).expect(69);
    ended.says(&["exports no `_start`", "`--invoke f`"]);
    let ended = folder.silica(&["run", "--invoke", "g", "library.wat"]);
    ended.expect(69).says(&["no function `g`", "`--invoke f`"]);
    let ended = folder.silica(&["run", "--invoke", "f", "library.wat", "1"]);
    ended.expect(2).says(&["`() -> ()`", "1 were given"]);
}

#[test]
fn files_that_are_no_modules() {
    let folder = Folder::with("empty.wasm", "");
    folder.write("elf.wasm", "\x7fELF...");
    folder.write("script.wasm", "#!/bin/sh");
    folder.write("truncated.wasm", b"\0asm\x01\0\0\0\x01\xff");
    folder.write("typo.wat", "(module\n  (fun))");
    folder.write(
        "invalid.wat",
        "(module (func $f (export \"_start\") i32.add))",
    );
    for (name, words) in [
        ("empty.wasm", &["empty"][..]),
        ("elf.wasm", &["ELF"]),
        ("script.wasm", &["not WebAssembly"]),
        ("truncated.wasm", &["offset 0x"]),
        ("typo.wat", &["typo.wat:2", "fun"]),
        ("invalid.wat", &["\"f\"", "offset 0x"]),
    ] {
        for command in ["run", "compile", "validate", "inspect", "print"] {
            // What only looks at a module's description does not look into its functions.
            if matches!((command, name), ("inspect" | "print", "invalid.wat")) {
                continue;
            }
            let ended = folder.silica(&[command, name]);
            if command == "print" && name == "truncated.wasm" {
                ended.expect(65);
                continue;
            }
            ended.expect(65).says(&[name]).says(words);
        }
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new();
    for command in ["run", "compile", "validate", "inspect", "print", "wast"] {
        let ended = folder.silica(&[command, "nothing.wasm"]).expect(66);
        ended.says(&["nothing.wasm: no such file or directory"]);
        folder
            .silica(&[command, "."])
            .expect(66)
            .says(&["directory"]);
    }
    folder.write("hello.wat", HELLO);
    let ended = folder.silica(&["run", "--dir", "nothing", "hello.wat"]);
    ended.expect(66).says(&["--dir nothing"]);
}

#[test]
fn command_lines_that_make_no_sense() {
    let folder = Folder::with("hello.wat", HELLO);
    for arguments in [
        &["run"][..],
        &["run", "--fuel", "x", "hello.wat"],
        &["run", "--no-such-flag", "hello.wat"],
        &["run", "--dir", "a::", "hello.wat"],
        &["run", "--timeout", "1 week", "hello.wat"],
        &["run", "--proposals", "nonsense", "hello.wat"],
        &["run", "--env", "NO_SUCH_VARIABLE_HERE", "hello.wat"],
        &["run", "--preload", "env", "hello.wat"],
        &["help", "nonsense"],
        &["completions", "cmd"],
    ] {
        let ended = folder.silica(arguments).expect(2);
        assert!(!ended.stderr.is_empty() && ended.stdout.is_empty());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let module = HELLO.replace(
        "(func (export \"_start\")",
        "(func (export \"_start\") (local i32) (loop $again (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
            (br_if $again (i32.lt_u (local.get 0) (i32.const 50000))))",
    );
    let folder = Folder::with("much.wat", module);
    let mut child = common::start(&mut folder.command(&["much.wat"]));
    drop(child.stdout.take());
    let ended = common::finish(child);
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    for arguments in [
        &["help", "run"][..],
        &["completions", "bash"],
        &["print", "much.wat"],
    ] {
        let mut child = common::start(&mut folder.command(arguments));
        drop(child.stdout.take());
        let ended = common::finish(child).expect(0);
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn an_interrupt_stops_at_once() {
    let folder = Folder::with("spin.wat", SPIN);
    // A test that runs in the background may have inherited that interrupts are ignored.
    let mut command = folder.command_under(&["env", "--default-signal=INT"], &["spin.wat"]);
    let child = common::start(&mut command);
    std::thread::sleep(Duration::from_millis(300));
    let id = rustix::process::Pid::from_child(&child);
    let start = Instant::now();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let ended = common::finish(child);
    // No status: the signal ended it, and a shell shows 130.
    assert_eq!(ended.status, None, "{ended:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}
