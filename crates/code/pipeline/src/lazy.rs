//! [`LazyModule`]: a module that was validated whole, and whose functions are compiled one by one, when somebody asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use silica_contract::{
    artefact::CompiledFunction,
    image::Metadata,
    settings::{Settings, Tier},
};
use silica_module::{BodyToValidate, Decoded, Features, Limits, Module, check_operators, decode};
use silica_translate::{Environment, Layouts};

use crate::{
    CompileError, Options,
    bodies::Functions,
    compile::compile,
    data::{self, DataParts},
    targets::{Failure, Targets},
    tiers::{Tools, Worker},
    validate::validate_all,
};

/// Below so many bytes, starting threads costs more than it gains.
const THREADS_FROM_BYTES: usize = 64 << 10;

/// A valid module whose functions can be compiled in any order, by any number of threads at once, in one pass.
///
/// ```
/// use silica_contract::settings::Settings;
/// use silica_module::{Features, Limits};
/// use silica_pipeline::{LazyModule, Options, host_processor};
///
/// let module = silica_module::parse_text(b"(module (func (export \"f\") nop))", None)?;
/// let settings = Settings::new(host_processor());
/// if LazyModule::is_possible(&settings) {
///     let (lazy, _parts) = LazyModule::new(module.into_owned().into(), &Features::default(), &Limits::default(), &settings, &Options::default())?;
///     assert!(!lazy.compile(0)?.bytes.is_empty());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LazyModule {
    bytes: Arc<Vec<u8>>,
    /// Made when they are first needed, of a module that was validated in an earlier run.
    decoded: OnceLock<DecodedParts>,
    features: Features,
    limits: Limits,
    /// As they were given, but that nothing counts: for the image of the whole, and what is optimized.
    settings: Settings,
    /// Of functions when they are first called.
    settings_lazy: Settings,
    /// Of threads that compile nothing now.
    idle: Mutex<Vec<Tools>>,
}

/// What compiling a function of it needs.
struct DecodedParts {
    module: Module,
    bodies: Vec<BodyToValidate>,
    targets: Targets,
    layouts: Layouts,
}

/// What an image says of a module whose functions are compiled later.
pub struct LazyParts {
    /// Its ranges point into `bytes`.
    pub metadata: Metadata,
    /// First contents of memories.
    pub memories: Vec<u8>,
    /// The module.
    pub bytes: Arc<Vec<u8>>,
}

impl LazyModule {
    /// Whether functions can be compiled in one pass with these settings.
    #[must_use]
    pub fn is_possible(settings: &Settings) -> bool {
        Targets::new(&lazy(settings)).is_ok()
    }

    /// Validates a module, in parallel, and compiles nothing. The second result is what an image says of it, but for code.
    ///
    /// # Errors
    /// [`CompileError`]: the module is not valid, or it is beyond a limit. The same error as if it were compiled whole.
    pub fn new(
        bytes: Arc<Vec<u8>>,
        features: &Features,
        limits: &Limits,
        settings: &Settings,
        options: &Options<'_>,
    ) -> Result<(LazyModule, LazyParts), CompileError> {
        let span = tracing::debug_span!("validate", bytes = bytes.len());
        let _entered = span.enter();
        let Decoded {
            module,
            bodies,
            not_executed,
        } = decode(&bytes, features, limits)?;
        if let Some(error) = not_executed {
            return Err(error.into());
        }
        if module.types.iter().any(|ty| ty.descriptor.is_some()) {
            // Its operators are valid, but not executed.
            check_operators(&bytes, &module, features)?;
        }
        let settings_lazy = lazy(settings);
        let targets = Targets::new(&settings_lazy).map_err(CompileError::Settings)?;
        let validate = || validate_all(&bytes, &module, &bodies, (features, limits), options);
        let lay_out = || parts(&bytes, &module, &settings_lazy);
        let (valid, parts) = match options.single_threaded || bytes.len() < THREADS_FROM_BYTES {
            true => (validate(), lay_out()),
            false => rayon::join(validate, lay_out),
        };
        valid?;
        let lazy = LazyModule::of_valid(&bytes, features, limits, settings);
        let layouts = Layouts::with_bytes(&bytes, &module);
        let _ = lazy.decoded.set(DecodedParts {
            module,
            bodies,
            targets,
            layouts,
        });
        let parts = LazyParts {
            metadata: parts.metadata,
            memories: parts.memories,
            bytes,
        };
        Ok((lazy, parts))
    }

    /// A module that was validated before, in an earlier run, with the same features and limits.
    #[must_use]
    pub fn of_valid(
        bytes: &Arc<Vec<u8>>,
        features: &Features,
        limits: &Limits,
        settings: &Settings,
    ) -> LazyModule {
        LazyModule {
            bytes: Arc::clone(bytes),
            decoded: OnceLock::new(),
            features: *features,
            limits: limits.clone(),
            settings: Settings {
                counters: false,
                ..settings.clone()
            },
            settings_lazy: lazy(settings),
            idle: Mutex::default(),
        }
    }

    /// The settings that its functions are compiled with.
    #[must_use]
    pub fn settings_of_functions(&self) -> &Settings {
        &self.settings_lazy
    }

    fn decoded(&self) -> Result<&DecodedParts, CompileError> {
        if let Some(parts) = self.decoded.get() {
            return Ok(parts);
        }
        let Decoded { module, bodies, .. } = decode(&self.bytes, &self.features, &self.limits)?;
        let parts = DecodedParts {
            targets: Targets::new(&self.settings_lazy).map_err(CompileError::Settings)?,
            layouts: Layouts::with_bytes(&self.bytes, &module),
            module,
            bodies,
        };
        // Another thread's are the same.
        Ok(self.decoded.get_or_init(|| parts))
    }

    /// Compiles a defined function: the same code whenever it is asked for.
    ///
    /// # Errors
    /// [`CompileError`] if no tier can compile it.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn compile(&self, defined: u32) -> Result<CompiledFunction, CompileError> {
        self.with_worker(&self.settings_lazy, defined, |worker| {
            worker.compile(defined as usize)
        })
    }

    /// Compiles a defined function as well as the settings say; with an entrance, code that goes on at its loop with that offset in the module.
    /// Nothing in it counts.
    ///
    /// # Errors
    /// [`CompileError`] if the optimizing tier refuses it.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn optimize(
        &self,
        defined: u32,
        entrance: Option<u32>,
    ) -> Result<CompiledFunction, CompileError> {
        self.with_worker(&self.settings, defined, |worker| {
            worker.compile_entered(defined as usize, entrance)
        })
    }

    fn with_worker(
        &self,
        settings: &Settings,
        defined: u32,
        compile: impl FnOnce(&mut Worker<'_>) -> Result<CompiledFunction, Failure>,
    ) -> Result<CompiledFunction, CompileError> {
        let decoded = self.decoded()?;
        let layouts = decoded.layouts.clone();
        let environment =
            Environment::with_layouts(&decoded.module, settings, &self.bytes, layouts);
        let functions = Functions {
            bytes: &self.bytes,
            environment: &environment,
            bodies: &decoded.bodies,
            targets: &decoded.targets,
        };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let tools = idle().pop().unwrap_or_default();
        let options = Options::default();
        let mut worker = Worker::new(&functions, &options, tools);
        let outcome = compile(&mut worker);
        idle().push(worker.into_tools());
        outcome.map_err(|failure| functions.error(defined as usize, failure))
    }

    /// The image of the whole module, compiled now as the settings say.
    ///
    /// # Errors
    /// As [`compile`].
    pub fn image(&self, options: &Options<'_>) -> Result<Vec<u8>, CompileError> {
        compile(
            &self.bytes,
            &self.features,
            &self.limits,
            &self.settings,
            options,
        )
    }
}

impl std::fmt::Debug for LazyParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyParts")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LazyModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyModule")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

fn parts(bytes: &[u8], module: &Module, settings: &Settings) -> DataParts {
    data::lay_out_in_place(module.clone(), bytes).with(bytes, settings)
}

fn lazy(settings: &Settings) -> Settings {
    Settings {
        tier: Tier::Baseline,
        ..settings.clone()
    }
}
