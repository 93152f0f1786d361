//! All official cases of WASI 0.1, each as its author meant it to be run.

#![forbid(unsafe_code)]

use silica_engine::Engine;
use silica_tests_wasi::{Case, run, suite};
use std::io::Write;

#[test]
fn official_cases_of_wasi_0_1() {
    let suite = match suite() {
        Ok(suite) => suite,
        Err(reason) => return silica_test_guests::skip(&reason),
    };
    let engine = Engine::default();
    let (mut passed, mut failures) = (0, Vec::new());
    for language in ["assemblyscript", "c", "rust"] {
        let cases = Case::all_in(&suite.join(language).join("wasm32-wasip1"));
        for case in cases.expect("the suite can be read") {
            match run(&engine, &case) {
                Ok(()) => passed += 1,
                Err(error) => failures.push(format!("{}: {error:?}", case.name())),
            }
        }
    }
    // Past the harness's capture, for whoever adds up.
    let _ = writeln!(
        std::io::stderr(),
        "{passed} passed, {} failed",
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(passed > 0, "no cases in {}", suite.display());
}
