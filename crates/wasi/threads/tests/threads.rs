//! Programs with threads: how they share, how they end, and how many there may be.

#![forbid(unsafe_code)]

use silica_engine::{
    Caller, Engine, Linker, Module, Result, Store, StoreLimits, StoreLimitsBuilder, Trap,
};
use silica_wasi_p1::host::{InputPipe, InputStream};
use silica_wasi_p1::{Exit, WasiP1Context, add_to_linker};
use silica_wasi_threads::Threads;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What every program here begins with. `$wait` waits for ever at an address that holds 0.
const COMMON: &str = r#"
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "test" "panic" (func $panic))
    (import "env" "memory" (memory 1 16 shared))
    (export "memory" (memory 0))
    (func $wait (param i32)
        (drop (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1))))
    (func $start_one (param i32)
        (if (i32.le_s (call $spawn (local.get 0)) (i32.const 0)) (then unreachable)))"#;

/// Ways to be busy for ever, as the body of `$busy`.
const BUSY: [(&str, &str); 5] = [
    ("computing", "(loop br 0)"),
    ("waiting for a notification", "(call $wait (i32.const 64))"),
    (
        "reading",
        "(i32.store (i32.const 32) (i32.const 128)) (i32.store (i32.const 36) (i32.const 16))
         (loop (drop (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 40))) (br 0))",
    ),
    ("yielding", "(loop (drop (call $yield)) (br 0))"),
    // A subscription to the monotonic clock, in a hundred seconds.
    (
        "sleeping",
        "(i32.store (i32.const 272) (i32.const 1)) (i64.store (i32.const 280) (i64.const 100000000000))
         (loop (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600))) (br 0))",
    ),
];

#[derive(Clone)]
struct State {
    /// Counts the stores that there are.
    alive: Arc<()>,
    memory_bytes_max: usize,
}

struct Data {
    state: State,
    wasi: WasiP1Context,
    limits: StoreLimits,
}

fn store(engine: &Engine, state: State, wasi: WasiP1Context) -> Store<Data> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(state.memory_bytes_max)
        .build();
    let mut store = Store::new(
        engine,
        Data {
            state,
            wasi,
            limits,
        },
    );
    store.limiter(|data| &mut data.limits);
    store
}

struct Program {
    threads_max: u32,
    memory_bytes_max: usize,
}

impl Program {
    fn new() -> Program {
        Program {
            threads_max: 8,
            memory_bytes_max: 1 << 20,
        }
    }

    /// Runs `_start` of a module; no store is left afterwards but the first.
    fn run(&self, functions: &str) -> Result<()> {
        self.run_module(&format!("(module {COMMON} {functions})"))
    }

    fn run_module(&self, text: &str) -> Result<()> {
        let engine = Engine::default();
        let module = Module::new(&engine, text)?;
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |data: &mut Data| &mut data.wasi)?;
        linker.func_wrap("test", "panic", |_: Caller<'_, Data>| -> () {
            panic!("a host function's panic")
        })?;
        let state = State {
            alive: Arc::new(()),
            memory_bytes_max: self.memory_bytes_max,
        };
        // Nobody ever writes to it.
        let stdin = InputStream::Pipe(InputPipe::bounded(1));
        let wasi = WasiP1Context::builder().stdin(stdin).build();
        let mut first = store(&engine, state.clone(), wasi);
        let threads = Threads::new(self.threads_max, |engine, data: &Data, thread| {
            Ok(store(
                engine,
                data.state.clone(),
                data.wasi.for_thread(thread),
            ))
        });
        threads.add_to_linker(&mut linker, &mut first, &module)?;
        let program = linker.instantiate_pre(&module)?;
        let run = AssertUnwindSafe(|| {
            threads.run(&mut first, &program, |store, instance| {
                let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
                start.call(store, ())
            })
        });
        let result = catch_unwind(run);
        assert_eq!(
            Arc::strong_count(&state.alive),
            2,
            "a thread outlives its program"
        );
        match result {
            Ok(result) => result,
            Err(payload) => std::panic::resume_unwind(payload),
        }
    }
}

#[test]
fn threads_share_one_memory() {
    Program::new()
        .run(
            r#"
            (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
                (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument)))
                (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
                (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
            (func (export "_start") (local $n i32)
                (call $start_one (i32.const 10))
                (call $start_one (i32.const 200))
                (call $start_one (i32.const 3000))
                (loop $again
                    (local.set $n (i32.atomic.load (i32.const 4)))
                    (if (i32.ne (local.get $n) (i32.const 3)) (then
                        (drop (memory.atomic.wait32 (i32.const 4) (local.get $n) (i64.const -1)))
                        (br $again))))
                (if (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 3210)) (then unreachable)))"#,
        )
        .unwrap();
}

#[test]
fn the_return_of_the_first_thread_ends_all() {
    for (what, busy) in BUSY {
        let program = format!(
            r#"(func $busy {busy})
            (func (export "wasi_thread_start") (param i32 i32)
                (i32.atomic.store (i32.const 0) (i32.const 1))
                (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
                (call $busy))
            (func (export "_start") (call $start_one (i32.const 0)) (call $wait (i32.const 0)))"#
        );
        let result = Program::new().run(&program);
        assert!(result.is_ok(), "{what}: {result:?}");
    }
}

#[test]
fn an_exit_of_any_thread_ends_all() {
    for (what, busy) in BUSY {
        let program = format!(
            r#"(func $busy {busy})
            (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
                (if (local.get $argument) (then (call $exit (i32.const 7))))
                (call $busy))
            (func (export "_start")
                (call $start_one (i32.const 0)) (call $start_one (i32.const 0))
                (call $start_one (i32.const 1)) (call $busy))"#
        );
        let error = Program::new().run(&program).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exit(7)), "{what}: {error:?}");
    }
}

#[test]
fn a_trap_of_any_thread_ends_all() {
    let program = r#"
        (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
            (if (local.get $argument) (then unreachable))
            (call $wait (i32.const 64)))
        (func (export "_start")
            (call $start_one (i32.const 0)) (call $start_one (i32.const 1))
            (call $wait (i32.const 64)))"#;
    let error = Program::new().run(program).unwrap_err();
    let trap = error.downcast_ref();
    assert_eq!(trap, Some(&Trap::UnreachableCodeReached), "{error:?}");
    let first_traps = r#"
        (func (export "wasi_thread_start") (param i32 i32) (call $wait (i32.const 64)))
        (func (export "_start") (call $start_one (i32.const 0)) unreachable)"#;
    let error = Program::new().run(first_traps).unwrap_err();
    let trap = error.downcast_ref();
    assert_eq!(trap, Some(&Trap::UnreachableCodeReached), "{error:?}");
}

#[test]
#[should_panic(expected = "a host function's panic")]
fn a_panic_of_the_host_reaches_who_runs_the_program() {
    let program = r#"
        (func (export "wasi_thread_start") (param i32 i32) (call $panic))
        (func (export "_start") (call $start_one (i32.const 0)) (call $wait (i32.const 64)))"#;
    let _ = Program::new().run(program);
}

#[test]
fn threads_end_one_by_one_and_others_may_follow() {
    // A thousand threads, of which three are there at once.
    let program = r#"
        (func (export "wasi_thread_start") (param i32 i32)
            (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))
        (func (export "_start") (local $left i32)
            (local.set $left (i32.const 1000))
            (loop $again
                (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
                    (then (local.set $left (i32.sub (local.get $left) (i32.const 1))))
                    (else (drop (call $yield))))
                (br_if $again (local.get $left)))
            (loop $again (br_if $again
                (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 1000)))))"#;
    let few = Program {
        threads_max: 4,
        ..Program::new()
    };
    few.run(program).unwrap();
}

#[test]
fn the_memory_is_within_the_limits() {
    let program = r#"(module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "env" "memory" (memory 17 32 shared))
        (func (export "wasi_thread_start") (param i32 i32))
        (func (export "_start")))"#;
    let error = Program::new().run_module(program).unwrap_err();
    assert!(format!("{error:#}").contains("limiter"), "{error:#}");
    let larger = Program {
        memory_bytes_max: 32 << 16,
        ..Program::new()
    };
    larger.run_module(program).unwrap();
    // No thread may have it grow further than the others.
    let growing = r#"
        (func (export "wasi_thread_start") (param i32 i32)
            (i32.store (i32.const 4) (memory.grow (i32.const 2)))
            (i32.atomic.store (i32.const 0) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
        (func (export "_start")
            (call $start_one (i32.const 0))
            (call $wait (i32.const 0))
            (if (i32.ne (i32.load (i32.const 4)) (i32.const -1)) (then unreachable)))"#;
    let small = Program {
        memory_bytes_max: 2 << 16,
        ..Program::new()
    };
    small.run(growing).unwrap();
}

#[test]
fn a_shared_memory_alone_is_made_too() {
    let program = r#"(module (import "any" "name" (memory 1 2 shared))
        (func (export "_start")
            (if (i32.ne (memory.size) (i32.const 1)) (then unreachable))))"#;
    Program::new().run_module(program).unwrap();
}

#[test]
fn what_cannot_have_threads_is_told() {
    let cases = [
        (
            r#"(module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
                (import "env" "memory" (memory 1 2 shared)) (func (export "_start")))"#,
            "`wasi_thread_start`",
        ),
        (
            r#"(module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
                (import "env" "memory" (memory 1 2 shared))
                (func (export "wasi_thread_start") (param i32)) (func (export "_start")))"#,
            "`wasi_thread_start`",
        ),
        (
            r#"(module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
                (memory (export "memory") 1)
                (func (export "wasi_thread_start") (param i32 i32)) (func (export "_start")))"#,
            "no shared memory",
        ),
    ];
    for (text, expected) in cases {
        let error = Program::new().run_module(text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error:#}");
    }
}
