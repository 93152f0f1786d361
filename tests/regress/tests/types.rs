//! Types of functions, structs and arrays that were mixed up.
//!
//! - Class 8 (GHSA-hgjw, GHSA-qw58): the number of a type of one engine was used in another; a type that the embedder makes
//!   declared a supertype that it does not match; a number was given to another type while something still had it.

#![forbid(unsafe_code)]

use silica_engine::{
    Engine, EngineError, FieldType, Finality, Func, FuncType, Global, GlobalType, HeapType,
    Mutability, Ref, RefType, StorageType, Store, StructType, Table, TableType, Val, ValType,
};

fn concrete(ty: &FuncType) -> RefType {
    RefType::new(true, HeapType::ConcreteFunc(ty.clone()))
}

#[test]
#[should_panic(expected = "another engine")]
fn a_host_function_of_another_engines_type() {
    let ty = FuncType::new(&Engine::default(), [ValType::I32], []);
    let mut store = Store::new(&Engine::default(), ());
    let _ = Func::new(&mut store, ty, |_, _, _| Ok(()));
}

#[test]
#[should_panic(expected = "another engine")]
fn a_table_of_another_engines_type() {
    let ty = FuncType::new(&Engine::default(), [ValType::I32], []);
    let mut store = Store::new(&Engine::default(), ());
    let ty = TableType::new(concrete(&ty), 1, None);
    let _ = Table::new(&mut store, ty, Ref::Func(None));
}

#[test]
#[should_panic(expected = "another engine")]
fn a_type_of_another_engines_types() {
    let ty = FuncType::new(&Engine::default(), [ValType::I32], []);
    let _ = FuncType::new(&Engine::default(), [concrete(&ty).into()], []);
}

#[test]
#[should_panic(expected = "another engine")]
fn a_supertype_of_another_engine() {
    let open = |engine: &Engine, supertype: Option<&StructType>| {
        StructType::with_finality_and_supertype(engine, Finality::NonFinal, supertype, [])
    };
    let above = open(&Engine::default(), None).unwrap();
    let _ = open(&Engine::default(), Some(&above));
}

#[test]
fn supertypes_that_do_not_match() {
    let engine = Engine::default();
    let field = |mutability, ty| FieldType::new(mutability, StorageType::ValType(ty));
    let declare = |finality, supertype: Option<&StructType>, fields: &[FieldType]| {
        StructType::with_finality_and_supertype(&engine, finality, supertype, fields.to_vec())
    };
    let (var, constant) = (Mutability::Var, Mutability::Const);
    let open = Finality::NonFinal;
    let above = [field(var, ValType::I32), field(constant, ValType::FUNCREF)];
    let base = declare(open, None, &above).unwrap();
    let function = FuncType::new(&engine, [], []);
    let narrower = [
        above[0].clone(),
        field(constant, concrete(&function).into()),
        field(var, ValType::I64),
    ];
    let sub = declare(open, Some(&base), &narrower).unwrap();
    assert!(sub.matches(&base) && !base.matches(&sub));
    assert_eq!(sub.supertype(), Some(base.clone()));
    let refused: [&[FieldType]; 5] = [
        &[],
        &above[..1],
        &[field(var, ValType::I64), above[1].clone()],
        &[field(constant, ValType::I32), above[1].clone()],
        &[above[0].clone(), field(var, ValType::FUNCREF)],
    ];
    for fields in refused {
        let error = declare(open, Some(&base), fields).unwrap_err();
        let found = error.downcast_ref::<EngineError>();
        assert!(
            matches!(found, Some(EngineError::Supertype(_))),
            "{error:#}"
        );
    }
    let last = declare(Finality::Final, Some(&base), &above).unwrap();
    assert!(declare(open, Some(&last), &above).is_err());
    let mut deep = base;
    for _ in 0..63 {
        deep = declare(open, Some(&deep), &above).unwrap();
    }
    assert!(declare(open, Some(&deep), &above).is_err());
}

/// What holds a value of a type must keep the type, and so its number, for itself.
#[test]
fn a_number_is_not_reused_while_something_has_it() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut kept = Vec::new();
    for round in 0_usize..8 {
        let params = std::iter::repeat_n(ValType::I32, round);
        let ty = concrete(&FuncType::new(&engine, params, []));
        let table = TableType::new(ty.clone(), 1, None);
        let table = Table::new(&mut store, table, Ref::Func(None)).unwrap();
        let global = GlobalType::new(ty.into(), Mutability::Var);
        kept.push((
            table,
            Global::new(&mut store, global, Val::FuncRef(None)).unwrap(),
        ));
    }
    for (round, (table, global)) in kept.into_iter().enumerate() {
        let element = table.ty(&store).element().clone();
        let ty = element.heap_type().as_concrete_func().unwrap().clone();
        assert_eq!(ty.params().len(), round);
        assert_eq!(global.ty(&store).content(), &ValType::from(element));
        let fits = Func::new(&mut store, ty, |_, _, _| Ok(()));
        table.set(&mut store, 0, fits.into()).unwrap();
        let params = std::iter::repeat_n(ValType::I64, round + 1);
        let other = FuncType::new(&engine, params, []);
        let other = Func::new(&mut store, other, |_, _, _| Ok(()));
        assert!(table.set(&mut store, 0, other.into()).is_err());
    }
}
