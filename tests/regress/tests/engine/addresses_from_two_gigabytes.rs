//! Failures of other engines: `memory.fill` at an address of two gigabytes or more hung, a tail call overflowed the heap of an
//! interpreter, the end of a memory was off by some bytes in code made ahead of time (class 30: CVE-2025-58749,
//! WAMR 4917, 3920).

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

const BULK: &str = r#"(module
  (memory (export "m") 1)
  (data $d "ab")
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "copy to") (param i32 i32) (memory.copy (local.get 0) (i32.const 0) (local.get 1)))
  (func (export "copy from") (param i32 i32) (memory.copy (i32.const 0) (local.get 0) (local.get 1)))
  (func (export "init") (param i32 i32) (memory.init $d (local.get 0) (i32.const 0) (local.get 1))))"#;

#[test]
fn bulk_operations_far_out_trap_at_once() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, BULK);
        for name in ["fill", "copy to", "copy from", "init"] {
            let call = function::<(u32, u32), ()>(&mut store, &instance, name);
            for address in [
                0x1_0001,
                0x7fff_ffff,
                0x8000_0000,
                0x8000_0001,
                0xffff_fffe,
                u32::MAX,
            ] {
                for length in [0, 1, 2, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
                    let trap = trap_of(call.call(&mut store, (address, length)));
                    assert_eq!(
                        trap,
                        Trap::MemoryOutOfBounds,
                        "{what}, {name} {address:#x} {length:#x}"
                    );
                }
            }
        }
    }
}

/// A loop made of tail calls, whose callees have ever other numbers of parameters.
const TAIL_CALLS: &str = r#"(module
  (func $few (export "loop") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 7))
      (else (return_call $many (i64.sub (local.get 0) (i64.const 1)) (i64.const 1) (i64.const 2) (i64.const 3)
        (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10)
        (f64.const 1) (f64.const 2) (f64.const 3) (f64.const 4) (f64.const 5) (f64.const 6) (f64.const 7)
        (f64.const 8) (f64.const 9) (f64.const 10)))))
  (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64) (result i64)
    (return_call $few (i64.add (local.get 0) (i64.sub (local.get 10) (i64.const 10))))))"#;

#[test]
fn tail_calls_with_many_parameters_use_no_stack() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, TAIL_CALLS);
        let call = function::<i64, i64>(&mut store, &instance, "loop");
        assert_eq!(call.call(&mut store, 1_000_000).unwrap(), 7, "{what}");
    }
}

#[test]
fn a_memory_ends_where_it_ends() {
    for (what, engine) in engines() {
        for (load, bytes) in [("i32.load8_u", 1), ("i32.load16_u", 2), ("i32.load", 4)] {
            for offset in [0_u32, 1, 4096, 0x7fff_ffff] {
                let text = format!(
                    r#"(module (memory 1 3) (func (export "grow") (result i32) (memory.grow (i32.const 1)))
                      (func (export "load") (param i32) (result i32) ({load} offset={offset} (local.get 0))))"#
                );
                let (mut store, instance) = instance(&engine, &text);
                let load = function::<u32, i32>(&mut store, &instance, "load");
                let grow = function::<(), i32>(&mut store, &instance, "grow");
                let mut pages = 1_u32;
                // Where little address space is reserved, growing may be refused.
                while pages <= 3 {
                    let end = pages << 16;
                    let beyond = match (end - bytes).checked_sub(offset) {
                        Some(last) => {
                            load.call(&mut store, last).unwrap();
                            last + 1
                        }
                        None => 0,
                    };
                    let trap = trap_of(load.call(&mut store, beyond));
                    assert_eq!(trap, Trap::MemoryOutOfBounds, "{what} {offset} {pages}");
                    match grow.call(&mut store, ()).unwrap() {
                        -1 => break,
                        before => pages = before as u32 + 1,
                    }
                }
            }
        }
    }
}
