//! Linkers: definitions, shadowing, aliases, clones, commands and reactors.

use silica_engine::{Engine, EngineError, Extern, Func, Linker, Module, Store, Trap};
use silica_tests_embed::linked;

const CALLS_F: &str = r#"(module (import "h" "f" (func $f (result i32))) (func (export "run") (result i32) call $f))"#;

fn run(linker: &Linker<()>) -> i32 {
    let mut store = Store::new(linker.engine(), ());
    let instance = linked(&mut store, linker, CALLS_F);
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    run.call(&mut store, ()).unwrap()
}

#[test]
fn a_second_definition_is_an_error_unless_it_may_shadow() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("h", "f", || 1).unwrap();
    let error = linker.func_wrap("h", "f", || 2).map(|_| ()).unwrap_err();
    assert!(matches!(
        error.downcast_ref(),
        Some(EngineError::Duplicate { .. })
    ));
    assert!(
        error.to_string().contains("`h.f` is defined twice"),
        "{error}"
    );
    assert_eq!(run(&linker), 1);
    linker.allow_shadowing(true);
    linker.func_wrap("h", "f", || 2).unwrap();
    assert_eq!(run(&linker), 2);
}

#[test]
fn clones_are_independent_and_outlive_each_other() {
    let mut first: Linker<()> = Linker::new(&Engine::default());
    first.func_wrap("h", "f", || 1).unwrap();
    let mut second = first.clone();
    second
        .allow_shadowing(true)
        .func_wrap("h", "f", || 2)
        .unwrap();
    let third = second.clone();
    assert_eq!((run(&first), run(&second)), (1, 2));
    drop(first);
    drop(second);
    assert_eq!(run(&third), 2);
}

#[test]
fn what_a_closure_holds_is_dropped_once() {
    let held = std::sync::Arc::new(());
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let in_closure = held.clone();
    linker
        .func_wrap("h", "f", move || {
            std::sync::Arc::strong_count(&in_closure) as i32
        })
        .unwrap();
    let clone = linker.clone();
    assert_eq!((run(&linker), run(&clone)), (2, 2));
    let store_keeps_it = {
        let mut store = Store::new(&engine, ());
        let _ = clone.get(&mut store, "h", "f").unwrap();
        store
    };
    drop((linker, clone));
    assert_eq!(std::sync::Arc::strong_count(&held), 2);
    drop(store_keeps_it);
    assert_eq!(std::sync::Arc::strong_count(&held), 1);
}

#[test]
fn one_linker_serves_many_stores() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("h", "f", || 7).unwrap();
    for _ in 0..10 {
        assert_eq!(run(&linker), 7);
    }
}

#[test]
fn aliases() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("host", "g", || 3).unwrap();
    linker.alias("host", "g", "h", "f").unwrap();
    assert_eq!(run(&linker), 3);
    assert!(linker.alias("host", "absent", "h", "g").is_err());
    linker.alias_module("h", "other").unwrap();
    let mut store = Store::new(linker.engine(), ());
    assert!(linker.get(&mut store, "other", "f").is_some());
}

#[test]
fn iteration_gives_everything() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("a", "x", || {}).unwrap();
    linker.func_wrap("a", "y", || {}).unwrap();
    linker.func_wrap("b", "x", || {}).unwrap();
    let mut store = Store::new(linker.engine(), ());
    let mut names: Vec<_> = linker
        .iter(&mut store)
        .map(|(module, name, item)| {
            assert!(matches!(item, Extern::Func(_)));
            (module.to_owned(), name.to_owned())
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 3);
    assert_eq!(names[2], ("b".to_owned(), "x".to_owned()));
}

#[test]
fn unknown_imports_as_traps() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "h" "f" (func $f (param i32) (result i32))) (import "h" "f" (func (param i32) (result i32)))
            (func (export "run") (drop (call $f (i32.const 0)))) (func (export "fine")))"#,
    )
    .unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let call = |store: &mut Store<()>, name| {
        instance
            .get_typed_func::<(), ()>(&mut *store, name)
            .unwrap()
            .call(store, ())
    };
    call(&mut store, "fine").unwrap();
    let error = call(&mut store, "run").unwrap_err();
    assert!(format!("{error:#}").contains("`h.f`"), "{error:#}");
    let memory = Module::new(&engine, r#"(module (import "h" "m" (memory 1)))"#).unwrap();
    assert!(linker.define_unknown_imports_as_traps(&memory).is_err());
}

#[test]
fn unknown_imports_as_default_values() {
    let engine = Engine::default();
    let module = Module::new(&engine, CALLS_F).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    linker
        .define_unknown_imports_as_default_values(&mut store, &module)
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 0);
}

#[test]
fn a_command_gets_a_new_instance_for_each_call() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let command = Module::new(
        &engine,
        r#"(module (global $n (mut i32) (i32.const 0)) (memory (export "memory") 1)
            (func (export "_start"))
            (func (export "next") (result i32)
                (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))"#,
    )
    .unwrap();
    linker.module(&mut store, "c", &command).unwrap();
    let next = linker
        .get(&mut store, "c", "next")
        .unwrap()
        .into_func()
        .unwrap();
    let next = next.typed::<(), i32>(&store).unwrap();
    assert_eq!(next.call(&mut store, ()).unwrap(), 1);
    assert_eq!(next.call(&mut store, ()).unwrap(), 1);
    assert!(linker.get(&mut store, "c", "memory").is_none());
    let start = linker.get_default(&mut store, "c").unwrap();
    start.call(&mut store, &[], &mut []).unwrap();
}

#[test]
fn a_reactor_is_initialized_once() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let reactor = Module::new(
        &engine,
        r#"(module (global $n (mut i32) (i32.const 0))
            (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 10))))
            (func (export "f") (result i32)
                (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))"#,
    )
    .unwrap();
    linker.module(&mut store, "h", &reactor).unwrap();
    let instance = linked(&mut store, &linker, CALLS_F);
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 11);
    assert_eq!(run.call(&mut store, ()).unwrap(), 12);
}

#[test]
fn what_is_neither_command_nor_reactor_is_refused() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    for (text, words) in [
        (
            r#"(module (func (export "_start")) (func (export "_initialize")))"#,
            "not both",
        ),
        (
            r#"(module (func (export "_start") (param i32)))"#,
            "must be a function `() -> ()`",
        ),
        (
            r#"(module (global (export "_initialize") i32 (i32.const 0)))"#,
            "must be a function",
        ),
        (
            r#"(module (func (export "_start")) (global (export "g") i32 (i32.const 0)))"#,
            "exports `g`",
        ),
    ] {
        let module = Module::new(&engine, text).unwrap();
        let error = linker
            .module(&mut store, "m", &module)
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_default_of_what_is_not_there_does_nothing() {
    let linker: Linker<()> = Linker::new(&Engine::default());
    let mut store = Store::new(linker.engine(), ());
    let nothing = linker.get_default(&mut store, "absent").unwrap();
    nothing.call(&mut store, &[], &mut []).unwrap();
}

#[test]
fn an_instance_pre_makes_many_instances() {
    let engine = Engine::default();
    let mut linker: Linker<u32> = Linker::new(&engine);
    linker
        .func_wrap("h", "f", |caller: silica_engine::Caller<'_, u32>| {
            *caller.data() as i32
        })
        .unwrap();
    let module = Module::new(&engine, CALLS_F).unwrap();
    let pre = linker.instantiate_pre(&module).unwrap().clone();
    for n in 0..10 {
        let mut store = Store::new(&engine, n);
        let instance = pre.instantiate(&mut store).unwrap();
        let run = instance
            .get_typed_func::<(), i32>(&mut store, "run")
            .unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), n as i32);
    }
}

#[test]
fn a_module_of_another_engine_is_refused() {
    let module = Module::new(&Engine::default(), "(module)").unwrap();
    let linker: Linker<()> = Linker::new(&Engine::default());
    let error = linker
        .instantiate(Store::new(linker.engine(), ()), &module)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "module belongs to another engine than the store"
    );
}

#[test]
fn errors_of_definitions_come_through_calls() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("h", "f", || -> silica_engine::Result<i32> {
            Err(Trap::IntegerOverflow.into())
        })
        .unwrap();
    let mut store = Store::new(linker.engine(), ());
    let instance = linked(&mut store, &linker, CALLS_F);
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IntegerOverflow));
}

#[test]
fn a_definition_of_a_store_is_for_that_store() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let f = Func::wrap(&mut store, || 5);
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define(&store, "h", "f", f).unwrap();
    let instance = linked(&mut store, &linker, CALLS_F);
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 5);
}
