//! Tables through the host.

use silica_engine::{Engine, ExternRef, Func, Ref, RefType, Store, Table, TableType, Trap};
use silica_tests_embed::instance;

#[test]
fn functions_put_into_a_table_are_called_through_it() {
    let (mut store, instance) = instance(
        r#"(module (type $t (func (result i32))) (table (export "t") 3 funcref)
            (func $one (result i32) i32.const 1) (elem (i32.const 0) $one)
            (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))"#,
    );
    let table = instance.get_table(&mut store, "t").unwrap();
    let call = instance
        .get_typed_func::<i32, i32>(&mut store, "call")
        .unwrap();
    let host = Func::wrap(&mut store, || 2);
    let wrong = Func::wrap(&mut store, || 2_i64);
    table.set(&mut store, 1, host.into()).unwrap();
    table.set(&mut store, 2, wrong.into()).unwrap();
    assert_eq!(call.call(&mut store, 0).unwrap(), 1);
    assert_eq!(call.call(&mut store, 1).unwrap(), 2);
    let error = call.call(&mut store, 2).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::BadSignature));
    let one = *table.get(&mut store, 0).unwrap().unwrap_func();
    assert_eq!(
        one.typed::<(), i32>(&store)
            .unwrap()
            .call(&mut store, ())
            .unwrap(),
        1
    );
    table.set(&mut store, 0, Ref::Func(None)).unwrap();
    let error = call.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IndirectCallToNull));
}

#[test]
fn growth_and_bounds() {
    let mut store = Store::new(&Engine::default(), ());
    let table = Table::new(
        &mut store,
        TableType::new(RefType::FUNCREF, 1, Some(4)),
        Ref::Func(None),
    )
    .unwrap();
    let f = Func::wrap(&mut store, || {});
    assert_eq!(table.grow(&mut store, 2, f.into()).unwrap(), 1);
    assert_eq!(table.size(&store), 3);
    assert!(table.get(&mut store, 0).unwrap().is_null());
    assert!(!table.get(&mut store, 2).unwrap().is_null());
    assert!(table.get(&mut store, 3).is_none());
    assert!(table.get(&mut store, u64::MAX).is_none());
    assert!(table.set(&mut store, 3, f.into()).is_err());
    assert!(table.grow(&mut store, 2, f.into()).is_err());
    assert!(table.grow(&mut store, u64::MAX, f.into()).is_err());
    assert_eq!(table.size(&store), 3);
    table.fill(&mut store, 1, Ref::Func(None), 2).unwrap();
    assert!(table.get(&mut store, 2).unwrap().is_null());
    assert!(table.fill(&mut store, 2, Ref::Func(None), 2).is_err());
    assert!(
        table
            .fill(&mut store, u64::MAX, Ref::Func(None), 2)
            .is_err()
    );
}

#[test]
fn element_types_are_checked() {
    let mut store = Store::new(&Engine::default(), ());
    let funcs = Table::new(
        &mut store,
        TableType::new(RefType::FUNCREF, 1, None),
        Ref::Func(None),
    )
    .unwrap();
    let externs = Table::new(
        &mut store,
        TableType::new(RefType::EXTERNREF, 1, None),
        Ref::Extern(None),
    )
    .unwrap();
    let value = ExternRef::new(&mut store, 5_i32).unwrap();
    assert!(funcs.set(&mut store, 0, value.into()).is_err());
    assert!(funcs.grow(&mut store, 1, Ref::Extern(None)).is_err());
    assert!(externs.fill(&mut store, 0, Ref::Func(None), 1).is_err());
    assert!(Table::copy(&mut store, &funcs, 0, &externs, 0, 1).is_err());
    assert!(
        Table::new(
            &mut store,
            TableType::new(RefType::FUNCREF, 1, None),
            Ref::Extern(None)
        )
        .is_err()
    );
    externs.set(&mut store, 0, value.into()).unwrap();
    let found = externs.get(&mut store, 0).unwrap();
    let found = found.as_extern().unwrap().unwrap();
    assert_eq!(
        found.data(&store).unwrap().unwrap().downcast_ref(),
        Some(&5_i32)
    );
}

#[test]
fn copies_may_overlap() {
    let mut store = Store::new(&Engine::default(), ());
    let table = Table::new(
        &mut store,
        TableType::new(RefType::EXTERNREF, 5, None),
        Ref::Extern(None),
    )
    .unwrap();
    for i in 0..5_u64 {
        let value = ExternRef::new(&mut store, i).unwrap();
        table.set(&mut store, i, value.into()).unwrap();
    }
    Table::copy(&mut store, &table, 1, &table, 0, 4).unwrap();
    let numbers: Vec<u64> = (0..5)
        .map(|i| {
            let value = table.get(&mut store, i).unwrap();
            let value = value.as_extern().unwrap().unwrap();
            *value.data(&store).unwrap().unwrap().downcast_ref().unwrap()
        })
        .collect();
    assert_eq!(numbers, [0, 0, 1, 2, 3]);
    assert!(Table::copy(&mut store, &table, 4, &table, 0, 2).is_err());
    assert!(Table::copy(&mut store, &table, 0, &table, u64::MAX, 2).is_err());
}

#[test]
fn a_table_larger_than_memory_is_an_error() {
    let mut store = Store::new(&Engine::default(), ());
    for min in [u64::MAX, 1 << 62, 1 << 48] {
        assert!(
            Table::new(
                &mut store,
                TableType::new64(RefType::FUNCREF, min, None),
                Ref::Func(None)
            )
            .is_err()
        );
    }
}
