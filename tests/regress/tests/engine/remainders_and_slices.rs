//! Failures of another engine: the remainder of the least number by -1 was no 0, and bounds whose sum overflows were taken for
//! bounds within (class 31: wazero 2508, 2506).

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

const REMAINDERS: &str = r#"(module
  (func (export "i32 s") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "i32 u") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
  (func (export "i64 s") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "i64 u") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1)))
  ;; The operands are used again, after what a processor's division leaves of them.
  (func (export "again") (param i32 i32) (result i32)
    (i32.add
      (i32.mul (i32.div_s (local.get 0) (local.get 1)) (local.get 1))
      (i32.rem_s (local.get 0) (local.get 1))))
  ;; Of the first operand only the lower half counts.
  (func (export "wrapped") (param i64 i32) (result i32)
    (i32.rem_s (i32.wrap_i64 (local.get 0)) (local.get 1))))"#;

#[test]
fn remainders_are_those_of_the_specification() {
    let numbers = [0, 1, -1, 2, -2, 7, -7, i32::MAX, i32::MIN, i32::MIN + 1];
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, REMAINDERS);
        let i32_s = function::<(i32, i32), i32>(&mut store, &instance, "i32 s");
        let i32_u = function::<(u32, u32), u32>(&mut store, &instance, "i32 u");
        let i64_s = function::<(i64, i64), i64>(&mut store, &instance, "i64 s");
        let i64_u = function::<(u64, u64), u64>(&mut store, &instance, "i64 u");
        let again = function::<(i32, i32), i32>(&mut store, &instance, "again");
        let wrapped = function::<(i64, i32), i32>(&mut store, &instance, "wrapped");
        for a in numbers {
            for b in numbers {
                let place = format!("{what}: {a} and {b}");
                if b == 0 {
                    let trap = trap_of(i32_s.call(&mut store, (a, b)));
                    assert_eq!(trap, Trap::IntegerDivisionByZero, "{place}");
                    continue;
                }
                let (ua, ub) = (a.cast_unsigned(), b.cast_unsigned());
                let expected = a.wrapping_rem(b);
                assert_eq!(i32_s.call(&mut store, (a, b)).unwrap(), expected, "{place}");
                assert_eq!(
                    i32_u.call(&mut store, (ua, ub)).unwrap(),
                    ua % ub,
                    "{place}"
                );
                let high = i64::from(a) ^ (7 << 40);
                assert_eq!(
                    wrapped.call(&mut store, (high, b)).unwrap(),
                    expected,
                    "{place}"
                );
                let (a, b) = (i64::from(a) << 32, i64::from(b) << 32);
                let (ua, ub) = (a.cast_unsigned(), b.cast_unsigned());
                assert_eq!(
                    i64_s.call(&mut store, (a, b)).unwrap(),
                    a.wrapping_rem(b),
                    "{place}"
                );
                assert_eq!(
                    i64_u.call(&mut store, (ua, ub)).unwrap(),
                    ua % ub,
                    "{place}"
                );
            }
        }
        assert_eq!(i64_s.call(&mut store, (i64::MIN, -1)).unwrap(), 0, "{what}");
        assert_eq!(again.call(&mut store, (-7, 2)).unwrap(), -7, "{what}");
        assert_eq!(
            again.call(&mut store, (i32::MIN, 3)).unwrap(),
            i32::MIN,
            "{what}"
        );
    }
}

/// Bulk operations whose offsets and lengths overflow when they are added.
const SLICES: &str = r#"(module
  (memory 1)
  (table $t 10 funcref)
  (data $d "abcdefgh")
  (elem $e func $f $f $f)
  (func $f)
  (func (export "memory.init") (param i32 i32 i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.init") (param i32 i32 i32)
    (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.copy") (param i32 i32 i32)
    (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "array.new_data") (param i32 i32 i32)
    (drop (array.new_data $bytes $d (local.get 1) (local.get 2))))
  (func (export "array.new_elem") (param i32 i32 i32)
    (drop (array.new_elem $functions $e (local.get 1) (local.get 2))))
  (func (export "array.init_data") (param i32 i32 i32)
    (array.init_data $bytes $d (array.new_default $bytes (i32.const 4)) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "array.copy") (param i32 i32 i32)
    (array.copy $bytes $bytes
      (array.new_default $bytes (i32.const 4)) (local.get 0)
      (array.new_default $bytes (i32.const 4)) (local.get 1) (local.get 2)))
  (type $bytes (array (mut i8)))
  (type $functions (array (mut funcref))))"#;

#[test]
fn offsets_and_lengths_that_overflow_are_out_of_bounds() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, SLICES);
        for (name, trap) in [
            ("memory.init", Trap::MemoryOutOfBounds),
            ("memory.copy", Trap::MemoryOutOfBounds),
            ("table.init", Trap::TableOutOfBounds),
            ("table.copy", Trap::TableOutOfBounds),
            ("array.new_data", Trap::MemoryOutOfBounds),
            ("array.new_elem", Trap::TableOutOfBounds),
            ("array.init_data", Trap::ArrayOutOfBounds),
            ("array.copy", Trap::ArrayOutOfBounds),
        ] {
            let call = function::<(u32, u32, u32), ()>(&mut store, &instance, name);
            for (to, from, length) in [
                (u32::MAX, u32::MAX, 2),
                (u32::MAX, u32::MAX, u32::MAX),
                (2, 2, u32::MAX),
                (2, 2, u32::MAX - 1),
                (0x8000_0000, 0x8000_0000, 0x8000_0000),
                (0x8000_0001, 0x8000_0001, 0x7fff_ffff),
            ] {
                let found = trap_of(call.call(&mut store, (to, from, length)));
                assert_eq!(found, trap, "{what}, {name} {to:#x} {from:#x} {length:#x}");
            }
        }
    }
}
