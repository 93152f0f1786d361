//! Fuel: that it is counted, ends calls, is exact and the same every time.

use silica_engine::{Caller, Config, Engine, EngineError, Func, Instance, Module, Store, Trap};
use silica_tests_embed::instance;

fn fueled(fuel: u64, text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(fuel).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

const SUM: &str = r#"(module
    (func (export "sum") (param $n i32) (result i32) (local $s i32)
        (loop $again
            (local.set $s (i32.add (local.get $s) (local.get $n)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                           (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

#[test]
fn it_runs_out() {
    let (mut store, instance) = fueled(1000, SUM);
    let sum = instance
        .get_typed_func::<i32, i32>(&mut store, "sum")
        .unwrap();
    assert_eq!(sum.call(&mut store, 10).unwrap(), 55);
    let error = sum.call(&mut store, 1_000_000).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
    assert_eq!(store.get_fuel().unwrap(), 0);
    store.set_fuel(1000).unwrap();
    assert_eq!(sum.call(&mut store, 10).unwrap(), 55);
}

#[test]
fn the_same_call_costs_the_same() {
    let cost = |name: &str, n: i32| {
        let (mut store, instance) = fueled(1_000_000, SUM);
        let f = instance
            .get_typed_func::<i32, i32>(&mut store, name)
            .unwrap();
        f.call(&mut store, n).unwrap();
        1_000_000 - store.get_fuel().unwrap()
    };
    for name in ["sum", "fib"] {
        assert_eq!(cost(name, 10), cost(name, 10));
        assert!(cost(name, 11) > cost(name, 10));
    }
    // Each turn of the loop costs the same.
    assert_eq!(
        cost("sum", 12) - cost("sum", 11),
        cost("sum", 11) - cost("sum", 10)
    );
}

#[test]
fn exactly_enough_is_enough() {
    let (mut store, instance) = fueled(1_000_000, SUM);
    let fib = instance
        .get_typed_func::<i32, i32>(&mut store, "fib")
        .unwrap();
    fib.call(&mut store, 10).unwrap();
    let cost = 1_000_000 - store.get_fuel().unwrap();
    store.set_fuel(cost).unwrap();
    fib.call(&mut store, 10).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 0);
    // What a call takes too much is owed, and the next one pays.
    store.set_fuel(cost - 1).unwrap();
    let last = fib.call(&mut store, 10);
    assert_eq!(store.get_fuel().unwrap(), 0);
    assert!(last.is_err() || fib.call(&mut store, 0).is_err());
}

#[test]
fn an_infinite_loop_ends() {
    let (mut store, instance) = fueled(10_000, r#"(module (func (export "f") (loop br 0)))"#);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
}

#[test]
fn a_trap_does_not_give_fuel_back() {
    let (mut store, instance) = fueled(
        1000,
        r#"(module (func (export "f") (param i32)
            (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            unreachable))"#,
    );
    let f = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap();
    f.call(&mut store, 10).unwrap_err();
    let after = store.get_fuel().unwrap();
    assert!((900..990).contains(&after), "{after}");
}

#[test]
fn the_host_sees_and_sets_it_during_a_call() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, 0);
    let refuel = Func::wrap(
        &mut store,
        |mut caller: Caller<'_, u64>| -> silica_engine::Result<()> {
            *caller.data_mut() = caller.get_fuel()?;
            caller.set_fuel(500)
        },
    );
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f)) (func (export "f") nop nop nop call $f nop nop))"#,
    )
    .unwrap();
    store.set_fuel(100).unwrap();
    let instance = Instance::new(&mut store, &module, &[refuel.into()]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    f.call(&mut store, ()).unwrap();
    assert!((50..100).contains(store.data()), "{}", store.data());
    let after = store.get_fuel().unwrap();
    assert!((450..=500).contains(&after), "{after}");
}

#[test]
fn a_store_starts_without() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let module = Module::new(&engine, r#"(module (func $g) (func (export "f") call $g))"#).unwrap();
    let mut store = Store::new(&engine, ());
    assert_eq!(store.get_fuel().unwrap(), 0);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    assert_eq!(
        f.call(&mut store, ()).unwrap_err().downcast_ref(),
        Some(&Trap::OutOfFuel)
    );
}

#[test]
fn without_counting_there_is_none_to_ask_for() {
    let (mut store, _) = instance("(module)");
    for error in [
        store.get_fuel().unwrap_err(),
        store.set_fuel(1).unwrap_err(),
    ] {
        assert_eq!(error.downcast_ref(), Some(&EngineError::FuelNotCounted));
    }
}
