//! Engines, modules and stores on several threads.

use silica_engine::{Engine, Instance, Linker, Module, Store, Trap};

const FIB: &str = r#"(module
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                           (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "trap") unreachable)
    (func $deep (export "deep") call $deep)
    (memory 1) (func (export "out") (drop (i32.load (i32.const -4)))))"#;

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn what_may_move_may_move() {
    is_send_and_sync::<Engine>();
    is_send_and_sync::<Module>();
    is_send_and_sync::<Store<u32>>();
    is_send_and_sync::<Linker<u32>>();
    is_send_and_sync::<silica_engine::InstancePre<u32>>();
    is_send_and_sync::<silica_engine::Func>();
    is_send_and_sync::<silica_engine::TypedFunc<(i32, i64), f32>>();
    is_send_and_sync::<silica_engine::Memory>();
    is_send_and_sync::<silica_engine::SharedMemory>();
    is_send_and_sync::<silica_engine::InterruptHandle>();
    is_send_and_sync::<silica_engine::Val>();
    is_send_and_sync::<silica_engine::WasmBacktrace>();
}

#[test]
fn one_module_runs_on_many_threads() {
    let engine = Engine::default();
    let module = Module::new(&engine, FIB).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).unwrap();
                    let fib = instance
                        .get_typed_func::<i32, i32>(&mut store, "fib")
                        .unwrap();
                    assert_eq!(fib.call(&mut store, 15).unwrap(), 610);
                }
            });
        }
    });
}

#[test]
fn traps_stay_with_their_thread() {
    let engine = Engine::default();
    let module = Module::new(&engine, FIB).unwrap();
    std::thread::scope(|scope| {
        for (name, trap) in [
            ("trap", Trap::UnreachableCodeReached),
            ("deep", Trap::StackOverflow),
            ("out", Trap::MemoryOutOfBounds),
        ] {
            let (engine, module) = (&engine, &module);
            scope.spawn(move || {
                for _ in 0..50 {
                    let mut store = Store::new(engine, ());
                    let instance = Instance::new(&mut store, module, &[]).unwrap();
                    let f = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
                    let error = f.call(&mut store, ()).unwrap_err();
                    assert_eq!(error.downcast_ref(), Some(&trap));
                }
            });
        }
    });
}

#[test]
fn a_store_moves_between_threads() {
    let engine = Engine::default();
    let module = Module::new(&engine, FIB).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let fib = instance
        .get_typed_func::<i32, i32>(&mut store, "fib")
        .unwrap();
    let deep = instance
        .get_typed_func::<(), ()>(&mut store, "deep")
        .unwrap();
    for _ in 0..10 {
        store = std::thread::spawn(move || {
            assert_eq!(fib.call(&mut store, 10).unwrap(), 55);
            assert!(deep.call(&mut store, ()).is_err());
            store
        })
        .join()
        .unwrap();
    }
    assert_eq!(fib.call(&mut store, 10).unwrap(), 55);
}

#[test]
fn engines_of_several_threads_are_apart() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let engine = Engine::default();
                    let module = Module::new(&engine, FIB).unwrap();
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).unwrap();
                    let fib = instance
                        .get_typed_func::<i32, i32>(&mut store, "fib")
                        .unwrap();
                    assert_eq!(fib.call(&mut store, 10).unwrap(), 55);
                }
            });
        }
    });
}

#[test]
fn code_is_gone_with_its_module_and_new_code_takes_its_place() {
    let engine = Engine::default();
    for round in 0..50 {
        let text = format!(
            r#"(module (func (export "f") (result i32) i32.const {round}) (func (export "trap") unreachable))"#
        );
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        drop(module);
        let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), round);
        let trap = instance
            .get_typed_func::<(), ()>(&mut store, "trap")
            .unwrap();
        let error = trap.call(&mut store, ()).unwrap_err();
        drop(store);
        // The error keeps what it needs to be printed.
        assert!(error.to_string().contains("0x"), "{error}");
    }
}
