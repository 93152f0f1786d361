//! Feeds libFuzzer's bytes to the target `wasi_paths`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| silica_fuzz_targets::run("wasi_paths", bytes));
