//! Code made ahead of time accessed a 64-bit memory with no bounds check, as if it were a 32-bit one with the whole of its
//! address space reserved (class 29: WasmEdge 5282).

#![deny(unsafe_code)]

use silica_engine::{Instance, Module, Store, Trap};
use silica_tests_regress::{engines, function, trap_of};

const MODULE: &str = r#"(module
  (memory i64 1 4)
  (func (export "load") (param i64) (result i32) (i32.load (local.get 0)))
  (func (export "far") (param i64) (result i32) (i32.load offset=0xffffffff0 (local.get 0)))
  (func (export "store") (param i64) (i64.store (local.get 0) (i64.const -1)))
  (func (export "vector") (param i64) (drop (v128.load (local.get 0))))
  (func (export "atomic") (param i64) (drop (i32.atomic.rmw.add (local.get 0) (i32.const 1))))
  (func (export "fill") (param i64) (memory.fill (local.get 0) (i32.const 1) (i64.const 8)))
  (func (export "grow") (result i64) (memory.grow (i64.const 1))))"#;

#[expect(unsafe_code, reason = "the images are this test's own")]
fn load(engine: &silica_engine::Engine, image: &[u8]) -> Module {
    // SAFETY: the caller's image was made by `precompile_module` in this process, and not changed since.
    unsafe { Module::deserialize(engine, image) }.expect("the engine that made it takes it")
}

#[test]
fn a_wide_memory_is_checked_in_code_made_ahead_of_time() {
    for (what, engine) in engines() {
        let image = engine.precompile_module(MODULE.as_bytes()).unwrap();
        let module = load(&engine, &image);
        let mut store = Store::new(&engine, ());
        if engine.config().counts_fuel() {
            store.set_fuel(1 << 40).unwrap();
        }
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = function::<(), u64>(&mut store, &instance, "grow");
        for pages in 1..=4_u64 {
            let end = pages << 16;
            for address in [
                end - 3,
                end,
                end + 8,
                1 << 31,
                1 << 32,
                (1 << 32) + 8,
                u64::from(u32::MAX) - 3,
                1 << 40,
                1 << 63,
                u64::MAX - 7,
                u64::MAX,
            ] {
                for name in ["load", "far", "store", "vector", "atomic", "fill"] {
                    let trap = match name {
                        "load" | "far" => {
                            let call = function::<u64, u32>(&mut store, &instance, name);
                            trap_of(call.call(&mut store, address))
                        }
                        _ => {
                            let call = function::<u64, ()>(&mut store, &instance, name);
                            trap_of(call.call(&mut store, address))
                        }
                    };
                    let unaligned = name == "atomic" && trap == Trap::HeapMisaligned;
                    assert!(
                        trap == Trap::MemoryOutOfBounds || unaligned,
                        "{what}: {name} at {address:#x}: {trap}"
                    );
                }
            }
            let call = function::<u64, u32>(&mut store, &instance, "load");
            assert_eq!(call.call(&mut store, end - 4).unwrap(), 0, "{what}");
            if pages < 4 {
                assert_eq!(grow.call(&mut store, ()).unwrap(), pages, "{what}");
            }
        }
    }
}
