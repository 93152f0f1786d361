//! Types known by a number of one engine were looked up in another, and a registry of types that several threads used gave
//! two types one number (class 8: GHSA-hgjw, GHSA-qw58, GHSA-7qmx).

use silica_engine::{Engine, Func, Instance, Linker, Module, Store, Trap};
use silica_tests_regress::{function, trap_of};

/// Calls what it imports, through a table, as a function of its own type.
const CALLER: &str = r#"(module
  (type $t (func (param i64) (result i64)))
  (import "" "f" (func $f (param i64) (result i64)))
  (import "" "g" (func $g (param f64) (result i64)))
  (table 2 funcref)
  (elem (i32.const 0) $f $g)
  (func (export "call") (param i32) (result i64)
    (call_indirect (type $t) (i64.const 40) (local.get 0))))"#;

fn check(engine: &Engine, module: &Module) {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    linker.func_wrap("", "f", |n: i64| n + 2).unwrap();
    linker.func_wrap("", "g", |n: f64| n as i64).unwrap();
    let instance = linker.instantiate(&mut store, module).unwrap();
    let call = function::<i32, i64>(&mut store, &instance, "call");
    assert_eq!(call.call(&mut store, 0).unwrap(), 42);
    assert_eq!(trap_of(call.call(&mut store, 1)), Trap::BadSignature);
}

/// A module of a function type that no other number gives.
fn another_type(number: u32) -> String {
    let parameters: String = (0..8)
        .map(|bit| {
            if number >> bit & 1 == 0 {
                " i32"
            } else {
                " f32"
            }
        })
        .collect();
    format!("(module (func (export \"f\") (param{parameters})))")
}

#[test]
fn a_module_brings_its_types_to_an_engine_that_has_others() {
    for others in [0, 1, 7, 100] {
        let engine = Engine::default();
        let _others: Vec<Module> = (0..others)
            .map(|number| Module::new(&engine, another_type(number)).unwrap())
            .collect();
        check(&engine, &Module::new(&engine, CALLER).unwrap());
    }
}

#[test]
fn a_type_keeps_its_number_while_threads_come_and_go_with_others() {
    let engine = Engine::default();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..40 {
                    let number = (thread * 40 + round) % 50;
                    let other = Module::new(engine, another_type(number)).unwrap();
                    check(engine, &Module::new(engine, CALLER).unwrap());
                    drop(other);
                }
            });
        }
    });
}

#[test]
fn what_belongs_to_another_engine_is_refused() {
    let (ours, theirs) = (Engine::default(), Engine::default());
    let module = Module::new(&theirs, "(module)").unwrap();
    let mut store = Store::new(&ours, ());
    assert!(Instance::new(&mut store, &module, &[]).is_err());
    let mut stranger = Store::new(&theirs, ());
    let function = Func::wrap(&mut stranger, || 1);
    let importer = Module::new(&ours, r#"(module (import "" "f" (func (result i32))))"#).unwrap();
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Instance::new(&mut store, &importer, &[function.into()])
    }));
    assert!(refused.is_err() || refused.is_ok_and(|outcome| outcome.is_err()));
}
