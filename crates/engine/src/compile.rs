//! From a module's bytes to a compiled image, with an engine's settings.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use silica_contract::settings::ProcessorFeatures;
use silica_module::Limits;
use silica_pipeline as pipeline;

use crate::{Engine, Module, Result, error::EngineError, load};

/// What compiling needs to know beside the settings.
pub(crate) struct Compiler {
    host: ProcessorFeatures,
    limits: Limits,
}

impl Compiler {
    pub(crate) fn new() -> Compiler {
        Compiler {
            host: pipeline::host_processor(),
            limits: Limits::default(),
        }
    }

    /// What this processor can do.
    pub(crate) fn host(&self) -> &ProcessorFeatures {
        &self.host
    }
}

/// Compiles one module, and can tell how far it is and be stopped.
///
/// ```
/// use silica_engine::{CodeBuilder, Engine};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let progress = |done: usize, of: usize| assert!(done <= of);
/// let module = CodeBuilder::new(&engine, b"(module (func) (func))")
///     .progress(&progress)
///     .compile_module()?;
/// # Ok(()) }
/// ```
pub struct CodeBuilder<'a> {
    engine: &'a Engine,
    bytes: &'a [u8],
    path: Option<&'a Path>,
    text: bool,
    options: pipeline::Options<'a>,
}

impl<'a> CodeBuilder<'a> {
    /// To compile the module that `bytes` are, as binary or as text.
    #[must_use]
    pub fn new(engine: &'a Engine, bytes: &'a [u8]) -> CodeBuilder<'a> {
        CodeBuilder {
            engine,
            bytes,
            path: None,
            text: true,
            options: pipeline::Options {
                single_threaded: !engine.config().parallel_compilation,
                ..pipeline::Options::default()
            },
        }
    }

    /// The file that the bytes are from, for errors.
    #[must_use]
    pub fn path(mut self, path: &'a Path) -> Self {
        self.path = Some(path);
        self
    }

    /// Whether text is accepted. It is unless told otherwise.
    #[must_use]
    pub fn accept_text(mut self, yes: bool) -> Self {
        self.text = yes;
        self
    }

    /// To be told, from any thread, how many functions are compiled, and of how many.
    #[must_use]
    pub fn progress(mut self, progress: &'a (dyn Fn(usize, usize) + Sync)) -> Self {
        self.options.progress = Some(progress);
        self
    }

    /// Ends the compilation, with an error, soon after `cancelled` is set.
    #[must_use]
    pub fn cancelled(mut self, cancelled: &'a AtomicBool) -> Self {
        self.options.cancelled = Some(cancelled);
        self
    }

    /// The compiled image, for [`Module::deserialize`].
    ///
    /// # Errors
    /// If the module is malformed or invalid, or exceeds what can be compiled.
    pub fn compile_module_serialized(&self) -> Result<Vec<u8>> {
        let engine = self.engine;
        let text;
        let binary = if self.text {
            text = silica_module::parse_text(self.bytes, self.path)?;
            &*text
        } else {
            self.bytes
        };
        Ok(pipeline::compile(
            binary,
            &engine.config().features,
            &engine.compiler().limits,
            engine.settings(),
            &self.options,
        )?)
    }

    /// The compiled module.
    ///
    /// # Errors
    /// If the module is malformed or invalid, or exceeds what can be compiled.
    pub fn compile_module(&self) -> Result<Module> {
        load::fresh(self.engine, self)
    }
}

impl std::fmt::Debug for CodeBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeBuilder")
            .field("bytes", &self.bytes.len())
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Checks a module and compiles nothing.
pub(crate) fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
    let limits = &engine.compiler().limits;
    silica_module::validate(binary, &engine.config().features, limits)?;
    Ok(())
}

/// The version that images are made by, which must be the one that loads them.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether an image was made by this version.
pub(crate) fn check_version(made_by: &str) -> Result<()> {
    if made_by == VERSION {
        return Ok(());
    }
    let message = format!("it was made by version {made_by}, this is {VERSION}");
    Err(EngineError::ImageMismatch(message).into())
}
