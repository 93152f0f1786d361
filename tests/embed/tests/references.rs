//! References to functions and to host values, through calls, tables and globals.

use silica_engine::{Engine, ExternRef, Func, Linker, Rooted, Store, Val};
use silica_tests_embed::{instance, linked};

type Opt = Option<Rooted<ExternRef>>;

#[test]
fn host_values_pass_through() {
    let (mut store, instance) = instance(
        r#"(module (func (export "id") (param externref) (result externref) local.get 0)
            (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0))))"#,
    );
    let id = instance
        .get_typed_func::<Opt, Opt>(&mut store, "id")
        .unwrap();
    let is_null = instance
        .get_typed_func::<Opt, i32>(&mut store, "is_null")
        .unwrap();
    let value = ExternRef::new(&mut store, "text").unwrap();
    let back = id.call(&mut store, Some(value)).unwrap().unwrap();
    assert!(Rooted::ref_eq(&store, &value, &back).unwrap());
    assert_eq!(
        back.data(&store).unwrap().unwrap().downcast_ref(),
        Some(&"text")
    );
    assert!(id.call(&mut store, None).unwrap().is_none());
    assert_eq!(is_null.call(&mut store, None).unwrap(), 1);
    assert_eq!(is_null.call(&mut store, Some(value)).unwrap(), 0);
}

#[test]
fn host_values_can_be_changed() {
    let mut store = Store::new(&Engine::default(), ());
    let value = ExternRef::new(&mut store, 1_u32).unwrap();
    *value
        .data_mut(&mut store)
        .unwrap()
        .unwrap()
        .downcast_mut::<u32>()
        .unwrap() += 1;
    assert_eq!(
        value.data(&store).unwrap().unwrap().downcast_ref(),
        Some(&2_u32)
    );
}

#[test]
fn host_values_are_dropped_with_the_store() {
    let counted = std::sync::Arc::new(());
    let mut store = Store::new(&Engine::default(), ());
    for _ in 0..10 {
        ExternRef::new(&mut store, counted.clone()).unwrap();
    }
    assert_eq!(std::sync::Arc::strong_count(&counted), 11);
    drop(store);
    assert_eq!(std::sync::Arc::strong_count(&counted), 1);
}

#[test]
fn functions_pass_through() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("h", "id", |f: Option<Func>| f).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (type $t (func (result i32)))
            (import "h" "id" (func $id (param funcref) (result funcref)))
            (table $t 1 funcref) (func $seven (result i32) i32.const 7) (elem declare func $seven)
            (func (export "seven") (result funcref) (ref.func $seven))
            (func (export "call") (param funcref) (result i32)
                (table.set $t (i32.const 0) (call $id (local.get 0)))
                (call_indirect $t (type $t) (i32.const 0))))"#,
    );
    let seven = instance
        .get_typed_func::<(), Option<Func>>(&mut store, "seven")
        .unwrap();
    let call = instance
        .get_typed_func::<Option<Func>, i32>(&mut store, "call")
        .unwrap();
    let f = seven.call(&mut store, ()).unwrap();
    assert_eq!(call.call(&mut store, f).unwrap(), 7);
    let host = Func::wrap(&mut store, || 8);
    assert_eq!(call.call(&mut store, Some(host)).unwrap(), 8);
    assert!(call.call(&mut store, None).is_err());
}

#[test]
fn functions_as_dynamic_values() {
    let (mut store, instance) = instance(
        r#"(module (func (export "id") (param funcref externref) (result externref funcref) local.get 1 local.get 0))"#,
    );
    let id = instance.get_func(&mut store, "id").unwrap();
    let value = ExternRef::new(&mut store, 1).unwrap();
    let mut results = [Val::I32(0), Val::I32(0)];
    id.call(&mut store, &[Val::from(id), Val::from(value)], &mut results)
        .unwrap();
    assert!(results[0].extern_ref().unwrap().is_some());
    assert!(results[1].funcref().is_some());
    id.call(
        &mut store,
        &[Val::FuncRef(None), Val::ExternRef(None)],
        &mut results,
    )
    .unwrap();
    assert!(results[0].extern_ref().unwrap().is_none());
    assert!(results[1].func_ref().unwrap().is_none());
    assert!(
        id.call(
            &mut store,
            &[Val::ExternRef(None), Val::FuncRef(None)],
            &mut results
        )
        .is_err()
    );
}
