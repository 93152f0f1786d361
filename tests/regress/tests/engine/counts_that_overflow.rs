//! A maximum of 2^48 pages overflowed when it was counted in bytes, and a tail call to a function of the host was taken for one
//! to WebAssembly (class 32: wasmi 1964, 1999).

use silica_engine::{Instance, Linker, Memory, MemoryType, Module, Store};
use silica_tests_regress::{engines, function};

#[test]
fn the_largest_maximum_of_a_64_bit_memory() {
    for (what, engine) in engines() {
        let text = r#"(module (memory (export "m") i64 1 0x1000000000000)
          (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
          (func (export "load") (param i64) (result i32) (i32.load8_u (local.get 0))))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        if engine.config().counts_fuel() {
            store.set_fuel(1 << 40).unwrap();
        }
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = function::<u64, u64>(&mut store, &instance, "grow");
        let load = function::<u64, i32>(&mut store, &instance, "load");
        for far in [(1 << 48) - 1, 1 << 48, u64::MAX >> 16, u64::MAX] {
            assert_eq!(
                grow.call(&mut store, far).unwrap(),
                u64::MAX,
                "{what} {far:#x}"
            );
        }
        assert_eq!(grow.call(&mut store, 2).unwrap(), 1, "{what}");
        assert_eq!(load.call(&mut store, (3 << 16) - 1).unwrap(), 0, "{what}");
        assert!(load.call(&mut store, 3 << 16).is_err(), "{what}");
        let maximum = instance
            .get_memory(&mut store, "m")
            .unwrap()
            .ty(&store)
            .maximum();
        assert_eq!(maximum, Some(1 << 48), "{what}");
        // The host's own way to the same.
        let memory = Memory::new(&mut store, MemoryType::new64(0, Some(1 << 48))).unwrap();
        assert!(memory.grow(&mut store, 1 << 48).is_err(), "{what}");
    }
}

const TAIL_CALLS: &str = r#"(module
  (import "" "f" (func $f (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $f)
  (func (export "direct") (param i32) (result i32) (return_call $f (local.get 0)))
  (func (export "indirect") (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (return_call $deep (i32.sub (local.get 0) (i32.const 1))))
      (else (return_call $f (i32.const 41))))))"#;

#[test]
fn a_tail_call_to_the_host_returns_to_the_caller() {
    for (what, engine) in engines() {
        let module = Module::new(&engine, TAIL_CALLS).unwrap();
        let mut store = Store::new(&engine, ());
        if engine.config().counts_fuel() {
            store.set_fuel(1 << 40).unwrap();
        }
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "f", |n: i32| n + 1).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        for (name, argument, expected) in
            [("direct", 1, 2), ("indirect", 2, 3), ("deep", 100_000, 42)]
        {
            let call = function::<i32, i32>(&mut store, &instance, name);
            assert_eq!(
                call.call(&mut store, argument).unwrap(),
                expected,
                "{what}, {name}"
            );
        }
    }
}
