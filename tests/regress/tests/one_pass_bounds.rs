//! Functions at the limits, compiled in one pass: the baseline tier takes them itself, and what it makes is in proportion
//! to their bytes. Where they can be called, they compute what they should.
//!
//! Nothing is timed: code, tables and frames are counted by the size of the image.

#![forbid(unsafe_code)]

use std::{
    fmt::Write,
    sync::atomic::{AtomicUsize, Ordering},
};

use silica_contract::settings::{Architecture, Settings, Tier};
use silica_engine::{Config, Engine, Tier as EngineTier};
use silica_module::{Features, Limits, parse_text};
use silica_pipeline::{Options, compile, host_processor};
use silica_tests_regress::{function, instance};

/// Bytes of image for each byte of a module, and what every image may have beside that.
const IMAGE_BYTES_PER_BYTE: usize = 64;
const IMAGE_BYTES_FREE: usize = 1 << 20;

/// Compiles a module in one pass; gives how many functions were left to the other tier, and whether that took them.
fn compiled(text: &str) -> (usize, bool) {
    let bytes = parse_text(text.as_bytes(), None).expect("the module is well formed");
    let mut settings = Settings::new(host_processor());
    settings.tier = Tier::Baseline;
    let count = AtomicUsize::new(0);
    let tell = |_, _: &str| {
        count.fetch_add(1, Ordering::Relaxed);
    };
    let options = Options {
        refused: Some(&tell),
        ..Options::default()
    };
    let (features, limits) = (Features::default(), Limits::default());
    let image = compile(&bytes, &features, &limits, &settings, &options);
    if let Ok(image) = &image {
        let most = bytes.len() * IMAGE_BYTES_PER_BYTE + IMAGE_BYTES_FREE;
        let (module, image) = (bytes.len(), image.len());
        assert!(image <= most, "{module} bytes became {image}");
    }
    (count.into_inner(), image.is_ok())
}

/// Compiles a module whose every function this tier takes.
fn is_taken(text: &str) -> bool {
    compiled(text) == (0, true)
}

/// Whether this machine is one that the tier makes code for.
fn has_tier() -> bool {
    host_processor().architecture == Architecture::X86_64
}

/// Compiles a module in one pass and calls its `f` with a number.
fn call(text: &str, argument: i32) -> Result<i32, silica_engine::Error> {
    let engine = Engine::new(Config::new().tier(EngineTier::Baseline)).expect("the settings fit");
    let (mut store, instance) = instance(&engine, text);
    function::<i32, i32>(&mut store, &instance, "f").call(&mut store, argument)
}

const HEADER: &str = "(func (export \"f\") (param i32) (result i32)";

#[test]
fn locals_at_the_limit() {
    if !has_tier() {
        return;
    }
    for (ty, access) in [("i32", ""), ("v128", "i32x4.extract_lane 1")] {
        let set = match ty {
            "i32" => "(local.set 49999 (local.get 0))",
            _ => "(local.set 49999 (i32x4.splat (local.get 0)))",
        };
        let locals = format!("{ty} ").repeat(49_999);
        let text = format!("(module {HEADER} (local {locals}) {set} local.get 49999 {access}))");
        assert!(is_taken(&text));
        assert_eq!(call(&text, 7).unwrap(), 7);
    }
}

/// A frame of that many objects takes a few bytes to ask for, and must not take code for each of them.
#[test]
fn thousands_of_functions_of_thousands_of_objects() {
    if !has_tier() {
        return;
    }
    let function = format!("(func (local {}))", "externref ".repeat(40_000));
    assert!(is_taken(&format!("(module {})", function.repeat(20))));
    let text = format!(
        "(module (func $g) {HEADER} (local {}) (call $g) (ref.is_null (local.get 40000))))",
        "externref ".repeat(40_000)
    );
    assert_eq!(call(&text, 0).unwrap(), 1);
}

#[test]
fn blocks_a_hundred_thousand_deep() {
    if !has_tier() {
        return;
    }
    const DEPTH: usize = 100_000;
    for (open, close) in [
        ("block ", "end "),
        ("loop ", "end "),
        ("local.get 0 if ", "end "),
    ] {
        let text = format!(
            "(module {HEADER} {} (local.set 0 (i32.const 5)) {} local.get 0))",
            open.repeat(DEPTH),
            close.repeat(DEPTH)
        );
        assert!(is_taken(&text), "{open}");
        assert_eq!(call(&text, 1).unwrap(), 5, "{open}");
    }
}

#[test]
fn a_table_of_as_many_targets_as_there_may_be() {
    if !has_tier() {
        return;
    }
    let targets = "0 1 2 ".repeat(65_520 / 3);
    let text = format!(
        "(module {HEADER}
            (block (block (block (br_table {targets} 2 (local.get 0)))
                (return (i32.const 10)))
                (return (i32.const 11)))
            (i32.const 12)))"
    );
    assert!(is_taken(&text));
    for (index, result) in [
        (0, 10),
        (1, 11),
        (65_518, 11),
        (65_519, 12),
        (65_520, 12),
        (-1, 12),
    ] {
        assert_eq!(call(&text, index).unwrap(), result, "{index}");
    }
}

/// Values on the operand stack, of all kinds: read, computed and not yet computed, with branches in between that all of
/// them cross.
#[test]
fn ten_thousand_operands() {
    if !has_tier() {
        return;
    }
    const COUNT: usize = 10_000;
    let mut text = format!("(module (func $g) {HEADER}");
    for index in 0..COUNT {
        let value = match index % 4 {
            0 => "(local.get 0)",
            1 => "(i32.add (local.get 0) (i32.const 1))",
            2 => "(i32.lt_s (local.get 0) (i32.const 9))",
            _ => "(i32.const 3)",
        };
        text += value;
        match index % 100 {
            50 => text += "(block (br_if 0 (local.get 0)))",
            99 => text += "(call $g)",
            _ => {}
        }
    }
    text += &"i32.add ".repeat(COUNT - 1);
    text += "))";
    assert!(is_taken(&text));
    let quarter = COUNT as i32 / 4;
    assert_eq!(call(&text, 5).unwrap(), quarter * (5 + 6 + 1 + 3));
}

/// Operands that nobody uses, dropped all at once where control cannot come from.
#[test]
fn objects_that_are_dropped_at_an_end() {
    if !has_tier() {
        return;
    }
    let values = "(call $o)".repeat(1000);
    let text = format!(
        "(module (func $o (result externref) (ref.null extern))
            {HEADER} (block {values} (br 0)) (i32.const 4)))"
    );
    assert_eq!(call(&text, 0).unwrap(), 4);
}

/// Stack maps name each object at each call: what is not bounded by the size of the function is left to the other tier.
#[test]
fn objects_times_calls_are_bounded() {
    if !has_tier() {
        return;
    }
    let values = "(call $o)".repeat(3000);
    let drops = "drop ".repeat(3000);
    let text =
        format!("(module (func $o (result externref) (ref.null extern)) (func {values} {drops}))");
    assert_eq!(compiled(&text).0, 1);
}

#[test]
fn as_many_parameters_and_results_as_there_may_be() {
    if !has_tier() {
        return;
    }
    let types = "i32 ".repeat(1000);
    let mut text = format!("(module (func $g (param {types}) (result {types})");
    for index in (0..1000).rev() {
        write!(text, "(local.get {index})").expect("a string takes all");
    }
    write!(text, ") {HEADER} (local {types})").expect("a string takes all");
    for index in 0..1000 {
        write!(text, "(i32.add (local.get 0) (i32.const {index}))").expect("a string takes all");
    }
    text += "(call $g)";
    // The last result is the first argument.
    text += "(local.set 1)";
    text += &"drop ".repeat(999);
    text += "(local.get 1)))";
    assert!(is_taken(&text));
    assert_eq!(call(&text, 30).unwrap(), 30);
}

#[test]
fn frames_larger_than_the_stack_trap() {
    if !has_tier() {
        return;
    }
    let locals = "v128 ".repeat(49_000);
    let text = format!(
        "(module (func $g (param i32) (result i32) (local {locals})
            (local.set 49000 (i32x4.splat (local.get 0)))
            (i32.add (call $g (local.get 0)) (i32x4.extract_lane 2 (local.get 49000))))
            (export \"f\" (func $g)))"
    );
    let error = format!("{:#}", call(&text, 1).unwrap_err());
    assert!(error.contains("stack"), "{error}");
}
