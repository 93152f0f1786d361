//! A scalar load that became the operand of a vector instruction, and read past the end of memory
//! (class 3: GHSA-vc8c, GHSA-qqfj: `f64.copysign`, `f64x2.splat`).
//!
//! Each function loads the last bytes of a memory and uses the value where an instruction with an operand in memory
//! exists that reads sixteen bytes.

#![forbid(unsafe_code)]

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

/// Name, bytes that are loaded, and the body, in which `LOAD` is the load of the argument's address.
const ROWS: &[(&str, u32, &str)] = &[
    (
        "f64.copysign",
        8,
        "(drop (f64.copysign (f64.const 1) (f64.load ADDRESS)))",
    ),
    (
        "f32.copysign",
        4,
        "(drop (f32.copysign (f32.load ADDRESS) (f32.const -1)))",
    ),
    ("f64.neg", 8, "(drop (f64.neg (f64.load ADDRESS)))"),
    ("f64.abs", 8, "(drop (f64.abs (f64.load ADDRESS)))"),
    ("f32.abs", 4, "(drop (f32.abs (f32.load ADDRESS)))"),
    (
        "f64.min",
        8,
        "(drop (f64.min (f64.const 1) (f64.load ADDRESS)))",
    ),
    (
        "f64.add",
        8,
        "(drop (f64.add (f64.const 1) (f64.load ADDRESS)))",
    ),
    ("f32.sqrt", 4, "(drop (f32.sqrt (f32.load ADDRESS)))"),
    ("f64.ceil", 8, "(drop (f64.ceil (f64.load ADDRESS)))"),
    (
        "f64.promote",
        4,
        "(drop (f64.promote_f32 (f32.load ADDRESS)))",
    ),
    (
        "f64.convert_i32",
        4,
        "(drop (f64.convert_i32_s (i32.load ADDRESS)))",
    ),
    ("f64x2.splat", 8, "(drop (f64x2.splat (f64.load ADDRESS)))"),
    ("f32x4.splat", 4, "(drop (f32x4.splat (f32.load ADDRESS)))"),
    ("i64x2.splat", 8, "(drop (i64x2.splat (i64.load ADDRESS)))"),
    ("i32x4.splat", 4, "(drop (i32x4.splat (i32.load ADDRESS)))"),
    (
        "i16x8.splat",
        2,
        "(drop (i16x8.splat (i32.load16_u ADDRESS)))",
    ),
    (
        "i8x16.splat",
        1,
        "(drop (i8x16.splat (i32.load8_u ADDRESS)))",
    ),
    (
        "v128.load64_splat",
        8,
        "(drop (f64x2.mul (v128.load64_splat ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load32_splat",
        4,
        "(drop (f32x4.mul (v128.load32_splat ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load64_zero",
        8,
        "(drop (f64x2.add (v128.load64_zero ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load32_zero",
        4,
        "(drop (f32x4.add (v128.load32_zero ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load8x8_s",
        8,
        "(drop (i16x8.add (v128.load8x8_s ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load32x2_u",
        8,
        "(drop (i64x2.add (v128.load32x2_u ADDRESS) (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load8_lane",
        1,
        "(drop (v128.load8_lane 3 ADDRESS (v128.const i64x2 1 2)))",
    ),
    (
        "v128.load64_lane",
        8,
        "(drop (v128.load64_lane 1 ADDRESS (v128.const i64x2 1 2)))",
    ),
    (
        "i8x16.shr_u",
        4,
        "(drop (i8x16.shr_u (v128.const i64x2 1 2) (i32.load ADDRESS)))",
    ),
    (
        "f64x2.replace_lane",
        8,
        "(drop (f64x2.replace_lane 1 (v128.const i64x2 1 2) (f64.load ADDRESS)))",
    ),
    (
        "f64x2.promote_low",
        16,
        "(drop (f64x2.promote_low_f32x4 (v128.load ADDRESS)))",
    ),
    (
        "i64.extend_i32",
        4,
        "(drop (i64.extend_i32_s (i32.load ADDRESS)))",
    ),
    (
        "i64.load32_u",
        4,
        "(drop (i64.add (i64.const 1) (i64.load32_u ADDRESS)))",
    ),
    (
        "i32.load8_s",
        1,
        "(drop (i32.add (i32.const 1) (i32.load8_s ADDRESS)))",
    ),
    ("i64.popcnt", 8, "(drop (i64.popcnt (i64.load ADDRESS)))"),
];

/// A module with an export for each row. Results are used, so that the operators are not removed.
fn module() -> String {
    let mut text = String::from("(module (memory 1)\n");
    for (name, _, body) in ROWS {
        // `(drop X)` becomes a result in a global of its own type through a local block.
        let kept = body.replace("ADDRESS", "(local.get 0)");
        text += &format!("  (func (export \"{name}\") (param i32) {})\n", keep(&kept));
    }
    text + "  (global $v (mut v128) (v128.const i64x2 0 0)) (global $d (mut f64) (f64.const 0))
            (global $f (mut f32) (f32.const 0)) (global $l (mut i64) (i64.const 0)) (global $i (mut i32) (i32.const 0)))"
}

/// Writes a dropped value to the global of its type.
fn keep(body: &str) -> String {
    let operator = body.trim_start_matches("(drop (");
    let global = match operator.split('.').next() {
        Some("f64") => "$d",
        Some("f32") => "$f",
        Some("i64") => "$l",
        Some("i32") => "$i",
        _ => "$v",
    };
    body.replacen("(drop ", &format!("(global.set {global} "), 1)
}

#[test]
fn a_load_of_the_last_bytes_reads_no_further() {
    let text = module();
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, &text);
        for (name, bytes, _) in ROWS {
            let load = function::<u32, ()>(&mut store, &instance, name);
            let last = 65536 - bytes;
            let outcome = load.call(&mut store, last);
            assert!(outcome.is_ok(), "{what}, {name}: {outcome:?}");
            let trap = trap_of(load.call(&mut store, last + 1));
            assert_eq!(trap, Trap::MemoryOutOfBounds, "{what}, {name}");
        }
    }
}
