//! What is told when imports do not fit: names, and types in words.

use silica_engine::{
    Engine, EngineError, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module,
    Mutability, Ref, RefType, Store, Table, TableType, Val, ValType,
};

fn module(text: &str) -> (Engine, Module) {
    let engine = Engine::default();
    let module = Module::new(&engine, text).unwrap();
    (engine, module)
}

#[test]
fn a_missing_import_is_told_by_name_and_type() {
    for (text, message) in [
        (
            r#"(module (import "env" "foo" (func (param i32) (result i32))))"#,
            "module imports `env.foo`, a function `(i32) -> i32`, which nothing provides",
        ),
        (
            r#"(module (import "env" "mem" (memory 1 2)))"#,
            "module imports `env.mem`, a memory of 1 to 2 pages, which nothing provides",
        ),
        (
            r#"(module (import "env" "t" (table 3 funcref)))"#,
            "module imports `env.t`, a table of 3 or more funcref, which nothing provides",
        ),
        (
            r#"(module (import "env" "g" (global (mut i64))))"#,
            "module imports `env.g`, a mutable global i64, which nothing provides",
        ),
    ] {
        let (engine, module) = module(text);
        let linker: Linker<()> = Linker::new(&engine);
        let error = linker
            .instantiate(Store::new(&engine, ()), &module)
            .unwrap_err();
        assert_eq!(error.to_string(), message);
        let error = linker.instantiate_pre(&module).map(|_| ()).unwrap_err();
        assert!(matches!(
            error.downcast_ref(),
            Some(EngineError::UnknownImport { .. })
        ));
    }
}

#[test]
fn a_function_of_another_type_is_told() {
    let (engine, module) =
        module(r#"(module (import "env" "foo" (func (param i32) (result i32))))"#);
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("env", "foo", |_: i64| {}).unwrap();
    let error = linker
        .instantiate(Store::new(&engine, ()), &module)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "module imports `env.foo` as a function `(i32) -> i32`, but what is provided is a function `(i64) -> ()`"
    );
}

#[test]
fn something_of_another_kind_is_told() {
    let (engine, module) = module(r#"(module (import "env" "foo" (memory 1)))"#);
    let mut store = Store::new(&engine, ());
    let f = Func::wrap(&mut store, || {});
    let error = Instance::new(&mut store, &module, &[f.into()]).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("module imports `env.foo` as a memory of 1 or more pages, but"),
        "{message}"
    );
    assert!(message.contains("function"), "{message}");
}

#[test]
fn memories_must_be_large_enough_and_bounded() {
    let (engine, module) = module(r#"(module (import "env" "m" (memory 2 4)))"#);
    let mut store = Store::new(&engine, ());
    for (ty, fits) in [
        (MemoryType::new(2, Some(4)), true),
        (MemoryType::new(3, Some(3)), true),
        (MemoryType::new(1, Some(4)), false),
        (MemoryType::new(2, Some(5)), false),
        (MemoryType::new(2, None), false),
    ] {
        let memory = Memory::new(&mut store, ty.clone()).unwrap();
        let outcome = Instance::new(&mut store, &module, &[memory.into()]);
        assert_eq!(outcome.is_ok(), fits, "{ty}");
    }
    let memory = Memory::new(&mut store, MemoryType::new64(2, Some(4))).unwrap();
    assert!(Instance::new(&mut store, &module, &[memory.into()]).is_err());
}

#[test]
fn a_memory_that_has_grown_is_large_enough() {
    let (engine, module) = module(r#"(module (import "env" "m" (memory 2 4)))"#);
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(4))).unwrap();
    memory.grow(&mut store, 1).unwrap();
    Instance::new(&mut store, &module, &[memory.into()]).unwrap();
}

#[test]
fn globals_must_have_exactly_the_type() {
    let (engine, module) = module(r#"(module (import "env" "g" (global (mut i32))))"#);
    let mut store = Store::new(&engine, ());
    for (ty, mutability, fits) in [
        (ValType::I32, Mutability::Var, true),
        (ValType::I32, Mutability::Const, false),
        (ValType::I64, Mutability::Var, false),
    ] {
        let value = Val::default_for_ty(&ty).unwrap();
        let global = Global::new(&mut store, GlobalType::new(ty, mutability), value).unwrap();
        let outcome = Instance::new(&mut store, &module, &[global.into()]);
        assert_eq!(outcome.is_ok(), fits);
    }
}

#[test]
fn tables_must_have_the_element_type_and_size() {
    let (engine, module) = module(r#"(module (import "env" "t" (table 2 funcref)))"#);
    let mut store = Store::new(&engine, ());
    for (element, null, min, fits) in [
        (RefType::FUNCREF, Ref::Func(None), 2, true),
        (RefType::FUNCREF, Ref::Func(None), 1, false),
        (RefType::EXTERNREF, Ref::Extern(None), 2, false),
    ] {
        let table = Table::new(&mut store, TableType::new(element, min, None), null).unwrap();
        let outcome = Instance::new(&mut store, &module, &[table.into()]);
        assert_eq!(outcome.is_ok(), fits);
    }
}

#[test]
fn the_number_of_imports_is_checked() {
    let (engine, module) = module(r#"(module (import "env" "f" (func)))"#);
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.to_string(), "module has 1 imports, but 0 were given");
    let f = Func::wrap(&mut store, || {});
    let error = Instance::new(&mut store, &module, &[f.into(), f.into()]).unwrap_err();
    assert_eq!(error.to_string(), "module has 1 imports, but 2 were given");
}

#[test]
fn a_failed_instantiation_leaves_the_store_usable() {
    let (engine, module) = module(r#"(module (import "env" "f" (func)) (start 0))"#);
    let mut store = Store::new(&engine, ());
    let failing = Func::wrap(&mut store, || -> silica_engine::Result<()> {
        silica_engine::bail!("no")
    });
    assert!(Instance::new(&mut store, &module, &[failing.into()]).is_err());
    let fine = Func::wrap(&mut store, || {});
    Instance::new(&mut store, &module, &[fine.into()]).unwrap();
}
