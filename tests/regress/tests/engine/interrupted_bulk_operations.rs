//! A trap or an interruption in the middle of a bulk operation left state that was half changed, or that the next call could
//! not use (class 9: GHSA-2hw9).

use std::time::Duration;

use silica_engine::{Engine, Instance, Module, Store, Trap};
use silica_tests_regress::{engines, function, instance, trap_of};

const BULK: &str = r#"(module
  (memory (export "m") 1)
  (table (export "t") 10 funcref)
  (data $d "abcdef")
  (elem $e func $f $f $f)
  (func $f)
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
  (func (export "copy") (param i32 i32) (memory.copy (local.get 0) (i32.const 0) (local.get 1)))
  (func (export "init") (param i32 i32) (memory.init $d (local.get 0) (i32.const 0) (local.get 1)))
  (func (export "table fill") (param i32 i32) (table.fill (local.get 0) (ref.func $f) (local.get 1)))
  (func (export "table init") (param i32 i32) (table.init $e (local.get 0) (i32.const 0) (local.get 1)))
  (func (export "drop") (data.drop $d) (elem.drop $e)))"#;

#[test]
fn what_traps_changes_nothing() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, BULK);
        let memory = instance.get_memory(&mut store, "m").unwrap();
        let table = instance.get_table(&mut store, "t").unwrap();
        // Each would begin inside and end outside.
        let calls = [
            ("fill", 65_500, 100),
            ("copy", 65_500, 100),
            ("init", 65_532, 6),
            ("table fill", 8, 3),
            ("table init", 8, 3),
        ];
        for (name, start, length) in calls {
            let call = function::<(i32, i32), ()>(&mut store, &instance, name);
            let trap = trap_of(call.call(&mut store, (start, length)));
            let expected = if name.starts_with("table") {
                Trap::TableOutOfBounds
            } else {
                Trap::MemoryOutOfBounds
            };
            assert_eq!(trap, expected, "{what}, {name}");
            assert!(memory.data(&store).iter().all(|byte| *byte == 0), "{name}");
            for index in 0..10 {
                let element = table.get(&mut store, index).unwrap();
                assert!(element.is_null(), "{what}, {name}: element {index}");
            }
        }
        // A segment that was dropped has no bytes, whatever was done with it before.
        function::<(), ()>(&mut store, &instance, "drop")
            .call(&mut store, ())
            .unwrap();
        for name in ["init", "table init"] {
            let call = function::<(i32, i32), ()>(&mut store, &instance, name);
            call.call(&mut store, (0, 0)).unwrap();
            let trap = trap_of(call.call(&mut store, (0, 1)));
            assert!(matches!(
                trap,
                Trap::MemoryOutOfBounds | Trap::TableOutOfBounds
            ));
        }
    }
}

#[test]
fn a_store_serves_on_after_an_interruption() {
    let engine = Engine::default();
    let text = r#"(module (memory (export "m") 1000)
      (func (export "spin") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536000)) br 0))
      (func (export "count") (result i32) (memory.fill (i32.const 0) (i32.const 2) (i32.const 1000)) (memory.size)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let spin = function::<(), ()>(&mut store, &instance, "spin");
    let count = function::<(), i32>(&mut store, &instance, "count");
    let memory = instance.get_memory(&mut store, "m").unwrap();
    for _ in 0..5 {
        let handle = store.interrupt_handle();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            handle.interrupt();
        });
        assert_eq!(trap_of(spin.call(&mut store, ())), Trap::Interrupt);
        stopper.join().unwrap();
        assert_eq!(count.call(&mut store, ()).unwrap(), 1000);
        assert_eq!(memory.data(&store)[999], 2);
        assert_eq!(memory.data_size(&store), 1000 << 16);
    }
}
