//! A guest that starts threads until there are no more takes the host's threads from
//! everybody (arXiv 2509.11242).

use silica_engine::{Engine, Linker, Module, Store};
use silica_wasi_p1::{Exit, WasiP1Context, add_to_linker};
use silica_wasi_threads::{THREADS_MAX, Threads};

/// Starts threads that wait for ever until one is refused; exits with how many there are then, of
/// 200 that it would like.
const GREEDY: &str = r#"(module
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "env" "memory" (memory 1 1 shared))
    (export "memory" (memory 0))
    (func (export "wasi_thread_start") (param i32 i32)
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (func (export "_start") (local $count i32)
        (loop $more
            (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)) (then
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $more (i32.lt_u (local.get $count) (i32.const 200))))))
        (call $exit (local.get $count))))"#;

fn threads_started(threads_max: u32) -> u32 {
    let engine = Engine::default();
    let module = Module::new(&engine, GREEDY).unwrap();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |context: &mut WasiP1Context| context).unwrap();
    let mut store = Store::new(&engine, WasiP1Context::builder().build());
    let threads = Threads::new(threads_max, |engine, context: &WasiP1Context, thread| {
        Ok(Store::new(engine, context.for_thread(thread)))
    });
    threads
        .add_to_linker(&mut linker, &mut store, &module)
        .unwrap();
    let program = linker.instantiate_pre(&module).unwrap();
    let result = threads.run(&mut store, &program, |store, instance| {
        let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
        start.call(store, ())
    });
    let error = result.unwrap_err();
    error.downcast_ref::<Exit>().expect("it exits").0
}

#[test]
fn threads_are_counted() {
    assert_eq!(threads_started(1), 0);
    assert_eq!(threads_started(5), 4);
    assert_eq!(threads_started(THREADS_MAX), THREADS_MAX - 1);
}
