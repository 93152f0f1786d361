//! The commands that do not run programs.

use crate::common::{self, Folder, HELLO};

#[test]
fn validate() {
    let folder = Folder::with("good.wat", HELLO);
    folder.write("bad.wat", "(module (func (result i32)))");
    folder.silica(&["validate", "good.wat"]).expect(0);
    let ended = folder
        .silica(&["validate", "bad.wat", "good.wat"])
        .expect(65);
    ended.says(&["bad.wat", "function 0"]);
    let ended = folder.silica_with_input(&["validate", "-"], HELLO);
    ended.expect(0);
}

#[test]
fn inspect() {
    let folder = Folder::with("hello.wat", HELLO);
    let text = folder.silica(&["inspect", "hello.wat"]).expect(0).stdout;
    for part in [
        "a command",
        "imports from wasi_snapshot_preview1",
        "fd_write",
        "function `(i32, i32, i32, i32) -> i32`",
        "memory of 1 or more pages",
        "code",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn inspect_as_json() {
    let module = r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (i8x16.splat (i32.const 0)))))"#;
    let folder = Folder::with("app.wat", module);
    let text = folder
        .silica(&["inspect", "--json", "app.wat"])
        .expect(0)
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["imports"][0]["module"], "wasi_snapshot_preview1");
    assert_eq!(json["imports"][0]["kind"], "function");
    assert_eq!(json["grants"][0]["flag"], "--dir");
    assert_eq!(json["proposals"][0], "simd");
    assert_eq!(json["exports"][1]["name"], "_start");
}

#[test]
fn print_both_ways() {
    let folder = Folder::with("hello.wat", HELLO);
    folder
        .silica(&["print", "--binary", "hello.wat", "-o", "hello.wasm"])
        .expect(0);
    assert!(folder.read("hello.wasm").starts_with(b"\0asm"));
    let text = folder.silica(&["wat", "hello.wasm"]).expect(0).stdout;
    assert!(
        text.contains("(module $hello") && text.contains("call $fd_write"),
        "{text}"
    );
    folder.write("again.wat", &text);
    folder
        .silica(&["print", "--binary", "again.wat", "-o", "again.wasm"])
        .expect(0);
    assert_eq!(folder.read("hello.wasm"), folder.read("again.wasm"));
}

#[test]
fn wast_prints_totals() {
    let script = r#"(module (func (export "f") (param i32) (result i32) (i32.div_u (i32.const 6) (local.get 0))))
        (assert_return (invoke "f" (i32.const 2)) (i32.const 3))
        (assert_trap (invoke "f" (i32.const 0)) "integer divide by zero")
        (assert_invalid (module (func (result i32))) "type mismatch")"#;
    let folder = Folder::with("good.wast", script);
    let ended = folder.silica(&["wast", "good.wast"]).expect(0);
    assert_eq!(ended.stdout, "3 passed, 0 failed\n");
    let wrong = "(module (func (export \"f\")))\n(assert_trap (invoke \"f\") \"unreachable\")";
    folder.write("bad.wast", wrong);
    let ended = folder.silica(&["wast", "good.wast", "bad.wast"]).expect(1);
    assert!(ended.stdout.ends_with("3 passed, 1 failed\n"), "{ended:?}");
    ended.says(&["bad.wast:2:2", "expected a trap"]);
}

#[test]
fn wast_survives_hostile_scripts() {
    let folder = Folder::with(
        "spin.wast",
        "(module (func (export \"f\") (loop br 0)))\n(invoke \"f\")",
    );
    let ended = folder.silica(&["wast", "--timeout", "200ms", "spin.wast"]);
    ended.expect(1).says(&["did not end within"]);
    for (name, text) in [
        ("nested.wast", "(".repeat(100_000)),
        ("empty.wast", String::new()),
        ("unclosed.wast", "(module".to_owned()),
        ("nothing.wast", "(assert_return (invoke \"f\"))".to_owned()),
        ("wait.wast", "(wait $t)".to_owned()),
        (
            "huge.wast",
            "(module (memory i64 0xffffffffffff))".to_owned(),
        ),
        (
            "tables.wast",
            "(module (table 0xffffffff funcref))".to_owned(),
        ),
    ] {
        folder.write(name, text);
        let ended = folder.silica(&["wast", name]);
        assert!(matches!(ended.status, Some(0 | 1)), "{ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    }
    folder.write("binary.wast", b"\xff\xfe\x00");
    folder
        .silica(&["wast", "binary.wast"])
        .expect(65)
        .says(&["UTF-8"]);
}

#[test]
fn completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.silica(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("tcp-listen"), "{shell}");
    }
}

#[test]
fn help_and_version() {
    let folder = Folder::new();
    for arguments in [
        &["--help"][..],
        &["help"],
        &["run", "--help"],
        &["help", "run"],
    ] {
        let text = folder.silica(arguments).expect(0).stdout;
        assert!(text.contains("Examples:"), "{arguments:?}: {text}");
    }
    let text = folder.silica(&["help", "statuses"]).expect(0).stdout;
    assert!(text.contains("134") && text.contains("124"), "{text}");
    let text = folder.silica(&["--version"]).expect(0).stdout;
    assert!(text.starts_with("silica "), "{text}");
}

#[test]
fn config() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        let path = folder.path("new/config");
        common::finish(common::start(command.env("SILICA_CONFIG", path)))
    };
    assert!(run(&["config"]).expect(0).stdout.contains("nothing is set"));
    run(&["config", "init"]).expect(0);
    assert!(
        run(&["config", "path"])
            .expect(0)
            .stdout
            .ends_with("new/config\n")
    );
    run(&["config", "init"])
        .expect(74)
        .says(&["is there already"]);
    assert!(run(&["config"]).expect(0).stdout.contains("nothing is set"));
}

/// A module that needs a proposal that is off is refused with the flag that turns it on, and `inspect` says before that it
/// needs it.
#[test]
fn proposals_are_named() {
    let modules = [
        ("simd", "(func (drop (v128.const i64x2 0 0)))"),
        ("tail-call", "(func $f return_call $f)"),
        ("threads", "(memory 1 1 shared)"),
        (
            "threads",
            "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
        ),
        ("exceptions", "(tag $t) (func (throw $t))"),
        ("legacy-exceptions", "(func try catch_all end)"),
        ("function-references", "(func (param (ref func)))"),
        ("stack-switching", "(type $f (func)) (type (cont $f))"),
        ("stack-switching", "(tag $t) (func (suspend $t))"),
        ("gc", "(type (struct))"),
        ("gc", "(func (drop (ref.i31 (i32.const 0))))"),
    ];
    let folder = Folder::new();
    for (proposal, fields) in modules {
        folder.write("a.wat", format!("(module {fields})"));
        let text = folder
            .silica(&["inspect", "--json", "a.wat"])
            .expect(0)
            .stdout;
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let proposals = json["proposals"].as_array().unwrap();
        assert!(
            proposals.iter().any(|it| it == proposal),
            "{fields}: {text}"
        );
        let text = folder.silica(&["inspect", "a.wat"]).expect(0).stdout;
        let line = text.lines().find(|line| line.starts_with("uses "));
        assert!(
            line.is_some_and(|line| line.contains(proposal)),
            "{fields}: {text}"
        );
        let off = format!("default,-{proposal}");
        let flag = format!("`--proposals {proposal}`");
        for command in ["run", "compile"] {
            let ended = folder.silica(&[command, "--proposals", &off, "a.wat"]);
            ended.expect(65).says(&[&flag]);
        }
    }
}
