//! Feeds libFuzzer's bytes to the target `straight_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| silica_fuzz_targets::run("straight_line", bytes));
