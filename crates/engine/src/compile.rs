//! From a module's bytes to a compiled image, with an engine's settings.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use silica_pipeline as pipeline;

use crate::{Engine, Module, Result, load};

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
    bytes: Cow<'a, [u8]>,
    path: Option<&'a Path>,
    text: bool,
    options: pipeline::Options<'a>,
}

impl<'a> CodeBuilder<'a> {
    /// To compile the module that `bytes` are, as binary or as text.
    #[must_use]
    pub fn new(engine: &'a Engine, bytes: &'a [u8]) -> CodeBuilder<'a> {
        CodeBuilder::with(engine, Cow::Borrowed(bytes))
    }

    /// As [`CodeBuilder::new`]. Where functions are compiled when they are called, the bytes are kept, and so given are not copied.
    #[must_use]
    pub fn from_vec(engine: &'a Engine, bytes: Vec<u8>) -> CodeBuilder<'a> {
        CodeBuilder::with(engine, Cow::Owned(bytes))
    }

    fn with(engine: &'a Engine, bytes: Cow<'a, [u8]>) -> CodeBuilder<'a> {
        CodeBuilder {
            engine,
            bytes,
            path: None,
            text: true,
            options: pipeline::Options::default(),
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

    /// To be told, from any thread, of each function that the tier which was asked for refuses (as too large, say), with
    /// why. The other tier compiles it.
    #[must_use]
    pub fn refused(mut self, refused: &'a (dyn Fn(u32, &str) + Sync)) -> Self {
        self.options.refused = Some(refused);
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
        let binary = binary(Cow::Borrowed(&self.bytes), self.text, self.path)?;
        let image = self.engine.compiler().compile(&binary, &self.options)?;
        Ok(image.into_bytes())
    }

    /// The compiled module, from the engine's [cache](crate::Config::cache) if it is there.
    ///
    /// # Errors
    /// If the module is malformed or invalid, or exceeds what can be compiled.
    pub fn compile_module(self) -> Result<Module> {
        let (engine, options) = (self.engine, &self.options);
        let binary = binary(self.bytes, self.text, self.path)?;
        let compiler = engine.compiler();
        let place = compiler.place(&binary);
        if let Some(place) = &place
            && let Some(module) = load::cached(engine, place)
        {
            return Ok(module);
        }
        let image = if compiler.is_lazy() {
            let binary = Arc::new(binary.into_owned());
            let called = place.as_ref().map(|place| compiler.place_of_called(place));
            if let Some(place) = &called
                && let Some(module) = load::called(engine, place, &binary)
            {
                return Ok(module);
            }
            let (lazy, image) = compiler.validate_lazy(binary, options, called)?;
            let lazy = Arc::new(lazy);
            if let Some(module) = load::growing(engine, &lazy, image)? {
                return Ok(module);
            }
            lazy.compile_whole(options)?
        } else {
            compiler.compile(&binary, options)?
        };
        if let Some(place) = &place {
            place.keep(&image);
        }
        load::fresh(engine, image)
    }
}

/// What is compiled: `bytes`, or what they are the text of.
fn binary<'b>(bytes: Cow<'b, [u8]>, text: bool, path: Option<&Path>) -> Result<Cow<'b, [u8]>> {
    if text && let Cow::Owned(binary) = silica_module::parse_text(&bytes, path)? {
        return Ok(Cow::Owned(binary));
    }
    Ok(bytes)
}

impl std::fmt::Debug for CodeBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeBuilder")
            .field("bytes", &self.bytes.len())
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Module {
    /// Compiles a module, given as bytes or as text.
    ///
    /// # Errors
    /// If it is malformed or invalid, or exceeds what can be compiled.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        CodeBuilder::new(engine, bytes.as_ref()).compile_module()
    }

    /// Compiles a module, given as bytes and not as text.
    ///
    /// # Errors
    /// If it is malformed or invalid, or exceeds what can be compiled.
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Module> {
        CodeBuilder::new(engine, binary)
            .accept_text(false)
            .compile_module()
    }

    /// As [`Module::from_binary`], of bytes that the module may keep.
    ///
    /// # Errors
    /// As [`Module::from_binary`].
    pub fn from_vec(engine: &Engine, binary: Vec<u8>) -> Result<Module> {
        CodeBuilder::from_vec(engine, binary)
            .accept_text(false)
            .compile_module()
    }

    /// Compiles the module in a file, given as bytes or as text.
    ///
    /// # Errors
    /// If the file cannot be read; if the module is malformed or invalid, or exceeds what can be compiled.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        CodeBuilder::from_vec(engine, bytes)
            .path(path)
            .compile_module()
            .with_context(|| format!("cannot compile {}", path.display()))
    }

    /// Checks that a module is well-formed and valid, and compiles nothing.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
        engine.compiler().validate(binary)
    }
}

impl Engine {
    /// Compiles a module, given as bytes or text, to an image for
    /// [`Module::deserialize`](crate::Module::deserialize).
    ///
    /// # Errors
    /// If the module is malformed or invalid, or exceeds what can be compiled.
    pub fn precompile_module(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        CodeBuilder::new(self, bytes).compile_module_serialized()
    }
}
