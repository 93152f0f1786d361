//! Panics of host functions reach the embedder, and the store is usable afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};

use silica_engine::{Engine, Func, FuncType, Instance, Module, Store};
use silica_tests_embed::{block_on, panic_message};

fn store_with(f: impl FnOnce(&mut Store<()>, &Engine) -> Func) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let f = f(&mut store, &engine);
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f)) (func (export "f") call $f) (func (export "g") (result i32) i32.const 3))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[f.into()]).unwrap();
    (store, instance)
}

fn check(mut store: Store<()>, instance: Instance) {
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let g = instance.get_typed_func::<(), i32>(&mut store, "g").unwrap();
    for _ in 0..3 {
        let message = panic_message(|| {
            let _ = f.call(&mut store, ());
        });
        assert_eq!(message, "at once");
        assert_eq!(g.call(&mut store, ()).unwrap(), 3);
    }
    let message = panic_message(|| {
        let _ = block_on(f.call_async(&mut store, ()));
    });
    assert_eq!(message, "at once");
    assert_eq!(g.call(&mut store, ()).unwrap(), 3);
}

#[test]
fn of_a_typed_function() {
    let (store, instance) =
        store_with(|store, _| Func::wrap(store, || -> () { panic!("at once") }));
    check(store, instance);
}

#[test]
fn of_a_dynamic_function() {
    let (store, instance) = store_with(|store, engine| {
        let ty = FuncType::new(engine, [], []);
        Func::new(store, ty, |_, _, _| panic!("at once"))
    });
    check(store, instance);
}

#[test]
fn of_a_function_called_without_webassembly() {
    let mut store = Store::new(&Engine::default(), ());
    let f = Func::wrap(&mut store, || -> () { panic!("directly") });
    let message = panic_message(|| {
        let _ = f.call(&mut store, &[], &mut []);
    });
    assert_eq!(message, "directly");
}

#[test]
fn payloads_that_are_no_messages_come_through() {
    let (mut store, instance) =
        store_with(|store, _| Func::wrap(store, || -> () { std::panic::panic_any(17_u8) }));
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let payload = catch_unwind(AssertUnwindSafe(|| f.call(&mut store, ()))).unwrap_err();
    assert_eq!(payload.downcast_ref::<u8>(), Some(&17));
}

#[test]
fn what_is_on_the_stack_of_the_host_is_dropped() {
    struct Counts(std::sync::Arc<std::sync::atomic::AtomicU32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let (mut store, instance) = store_with(|store, _| {
        let count = count.clone();
        Func::wrap(store, move || -> () {
            let _counts = Counts(count.clone());
            panic!("with something to drop")
        })
    });
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    panic_message(|| {
        let _ = f.call(&mut store, ());
    });
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1);
}
