//! All official cases of WASI 0.1 and of its threads, each as its author meant it to be run.

#![forbid(unsafe_code)]

use silica_engine::{Config, Engine, Tier};
use silica_tests_wasi::{Case, run, suite};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Engines of each tier that this processor has.
fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::default()];
    if cfg!(target_arch = "x86_64") {
        let mut tier_up = Config::new();
        (tier_up.tier(Tier::Auto))
            .tier_up_threshold(500)
            .tier_up_stress(true);
        for config in [Config::new().tier(Tier::Baseline), &mut tier_up] {
            engines.push(Engine::new(config).expect("the settings fit"));
        }
    }
    engines
}

#[test]
fn official_cases_of_wasi_0_1() {
    for engine in engines() {
        pass(&engine, |suite| {
            let languages = ["assemblyscript", "c", "rust"];
            languages
                .map(|language| suite.join(language).join("wasm32-wasip1"))
                .to_vec()
        });
    }
}

#[test]
fn official_cases_of_threads() {
    for engine in engines() {
        pass(&engine, |suite| vec![suite.join("wasi-threads")]);
    }
}

/// Runs every case of these folders of the suite.
fn pass(engine: &Engine, folders: impl FnOnce(&Path) -> Vec<PathBuf>) {
    let suite = match suite() {
        Ok(suite) => suite,
        Err(reason) => return silica_test_guests::skip(&reason),
    };
    let (mut passed, mut failures) = (0, Vec::new());
    for folder in folders(&suite) {
        for case in Case::all_in(&folder).expect("the suite can be read") {
            match run(engine, &case) {
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
