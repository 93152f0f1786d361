//! A cloned linker freed its host functions twice, and a shared memory was reached through the API of plain ones, whose
//! slices promise that nobody else writes (class 11: GHSA-hfr4, GHSA-hc7m).

use std::sync::Arc;

use silica_engine::{Engine, Extern, Linker, Memory, MemoryType, Module, Store};
use silica_tests_regress::{function, instance};

const CALLER: &str =
    r#"(module (import "" "f" (func $f (result i32))) (func (export "f") (result i32) call $f))"#;

#[test]
fn clones_of_a_linker_free_their_functions_once() {
    let engine = Engine::default();
    let module = Module::new(&engine, CALLER).unwrap();
    let held = Arc::new(7);
    let mut linker: Linker<()> = Linker::new(&engine);
    let captured = Arc::clone(&held);
    linker.func_wrap("", "f", move || *captured).unwrap();
    let clones: Vec<Linker<()>> = (0..4).map(|_| linker.clone()).collect();
    drop(linker);
    for clone in clones {
        let mut store = Store::new(&engine, ());
        let instance = clone.instantiate(&mut store, &module).unwrap();
        // What was instantiated needs neither the clone nor the linker any more.
        drop(clone);
        let call = function::<(), i32>(&mut store, &instance, "f");
        assert_eq!(call.call(&mut store, ()).unwrap(), 7);
        assert!(Arc::strong_count(&held) >= 2);
    }
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_shared_memory_is_no_plain_one() {
    let engine = Engine::default();
    let (mut store, instance) = instance(
        &engine,
        r#"(module (memory (export "shared") 1 2 shared) (memory (export "plain") 1 2))"#,
    );
    assert!(instance.get_memory(&mut store, "shared").is_none());
    assert!(instance.get_shared_memory(&mut store, "plain").is_none());
    let export = instance.get_export(&mut store, "shared").unwrap();
    assert!(matches!(export, Extern::SharedMemory(_)));
    assert!(export.into_memory().is_none());
    assert!(Memory::new(&mut store, MemoryType::shared(1, 2)).is_err());
    // Neither takes the other's place as an import.
    let wants_plain = Module::new(&engine, r#"(module (import "" "m" (memory 1 2)))"#).unwrap();
    let wants_shared =
        Module::new(&engine, r#"(module (import "" "m" (memory 1 2 shared)))"#).unwrap();
    for (module, name) in [(wants_plain, "shared"), (wants_shared, "plain")] {
        let export = instance.get_export(&mut store, name).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define(&store, "", "m", export).unwrap();
        assert!(linker.instantiate(&mut store, &module).is_err(), "{name}");
    }
}
