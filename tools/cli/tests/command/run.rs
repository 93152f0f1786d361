//! `silica run`: programs that end well.

use crate::common::{self, Folder, HELLO};

/// Writes its arguments, each with the NUL that ends it.
const ARGUMENTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $get (i32.const 100) (i32.const 1000)))
        (i32.store (i32.const 16) (i32.const 1000))
        (i32.store (i32.const 20) (i32.load (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))))"#;

/// Copies standard input to standard output.
const CAT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "_start")
        (loop $again
            (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (i32.const 65536))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (if (i32.load (i32.const 8)) (then
                (i32.store (i32.const 4) (i32.load (i32.const 8)))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
                (br $again))))))"#;

/// Opens `file` of its first directory with the open flags and rights given, writes `ok` to it where it may, and exits
/// with the error number.
fn opener(flags: u32, rights: u64) -> String {
    format!(
        r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "file")
    (func (export "_start")
        (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
            (i32.const {flags}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 100)))))"#
    )
}

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const CREATE: u32 = 1;

fn exiting(status: u32) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 0)
        (func (export "_start") (call $exit (i32.const {status}))))"#
    )
}

#[test]
fn hello() {
    let folder = Folder::with("hello.wat", HELLO);
    let ended = folder.silica(&["run", "hello.wat"]).expect(0);
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("hello\n", "")
    );
}

#[test]
fn run_may_be_left_out() {
    let folder = Folder::with("hello.wat", HELLO);
    assert_eq!(folder.silica(&["hello.wat"]).expect(0).stdout, "hello\n");
    let ended = folder.silica(&["--timeout", "1min", "hello.wat"]);
    assert_eq!(ended.expect(0).stdout, "hello\n");
}

#[test]
fn a_program_from_standard_input() {
    let ended = Folder::new().silica_with_input(&["run", "-"], HELLO);
    assert_eq!(ended.expect(0).stdout, "hello\n");
}

#[test]
fn the_programs_status_is_the_commands() {
    for status in [0, 1, 42, 255] {
        let folder = Folder::with("exit.wat", exiting(status));
        folder.silica(&["exit.wat"]).expect(status as i32);
    }
}

#[test]
fn arguments_are_the_programs() {
    let folder = Folder::with("arguments.wat", ARGUMENTS);
    let ended = folder.silica(&["run", "arguments.wat", "--dir", "a b", "-x", "--", "ü"]);
    let expected = "arguments.wat\0--dir\0a b\0-x\0--\0ü\0";
    assert_eq!(ended.expect(0).stdout, expected);
    let ended = folder.silica(&["run", "--argv0", "me", "arguments.wat"]);
    assert_eq!(ended.expect(0).stdout, "me\0");
}

#[test]
fn standard_streams_pass_through() {
    let folder = Folder::with("cat.wat", CAT);
    let input: Vec<u8> = (0..200_000_u32).map(|i| (i % 127) as u8).collect();
    let ended = folder.silica_with_input(&["cat.wat"], &input).expect(0);
    assert_eq!(ended.stdout.as_bytes(), input);
}

#[test]
fn environment_is_empty_unless_granted() {
    let program = ARGUMENTS
        .replace("args_sizes_get", "environ_sizes_get")
        .replace("args_get", "environ_get");
    let folder = Folder::with("environment.wat", program);
    assert_eq!(folder.silica(&["environment.wat"]).expect(0).stdout, "");
    let arguments = [
        "run",
        "--env",
        "A=1",
        "--env",
        "FROM_HOST",
        "environment.wat",
    ];
    let mut command = folder.command(&arguments);
    let ended = common::finish(common::start(command.env("FROM_HOST", "yes")));
    assert_eq!(ended.expect(0).stdout, "A=1\0FROM_HOST=yes\0");
}

#[test]
fn directories_are_granted() {
    let folder = Folder::with("open.wat", opener(0, READ));
    folder.write("data/file", "contents");
    // Without a directory there is no descriptor 3.
    const BADF: i32 = 8;
    folder.silica(&["run", "open.wat"]).expect(BADF);
    folder
        .silica(&["run", "--dir", "data", "open.wat"])
        .expect(0);
    folder
        .silica(&["run", "--dir-ro", "data::/somewhere", "open.wat"])
        .expect(0);
}

#[test]
fn directories_that_are_none_of_the_hosts() {
    const NOENT: i32 = 44;
    let folder = Folder::with("create.wat", opener(CREATE, WRITE));
    folder.silica(&["run", "--tmp", "create.wat"]).expect(0);
    assert!(!folder.path("file").exists());
    // It is gone with the program.
    folder.write("open.wat", opener(0, READ));
    folder.silica(&["run", "--tmp", "open.wat"]).expect(NOENT);
    let device = opener(0, READ | WRITE).replace("\"file\"", "\"null\"");
    folder.write("null.wat", device);
    folder.silica(&["run", "--dev", "null.wat"]).expect(0);
    folder.silica(&["run", "--dev", "open.wat"]).expect(NOENT);
}

#[test]
fn connections_are_accepted() {
    let module = r#"(module
        (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_send"
            (func $send (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 8) "\10\00\00\00\02\00\00\00hi")
        (func (export "_start")
            (if (call $accept (i32.const 3) (i32.const 0) (i32.const 0)) (then unreachable))
            (drop (call $send (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 0)
                (i32.const 4)))))"#;
    let folder = Folder::with("serve.wat", module);
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let listen = format!("--tcp-listen={address}");
    let child = common::start(&mut folder.command(&["run", &listen, "serve.wat"]));
    let mut connection = (0..200)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            std::net::TcpStream::connect(address).ok()
        })
        .expect("it listens within ten seconds");
    let mut received = String::new();
    std::io::Read::read_to_string(&mut connection, &mut received).unwrap();
    assert_eq!(received, "hi");
    common::finish(child).expect(0);
}

#[test]
fn read_only_directories_cannot_be_changed() {
    let folder = Folder::with("create.wat", opener(CREATE, WRITE));
    folder.write("data/other", "");
    let ended = folder.silica(&["run", "--dir-ro", "data", "create.wat"]);
    assert_ne!(ended.status, Some(0), "{ended:?}");
    assert!(!folder.path("data/file").exists());
    folder
        .silica(&["run", "--dir", "data", "create.wat"])
        .expect(0);
    assert!(folder.path("data/file").exists());
}

#[test]
fn functions_are_invoked() {
    let module = r#"(module
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "both") (param i64 f64) (result f64 i64) local.get 1 local.get 0))"#;
    let folder = Folder::with("math.wat", module);
    let ended = folder.silica(&["run", "--invoke", "add", "math.wat", "40", "-0x2"]);
    assert_eq!(ended.expect(0).stdout, "38\n");
    let ended = folder.silica(&["run", "--invoke", "both", "math.wat", "7", "1.5"]);
    assert_eq!(ended.expect(0).stdout, "1.5\n7\n");
}

#[test]
fn a_reactor_is_initialized_before_it_is_invoked() {
    let module = r#"(module (global $g (mut i32) (i32.const 1))
        (func (export "_initialize") (global.set $g (i32.const 2)))
        (func (export "get") (result i32) (global.get $g)))"#;
    let folder = Folder::with("reactor.wat", module);
    let ended = folder.silica(&["run", "--invoke", "get", "reactor.wat"]);
    assert_eq!(ended.expect(0).stdout, "2\n");
    folder.silica(&["run", "reactor.wat"]).expect(0);
}

#[test]
fn preloads_provide_imports() {
    let folder = Folder::with(
        "host.wat",
        "(module (func (export \"n\") (result i32) i32.const 9))",
    );
    let module = r#"(module (import "env" "n" (func $n (result i32)))
        (func (export "get") (result i32) call $n))"#;
    folder.write("app.wat", module);
    let arguments = [
        "run",
        "--preload",
        "env=host.wat",
        "--invoke",
        "get",
        "app.wat",
    ];
    assert_eq!(folder.silica(&arguments).expect(0).stdout, "9\n");
}

#[test]
fn proposals_are_turned_off() {
    let folder = Folder::with(
        "simd.wat",
        "(module (func (export \"_start\") (drop (v128.const i64x2 0 0))))",
    );
    folder.silica(&["simd.wat"]).expect(0);
    folder
        .silica(&["run", "--proposals", "-simd", "simd.wat"])
        .expect(65)
        .says(&["`simd`", "--proposals simd"]);
}

#[test]
fn calls_are_traced() {
    let folder = Folder::with("hello.wat", HELLO);
    let ended = folder.silica(&["run", "--trace", "hello.wat"]).expect(0);
    assert_eq!(ended.stdout, "hello\n");
    assert!(
        ended.stderr.contains("fd_write(1, [\"hello\\n\"]) = 6"),
        "{ended:?}"
    );
}

#[test]
fn what_was_compiled_is_told() {
    let folder = Folder::with("hello.wat", HELLO);
    let run = |tier| folder.silica(&["run", "--profile", "tiers", "--tier", tier, "hello.wat"]);
    let ended = run("optimize")
        .expect(0)
        .says(&["before the program began"]);
    assert_eq!(ended.stdout, "hello\n");
    let auto = run("auto").expect(0);
    if cfg!(target_arch = "x86_64") {
        assert!(
            auto.stderr
                .contains("1 functions were compiled at their first call"),
            "{auto:?}"
        );
    }
}

#[test]
fn profilers_are_told() {
    let folder = Folder::with("hello.wat", HELLO);
    let command = &mut folder.command(&["run", "--profile", "perfmap", "hello.wat"]);
    let child = common::start(command);
    let map = format!("/tmp/perf-{}.map", child.id());
    common::finish(child).expect(0);
    let text = std::fs::read_to_string(&map).unwrap();
    std::fs::remove_file(&map).unwrap();
    let fields = text.lines().next().unwrap().splitn(3, ' ').count();
    assert_eq!(fields, 3, "{text}");

    let child = common::start(&mut folder.command(&["run", "--profile", "jitdump", "hello.wat"]));
    let dump = format!("jit-{}.dump", child.id());
    common::finish(child).expect(0);
    assert_eq!(folder.read(&dump)[..4], 0x4A69_5444_u32.to_ne_bytes());
}

#[test]
fn fuel_and_limits_that_suffice_change_nothing() {
    let folder = Folder::with("hello.wat", HELLO);
    let arguments = [
        "run",
        "--fuel=1000000",
        "--timeout=1min",
        "--max-memory=1MiB",
        "--max-stack=256KiB",
        "--deterministic",
        "--single-threaded",
        "-O",
        "0",
        "hello.wat",
    ];
    assert_eq!(folder.silica(&arguments).expect(0).stdout, "hello\n");
}

#[test]
fn the_configuration_sets_defaults() {
    let folder = Folder::with("config", "fuel = 100 # a loop needs more\n");
    let module = r#"(module (func (export "_start") (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))))"#;
    folder.write("loop.wat", module);
    let run = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        common::finish(common::start(
            command.env("SILICA_CONFIG", folder.path("config")),
        ))
    };
    run(&["loop.wat"]).expect(123);
    run(&["run", "--fuel", "1000000", "loop.wat"]).expect(0);
    let shown = run(&["config"]).expect(0).stdout;
    assert!(shown.contains("fuel = 100"), "{shown}");
    folder.write("config", "dir = /\n");
    run(&["loop.wat"])
        .expect(2)
        .says(&["config:1", "`dir` cannot be set here"]);
}
