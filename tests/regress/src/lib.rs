//! What went wrong once, here or in engines like this one, and must not again.
//!
//! Each file of `tests/` is about one class of failure, and says in its first lines what happened, with the public
//! identifiers of the advisories. This library holds what the tests share.

#![forbid(unsafe_code)]

pub mod guest;

use silica_engine::{Config, Engine, Instance, Module, OptLevel, Store, Tier, Trap, TypedFunc};
use silica_engine::{WasmParams, WasmResults};

/// Engines whose code differs in how it forms addresses and checks bounds.
#[must_use]
pub fn engines() -> Vec<(&'static str, Engine)> {
    let mut engines = vec![
        ("optimized", with(&|_| {})),
        (
            "unoptimized",
            with(&|c| {
                c.cranelift_opt_level(OptLevel::None);
            }),
        ),
        (
            "not inlined",
            with(&|c| {
                c.compiler_inlining(false);
            }),
        ),
        (
            "bounds checked",
            with(&|c| {
                c.memory_reservation(0);
            }),
        ),
        (
            "no guards against speculation",
            with(&|c| {
                c.spectre_guards(false).memory_reservation(0);
            }),
        ),
        (
            "fuel",
            with(&|c| {
                c.consume_fuel(true);
            }),
        ),
    ];
    if cfg!(target_arch = "x86_64") {
        engines.extend(one_pass_engines());
    }
    engines
}

/// Those that compile in one pass, ahead or when functions are called.
fn one_pass_engines() -> Vec<(&'static str, Engine)> {
    vec![
        (
            "in one pass",
            with(&|c| {
                c.tier(Tier::Baseline);
            }),
        ),
        (
            "in one pass, when called",
            with(&|c| {
                c.tier(Tier::Auto);
            }),
        ),
        (
            "in one pass, when called, fuel",
            with(&|c| {
                c.tier(Tier::Auto).consume_fuel(true);
            }),
        ),
        (
            "in one pass, when called, then optimized",
            with(&|c| {
                c.tier(Tier::Auto).tier_up_threshold(1).tier_up_stress(true);
            }),
        ),
        (
            "in one pass, when called, then optimized, fuel",
            with(&|c| {
                c.tier(Tier::Auto).consume_fuel(true);
                c.tier_up_threshold(2).tier_up_stress(true);
            }),
        ),
        (
            "in one pass, bounds checked",
            with(&|c| {
                c.tier(Tier::Baseline).memory_reservation(0);
            }),
        ),
        (
            "in one pass, no guards against speculation, fuel",
            with(&|c| {
                c.tier(Tier::Baseline).spectre_guards(false);
                c.memory_reservation(0).consume_fuel(true);
            }),
        ),
    ]
}

fn with(change: &dyn Fn(&mut Config)) -> Engine {
    let mut config = Config::new();
    change(&mut config);
    Engine::new(&config).expect("each configuration is one that an embedder may choose")
}

/// An instance of a module in text form that imports nothing, in a store with plenty of fuel.
#[must_use]
pub fn instance(engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let module = Module::new(engine, text).expect("the module compiles");
    let mut store = Store::new(engine, ());
    if engine.config().counts_fuel() {
        store.set_fuel(1 << 40).expect("the engine counts fuel");
    }
    let instance = Instance::new(&mut store, &module, &[]).expect("the module has no imports");
    (store, instance)
}

/// An export that is called with these types.
#[must_use]
pub fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<()>,
    instance: &Instance,
    name: &str,
) -> TypedFunc<P, R> {
    instance
        .get_typed_func(store, name)
        .expect("the test names an export and its types")
}

/// The trap of a call that failed.
///
/// # Panics
/// If it did not fail, or not by a trap.
#[must_use]
pub fn trap_of<T: std::fmt::Debug>(outcome: silica_engine::Result<T>) -> Trap {
    let error = outcome.expect_err("the call traps");
    *error.downcast_ref::<Trap>().expect("it fails by a trap")
}
