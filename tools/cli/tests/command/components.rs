//! The command on components.

use silica_test_guests::{available, guest};

use crate::common::{Folder, finish, start};

/// Adds numbers, greets, and takes a record apart.
const CALC: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 64) "hello")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.add (local.get 3) (i32.const 8))))
      (i32.and (i32.const -8) (i32.sub (global.get $top) (local.get 3))))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "same") (param i32 i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (i32.store (i32.const 12) (local.get 1))
      (i32.const 8))
    (func (export "fail") unreachable))
  (core instance $i (instantiate $m))
  (type $point' (record (field "x" s32) (field "y" s32)))
  (export $point "point" (type $point'))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "sum") (param "p" $point) (result s32) (canon lift (core func $i "add")))
  (func (export "same") (param "text" string) (result string) (canon lift (core func $i "same")
    (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "all") (param "list" (list (option char))) (result (list (option char)))
    (canon lift (core func $i "same")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "fail") (canon lift (core func $i "fail"))))"#;

#[test]
fn functions_are_called_with_values() {
    let folder = Folder::with("calc.wat", CALC);
    for (call, printed) in [
        ("add(1, 2)", "3\n"),
        ("add(4294967295, 1,)", "0\n"),
        ("sum({y: -5, x: 2})", "-3\n"),
        (r#"same("a \"b\" \u{e9}")"#, "\"a \\\"b\\\" é\"\n"),
        ("all([some('x'), none])", "[some('x'), none]\n"),
    ] {
        let ended = folder.silica(&["run", "--invoke", call, "calc.wat"]);
        assert_eq!(ended.expect(0).stdout, printed, "{call}");
    }
    folder
        .silica(&["run", "--invoke", "fail()", "calc.wat"])
        .expect(134)
        .says(&["unreachable"]);
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let folder = Folder::with("calc.wat", CALC);
    for (call, words) in [
        (
            "add(1)",
            &["func(a: u32, b: u32) -> u32", "expected `,`"][..],
        ),
        ("add(1, 2, 3)", &["more than is needed"]),
        ("add(1, -2)", &["argument `b`", "`-2` is no u32"]),
        ("sum({x: 1})", &["field `y` is missing"]),
        ("same(x)", &["expected `\"`"]),
    ] {
        let ended = folder.silica(&["run", "--invoke", call, "calc.wat"]);
        ended.expect(2).says(words);
    }
    let ended = folder.silica(&["run", "calc.wat"]).expect(69);
    ended.says(&["is no command", "--invoke 'add(…)'"]);
}

#[test]
fn components_are_validated_and_inspected() {
    let folder = Folder::with("calc.wat", CALC);
    folder.silica(&["validate", "calc.wat"]).expect(0);
    folder.write("bad.wat", "(component (core module (func (result i32))))");
    let ended = folder.silica(&["validate", "bad.wat"]).expect(65);
    ended.says(&["bad.wat", "function 0"]);
    let text = folder.silica(&["inspect", "calc.wat"]).expect(0).stdout;
    for part in [
        "a component",
        "add: func(a: u32, b: u32) -> u32",
        "point: type record { x: s32, y: s32 }",
        "all: func(list: list<option<char>>) -> list<option<char>>",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let json = folder.silica(&["inspect", "--json", "calc.wat"]).expect(0);
    assert!(json.stdout.contains("\"kind\": \"a component\""));
}

/// The folder with a guest in it as `program.wasm`, where this machine can build it.
fn folder_with_guest(name: &str) -> Option<Folder> {
    let path = available(guest(&format!("components/{name}")))?;
    let bytes = std::fs::read(path).expect("it was built");
    Some(Folder::with("program.wasm", bytes))
}

#[test]
fn commands_are_run() {
    let Some(folder) = folder_with_guest("hello") else {
        return;
    };
    let ended = folder.silica(&["run", "program.wasm"]).expect(0);
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("hello\n", "")
    );
}

#[test]
fn commands_get_what_was_granted_and_end_in_their_own_way() {
    let Some(folder) = folder_with_guest("system") else {
        return;
    };
    let run = |how| {
        let line = [
            "--env",
            "A=1",
            "--argv0",
            "me",
            "program.wasm",
            how,
            "--env",
        ];
        folder.silica_with_input(&line, "one\ntwo")
    };
    let ended = run("return").expect(0);
    for part in [
        r#"arguments ["me", "return", "--env"]"#,
        r#"variables [("A", "1")]"#,
        r#"input "one\n" and 3 bytes"#,
    ] {
        assert!(ended.stdout.contains(part), "no {part} in {ended:?}");
    }
    run("exit").expect(1);
    run("fail").expect(1);
    run("panic")
        .expect(134)
        .says(&["as it was told", "unreachable"]);
}

#[test]
fn directories_are_granted_to_commands() {
    let Some(folder) = folder_with_guest("files") else {
        return;
    };
    folder.write("in/a", "from the host");
    let words = ["program.wasm", "read", "in/a", "write", "in/b", "x"];
    let told = |flag| {
        let line = [&[flag, "in"][..], &words].concat();
        folder.silica(&line).expect(0).stdout
    };
    assert_eq!(
        told("--dir-ro"),
        "read: ok from the host\nwrite: PermissionDenied\n"
    );
    assert_eq!(told("--dir"), "read: ok from the host\nwrite: ok \n");
    assert_eq!(folder.read("in/b"), b"x");
    let ended = folder.silica(&words).expect(0);
    assert!(!ended.stdout.contains("from the host"), "{ended:?}");
}

#[test]
fn calls_of_components_are_traced_and_missing_grants_named() {
    let Some(folder) = folder_with_guest("files") else {
        return;
    };
    folder.write("in/a", "from \x1b the host");
    let line = [
        "run",
        "--trace",
        "--dir-ro=in::/in",
        "program.wasm",
        "read",
        "/in/a",
        "write",
        "/in/b",
        "x",
        "read",
        "/in/../../etc/passwd",
    ];
    let ended = folder.silica(&line).expect(0).says(&[
        r#"wasi:filesystem/types#descriptor.open-at(#0, {symlink-follow}, "a", {}, {read}) = ok(#1)"#,
        r#"= ok("from \u{1b} the host")"#,
        "wasi:filesystem/types#descriptor.drop(#1) = ()",
        "= err(not-permitted)",
        "`--dir HOST::/in`",
        "the path leads out of /in",
    ]);
    assert!(!ended.stderr.contains('\x1b'), "{ended:?}");
    let quiet = [&["run"], &line[2..]].concat();
    assert_eq!(folder.silica(&quiet).expect(0).stderr, "");
}

#[test]
fn commands_are_limited() {
    let Some(folder) = folder_with_guest("system") else {
        return;
    };
    let line = ["--timeout", "300ms", "program.wasm", "return"];
    let mut child = start(folder.command(&line).stdin(std::process::Stdio::piped()));
    // It waits for input that does not come.
    let stdin = child.stdin.take();
    finish(child).expect(124).says(&["longer than 0.3 s"]);
    drop(stdin);
    let line = ["--fuel", "1000", "program.wasm", "return"];
    folder.silica(&line).expect(123).says(&["out of fuel"]);
    let line = ["--max-memory", "64KiB", "program.wasm", "return"];
    let ended = folder.silica(&line);
    assert_ne!(ended.status, Some(0), "{ended:?}");
}

/// Needs a doubler, and names what it doubles.
const SOCKET: &str = r#"(component
  (import "host:log/log@0.2.1" (instance $log (export "line" (func (param "text" string)))))
  (import "math:twice/twice@1.1.0" (instance $twice
    (export "number" (type $number (sub resource)))
    (export "[constructor]number" (func (param "n" u32) (result (own $number))))
    (export "[method]number.twice" (func (param "self" (borrow $number)) (result u32)))))
  (alias export $twice "number" (type $number))
  (core func $new (canon lower (func $twice "[constructor]number")))
  (core func $twice (canon lower (func $twice "[method]number.twice")))
  (core func $drop (canon resource.drop $number))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "twice" (func $twice (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "four-times") (param i32) (result i32) (local $number i32)
      (local.set $number (call $new (local.get 0)))
      (i32.mul (i32.const 2) (call $twice (local.get $number)))
      (call $drop (local.get $number))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "twice" (func $twice)) (export "drop" (func $drop))))))
  (func (export "four-times") (param "n" u32) (result u32) (canon lift (core func $i "four-times"))))"#;

/// Doubles.
const PLUG: &str = r#"(component
  (type $number (resource (rep i32)))
  (core func $new (canon resource.new $number))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "twice") (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0))))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func $new' (param "n" u32) (result (own $number)) (canon lift (core func $i "new")))
  (func $twice' (param "self" (borrow $number)) (result u32) (canon lift (core func $i "twice")))
  (component $shim
    (import "number" (type $number (sub resource)))
    (import "new" (func $new (param "n" u32) (result (own $number))))
    (import "twice" (func $twice (param "self" (borrow $number)) (result u32)))
    (export $exported "number" (type $number))
    (export "[constructor]number" (func $new) (func (param "n" u32) (result (own $exported))))
    (export "[method]number.twice" (func $twice) (func (param "self" (borrow $exported)) (result u32))))
  (instance $shim (instantiate $shim
    (with "number" (type $number)) (with "new" (func $new')) (with "twice" (func $twice'))))
  (export "math:twice/twice@1.2.0" (instance $shim)))"#;

#[test]
fn components_are_plugged_together() {
    let folder = Folder::with("socket.wat", SOCKET);
    folder.write("plug.wat", PLUG);
    folder
        .silica(&[
            "compose",
            "socket.wat",
            "--plug",
            "plug.wat",
            "-o",
            "whole.wasm",
        ])
        .expect(0);
    let wit = folder.silica(&["wit", "whole.wasm"]);
    let wit = wit.expect(0).stdout.clone();
    assert!(wit.contains("import host:log/log@0.2.1;"), "{wit}");
    assert!(
        wit.contains("export four-times: func(n: u32) -> u32;"),
        "{wit}"
    );
    assert!(!wit.contains("import math:twice"), "{wit}");
    folder
        .silica(&[
            "compose",
            "plug.wat",
            "--plug",
            "socket.wat",
            "-o",
            "none.wasm",
        ])
        .expect(69)
        .says(&["socket.wat", "exports nothing that plug.wat imports"]);
    folder.write("module.wat", "(module)");
    folder
        .silica(&["wit", "module.wat"])
        .expect(65)
        .says(&["module.wat", "where a component is needed"]);
}
