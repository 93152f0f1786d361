//! Any bytes are a component or are refused with an offset inside of them; what is valid compiles, is told in WIT's words, and
//! whatever instantiating it comes to ends.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use arbitrary::Unstructured;
use silica_component::{Component, Linker};
use silica_component_describe::{ComponentLimits, describe, validate};
use silica_engine::{Config, Engine, Store, Tier};
use silica_module::{DecodeError, Features};
use wasm_smith::Config as Generator;

use crate::random::Random;
use crate::seeds::mutate;

/// Components that were instantiated to the end, so that a test knows that some were.
pub static INSTANTIATED: AtomicU64 = AtomicU64::new(0);

/// What instantiating may take.
const FUEL: u64 = 100_000;

/// Decodes the bytes as they are, and, where they make one, a component and mutants of it.
pub(super) fn run(bytes: &[u8]) {
    check(bytes);
    let mut choices = Unstructured::new(bytes);
    let Ok(made) = wasm_smith::Component::new(generator(), &mut choices) else {
        return;
    };
    let made = made.to_bytes();
    check(&made);
    for number in 0..4 {
        check(&mutate(&made, &mut Random::new(number)));
    }
}

fn generator() -> Generator {
    Generator {
        max_memory32_bytes: 8 << 16,
        max_memory64_bytes: 8 << 16,
        max_table_elements: 1000,
        min_types: 4,
        ..Generator::default()
    }
}

fn check(bytes: &[u8]) {
    for features in [Features::default(), Features::all()] {
        let limits = ComponentLimits::default();
        let valid = validate(bytes, features, &limits);
        if let Err(error) = &valid {
            check_error(error, bytes.len() as u64);
        }
        match describe(bytes, features, &limits) {
            Ok(plan) => {
                let imports = plan.imports.iter().map(|i| plan.import_text(&i.item));
                let exports = plan.exports.iter().map(|e| plan.export_text(&e.item));
                assert!(imports.chain(exports).all(|text| !text.is_empty()));
            }
            Err(error) => {
                check_error(&error, bytes.len() as u64);
                assert!(
                    valid.is_err() || is_refused(&error),
                    "a valid component is not described: {error}"
                );
            }
        }
    }
    instantiate(bytes);
}

/// The error names a place that a person can look at.
fn check_error(error: &DecodeError, length: u64) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 4096, "{text}");
    if let Some(offset) = error.offset() {
        assert!(offset <= length, "{text}: there are only {length} bytes");
    }
}

/// Whether what is valid may be refused so.
fn is_refused(error: &DecodeError) -> bool {
    matches!(
        error,
        DecodeError::Limit { .. } | DecodeError::NotExecuted { .. } | DecodeError::Unsupported(_)
    )
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    if cfg!(target_arch = "x86_64") {
        config.tier(Tier::Baseline);
    }
    config.consume_fuel(true);
    Engine::new(&config).expect("the settings fit")
});

/// Compiles what is valid, and instantiates it with traps for what it imports.
fn instantiate(bytes: &[u8]) {
    let engine = &*ENGINE;
    let limits = ComponentLimits::default();
    let valid = validate(bytes, engine.features(), &limits).is_ok();
    let component = match Component::from_binary(engine, bytes) {
        Ok(component) => component,
        Err(error) => {
            let refused = error.downcast_ref().is_some_and(is_refused);
            assert!(
                !valid || refused,
                "a valid component does not compile: {error:?}"
            );
            return;
        }
    };
    assert!(valid, "what is not valid compiles");
    let mut linker = Linker::<()>::new(engine);
    linker.define_unknown_imports_as_traps(&component);
    let mut store = Store::new(engine, ());
    store.set_fuel(FUEL).expect("fuel is counted");
    match linker.instantiate(&mut store, &component) {
        Ok(_) => {
            INSTANTIATED.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
