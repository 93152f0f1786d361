//! How code is made: which proposals are on, how much the compiler tries.

use silica::{self, Cache, Config, Engine, OptLevel, Processor};
use silica_module::Features;

use crate::failure::{Failure, Result};
use crate::flags::LimitFlags;
use crate::status::Status;

/// Settings of the engine.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Compilation")]
pub(crate) struct EngineFlags {
    /// Turns proposals on and off: gc,-simd; all, default, mvp (`silica help proposals`)
    #[arg(long, value_name = "LIST", value_parser = parse_proposals, allow_hyphen_values = true)]
    proposals: Option<Features>,

    /// Which compiler: one pass, for each function at its first call or for all; or fast code. `run` has auto unless told otherwise
    #[arg(long, value_name = "WHICH", value_enum)]
    tier: Option<Tier>,

    /// With --tier auto, after how many entries and turns of its loops a function is optimized
    #[arg(long, value_name = "USES")]
    tier_up_threshold: Option<u32>,

    /// With --tier auto, threads that optimize functions beside the program; 0: none is optimized
    #[arg(long, value_name = "THREADS")]
    tier_up_threads: Option<u8>,

    /// How hard the optimizing compiler tries
    #[arg(short = 'O', long, value_name = "LEVEL", value_enum)]
    optimize: Option<Level>,

    /// The processor that code is for: this one, or any of its kind
    #[arg(long, value_name = "WHICH", value_enum)]
    processor: Option<Target>,

    /// Gives the same results on every machine: fixed NaNs, fixed relaxed vector operators
    #[arg(long)]
    deterministic: bool,

    /// Compiles on one thread
    #[arg(long)]
    single_threaded: bool,
}

/// See [`silica::Tier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Tier {
    /// Compiles each function in one pass when it is first called, and optimizes those that are used much
    Auto,
    /// Compiles in one pass
    Baseline,
    /// Optimizes
    Optimize,
}

/// See [`OptLevel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    /// As fast as it compiles
    #[value(name = "0", alias = "none")]
    None,
    /// Fast code
    #[value(name = "2", alias = "speed")]
    Speed,
    /// Fast and small code
    #[value(name = "s", alias = "size")]
    Size,
}

/// See [`Processor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// All that this machine's processor can do
    Host,
    /// What every processor of the last ten years can do
    Baseline,
}

fn parse_proposals(list: &str) -> std::result::Result<Features, String> {
    list.parse()
        .map_err(|error: silica_module::UnknownFeature| error.to_string())
}

impl EngineFlags {
    /// The proposals that are on.
    pub(crate) fn features(&self) -> Features {
        self.proposals.unwrap_or_default()
    }

    /// The same, but for functions that would be compiled when they are called: these are compiled before.
    pub(crate) fn ahead(&self) -> EngineFlags {
        EngineFlags {
            tier: self.tier.map(|tier| match tier {
                Tier::Auto | Tier::Baseline => Tier::Baseline,
                Tier::Optimize => Tier::Optimize,
            }),
            ..self.clone()
        }
    }

    /// The same for a program that is to start at once: unless another tier is asked for, functions are compiled when they are called.
    pub(crate) fn at_once(&self) -> EngineFlags {
        EngineFlags {
            tier: self.tier.or(Some(Tier::Auto)),
            ..self.clone()
        }
    }

    /// Whether functions are compiled, and kept, while the program runs.
    pub(crate) fn compiles_while_running(&self) -> bool {
        self.tier == Some(Tier::Auto)
    }

    /// The engine that they make, with the limits that code must know of.
    pub(crate) fn engine(&self, limits: &LimitFlags) -> Result<Engine> {
        self.engine_with(limits, None)
    }

    /// As [`EngineFlags::engine`], with a cache.
    pub(crate) fn engine_with(&self, limits: &LimitFlags, cache: Option<Cache>) -> Result<Engine> {
        let mut config = Config::new();
        config.cache(cache);
        config.features(self.features());
        config.consume_fuel(limits.fuel.is_some());
        if let Some(bytes) = limits.max_stack {
            config.max_wasm_stack(usize::try_from(bytes.0).unwrap_or(usize::MAX));
        }
        match self.tier {
            None | Some(Tier::Optimize) => {}
            Some(Tier::Auto) => {
                config.tier(silica::Tier::Auto);
            }
            Some(Tier::Baseline) => {
                config.tier(silica::Tier::Baseline);
            }
        }
        if let Some(uses) = self.tier_up_threshold {
            config.tier_up_threshold(uses);
        }
        if let Some(threads) = self.tier_up_threads {
            config.tier_up_threads(threads.into());
        }
        match self.optimize {
            None | Some(Level::Speed) => {}
            Some(Level::None) => {
                config.cranelift_opt_level(OptLevel::None);
            }
            Some(Level::Size) => {
                config.cranelift_opt_level(OptLevel::SpeedAndSize);
            }
        }
        match self.processor {
            None | Some(Target::Host) => {}
            Some(Target::Baseline) => {
                config.processor(Processor::Baseline);
            }
        }
        if self.deterministic {
            config.deterministic(true);
        }
        if self.single_threaded {
            config.parallel_compilation(false);
        }
        Engine::new(&config).map_err(|error| {
            Failure::new(
                Status::Software,
                format!("no engine can be made: {error:#}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use silica_module::Feature;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: EngineFlags,
    }

    #[test]
    fn proposals_on_and_off() {
        let line = Line::try_parse_from(["x", "--proposals", "-simd,gc"]).unwrap();
        let features = line.flags.features();
        assert!(!features.contains(Feature::Simd) && features.contains(Feature::Gc));
        let error = Line::try_parse_from(["x", "--proposals=gcc"])
            .err()
            .unwrap();
        assert!(error.to_string().contains("tail-call"));
    }
}
