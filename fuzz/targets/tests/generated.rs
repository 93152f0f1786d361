//! Every target on inputs that a generator makes, the same on every run.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::Ordering;

use silica_fuzz_targets::{COMPARED_WITH_V8, INSTANTIATED_COMPONENTS, TARGETS, random::Random};
use silica_test_guests::{available, programs};

/// Runs a target on so many inputs of up to `bytes_max` bytes, or on those that `$SILICA_FUZZ_SEEDS` names (`1000..2000`).
fn run(name: &str, inputs: u64, bytes_max: usize) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("the target is in the table");
    for seed in seeds().unwrap_or(0..inputs) {
        let mut random = Random::new(seed);
        let count = random.below(bytes_max) + 1;
        let bytes = random.bytes(count);
        let outcome = std::panic::catch_unwind(|| (target.run)(&bytes));
        assert!(outcome.is_ok(), "{name} failed on seed {seed}");
    }
}

fn seeds() -> Option<Range<u64>> {
    let range = std::env::var("SILICA_FUZZ_SEEDS").ok()?;
    let (from, to) = range.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

#[test]
fn decode() {
    run("decode", 2000, 200);
}

#[test]
fn text() {
    run("text", 2000, 200);
}

#[test]
fn components() {
    run("components", 300, 2000);
    let instantiated = INSTANTIATED_COMPONENTS.load(Ordering::Relaxed);
    assert!(instantiated > 100, "only {instantiated} were instantiated");
}

#[test]
fn values() {
    run("values", 500, 600);
}

#[test]
fn hostile() {
    run("hostile", 500, 1000);
}

#[test]
fn straight_line() {
    run("straight_line", 300, 4000);
}

#[test]
fn compile() {
    run("compile", 300, 6000);
}

#[test]
fn image() {
    run("image", 3000, 200);
}

#[cfg(unix)]
#[test]
fn wasi_paths() {
    run("wasi_paths", 500, 600);
}

#[test]
fn differential() {
    run("differential", 1000, 6000);
}

#[test]
fn tiers() {
    run("tiers", 600, 8000);
}

#[test]
fn v8() {
    // What is on the path may be too old, or not there.
    if silica_fuzz_targets::engines::v8().is_err() {
        let Some(node) = available(programs::node()) else {
            return;
        };
        let _ = silica_fuzz_targets::engines::NODE.set(node);
    }
    run("v8", 600, 8000);
    let compared = COMPARED_WITH_V8.load(Ordering::Relaxed);
    assert!(compared > 500, "only {compared} calls were compared");
}

#[cfg(unix)]
#[test]
fn wasi_calls() {
    run("wasi_calls", 500, 2000);
}
