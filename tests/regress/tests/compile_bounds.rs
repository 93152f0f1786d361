//! A small module that makes compilation take time or memory out of proportion (what `SECURITY.md` promises not to happen):
//! values times edges of control flow, locals that cost a few bytes for thousands of them, deep nesting.
//!
//! Nothing is timed. Each module either is refused with an error, or its image is of a size in proportion; and what is
//! compiled in another way than usual, because it is so large, still computes what it should.

#![forbid(unsafe_code)]

use std::fmt::Write;

use silica_contract::settings::Settings;
use silica_engine::{Config, Engine, OptLevel};
use silica_module::{Features, Limits, parse_text};
use silica_pipeline::{CompileError, Options, compile, host_processor};
use silica_tests_regress::{engines, function, instance};

/// Bytes of image for each byte of a module, and what every image may have beside that.
const IMAGE_BYTES_PER_BYTE: usize = 200;
const IMAGE_BYTES_FREE: usize = 1 << 20;

/// Compiles a module; what comes out is in proportion. False if it was refused.
fn is_compiled(text: &str) -> bool {
    let bytes = parse_text(text.as_bytes(), None).expect("the module is well formed");
    let settings = Settings::new(host_processor());
    let (features, limits) = (Features::default(), Limits::default());
    match compile(&bytes, &features, &limits, &settings, &Options::default()) {
        Ok(image) => {
            let most = bytes.len() * IMAGE_BYTES_PER_BYTE + IMAGE_BYTES_FREE;
            let (module, image) = (bytes.len(), image.len());
            assert!(image <= most, "{module} bytes became {image}");
            true
        }
        Err(CompileError::Translate { .. } | CompileError::Function { .. }) => false,
        Err(other) => panic!("refused for another reason: {other}"),
    }
}

fn repeat(text: &str, count: usize) -> String {
    text.repeat(count)
}

#[test]
fn tables_of_many_targets_with_many_values() {
    let types = repeat("i32 ", 900);
    let zeros = repeat("(i32.const 0)", 900);
    let table = repeat("0 ", 4000);
    let text = format!(
        "(module (func (param i32) (result {types}) {zeros} (br_table {table} (local.get 0))))"
    );
    assert!(!is_compiled(&text));
}

#[test]
fn blocks_of_many_results_that_nobody_branches_to() {
    let types = repeat("i32 ", 900);
    let zeros = repeat("(i32.const 0)", 900);
    let open = "block (result ";
    let opens = repeat(&format!("{open}{types}) "), 3000);
    let text = format!(
        "(module (func (result {types}) {opens} {zeros} {} ))",
        repeat("end ", 3000)
    );
    assert!(!is_compiled(&text));
}

#[test]
fn many_tables_whose_edges_all_carry_changed_locals() {
    const LOCALS: usize = 700;
    const LABELS: usize = 300;
    let mut text = format!(
        "(module (func (param i32) (local {})",
        repeat("i32 ", LOCALS)
    );
    text += "(loop $again ";
    for label in 0..LABELS {
        write!(text, "(block $l{label} ").expect("a string takes all");
    }
    for local in 1..=LOCALS {
        write!(text, "(local.set {local} (local.get 0))").expect("a string takes all");
    }
    for label in (0..LABELS).rev() {
        let labels: String = (0..=label).fold(String::new(), |s, l| s + &format!("$l{l} "));
        write!(text, "(br_table {labels} (local.get {label}))) ").expect("a string takes all");
        write!(text, "(local.set {} (i32.const {label}))", label + 1).expect("a string takes all");
    }
    text += "(br $again))))";
    is_compiled(&text);
}

#[test]
fn thousands_of_functions_with_thousands_of_locals() {
    let locals = format!("(local {})", repeat("i64 ", 40_000));
    let body = format!(
        "(func (export \"f\") (param i32) (result i64) {locals} (if (local.get 0) (then (local.set 9 (i64.const 1)))) (local.get 9))"
    );
    let text = format!("(module {body})");
    let bytes = parse_text(text.as_bytes(), None).expect("the module is well formed");
    // The text form of many of them would be far longer than the module.
    assert!(bytes.len() < 80, "{}", bytes.len());
    assert!(is_compiled(&format!(
        "(module {} )",
        repeat(&body.replace("(export \"f\")", ""), 20)
    )));
    for level in [OptLevel::None, OptLevel::Speed] {
        let engine =
            Engine::new(Config::new().cranelift_opt_level(level)).expect("a valid configuration");
        let (mut store, instance) = instance(&engine, &text);
        let f = function::<i32, i64>(&mut store, &instance, "f");
        assert_eq!(f.call(&mut store, 0).unwrap(), 0);
        assert_eq!(f.call(&mut store, 1).unwrap(), 1);
    }
}

/// Loops within loops, and so many locals that change in the innermost and are used after each. The innermost has a
/// table of so many edges, too.
fn nested_loops(depth: usize, locals: usize, targets: usize) -> String {
    let mut text = format!(
        "(module (func (export \"f\") (param i32) (result i32) (local {})",
        repeat("i32 ", locals)
    );
    text += &repeat("(loop ", depth);
    for local in 1..=locals {
        write!(
            text,
            "(local.set {local} (i32.add (local.get {local}) (i32.const {local})))"
        )
        .expect("a string takes all");
    }
    let labels = repeat("0 ", targets + 1);
    write!(text, "(block (br_table {labels} (local.get 0)))").expect("a string takes all");
    for level in 0..depth {
        let local = 1 + level % locals;
        write!(
            text,
            "(br_if 0 (i32.gt_u (i32.const 0) (local.get {local}))))"
        )
        .expect("a string takes all");
    }
    text += "(i32.const 0)";
    for local in 1..=locals {
        write!(text, "(i32.add (local.get {local}))").expect("a string takes all");
    }
    text + "))"
}

#[test]
fn locals_that_cross_many_nested_loops() {
    for (depth, locals, targets) in [(30, 30, 0), (30, 700, 3000)] {
        let text = nested_loops(depth, locals, targets);
        assert!(is_compiled(&text), "{depth}");
        for (name, engine) in engines() {
            let (mut store, instance) = instance(&engine, &text);
            let f = function::<i32, i32>(&mut store, &instance, "f");
            let sum = (locals * (locals + 1) / 2) as i32;
            assert_eq!(f.call(&mut store, 0).unwrap(), sum, "{name}");
            assert_eq!(f.call(&mut store, 0).unwrap(), sum, "{name}, again");
        }
    }
}

#[test]
fn nesting_thousands_deep() {
    for open in ["block ", "loop ", "i32.const 1 if "] {
        let text = format!(
            "(module (func {} {}))",
            repeat(open, 5000),
            repeat("end ", 5000)
        );
        is_compiled(&text);
    }
}

#[test]
fn repeated_dispatch_is_bounded() {
    // As many branches back to the loop as its table has targets.
    for cases in [20, 250, 1200] {
        let mut text = String::from("(module (func (param i32) (loop $again ");
        text += &repeat("(block ", cases);
        let labels: String = (0..cases).fold(String::new(), |s, l| s + &format!("{l} "));
        write!(text, "(br_table {labels} (local.get 0))").expect("a string takes all");
        for case in 0..cases {
            write!(text, ") (local.set 0 (i32.const {case})) (br $again)")
                .expect("a string takes all");
        }
        text += ")))";
        assert!(is_compiled(&text), "{cases}");
    }
}
