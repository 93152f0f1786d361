//! Feeds libFuzzer's bytes to the target `v8`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| silica_fuzz_targets::run("v8", bytes));
