//! As compiled code, by the engine.

use std::sync::LazyLock;

use silica_contract::trap::TrapCode;
use silica_engine::{Config, Engine, Instance, Module, OptLevel, Store, Tier, Trap, Val};

use super::{Ran, assemble};
use crate::operators::Type;
use crate::straight_line::Program;

/// Ways to set up an engine that change the code it makes, but not what the code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The defaults.
    Default,
    /// Canonical NaNs and deterministic relaxed vectors.
    Deterministic,
    /// Every memory access checked, nothing optimized, fuel counted.
    Checked,
    /// Optimized for size, for processors of the baseline, without guards against speculation.
    Baseline,
    /// Compiled in one pass.
    OnePass,
    /// In one pass, with canonical NaNs and deterministic relaxed vectors.
    OnePassDeterministic,
    /// In one pass, for processors of the baseline, every memory access checked, fuel counted.
    OnePassChecked,
    /// In one pass when it is called, and optimized at the second use, in mid-flight where it is a loop's.
    TierUp,
    /// The same a little later, with a collection whenever an object is made.
    TierUpStress,
    /// With a collection whenever an object is made.
    Stress,
}

impl EngineKind {
    /// Every kind.
    pub const ALL: [EngineKind; 10] = [
        EngineKind::Default,
        EngineKind::Deterministic,
        EngineKind::Checked,
        EngineKind::Baseline,
        EngineKind::OnePass,
        EngineKind::OnePassDeterministic,
        EngineKind::OnePassChecked,
        EngineKind::TierUp,
        EngineKind::TierUpStress,
        EngineKind::Stress,
    ];

    /// Whether its code counts fuel.
    #[must_use]
    pub fn counts_fuel(self) -> bool {
        self.config().counts_fuel()
    }

    /// Whether this processor has it: there is no one-pass compiler for others than x86-64.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            EngineKind::Default
            | EngineKind::Deterministic
            | EngineKind::Checked
            | EngineKind::Baseline
            | EngineKind::Stress => true,
            EngineKind::OnePass
            | EngineKind::OnePassDeterministic
            | EngineKind::OnePassChecked
            | EngineKind::TierUp
            | EngineKind::TierUpStress => {
                cfg!(target_arch = "x86_64")
            }
        }
    }

    fn config(self) -> Config {
        let mut config = Config::new();
        config.parallel_compilation(false).gc_heap_max(64 << 20);
        match self {
            EngineKind::Default => {}
            EngineKind::Deterministic => {
                config.deterministic(true);
            }
            EngineKind::Checked => {
                config
                    .cranelift_opt_level(OptLevel::None)
                    .consume_fuel(true);
                config
                    .memory_reservation(64 << 20)
                    .memory_guard_size(1 << 16);
            }
            EngineKind::OnePass => {
                config.tier(Tier::Baseline);
            }
            EngineKind::OnePassDeterministic => {
                config.tier(Tier::Baseline).deterministic(true);
            }
            EngineKind::OnePassChecked => {
                config
                    .tier(Tier::Baseline)
                    .consume_fuel(true)
                    .processor(silica_engine::Processor::Baseline)
                    .memory_reservation(64 << 20)
                    .memory_guard_size(1 << 16);
            }
            EngineKind::TierUp => {
                config.tier(Tier::Auto);
                config.tier_up_threshold(1).tier_up_stress(true);
            }
            EngineKind::TierUpStress => {
                config.tier(Tier::Auto).gc_stress(true);
                config.tier_up_threshold(3).tier_up_stress(true);
            }
            EngineKind::Stress => {
                config.gc_stress(true);
            }
            EngineKind::Baseline => {
                config
                    .cranelift_opt_level(OptLevel::SpeedAndSize)
                    .spectre_guards(false);
                config
                    .processor(silica_engine::Processor::Baseline)
                    .compiler_inlining(false);
            }
        }
        config
    }
}

static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| {
    let engine = |kind: EngineKind| Engine::new(&kind.config());
    EngineKind::ALL
        .map(|kind| engine(kind).expect("the settings fit this host"))
        .into()
});

/// The engine of this kind; there is one of each.
#[must_use]
pub fn engine(kind: EngineKind) -> &'static Engine {
    &ENGINES[kind as usize]
}

/// Runs the program as compiled code.
///
/// # Panics
/// Where the engine refuses the program.
#[must_use]
pub fn on_silica(program: &Program, kind: EngineKind) -> Ran {
    let complain = |error: silica_engine::Error| -> ! { panic!("{error:#}\n{program:?}") };
    let engine = engine(kind);
    let module = Module::new(engine, assemble(program)).unwrap_or_else(|e| complain(e));
    let mut store = Store::new(engine, ());
    if kind.counts_fuel() {
        store
            .set_fuel(u64::MAX >> 1)
            .unwrap_or_else(|e| complain(e));
    }
    let instance = Instance::new(&mut store, &module, &[]).unwrap_or_else(|e| complain(e));
    let arguments: Vec<Val> = (program.variables.iter().zip(&program.arguments))
        .map(|(ty, bits)| silica_value(*ty, *bits))
        .collect();
    let mut results = vec![Val::I32(0); program.results.len()];
    let function = instance
        .get_func(&mut store, "run")
        .expect("the program exports run");
    if let Err(error) = function.call(&mut store, &arguments, &mut results) {
        let trap = silica_trap(&error).unwrap_or_else(|| complain(error));
        return Ran::Trapped(trap.message().to_owned());
    }
    let globals = (0..program.globals.len())
        .map(|index| {
            let global = instance.get_global(&mut store, &format!("g{index}"));
            silica_bits(
                &global
                    .expect("the program exports its globals")
                    .get(&mut store),
            )
        })
        .collect();
    Ran::Returned {
        results: results.iter().map(silica_bits).collect(),
        globals,
    }
}

/// A value with these bits.
#[must_use]
pub fn silica_value(ty: Type, bits: u128) -> Val {
    match ty {
        Type::I32 => Val::I32(bits as i32),
        Type::I64 => Val::I64(bits as i64),
        Type::F32 => Val::F32(bits as u32),
        Type::F64 => Val::F64(bits as u64),
        Type::V128 => Val::V128(bits.into()),
    }
}

/// The bits of a value; of a reference, whether it is null.
#[must_use]
pub fn silica_bits(value: &Val) -> u128 {
    match value {
        Val::I32(value) => (*value as u32).into(),
        Val::I64(value) => (*value as u64).into(),
        Val::F32(bits) => (*bits).into(),
        Val::F64(bits) => (*bits).into(),
        Val::V128(value) => value.as_u128(),
        Val::FuncRef(reference) => reference.is_some().into(),
        Val::ExternRef(reference) => reference.is_some().into(),
        Val::AnyRef(reference) => reference.is_some().into(),
        Val::ExnRef(reference) => reference.is_some().into(),
        Val::ContRef(reference) => reference.is_some().into(),
    }
}

/// The trap that an error of a call is, in the words that the engines share.
#[must_use]
pub fn silica_trap(error: &silica_engine::Error) -> Option<TrapCode> {
    let trap = error.downcast_ref::<Trap>()?;
    let text = trap.to_string();
    TrapCode::ALL
        .into_iter()
        .find(|code| code.to_string() == text)
}
