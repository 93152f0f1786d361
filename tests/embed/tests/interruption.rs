//! Stopping a call from another thread, wherever it is.

use std::sync::mpsc;
use std::time::Duration;

use silica_engine::{Caller, Engine, Func, Instance, InterruptHandle, Module, Store, Trap};
use silica_tests_embed::{block_on, instance};

fn soon(handle: InterruptHandle) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        handle.interrupt();
    })
}

#[track_caller]
fn check_stops(text: &str) {
    let (mut store, instance) = instance(text);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let stopper = soon(store.interrupt_handle());
    let error = f.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    stopper.join().unwrap();
}

#[test]
fn a_loop() {
    check_stops(r#"(module (func (export "f") (loop br 0)))"#);
}

#[test]
fn a_loop_that_works() {
    check_stops(
        r#"(module (memory 1) (func (export "f") (loop
            (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) br 0)))"#,
    );
}

#[test]
fn recursion_without_end_of_time() {
    check_stops(
        r#"(module (func $fib (param i64) (result i64)
            (if (result i64) (i64.lt_u (local.get 0) (i64.const 2)) (then (local.get 0))
                (else (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1)))
                               (call $fib (i64.sub (local.get 0) (i64.const 2)))))))
            (func (export "f") (drop (call $fib (i64.const 90)))))"#,
    );
}

#[test]
fn tail_calls() {
    check_stops(r#"(module (func $f (export "f") (return_call $f)))"#);
}

#[test]
fn calls_through_a_table() {
    check_stops(
        r#"(module (type $t (func)) (table 1 funcref) (func $g) (elem (i32.const 0) $g)
            (func (export "f") (loop (call_indirect (type $t) (i32.const 0)) br 0)))"#,
    );
}

#[test]
fn long_bulk_operations() {
    check_stops(
        r#"(module (memory 2000) (func (export "f") (loop
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072000)) br 0)))"#,
    );
}

#[test]
fn waiting_on_an_address() {
    check_stops(
        r#"(module (memory 1 1 shared) (func (export "f")
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))"#,
    );
}

#[test]
fn a_loop_of_host_calls() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0_u64);
    let count = Func::wrap(&mut store, |mut caller: Caller<'_, u64>| {
        *caller.data_mut() += 1
    });
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f)) (func (export "f") (loop call $f br 0)))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[count.into()]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    for _ in 0..3 {
        let stopper = soon(store.interrupt_handle());
        let error = f.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
        stopper.join().unwrap();
    }
    assert!(*store.data() > 0);
}

#[test]
fn a_host_function_ends_before_the_call_is_stopped() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, false);
    let (send, receive) = mpsc::channel();
    let slow = Func::wrap(&mut store, move |mut caller: Caller<'_, bool>| {
        send.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        *caller.data_mut() = true;
    });
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f)) (func (export "f") call $f (loop br 0)))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[slow.into()]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let handle = store.interrupt_handle();
    let stopper = std::thread::spawn(move || {
        receive.recv().unwrap();
        handle.interrupt();
    });
    let error = f.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    assert!(*store.data());
    stopper.join().unwrap();
}

#[test]
fn the_store_is_usable_afterwards() {
    let (mut store, instance) = instance(
        r#"(module (func (export "spin") (loop br 0)) (func (export "f") (result i32) i32.const 5))"#,
    );
    let spin = instance
        .get_typed_func::<(), ()>(&mut store, "spin")
        .unwrap();
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    for _ in 0..3 {
        let stopper = soon(store.interrupt_handle());
        spin.call(&mut store, ()).unwrap_err();
        stopper.join().unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 5);
    }
}

#[test]
fn an_asynchronous_call() {
    let (mut store, instance) = instance(r#"(module (func (export "f") (loop br 0)))"#);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let stopper = soon(store.interrupt_handle());
    let error = block_on(f.call_async(&mut store, ())).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    stopper.join().unwrap();
}

#[test]
fn a_handle_outlives_its_store() {
    let (store, _) = instance("(module)");
    let handle = store.interrupt_handle();
    drop(store);
    handle.interrupt();
}
