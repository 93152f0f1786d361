//! In another engine, instances of several modules at a time took the types of one for those of the other, by their index
//! (class 31: wazero 2511).

use silica_engine::{Func, Instance, Module, Store, Trap, Val};
use silica_tests_regress::{engines, trap_of};

/// The same type has another index in each of them, and each index is of another type.
const MODULES: [&str; 3] = [
    r#"(module
      (type (func (param i32) (result i32))) (type (func (param i64) (result i64))) (type (func (param f64) (result f64)))
      (func $f (export "f") (type 0) (i32.add (local.get 0) (i32.const 1)))
      (table (export "t") 1 funcref) (elem (i32.const 0) $f)
      (func (export "call") (param i32) (result i32) (call_indirect (type 0) (local.get 0) (i32.const 0))))"#,
    r#"(module
      (type (func (param i64) (result i64))) (type (func (param f64) (result f64))) (type (func (param i32) (result i32)))
      (func $f (export "f") (type 2) (i32.add (local.get 0) (i32.const 1)))
      (table (export "t") 1 funcref) (elem (i32.const 0) $f)
      (func (export "call") (param i32) (result i32) (call_indirect (type 2) (local.get 0) (i32.const 0))))"#,
    r#"(module
      (type (func (param f64) (result f64))) (type (func (param i32) (result i32))) (type (func (param i64) (result i64)))
      (func $f (export "f") (type 1) (i32.add (local.get 0) (i32.const 1)))
      (table (export "t") 1 funcref) (elem (i32.const 0) $f)
      (func (export "call") (param i32) (result i32) (call_indirect (type 1) (local.get 0) (i32.const 0))))"#,
];

/// Calls through a table of another module as the types with this module's indices.
const CALLER: &str = r#"(module
  (type $no (func (param f32) (result f32))) (type $i64 (func (param i64) (result i64)))
  (type $i32 (func (param i32) (result i32)))
  (import "" "f" (func $f (type $i32)))
  (import "" "t" (table 1 funcref))
  (func (export "right") (param i32) (result i32) (call_indirect (type $i32) (local.get 0) (i32.const 0)))
  (func (export "direct") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "wrong") (param i64) (result i64) (call_indirect (type $i64) (local.get 0) (i32.const 0)))
  (func (export "worse") (param f32) (result f32) (call_indirect (type $no) (local.get 0) (i32.const 0))))"#;

#[test]
fn each_instance_has_the_types_of_its_own_module() {
    for (what, engine) in engines() {
        let modules = MODULES.map(|text| Module::new(&engine, text).unwrap());
        let caller = Module::new(&engine, CALLER).unwrap();
        let mut store = Store::new(&engine, ());
        if engine.config().counts_fuel() {
            store.set_fuel(1 << 40).unwrap();
        }
        // All at a time, in both orders, and each module more than once.
        let order = [0, 1, 2, 2, 1, 0];
        let instances =
            order.map(|number| Instance::new(&mut store, &modules[number], &[]).unwrap());
        for instance in &instances {
            let mut give = |name| instance.get_export(&mut store, name).unwrap();
            let imports = [give("f"), give("t")];
            let calls = Instance::new(&mut store, &caller, &imports).unwrap();
            let own = instance.get_func(&mut store, "call").unwrap();
            assert_eq!(
                call(&mut store, own, Val::I32(41)).unwrap(),
                Some(42),
                "{what}"
            );
            for name in ["right", "direct"] {
                let function = calls.get_func(&mut store, name).unwrap();
                let gave = call(&mut store, function, Val::I32(41)).unwrap();
                assert_eq!(gave, Some(42), "{what}: {name}");
            }
            for (name, argument) in [("wrong", Val::I64(1)), ("worse", Val::F32(0))] {
                let function = calls.get_func(&mut store, name).unwrap();
                let trap = trap_of(call(&mut store, function, argument));
                assert_eq!(trap, Trap::BadSignature, "{what}: {name}");
            }
        }
    }
}

fn call(
    store: &mut Store<()>,
    function: Func,
    argument: Val,
) -> silica_engine::Result<Option<i32>> {
    let mut results = [Val::I32(0)];
    function.call(store, &[argument], &mut results)?;
    Ok(results[0].i32())
}
