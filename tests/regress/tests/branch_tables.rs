//! A large `br_table` that jumps to the wrong place (class 4, GHSA-mghf: the range of a branch on aarch64).

#![forbid(unsafe_code)]

use std::fmt::Write;

use silica_contract::settings::{Architecture, OptimizationLevel, ProcessorFeatures, Settings};
use silica_engine::{Config, Engine, OptLevel};
use silica_module::{Features, Limits, parse_text};
use silica_pipeline::{Options, compile};
use silica_tests_regress::{function, instance};

/// A function whose `br_table` has so many targets, each with code of its own before the next: target `n`
/// gives `n * 3 + 1`, all else gives -1.
fn module(targets: u32) -> String {
    let mut text = String::from("(module (func (export \"f\") (param i32) (result i32)\n");
    text += "(block $default ";
    for target in (0..targets).rev() {
        write!(text, "(block $t{target} ").expect("a string takes all");
    }
    text += "(br_table";
    for target in 0..targets {
        write!(text, " $t{target}").expect("a string takes all");
    }
    text += " $default (local.get 0)))";
    for target in 0..targets {
        write!(text, "(return (i32.const {})))", target * 3 + 1).expect("a string takes all");
    }
    // The last of these parentheses closed `$default`.
    text + " (i32.const -1)))"
}

#[test]
fn every_target_of_a_large_table_is_reached() {
    const TARGETS: u32 = 12_000;
    let text = module(TARGETS);
    for level in [OptLevel::None, OptLevel::Speed] {
        let engine = Engine::new(Config::new().cranelift_opt_level(level)).unwrap();
        let (mut store, instance) = instance(&engine, &text);
        let f = function::<u32, i32>(&mut store, &instance, "f");
        for index in 0..TARGETS {
            assert_eq!(f.call(&mut store, index).unwrap(), index as i32 * 3 + 1);
        }
        for index in [TARGETS, TARGETS + 1, 0x8000_0000, u32::MAX] {
            assert_eq!(f.call(&mut store, index).unwrap(), -1);
        }
    }
}

#[test]
fn a_large_table_compiles_for_aarch64() {
    let text = module(12_000);
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    for level in [OptimizationLevel::None, OptimizationLevel::Speed] {
        let mut settings = Settings::new(ProcessorFeatures::baseline(Architecture::Aarch64));
        settings.optimization = level;
        let (features, limits) = (Features::default(), Limits::default());
        compile(&bytes, &features, &limits, &settings, &Options::default()).unwrap();
    }
}
