//! A WASI program with threads: what each of them gets, and how they end together.
//!
//!     cargo run -p silica-examples --bin threads

#![forbid(unsafe_code)]

use silica::wasi::p1::{Exit, WasiP1Context, add_to_linker};
use silica::wasi::threads::Threads;
use silica::{Engine, Linker, Module, Result, Store};

/// Starts threads 1 to 4, which add their numbers, and exits with the sum. Built by a toolchain, it would be
/// for `wasm32-wasip1-threads`.
const PROGRAM: &str = r#"(module
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "env" "memory" (memory 1 1 shared))
    (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
        (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument)))
        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func (export "_start") (local $n i32)
        (loop $start
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (if (i32.lt_s (call $spawn (local.get $n)) (i32.const 0)) (then unreachable))
            (br_if $start (i32.lt_u (local.get $n) (i32.const 4))))
        (loop $wait
            (local.set $n (i32.atomic.load (i32.const 4)))
            (if (i32.lt_u (local.get $n) (i32.const 4)) (then
                (drop (memory.atomic.wait32 (i32.const 4) (local.get $n) (i64.const -1)))
                (br $wait))))
        (call $exit (i32.atomic.load (i32.const 0)))))"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM)?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
    let mut store = Store::new(&engine, WasiP1Context::builder().inherit_stdio().build());

    // Each thread has a store of its own, in which its program finds the same descriptors.
    let threads = Threads::new(8, |engine, context: &WasiP1Context, thread| {
        Ok(Store::new(engine, context.for_thread(thread)))
    });
    threads.add_to_linker(&mut linker, &mut store, &module)?;
    let program = linker.instantiate_pre(&module)?;
    let ended = threads.run(&mut store, &program, |store, instance| {
        let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
        start.call(store, ())
    });
    match ended {
        Ok(()) => println!("the first thread returned"),
        Err(error) => match error.downcast_ref() {
            Some(Exit(status)) => println!("exited with {status}"),
            None => return Err(error),
        },
    }
    Ok(())
}
