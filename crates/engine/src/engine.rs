//! The engine: settings and what all modules and stores made with them share.

use std::sync::Arc;

use silica_contract::image::MAGIC;
use silica_contract::image_set::SET_MAGIC;
use silica_contract::settings::Settings;
use silica_runtime as rt;

use crate::{Config, InstanceAllocationStrategy, Result, compiler::Compiler};

/// Settings, types, and resources that modules and stores share. Cloning it is cheap and gives the same
/// engine.
///
/// ```
/// use silica_engine::{Config, Engine};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::new(&Config::new())?;
/// assert!(engine.clone().same(&engine));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

struct EngineInner {
    config: Config,
    runtime: rt::Runtime,
    compiler: Compiler,
}

/// What precompiled bytes are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precompiled {
    /// A core module.
    Module,
    /// A component.
    Component,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// If settings do not fit together or cannot be had on this system.
    pub fn new(config: &Config) -> Result<Engine> {
        config.check()?;
        let compiler = Compiler::new(config)?;
        let runtime = rt::Runtime::new(runtime_config(config, compiler.settings()))?;
        Ok(Engine {
            inner: Arc::new(EngineInner {
                config: config.clone(),
                runtime,
                compiler,
            }),
        })
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The proposals that modules and components may use.
    #[must_use]
    pub fn features(&self) -> silica_module::Features {
        self.config().features
    }

    /// Whether both are the same engine.
    #[must_use]
    pub fn same(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Whether `bytes` begin as compiled code does.
    #[must_use]
    pub fn detect_precompiled(bytes: &[u8]) -> Option<Precompiled> {
        match bytes.first_chunk() {
            Some(&MAGIC) => Some(Precompiled::Module),
            Some(&SET_MAGIC) => Some(Precompiled::Component),
            Some(_) | None => None,
        }
    }

    /// Whether the file begins as compiled code does.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn detect_precompiled_file(
        path: impl AsRef<std::path::Path>,
    ) -> Result<Option<Precompiled>> {
        use std::io::Read;
        let mut magic = Vec::with_capacity(MAGIC.len());
        std::fs::File::open(path)?
            .take(MAGIC.len() as u64)
            .read_to_end(&mut magic)?;
        Ok(Engine::detect_precompiled(&magic))
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.inner.compiler.settings()
    }

    pub(crate) fn runtime(&self) -> &rt::Runtime {
        &self.inner.runtime
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.inner.compiler
    }
}

impl Default for Engine {
    /// An engine with the default settings.
    ///
    /// # Panics
    /// If the system lacks what every engine needs.
    fn default() -> Self {
        match Engine::new(&Config::default()) {
            Ok(engine) => engine,
            Err(error) => panic!("the default engine cannot be made: {error:#}"),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

fn runtime_config(config: &Config, settings: &Settings) -> rt::RuntimeConfig {
    let mut runtime = rt::RuntimeConfig {
        stack_bytes: config.max_wasm_stack,
        host_stack_bytes: config.host_stack(),
        memory_reservation: settings.memory_reservation,
        memory_guard: settings.memory_guard,
        memory_may_move: settings.memory_may_move,
        heap_bytes_max: config.gc_heap_max,
        heap_nursery_bytes: config.gc_nursery_size,
        heap_stress: config.gc_stress,
        continuations_max: config.max_continuations,
        tier_up: config.tier_up(),
        ..rt::RuntimeConfig::default()
    };
    match &config.allocation {
        InstanceAllocationStrategy::OnDemand => {}
        InstanceAllocationStrategy::Pooling(pool) => {
            runtime.memories_idle_max = pool.memories as usize;
            runtime.stacks_idle_max = pool.stacks as usize;
            runtime.memory_keep_resident = pool.memory_keep_resident;
            runtime.table_elements_max = pool.table_elements_max as u64;
        }
    }
    runtime
}
