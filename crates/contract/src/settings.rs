//! Settings that change the code that is made. An image carries them, and is refused where they
//! do not fit the engine that loads it.

use silica_module::{IndexType, MemoryType};

/// How hard to optimize.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub enum OptimizationLevel {
    /// Fast compilation, no optimization.
    None,
    /// Fast code.
    #[default]
    Speed,
    /// Fast code, and small.
    SpeedAndSize,
}

/// Which compiler makes the code.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub enum Tier {
    /// In one pass, many times as fast; the code is slower.
    Baseline,
    /// With all that makes code fast.
    #[default]
    Optimize,
}

/// A processor architecture that machine code is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the architectures'")]
pub enum Architecture {
    X86_64,
    Aarch64,
}

impl Architecture {
    /// What this program runs on.
    pub const HOST: Architecture = if cfg!(target_arch = "aarch64") {
        Architecture::Aarch64
    } else {
        Architecture::X86_64
    };
}

/// Processor features that code may use, as Cranelift's setting names, sorted
/// (`has_avx2`, `has_bmi1`, …). [`ProcessorFeatures::baseline`] is what images meant to travel use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProcessorFeatures {
    /// The architecture.
    pub architecture: Architecture,
    /// Enabled features, sorted.
    pub enabled: Vec<String>,
}

impl ProcessorFeatures {
    /// x86-64-v2 (SSE4.2 and POPCNT; 2009), or ARMv8.0.
    #[must_use]
    pub fn baseline(architecture: Architecture) -> ProcessorFeatures {
        let names: &[&str] = match architecture {
            Architecture::X86_64 => &[
                "has_cmpxchg16b",
                "has_popcnt",
                "has_sse3",
                "has_sse41",
                "has_sse42",
                "has_ssse3",
            ],
            Architecture::Aarch64 => &[],
        };
        ProcessorFeatures {
            architecture,
            enabled: names.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    /// Whether code made for `self` runs on a processor that has `host`.
    #[must_use]
    pub fn is_subset_of(&self, host: &ProcessorFeatures) -> bool {
        self.architecture == host.architecture
            && self
                .enabled
                .iter()
                .all(|feature| host.enabled.contains(feature))
    }
}

/// Everything outside the module's bytes that decides what code is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// Which compiler makes the code. What it refuses the other one makes.
    pub tier: Tier,
    /// How hard to optimize.
    pub optimization: OptimizationLevel,
    /// Inline small callees.
    pub inlining: bool,
    /// Every NaN that a float operator makes is the canonical one.
    pub canonicalize_nans: bool,
    /// Relaxed SIMD computes the same everywhere (the specification's deterministic profile).
    pub deterministic_relaxed_simd: bool,
    /// Count fuel.
    pub fuel: bool,
    /// Count entries and turns of loops, to find what is worth optimizing: of functions of the one-pass tier that are compiled when they are
    /// called. Never in an image.
    pub counters: bool,
    /// Guard table and dynamic memory accesses against speculative bounds bypass.
    pub spectre_guards: bool,
    /// Bytes of address space reserved for a memory.
    pub memory_reservation: u64,
    /// Bytes after the reservation that are never mapped.
    pub memory_guard: u64,
    /// A memory that outgrows a reservation of less than 4 GiB moves to a larger one.
    pub memory_may_move: bool,
    /// Processor features.
    pub processor: ProcessorFeatures,
}

impl Settings {
    /// The defaults on this architecture with these processor features.
    #[must_use]
    pub fn new(processor: ProcessorFeatures) -> Settings {
        Settings {
            tier: Tier::default(),
            optimization: OptimizationLevel::Speed,
            inlining: true,
            canonicalize_nans: false,
            deterministic_relaxed_simd: false,
            fuel: false,
            counters: false,
            spectre_guards: true,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            memory_may_move: true,
            processor,
        }
    }

    /// How compiled code checks accesses to a memory of type `memory`.
    #[must_use]
    pub fn memory_style(&self, memory: &MemoryType) -> MemoryStyle {
        let reserved = memory.index == IndexType::I32
            && memory.page_size_log2 == 16
            && self.memory_reservation >= 4 << 30;
        if reserved {
            MemoryStyle::Reserved {
                guard: self.memory_guard,
            }
        } else {
            MemoryStyle::Checked {
                guard: self.memory_guard.min(1 << 16),
                moves: self.memory_moves(memory),
            }
        }
    }

    /// Whether a memory of this type may outgrow its reservation, and then moves.
    fn memory_moves(&self, memory: &MemoryType) -> bool {
        let fits = memory.max.is_some_and(|pages| {
            u128::from(pages) << memory.page_size_log2 <= u128::from(self.memory_reservation)
        });
        self.memory_may_move && self.memory_reservation < 4 << 30 && !memory.shared && !fits
    }
}

/// How accesses to a memory are kept in bounds. The base never moves unless that is said: a memory is
/// reserved at its full possible size, bounded by the engine's limits, when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum MemoryStyle {
    /// 4 GiB and `guard` bytes more are reserved: an access whose constant offset and size together
    /// are at most `guard` needs no check, since all that lies beyond the memory's length faults.
    Reserved {
        /// Bytes that fault after the 4 GiB.
        guard: u64,
    },
    /// Each access compares the end of the accessed bytes with the memory's current length; the offset
    /// and size may be left out of the comparison when together they are at most `guard`,
    /// since `guard` bytes after the memory's current length always fault. (Where the page size
    /// is smaller than the system's, lengths are not on a page boundary: then `guard` cannot be
    /// used, and the whole end address is compared.)
    Checked {
        /// Bytes that fault after the memory's length, where that is a multiple of 64 KiB.
        guard: u64,
        /// Whether growth may move the base.
        moves: bool,
    },
}
