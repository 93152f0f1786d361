//! Addresses of linear memory formed wrongly.
//!
//! - Class 1 (GHSA-jhxm; of 2023: CVE-2023-26489): an instruction set's lowering computed `base + (index << n)` or
//!   `base + index + offset` with more bits than the 32 that WebAssembly's arithmetic has, so that
//!   code could reach beyond its memory.
//! - Class 2 (GHSA-xx5w, CVE-2026-34987): the upper half of a 64-bit register that holds a 32-bit address was
//!   trusted to be zero.

#![forbid(unsafe_code)]

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

/// Each function computes an address in 32 bits that wraps around to `$address`, or would be far beyond the
/// memory if it did not wrap. The memory holds each word's own address.
const WRAPPING: &str = r#"(module
  (memory (export "memory") 2)
  (func (export "fill") (local $i i32)
    (loop $next
      (i32.store (local.get $i) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 131072)))))
  (func (export "shift 1") (param i32) (result i32) (i32.load (i32.shl (local.get 0) (i32.const 1))))
  (func (export "shift 2") (param i32) (result i32) (i32.load (i32.shl (local.get 0) (i32.const 2))))
  (func (export "shift 3") (param i32) (result i32) (i32.load (i32.shl (local.get 0) (i32.const 3))))
  (func (export "shift 3 and offset") (param i32) (result i32)
    (i32.load offset=16 (i32.shl (local.get 0) (i32.const 3))))
  (func (export "add") (param i32) (result i32) (i32.load (i32.add (local.get 0) (i32.const 0x80000000))))
  (func (export "add twice") (param i32) (result i32)
    (i32.load (i32.add (i32.add (local.get 0) (i32.const 0x7fffff00)) (i32.const 0x7fffff00))))
  (func (export "subtract") (param i32) (result i32) (i32.load (i32.sub (local.get 0) (i32.const 0x10000000))))
  (func (export "multiply") (param i32) (result i32) (i32.load (i32.mul (local.get 0) (i32.const 0x10001))))
  (func (export "add and shift") (param i32) (result i32)
    (i32.load offset=8 (i32.add (i32.shl (local.get 0) (i32.const 2)) (local.get 0))))
  (func (export "store") (param i32) (result i32)
    (i32.store offset=4 (i32.shl (local.get 0) (i32.const 3)) (i32.const 7))
    (i32.load offset=4 (i32.shl (local.get 0) (i32.const 3))))
)"#;

#[test]
fn addresses_wrap_around_at_32_bits() {
    type Address = fn(u32) -> u32;
    let rows: &[(&str, &[u32], Address)] = &[
        ("shift 1", &[0x8000_0004, 20], |x| x << 1),
        ("shift 2", &[0x4000_0008, 0xc000_0010, 5], |x| x << 2),
        ("shift 3", &[0x2000_0004, 0xe000_0020, 9], |x| x << 3),
        ("shift 3 and offset", &[0x2000_0004, 0xe000_0020], |x| {
            (x << 3) + 16
        }),
        ("add", &[0x8000_0010, 0x8000_1000], |x| {
            x.wrapping_add(0x8000_0000)
        }),
        ("add twice", &[0x204, 0x1200], |x| {
            x.wrapping_add(0xffff_fe00)
        }),
        ("subtract", &[0x1000_0040], |x| x.wrapping_sub(0x1000_0000)),
        ("multiply", &[0xffff_0000 + 4, 0x1_0000], |x| {
            x.wrapping_mul(0x1_0001)
        }),
        ("add and shift", &[0x3333_3334, 16], |x| {
            (x << 2).wrapping_add(x) + 8
        }),
    ];
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, WRAPPING);
        let fill = function::<(), ()>(&mut store, &instance, "fill");
        fill.call(&mut store, ()).unwrap();
        for (name, arguments, address) in rows {
            let load = function::<u32, u32>(&mut store, &instance, name);
            for &argument in *arguments {
                let expected = address(argument);
                let outcome = load.call(&mut store, argument);
                if expected <= 131_068 && expected % 4 == 0 {
                    assert_eq!(outcome.unwrap(), expected, "{what}, {name}, {argument:#x}");
                } else {
                    let trap = trap_of(outcome);
                    assert_eq!(
                        trap,
                        Trap::MemoryOutOfBounds,
                        "{what}, {name}, {argument:#x}"
                    );
                }
            }
        }
        let store_word = function::<u32, u32>(&mut store, &instance, "store");
        assert_eq!(
            store_word.call(&mut store, 0x2000_0010).unwrap(),
            7,
            "{what}"
        );
    }
}

/// 32-bit addresses that come out of 64-bit registers with something in the upper half.
const UPPER_HALF: &str = r#"(module
  (memory 1)
  (data (i32.const 64) "\2a\00\00\00")
  (table 1 funcref) (elem (i32.const 0) $pass)
  (type $pass (func (param i32) (result i32)))
  (func $pass (type $pass) (local.get 0))
  (func $wide (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
  (func (export "wrap") (param i64) (result i32) (i32.load (i32.wrap_i64 (local.get 0))))
  (func (export "wrap and call") (param i64) (result i32)
    (i32.load (call $pass (i32.wrap_i64 (local.get 0)))))
  (func (export "wrap and call indirect") (param i64) (result i32)
    (i32.load (call_indirect (type $pass) (i32.wrap_i64 (local.get 0)) (i32.const 0))))
  (func (export "wrapped by the callee") (param i64) (result i32) (i32.load (call $wide (local.get 0))))
  (func (export "select") (param i64) (result i32)
    (i32.load (select (i32.wrap_i64 (local.get 0)) (i32.const 8) (i32.wrap_i64 (local.get 0)))))
  (func (export "block") (param i64) (result i32)
    (i32.load (block (result i32) (br_if 0 (i32.wrap_i64 (local.get 0)) (i32.const 1)))))
  (func (export "store") (param i64) (result i32)
    (i32.store (i32.wrap_i64 (local.get 0)) (i32.const 42))
    (i32.load (i32.const 64)))
  (func (export "table") (param i64) (result i32)
    (ref.is_null (table.get (i32.sub (i32.wrap_i64 (local.get 0)) (i32.const 64)))))
  (func (export "branch") (param i64) (result i32)
    (block (block (br_table 1 0 (i32.sub (i32.wrap_i64 (local.get 0)) (i32.const 64))))
      (return (i32.const 1)))
    (i32.const 42))
)"#;

#[test]
fn the_upper_half_of_an_address_does_not_matter() {
    let names = [
        "wrap",
        "wrap and call",
        "wrap and call indirect",
        "wrapped by the callee",
        "select",
        "block",
        "store",
        "branch",
    ];
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, UPPER_HALF);
        for upper in [0, 1 << 32, 0xffff_ffff << 32, 1 << 63] {
            for name in names {
                let load = function::<u64, u32>(&mut store, &instance, name);
                let found = load.call(&mut store, upper | 64).unwrap();
                assert_eq!(found, 42, "{what}, {name}, {upper:#x}");
            }
            let table = function::<u64, u32>(&mut store, &instance, "table");
            assert_eq!(table.call(&mut store, upper | 64).unwrap(), 0, "{what}");
        }
    }
}
