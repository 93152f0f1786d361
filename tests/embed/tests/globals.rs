//! Globals through the host.

use silica_engine::{Engine, Func, Global, GlobalType, Linker, Mutability, Store, Val, ValType};
use silica_tests_embed::{instance, linked};

#[test]
fn host_and_program_see_the_same_value() {
    let (mut store, instance) = instance(
        r#"(module (global $g (export "g") (mut i64) (i64.const 5))
            (func (export "double") (global.set $g (i64.mul (global.get $g) (i64.const 2)))))"#,
    );
    let global = instance.get_global(&mut store, "g").unwrap();
    let double = instance
        .get_typed_func::<(), ()>(&mut store, "double")
        .unwrap();
    assert_eq!(global.get(&mut store).unwrap_i64(), 5);
    double.call(&mut store, ()).unwrap();
    assert_eq!(global.get(&mut store).unwrap_i64(), 10);
    global.set(&mut store, Val::I64(-1)).unwrap();
    double.call(&mut store, ()).unwrap();
    assert_eq!(global.get(&mut store).unwrap_i64(), -2);
}

#[test]
fn every_type_can_be_held() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let f = Func::wrap(&mut store, || 3);
    for value in [
        Val::I32(-1),
        Val::I64(-1),
        Val::from(1.5_f32),
        Val::from(2.5_f64),
        Val::from(u128::MAX),
        Val::from(f),
        Val::FuncRef(None),
        Val::ExternRef(None),
    ] {
        let ty = GlobalType::new(value.ty(&store).unwrap(), Mutability::Var);
        let global = Global::new(&mut store, ty.clone(), value).unwrap();
        assert_eq!(global.ty(&store), ty);
        assert_eq!(
            format!("{:?}", global.get(&mut store)),
            format!("{value:?}")
        );
        global.set(&mut store, value).unwrap();
    }
}

#[test]
fn wrong_values_and_immutable_globals_are_refused() {
    let mut store = Store::new(&Engine::default(), ());
    let constant = GlobalType::new(ValType::I32, Mutability::Const);
    let global = Global::new(&mut store, constant.clone(), Val::I32(1)).unwrap();
    assert!(global.set(&mut store, Val::I32(2)).is_err());
    assert_eq!(global.get(&mut store).unwrap_i32(), 1);
    assert!(Global::new(&mut store, constant, Val::I64(1)).is_err());
    let variable = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut store, variable, Val::I32(1)).unwrap();
    assert!(global.set(&mut store, Val::from(1.0_f32)).is_err());
}

#[test]
fn an_imported_global_is_shared() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = GlobalType::new(ValType::V128, Mutability::Var);
    let global = Global::new(&mut store, ty, Val::from(7_u128)).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define(&store, "h", "g", global).unwrap();
    let text = r#"(module (import "h" "g" (global $g (mut v128)))
        (func (export "get") (result v128) (global.get $g))
        (func (export "set") (param v128) (global.set $g (local.get 0))))"#;
    let first = linked(&mut store, &linker, text);
    let second = linked(&mut store, &linker, text);
    let set = first.get_func(&mut store, "set").unwrap();
    set.call(&mut store, &[Val::from(u128::MAX - 1)], &mut [])
        .unwrap();
    let get = second.get_func(&mut store, "get").unwrap();
    let mut results = [Val::I32(0)];
    get.call(&mut store, &[], &mut results).unwrap();
    assert_eq!(results[0].unwrap_v128().as_u128(), u128::MAX - 1);
    assert_eq!(
        global.get(&mut store).unwrap_v128().as_u128(),
        u128::MAX - 1
    );
}

#[test]
fn initial_values_use_imported_globals() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    let global = Global::new(&mut store, ty, Val::I32(40)).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define(&store, "h", "g", global).unwrap();
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (import "h" "g" (global $g i32))
            (global (export "sum") i32 (i32.add (global.get $g) (i32.const 2))))"#,
    );
    let sum = instance.get_global(&mut store, "sum").unwrap();
    assert_eq!(sum.get(&mut store).unwrap_i32(), 42);
}
