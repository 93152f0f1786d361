//! Every target on the seeds, and on what a fuzzer would first make of them.

#![forbid(unsafe_code)]

use silica_component_describe::{ComponentLimits, validate};
use silica_fuzz_targets::{TARGETS, random::Random, seeds};

/// Mutants of each seed for each target.
const MUTANTS: u64 = 100;

#[test]
fn every_seed_is_valid() {
    let features = silica_module::Features::default();
    for seed in seeds::all() {
        let valid = if seed.is_component() {
            validate(&seed.bytes, features, &ComponentLimits::default())
        } else {
            let limits = silica_module::Limits::default();
            silica_module::validate(&seed.bytes, &features, &limits).map(drop)
        };
        assert!(valid.is_ok(), "{}: {:?}", seed.name, valid.err());
    }
}

#[test]
fn every_target_takes_every_seed_and_its_mutants() {
    std::thread::scope(|scope| {
        for seed in seeds::all() {
            scope.spawn(move || take(&seed));
        }
    });
}

/// Runs every target on a seed and on mutants of it.
fn take(seed: &seeds::Seed) {
    for target in TARGETS {
        let input = if target.name == "text" {
            seed.text.as_bytes()
        } else {
            &seed.bytes
        };
        (target.run)(input);
        for number in 0..MUTANTS {
            let mutant = seeds::mutate(input, &mut Random::new(number));
            let outcome = std::panic::catch_unwind(|| (target.run)(&mutant));
            assert!(
                outcome.is_ok(),
                "{} failed on mutant {number} of {}",
                target.name,
                seed.name
            );
        }
    }
}
