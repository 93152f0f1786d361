//! Everything that can be set about an [`Engine`](crate::Engine), before it is made.
//!
//! Settings that change what code is made become `silica_contract::settings::Settings`, which images carry;
//! the rest stays with the engine.

use silica_contract::settings::{self, OptimizationLevel, ProcessorFeatures, Settings};
use silica_module::{Feature, Features};
use silica_pipeline::Cache;
use silica_runtime::TierUp;

use crate::pooling::PoolingAllocationConfig;

/// Which compiler makes code, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Tier {
    /// A module is validated, and each function compiled in one pass when it is first called; those that are used much are optimized meanwhile
    /// ([`Config::tier_up_threshold`]). A function that cannot be compiled is told when it is called: the call ends with the error. Where this
    /// cannot be had (on other processors, in an image) it is as with `Optimize`.
    Auto,
    /// One pass over each function, many times as fast as optimizing it; the code takes longer to run. Only for x86-64.
    Baseline,
    /// The optimizing compiler.
    #[default]
    Optimize,
}

/// How hard to optimize.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OptLevel {
    /// Fast compilation.
    None,
    /// Fast code.
    #[default]
    Speed,
    /// Fast code, and small.
    SpeedAndSize,
}

/// The processor that code is made for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Processor {
    /// This one, with all that it can do.
    #[default]
    Host,
    /// Any of this architecture that is not ancient (x86-64-v2, `ARMv8.0`): for images that travel.
    Baseline,
    /// The baseline and these features by Cranelift's names, such as `has_avx2`.
    Features(Vec<String>),
}

/// Where memories, tables and stacks of instances come from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum InstanceAllocationStrategy {
    /// Each is made when it is needed and given back to the system when its store is dropped, but for the address space of a few
    /// memories and the stacks of a few calls. Those are kept, forgotten what was in them, for the next.
    #[default]
    OnDemand,
    /// As much as is said is kept for reuse, and some of it resident: faster.
    Pooling(PoolingAllocationConfig),
}

impl From<PoolingAllocationConfig> for InstanceAllocationStrategy {
    fn from(config: PoolingAllocationConfig) -> Self {
        InstanceAllocationStrategy::Pooling(config)
    }
}

/// Uses after which a function is optimized unless told otherwise.
const TIER_UP_THRESHOLD: u32 = 10_000;
/// Functions that wait for it at most unless told otherwise.
const TIER_UP_WAITING_MAX: usize = 1 << 10;

/// Stack that is kept for host functions unless told otherwise.
const HOST_STACK: usize = 512 << 10;

/// Settings of an [`Engine`](crate::Engine).
///
/// ```
/// use silica_engine::{Config, Engine, OptLevel};
/// # fn main() -> silica_engine::Result<()> {
/// let mut config = Config::new();
/// config.consume_fuel(true).cranelift_opt_level(OptLevel::Speed).wasm_simd(false);
/// let engine = Engine::new(&config)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) features: Features,
    pub(crate) tier: Tier,
    pub(crate) tier_up: TierUp,
    pub(crate) opt_level: OptLevel,
    pub(crate) inlining: bool,
    pub(crate) fuel: bool,
    pub(crate) canonicalize_nans: bool,
    pub(crate) deterministic_relaxed_simd: bool,
    pub(crate) spectre_guards: bool,
    pub(crate) memory_reservation: u64,
    pub(crate) memory_guard: u64,
    pub(crate) memory_may_move: bool,
    pub(crate) processor: Processor,
    pub(crate) max_wasm_stack: usize,
    pub(crate) async_stack_size: Option<usize>,
    pub(crate) parallel_compilation: bool,
    pub(crate) cache: Option<Cache>,
    pub(crate) gc_heap_max: u64,
    pub(crate) gc_nursery_size: u32,
    pub(crate) gc_stress: bool,
    pub(crate) max_continuations: u32,
    pub(crate) allocation: InstanceAllocationStrategy,
    pub(crate) backtrace: bool,
    pub(crate) backtrace_details: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config::new()
    }
}

/// One method for each proposal.
macro_rules! proposals {
    ($($(#[$doc:meta])* $method:ident $feature:ident;)*) => { $(
        $(#[$doc])*
        pub fn $method(&mut self, enable: bool) -> &mut Self {
            self.feature(Feature::$feature, enable)
        }
    )* };
}

impl Config {
    /// The defaults: all of WebAssembly that this version runs, fast code, no metering.
    #[must_use]
    pub fn new() -> Config {
        Config {
            features: Features::default(),
            tier: Tier::Optimize,
            tier_up: TierUp {
                threshold: TIER_UP_THRESHOLD,
                threads: 1,
                waiting_max: TIER_UP_WAITING_MAX,
                at_once: false,
            },
            opt_level: OptLevel::Speed,
            inlining: true,
            fuel: false,
            canonicalize_nans: false,
            deterministic_relaxed_simd: false,
            spectre_guards: true,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            memory_may_move: true,
            processor: Processor::Host,
            max_wasm_stack: 1 << 20,
            async_stack_size: None,
            parallel_compilation: true,
            cache: None,
            gc_heap_max: 4 << 30,
            gc_nursery_size: silica_runtime::RuntimeConfig::default().heap_nursery_bytes,
            gc_stress: false,
            max_continuations: 10_000,
            allocation: InstanceAllocationStrategy::OnDemand,
            backtrace: true,
            backtrace_details: true,
        }
    }

    /// Turns a proposal on, with those that it is built on, or off, with those built on it.
    pub fn feature(&mut self, feature: Feature, enable: bool) -> &mut Self {
        if enable {
            self.features.enable(feature);
        } else {
            self.features.disable(feature);
        }
        self
    }

    /// Replaces the whole set of proposals.
    pub fn features(&mut self, features: Features) -> &mut Self {
        self.features = features;
        self
    }

    proposals! {
        /// Functions and blocks with several results.
        wasm_multi_value MultiValue;
        /// `memory.copy`, `memory.fill`, passive segments.
        wasm_bulk_memory BulkMemory;
        /// `externref` and several tables.
        wasm_reference_types ReferenceTypes;
        /// 128-bit vectors.
        wasm_simd Simd;
        /// Vector operators with some freedom in their results.
        wasm_relaxed_simd RelaxedSimd;
        /// Tail calls.
        wasm_tail_call TailCall;
        /// Arithmetic in constant expressions.
        wasm_extended_const ExtendedConst;
        /// Several memories in a module.
        wasm_multi_memory MultiMemory;
        /// 64-bit memories and tables.
        wasm_memory64 Memory64;
        /// Shared memories and atomic operators.
        wasm_threads Threads;
        /// Memories with pages of one byte.
        wasm_custom_page_sizes CustomPageSizes;
        /// 128-bit arithmetic.
        wasm_wide_arithmetic WideArithmetic;
        /// Typed function references.
        wasm_function_references FunctionReferences;
        /// Garbage-collected structs and arrays.
        wasm_gc Gc;
        /// Exceptions.
        wasm_exceptions Exceptions;
        /// Exceptions as they were first shipped, with `try` and `catch`.
        wasm_legacy_exceptions LegacyExceptions;
        /// Continuations: `cont.new`, `resume`, `suspend`, `switch`. Off by default.
        wasm_stack_switching StackSwitching;
    }

    /// Which compiler makes code. A function that it refuses, because it is too large or too complex, is compiled by the
    /// other. The optimizing one by default.
    pub fn tier(&mut self, tier: Tier) -> &mut Self {
        self.tier = tier;
        self
    }

    /// With [`Tier::Auto`], after how many entries and turns of its loops a function is optimized; 1 at least. A loop that turns on is then entered
    /// in mid-flight. What a program computes, its traps, backtraces and fuel are the same in either tier.
    pub fn tier_up_threshold(&mut self, uses: u32) -> &mut Self {
        self.tier_up.threshold = uses.max(1);
        self
    }

    /// With [`Tier::Auto`], how many threads optimize functions beside the program. They are started when there is something to do, are an engine's, and
    /// end with it. One by default; with none, functions stay as they were compiled when they were first called.
    pub fn tier_up_threads(&mut self, threads: usize) -> &mut Self {
        self.tier_up.threads = threads;
        self
    }

    /// With [`Tier::Auto`], how many functions may wait to be optimized. What finds no room waits until it is used as much again.
    pub fn tier_up_queue(&mut self, functions: usize) -> &mut Self {
        self.tier_up.waiting_max = functions;
        self
    }

    /// With [`Tier::Auto`], whether a function is optimized as soon as the threshold is passed, while the program waits. Very slow: with a
    /// threshold of 1, in which each function is optimized when it is called a second time, and each loop is left for optimized code at its first turn,
    /// it is for tests of Silica itself. Off by default.
    pub fn tier_up_stress(&mut self, yes: bool) -> &mut Self {
        self.tier_up.at_once = yes;
        self
    }

    /// How functions are optimized that were compiled when they were called, if they are.
    pub(crate) fn tier_up(&self) -> Option<TierUp> {
        let is_on = self.tier == Tier::Auto && self.tier_up.threads > 0;
        is_on.then_some(self.tier_up)
    }

    /// How hard the optimizing compiler tries.
    pub fn cranelift_opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.opt_level = level;
        self
    }

    /// Whether small functions are inlined into their callers. On by default.
    pub fn compiler_inlining(&mut self, yes: bool) -> &mut Self {
        self.inlining = yes;
        self
    }

    /// Whether code counts fuel. A store then starts with none: see [`Store::set_fuel`](crate::Store::set_fuel).
    ///
    /// Each operator costs 1, one that works on many bytes or elements too; `nop`, `drop` and structure (`block`, `loop`, `else`, `end`) are free. The count
    /// depends on the module and its input alone. Whether there is enough is looked at on entry to a function and to each turn of a loop: only there
    /// does [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) end a call. What is executed from there on without a branch or a call is paid for at once; what
    /// comes later on a path through the function without a loop or a call is finished even if there was too little for it. What was missing is a
    /// debt, told as 0.
    pub fn consume_fuel(&mut self, yes: bool) -> &mut Self {
        self.fuel = yes;
        self
    }

    /// Whether fuel is counted: [`Config::consume_fuel`].
    #[must_use]
    pub fn counts_fuel(&self) -> bool {
        self.fuel
    }

    /// Whether every NaN that a float operator makes is the canonical one.
    pub fn cranelift_nan_canonicalization(&mut self, yes: bool) -> &mut Self {
        self.canonicalize_nans = yes;
        self
    }

    /// Whether relaxed SIMD computes the same on every processor.
    pub fn relaxed_simd_deterministic(&mut self, yes: bool) -> &mut Self {
        self.deterministic_relaxed_simd = yes;
        self
    }

    /// One switch for all that makes execution the same everywhere and every time: canonical NaNs and deterministic
    /// relaxed SIMD.
    pub fn deterministic(&mut self, yes: bool) -> &mut Self {
        self.cranelift_nan_canonicalization(yes)
            .relaxed_simd_deterministic(yes)
    }

    /// Whether table and checked memory accesses are guarded against speculative bounds bypass. On by
    /// default.
    pub fn spectre_guards(&mut self, yes: bool) -> &mut Self {
        self.spectre_guards = yes;
        self
    }

    /// Bytes of address space to reserve for each 32-bit memory. With at least 4 GiB (the default) an
    /// access needs no bounds check. With less, accesses to memories of both index types are checked, no more than a memory's maximum
    /// is reserved, and a memory that grows beyond these bytes moves: see [`Config::memory_may_move`].
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Self {
        self.memory_reservation = bytes;
        self
    }

    /// Whether a memory that grows beyond a [`Config::memory_reservation`] of less than 4 GiB moves to a larger one. On by default.
    /// Otherwise it cannot grow so far, and code that uses it is a little faster. Growth that moves copies what was written.
    /// Shared memories never move: what they may grow to is reserved at once.
    pub fn memory_may_move(&mut self, yes: bool) -> &mut Self {
        self.memory_may_move = yes;
        self
    }

    /// Bytes of inaccessible address space after each memory.
    pub fn memory_guard_size(&mut self, bytes: u64) -> &mut Self {
        self.memory_guard = bytes;
        self
    }

    /// The processor that code is made for.
    pub fn processor(&mut self, processor: Processor) -> &mut Self {
        self.processor = processor;
        self
    }

    /// Bytes of stack that WebAssembly may use, in whole pages, 64 KiB at least. A call that goes deeper is
    /// [`Trap::StackOverflow`](crate::Trap::StackOverflow). Host functions run on the same stack as long as 512 KiB are left of it, and where it
    /// is deeper than that on a reserve of as much. 1 MiB by default.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Self {
        self.max_wasm_stack = bytes;
        self
    }

    /// Bytes of a whole stack that a call runs on: what WebAssembly may use and what is kept for host functions, which is
    /// 64 KiB at least. By default 512 KiB more than [`Config::max_wasm_stack`].
    pub fn async_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.async_stack_size = Some(bytes);
        self
    }

    /// Continuations that a store may have at a time, 10,000 by default. One more is the trap
    /// [`Trap::ContinuationsExhausted`](crate::Trap::ContinuationsExhausted). Each that has begun has a stack as large as any ([`Config::max_wasm_stack`]),
    /// of which it takes the memory that it has used; a store's [`ResourceLimiter`](crate::ResourceLimiter) is asked for all of these stacks together as for
    /// a memory.
    pub fn max_continuations(&mut self, count: u32) -> &mut Self {
        self.max_continuations = count;
        self
    }

    /// Bytes that the objects of a store take at most; 4 GiB by default, which is all that there can be. A store's
    /// [`ResourceLimiter`](crate::ResourceLimiter) is asked as for a memory, too.
    pub fn gc_heap_max(&mut self, bytes: u64) -> &mut Self {
        self.gc_heap_max = bytes;
        self
    }

    /// Bytes of the part of a store's heap where new objects are made: more makes collections rarer, less keeps new objects
    /// in the processor's cache.
    pub fn gc_nursery_size(&mut self, bytes: u32) -> &mut Self {
        self.gc_nursery_size = bytes;
        self
    }

    /// Whether to collect garbage whenever an object is made, and to verify the heap each time. Very slow: it is for
    /// tests of Silica itself. Off by default.
    pub fn gc_stress(&mut self, yes: bool) -> &mut Self {
        self.gc_stress = yes;
        self
    }

    /// Accepted for compatibility: every store can make asynchronous calls.
    pub fn async_support(&mut self, _yes: bool) -> &mut Self {
        self
    }

    /// Whether functions are compiled by several threads. On by default.
    pub fn parallel_compilation(&mut self, yes: bool) -> &mut Self {
        self.parallel_compilation = yes;
        self
    }

    /// Where compiled code is kept for the next time that the same module is compiled with the same settings, by this program. None by default.
    ///
    /// What is kept is machine code, so the folder must belong to the user who runs this process and be closed to all others; else nothing is
    /// kept, nor is it when the folder cannot be written: the module is compiled as without a cache. Who may write there, a
    /// guest to which the folder is granted among them, can have any code run.
    pub fn cache(&mut self, cache: impl Into<Option<Cache>>) -> &mut Self {
        self.cache = cache.into();
        self
    }

    /// Where memories, tables and stacks come from.
    pub fn allocation_strategy(
        &mut self,
        strategy: impl Into<InstanceAllocationStrategy>,
    ) -> &mut Self {
        self.allocation = strategy.into();
        self
    }

    /// Whether errors of calls carry a [`WasmBacktrace`](crate::WasmBacktrace). On by default.
    pub fn wasm_backtrace(&mut self, yes: bool) -> &mut Self {
        self.backtrace = yes;
        self
    }

    /// Whether backtraces name source files and lines, where a module has DWARF. On by default; it
    /// costs only when such a backtrace is looked at.
    pub fn wasm_backtrace_details(&mut self, yes: bool) -> &mut Self {
        self.backtrace_details = yes;
        self
    }

    /// Bytes of stack that are kept for host functions.
    pub(crate) fn host_stack(&self) -> usize {
        match self.async_stack_size {
            Some(whole) => whole.saturating_sub(self.max_wasm_stack),
            None => HOST_STACK,
        }
    }

    /// The settings that change code.
    ///
    /// # Errors
    /// What does not fit together.
    pub(crate) fn settings(&self, host: &ProcessorFeatures) -> crate::Result<Settings> {
        let processor = self.processor_features(host)?;
        let mut settings = Settings::new(processor);
        settings.tier = match self.tier {
            Tier::Baseline => settings::Tier::Baseline,
            // What is compiled whole is optimized.
            Tier::Auto | Tier::Optimize => settings::Tier::Optimize,
        };
        settings.optimization = match self.opt_level {
            OptLevel::None => OptimizationLevel::None,
            OptLevel::Speed => OptimizationLevel::Speed,
            OptLevel::SpeedAndSize => OptimizationLevel::SpeedAndSize,
        };
        settings.inlining = self.inlining && self.opt_level != OptLevel::None;
        settings.canonicalize_nans = self.canonicalize_nans;
        settings.deterministic_relaxed_simd = self.deterministic_relaxed_simd;
        settings.fuel = self.fuel;
        settings.spectre_guards = self.spectre_guards;
        settings.memory_reservation = self.memory_reservation;
        settings.memory_may_move = self.memory_may_move;
        settings.memory_guard = self.memory_guard.next_multiple_of(1 << 16);
        Ok(settings)
    }

    fn processor_features(&self, host: &ProcessorFeatures) -> crate::Result<ProcessorFeatures> {
        let mut features = ProcessorFeatures::baseline(host.architecture);
        match &self.processor {
            Processor::Host => return Ok(host.clone()),
            Processor::Baseline => {}
            Processor::Features(names) => {
                features.enabled.extend(names.iter().cloned());
                features.enabled.sort();
                features.enabled.dedup();
            }
        }
        Ok(features)
    }

    /// What is asked for but cannot be had.
    pub(crate) fn check(&self) -> crate::Result<()> {
        if self.max_wasm_stack == 0 {
            anyhow::bail!("max_wasm_stack cannot be 0");
        }
        if let Some(whole) = self.async_stack_size
            && self.max_wasm_stack > whole
        {
            anyhow::bail!(
                "max_wasm_stack ({}) cannot be more than async_stack_size ({whole})",
                self.max_wasm_stack
            );
        }
        Ok(())
    }
}
