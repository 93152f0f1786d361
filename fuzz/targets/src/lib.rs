//! What the fuzzers run, as plain functions from bytes.
//!
//! Each target takes whatever bytes a fuzzer (or a test, with a generator of its own) comes up
//! with, and panics where a promise is broken; that it returns is the success. The libFuzzer
//! binaries in `fuzz/fuzz_targets/` only call them, and `tests/` calls them on the seed corpus and on some
//! thousand generated inputs, so that they run without cargo-fuzz too.

#![forbid(unsafe_code)]

pub mod compare;
pub mod engines;
pub mod interface;
pub mod modules;
pub mod operators;
pub mod random;
pub mod reduce;
pub mod seeds;
pub mod sessions;
pub mod straight_line;
mod targets;
#[cfg(unix)]
pub mod world;

pub use targets::{
    COMPARED_WITH_V8, INSTANTIATED_COMPONENTS, TARGETS, Target, check_straight_line,
};

/// Runs the target of this name.
///
/// # Panics
/// Where the target finds a broken promise, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no target {name}")).run)(bytes);
}
