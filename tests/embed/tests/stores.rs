//! Stores: their data, and that a handle is used with its own store only.

use silica_engine::{
    Engine, ExternRef, Func, Global, GlobalType, Instance, Memory, MemoryType, Module, Mutability,
    Ref, RefType, Store, Table, TableType, Val, ValType,
};
use silica_tests_embed::panic_message;

#[test]
fn data_is_the_embedders() {
    let mut store = Store::new(&Engine::default(), vec![1]);
    store.data_mut().push(2);
    assert_eq!(store.data(), &[1, 2]);
    assert_eq!(store.into_data(), [1, 2]);
}

#[test]
fn dropping_a_store_drops_its_data_and_functions_once() {
    let counted = std::sync::Arc::new(());
    let mut store = Store::new(&Engine::default(), counted.clone());
    let in_closure = counted.clone();
    Func::wrap(&mut store, move || {
        let _ = &in_closure;
    });
    assert_eq!(std::sync::Arc::strong_count(&counted), 3);
    drop(store);
    assert_eq!(std::sync::Arc::strong_count(&counted), 1);
}

type Use = Box<dyn FnOnce(&mut Store<()>)>;

/// Uses of another store, each of which must panic.
#[track_caller]
fn refused(uses: Vec<Use>) {
    let mut other = Store::new(&Engine::default(), ());
    for use_it in uses {
        let message = panic_message(|| use_it(&mut other));
        assert!(message.contains("another store"), "{message}");
    }
}

/// A use that gives nothing.
macro_rules! uses {
    ($(|$store:ident| $body:expr;)*) => {
        vec![$(Box::new(move |$store: &mut Store<()>| { let _ = $body; })),*]
    };
}

#[test]
fn functions_of_another_store() {
    let mut own = Store::new(&Engine::default(), ());
    let f = Func::wrap(&mut own, || {});
    let typed = f.typed::<(), ()>(&own).unwrap();
    refused(uses! {
        |store| f.call(store, &[], &mut []);
        |store| f.ty(store);
        |store| f.typed::<(), ()>(store);
        |store| typed.call(store, ());
    });
}

#[test]
fn memories_of_another_store() {
    let mut own = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut own, MemoryType::new(1, None)).unwrap();
    refused(uses! {
        |store| memory.data(&*store).len();
        |store| memory.data_mut(store).len();
        |store| memory.grow(store, 1);
        |store| memory.write(store, 0, &[1]);
        |store| memory.size(store);
        |store| memory.ty(store);
        |store| memory.data_and_store_mut(store).0.len();
    });
}

#[test]
fn tables_globals_and_references_of_another_store() {
    let mut own = Store::new(&Engine::default(), ());
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    let table = Table::new(&mut own, ty, Ref::Func(None)).unwrap();
    let ty = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut own, ty, Val::I32(0)).unwrap();
    let value = ExternRef::new(&mut own, 1).unwrap();
    refused(uses! {
        |store| table.get(store, 0);
        |store| table.set(store, 0, Ref::Func(None));
        |store| table.grow(store, 1, Ref::Func(None));
        |store| table.size(store);
        |store| global.get(store);
        |store| global.set(store, Val::I32(1));
        |store| global.ty(store);
        |store| value.data(&*store).map(|_| ());
    });
}

#[test]
fn instances_of_another_store() {
    let engine = Engine::default();
    let mut own = Store::new(&engine, ());
    let module = Module::new(&engine, r#"(module (func (export "f")))"#).unwrap();
    let instance = Instance::new(&mut own, &module, &[]).unwrap();
    refused(uses! {
        |store| instance.get_export(store, "f");
        |store| instance.module(store);
        |store| instance.exports(store).len();
    });
}

#[test]
fn references_to_another_store_are_refused() {
    let engine = Engine::default();
    let (mut own, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let f = Func::wrap(&mut own, || {});
    let value = ExternRef::new(&mut own, 1).unwrap();
    let takes = Func::wrap(&mut other, |_: Option<Func>| {});
    let module = Module::new(&engine, r#"(module (import "" "" (func)))"#).unwrap();
    let table = Table::new(
        &mut other,
        TableType::new(RefType::FUNCREF, 1, None),
        Ref::Func(None),
    )
    .unwrap();
    let uses: Vec<Use> = vec![
        Box::new(move |store| {
            takes.call(store, &[f.into()], &mut []).unwrap();
        }),
        Box::new(move |store| {
            let takes = takes.typed::<Option<Func>, ()>(&*store).unwrap();
            takes.call(store, Some(f)).unwrap();
        }),
        Box::new(move |store| {
            let _ = Instance::new(store, &module, &[f.into()]).unwrap();
        }),
        Box::new(move |store| table.set(store, 0, f.into()).unwrap()),
        Box::new(move |store| {
            let ty = GlobalType::new(ValType::EXTERNREF, Mutability::Const);
            let _ = Global::new(store, ty, value.into()).unwrap();
        }),
    ];
    for use_it in uses {
        let message = panic_message(|| use_it(&mut other));
        assert!(message.contains("another store"), "{message}");
    }
}

#[test]
fn a_host_function_that_returns_a_strangers_function() {
    let engine = Engine::default();
    let (mut own, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let stranger = Func::wrap(&mut own, || {});
    let gives = Func::wrap(&mut other, move || Some(stranger));
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f (result funcref))) (func (export "f") (drop (call $f))))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut other, &module, &[gives.into()]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut other, "f").unwrap();
    let message = panic_message(|| f.call(&mut other, ()).unwrap());
    assert!(message.contains("another store"), "{message}");
}

#[test]
fn a_store_of_another_engine() {
    let module = Module::new(&Engine::default(), "(module)").unwrap();
    let mut store = Store::new(&Engine::default(), ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert!(error.to_string().contains("another engine"), "{error}");
}

#[test]
fn many_stores_and_instances() {
    let engine = Engine::default();
    let module = Module::new(&engine, r#"(module (memory (export "m") 1) (table 10 funcref) (func (export "f") (result i32) (i32.load (i32.const 0))))"#).unwrap();
    for round in 0..200 {
        let mut store = Store::new(&engine, ());
        for _ in 0..5 {
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&mut store, "m").unwrap();
            assert_eq!(memory.data(&store)[0], 0);
            memory.data_mut(&mut store).fill(round as u8 | 1);
        }
    }
}
