//! Feeds libFuzzer's bytes to the target `wasi_calls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| silica_fuzz_targets::run("wasi_calls", bytes));
