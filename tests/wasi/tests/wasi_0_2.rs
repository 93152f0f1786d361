//! Programs for `wasm32-wasip2`, in each tier, and what arrived of what they did.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use silica_component::{Component, ComponentError, Linker};
use silica_engine::{Config, Engine, Tier, Trap};
use silica_test_guests::{available, guest};
use silica_tests_wasi::component::{Ended, run_component, store};
use silica_wasi_p2::host::{
    Clocks, DirPerms, FilePerms, InputPipe, InputStream, ManualClock, Quotas, Timestamp,
};
use silica_wasi_p2::{Command, WasiContext, WasiContextBuilder};

/// Engines of each tier that this processor has.
fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::default()];
    if cfg!(target_arch = "x86_64") {
        for tier in [Tier::Baseline, Tier::Auto] {
            engines.push(Engine::new(Config::new().tier(tier)).expect("the settings fit"));
        }
    }
    engines
}

/// The one that compiles quickest, for what does not depend on code.
fn engine() -> Engine {
    engines().pop().expect("there is one")
}

fn grants(arguments: &[&str]) -> WasiContextBuilder {
    let builder = WasiContext::builder().argument("program").expect("no NUL");
    builder
        .arguments(arguments.iter().copied())
        .expect("no NUL")
}

fn with_directory(builder: WasiContextBuilder, path: &Path, read_only: bool) -> WasiContextBuilder {
    let (directories, files) = if read_only {
        (DirPerms::READ, FilePerms::READ)
    } else {
        (DirPerms::all(), FilePerms::all())
    };
    builder
        .preopened_dir(path, "/", directories, files)
        .expect("it is there")
}

/// What the file tool says of each of these operations.
fn files(engine: &Engine, tool: &Path, root: &Path, read_only: bool, words: &str) -> Vec<String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let grants = with_directory(grants(&words), root, read_only);
    let ended = run_component(engine, tool, b"", grants).expect("it can be run");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    ended
        .stdout
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn guest_path(name: &str) -> Option<PathBuf> {
    available(guest(&format!("components/{name}")))
}

#[test]
fn hello_arrives() {
    let Some(hello) = guest_path("hello") else {
        return;
    };
    for engine in engines() {
        let ended = run_component(&engine, &hello, b"", grants(&[])).expect("it can be run");
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "hello\n"));
    }
}

#[test]
fn files_are_made_changed_listed_and_removed() {
    let Some(tool) = guest_path("files") else {
        return;
    };
    for engine in engines() {
        let root = folder();
        let said = files(
            &engine,
            &tool,
            root.path(),
            false,
            "write a.txt hello append a.txt there read a.txt make x write x/y z list . list x about a.txt \
             move a.txt b.txt link b.txt c.txt copy c.txt e.txt cut c.txt 3 read b.txt read e.txt clear x list / \
             remove e.txt read e.txt make b.txt",
        );
        let expected = [
            "write: ok",
            "append: ok",
            "read: ok hellothere.",
            "make: ok",
            "write: ok",
            "list: ok a.txt x/",
            "list: ok y",
            "about: ok file 11 true",
            "move: ok",
            "link: ok",
            "copy: ok 11",
            "cut: ok",
            "read: ok hel",
            "read: ok hellothere.",
            "clear: ok",
            "list: ok b.txt c.txt e.txt",
            "remove: ok",
            "read: NotFound",
            "make: AlreadyExists",
        ];
        assert_eq!(said, expected);
        assert_eq!(
            fs::read(root.path().join("b.txt")).expect("it is there"),
            b"hel"
        );
    }
}

#[test]
fn large_files_arrive_whole() {
    let Some(tool) = guest_path("files") else {
        return;
    };
    let root = folder();
    let said = files(
        &engine(),
        &tool,
        root.path(),
        false,
        "fill big 5 sum big copy big other",
    );
    assert_eq!(
        said,
        ["fill: ok", "sum: ok 5242880 655322005", "copy: ok 5242880"]
    );
    let written = fs::read(root.path().join("other")).expect("it is there");
    let piece = (0..1 << 20).map(|i: u32| (i % 251) as u8);
    let expected: Vec<u8> = piece.collect::<Vec<u8>>().repeat(5);
    assert!(written == expected);
}

#[test]
fn directories_with_many_entries_are_listed_whole() {
    let Some(tool) = guest_path("files") else {
        return;
    };
    let root = folder();
    let mut names: Vec<String> = (0..1000).map(|number| format!("n{number}")).collect();
    for name in &names {
        fs::write(root.path().join(name), "").expect("there is room");
    }
    names.sort();
    let said = files(&engine(), &tool, root.path(), true, "list /");
    assert_eq!(said, [format!("list: ok {}", names.join(" "))]);
}

#[test]
fn read_only_directories_refuse_every_change() {
    let Some(tool) = guest_path("files") else {
        return;
    };
    let root = folder();
    fs::write(root.path().join("a"), "kept").expect("there is room");
    fs::create_dir(root.path().join("d")).expect("there is room");
    let said = files(
        &engine(),
        &tool,
        root.path(),
        true,
        "read a write a x write new x append a x make m remove a clear d move a b link a b copy a b cut a 1 list .",
    );
    assert_eq!(said.first().map(String::as_str), Some("read: ok kept"));
    assert_eq!(said.last().map(String::as_str), Some("list: ok a d/"));
    for refused in &said[1..said.len() - 1] {
        assert!(refused.ends_with("PermissionDenied"), "{said:?}");
    }
    assert_eq!(
        fs::read(root.path().join("a")).expect("it is there"),
        b"kept"
    );
}

#[cfg(unix)]
#[test]
fn no_path_leads_out_of_a_directory() {
    let Some(tool) = guest_path("files") else {
        return;
    };
    let outside = folder();
    fs::write(outside.path().join("secret"), "secret").expect("there is room");
    let root = outside.path().join("root");
    fs::create_dir(&root).expect("there is room");
    std::os::unix::fs::symlink("..", root.join("up")).expect("links can be made");
    std::os::unix::fs::symlink(outside.path().join("secret"), root.join("whole"))
        .expect("links can be made");
    let said = files(
        &engine(),
        &tool,
        &root,
        false,
        "read ../secret read up/secret read whole list up write ../new x write up/new x make up/m \
         move up/secret mine link up/secret mine copy whole mine remove up/secret clear up/root",
    );
    assert_eq!(said.len(), 12, "{said:?}");
    for refused in &said {
        assert!(refused.ends_with("PermissionDenied"), "{said:?}");
    }
    assert_eq!(
        fs::read_dir(outside.path()).expect("it is there").count(),
        2
    );
}

/// What `system` wrote when it ended as `how` says.
fn system(engine: &Engine, program: &Path, how: &str) -> Ended {
    let grants = grants(&[how, "two words"])
        .environment_variable("B", "2")
        .and_then(|grants| grants.environment_variable("A", "é"))
        .expect("they are variables");
    run_component(engine, program, b"one\ntwo", grants).expect("it can be run")
}

#[test]
fn a_program_gets_what_it_was_started_with() {
    let Some(program) = guest_path("system") else {
        return;
    };
    for engine in engines() {
        let ended = system(&engine, &program, "return");
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(lines[0], r#"arguments ["program", "return", "two words"]"#);
        assert_eq!(lines[1], r#"variables [("A", "é"), ("B", "2")]"#);
        assert!(lines[2].starts_with("clocks true "), "{lines:?}");
        assert_eq!(lines[3..], ["random 100", r#"input "one\n" and 3 bytes"#]);
        assert_eq!(ended.stderr, "to standard error\n");
    }
}

#[test]
fn programs_end_in_their_own_way() {
    let Some(program) = guest_path("system") else {
        return;
    };
    for engine in engines() {
        for how in ["fail", "exit"] {
            let ended = system(&engine, &program, how);
            assert_eq!(ended.status, Some(1), "{how}: {ended:?}");
        }
        let ended = system(&engine, &program, "panic");
        assert!(ended.stderr.contains("as it was told"), "{ended:?}");
        let trap = ended.trap.expect("a panic traps");
        assert!(trap.downcast_ref::<Trap>().is_some(), "{trap:?}");
        assert!(
            trap.to_string().contains("system"),
            "names are in the backtrace: {trap}"
        );
    }
}

#[test]
fn clocks_of_the_embedder_are_the_programs() {
    let Some(program) = guest_path("system") else {
        return;
    };
    let clock = ManualClock::new(Timestamp {
        seconds: 1_000_000,
        nanoseconds: 0,
    });
    let grants = grants(&[]).clocks(Clocks::custom(clock));
    let ended = run_component(&engine(), &program, b"", grants).expect("it can be run");
    assert!(ended.stdout.contains("clocks true 1000000\n"), "{ended:?}");
}

#[test]
fn open_files_are_bounded() {
    let Some(program) = guest_path("hog") else {
        return;
    };
    let root = folder();
    fs::write(root.path().join("f"), "").expect("there is room");
    let quotas = Quotas {
        descriptors_max: 20,
        ..Quotas::default()
    };
    let grants = with_directory(grants(&[]).quotas(quotas), root.path(), true);
    let ended = run_component(&engine(), &program, b"", grants).expect("it can be run");
    assert_eq!(
        (ended.status, ended.stdout.as_str()),
        (Some(0), "20 true\n")
    );
}

#[test]
fn an_interruption_ends_a_wait_for_input() {
    let Some(program) = guest_path("system") else {
        return;
    };
    let engine = engine();
    let component = Component::from_file(&engine, &program).expect("it compiles");
    let mut linker = Linker::new(&engine);
    silica_wasi_p2::add_to_linker(&mut linker).expect("nothing is defined twice");
    let never = InputStream::Pipe(InputPipe::bounded(1));
    let mut store = store(&engine, grants(&[]).stdin(never).build());
    let instance = linker
        .instantiate(&mut store, &component)
        .expect("it links");
    let command = Command::new(&mut store, &instance).expect("it is a command");
    let handle = store.interrupt_handle();
    let interrupter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        handle.interrupt();
    });
    let error = command.run(&mut store).expect_err("nothing comes");
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt), "{error:?}");
    interrupter.join().expect("it does not panic");
}

#[test]
fn interfaces_are_granted_one_by_one() {
    let Some(program) = guest_path("hello") else {
        return;
    };
    let engine = engine();
    let component = Component::from_file(&engine, &program).expect("it compiles");
    let mut linker = Linker::new(&engine);
    silica_wasi_p2::io::add_to_linker(&mut linker).expect("nothing is defined twice");
    silica_wasi_p2::cli::add_to_linker(&mut linker).expect("nothing is defined twice");
    let mut store = store(&engine, grants(&[]).build());
    linker
        .instantiate(&mut store, &component)
        .expect("a program that prints needs no more");
    let mut linker = Linker::new(&engine);
    silica_wasi_p2::io::add_to_linker(&mut linker).expect("nothing is defined twice");
    let error = linker
        .instantiate(&mut store, &component)
        .expect_err("it imports more");
    let error = error
        .downcast_ref::<ComponentError>()
        .expect("it is about linking");
    assert!(error.to_string().contains("wasi:cli/"), "{error}");
}
