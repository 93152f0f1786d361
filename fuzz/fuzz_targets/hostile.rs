//! Feeds libFuzzer's bytes to the target `hostile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| silica_fuzz_targets::run("hostile", bytes));
