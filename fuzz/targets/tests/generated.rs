//! Every target on inputs that a generator makes, the same on every run.

#![forbid(unsafe_code)]

use silica_fuzz_targets::{TARGETS, random::Random};

/// Runs a target on so many inputs of up to `bytes_max` bytes.
fn run(name: &str, inputs: u64, bytes_max: usize) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("the target is in the table");
    for seed in 0..inputs {
        let mut random = Random::new(seed);
        let count = random.below(bytes_max) + 1;
        let bytes = random.bytes(count);
        let outcome = std::panic::catch_unwind(|| (target.run)(&bytes));
        assert!(outcome.is_ok(), "{name} failed on seed {seed}");
    }
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

#[cfg(unix)]
#[test]
fn wasi_calls() {
    run("wasi_calls", 500, 2000);
}
