//! Modules: compiled, and ready to be instantiated.
//!
//! Freshly compiled or loaded from a file, a module is an image that the runtime has published; there is one way.

use std::path::Path;

use silica_contract::image::Section;
use silica_contract::settings::Settings;
use silica_module::{Module as Description, names};
use silica_runtime as rt;

use crate::{
    Engine, ExportType, ExternType, ImportType, Result, compile, error::EngineError, publish,
};

/// A compiled module. Cloning it is cheap and gives the same module.
///
/// ```
/// use silica_engine::{Engine, Module};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module $app
///     (import "env" "log" (func (param i32)))
///     (memory (export "memory") 1 10))"#)?;
/// assert_eq!(module.name(), Some("app"));
/// let import = module.imports().next().unwrap();
/// assert_eq!((import.module(), import.name()), ("env", "log"));
/// assert_eq!(import.ty().to_string(), "function `(i32) -> ()`");
/// let export = module.exports().next().unwrap();
/// assert_eq!(export.ty().unwrap_memory().maximum(), Some(10));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Module {
    engine: Engine,
    compiled: rt::CompiledModule,
}

/// An export of a module, found once, for [`Instance::get_module_export`](crate::Instance::get_module_export).
#[derive(Clone, Debug)]
pub struct ModuleExport {
    pub(crate) module: rt::ModuleId,
    pub(crate) index: usize,
}

impl Module {
    /// Compiles a module, given as bytes or as text.
    ///
    /// # Errors
    /// If it is malformed or invalid, or exceeds what can be compiled.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let image = compile::compile(engine, bytes.as_ref(), None)?;
        Module::from_fresh_image(engine, image)
    }

    /// Compiles a module, given as bytes and not as text.
    ///
    /// # Errors
    /// If it is malformed or invalid, or exceeds what can be compiled.
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Module> {
        let image = compile::compile_binary(engine, binary)?;
        Module::from_fresh_image(engine, image)
    }

    /// Compiles the module in a file, given as bytes or as text.
    ///
    /// # Errors
    /// If the file cannot be read; if the module is malformed or invalid, or exceeds what can be compiled.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let in_file = || format!("in the file {}", path.display());
        let bytes = std::fs::read(path).map_err(|error| {
            anyhow::Error::new(error).context(format!("cannot read {}", path.display()))
        })?;
        let image = compile::compile(engine, &bytes, Some(path)).map_err(|e| e.context(in_file()))?;
        Module::from_fresh_image(engine, image)
    }

    /// Checks that a module is well-formed and valid, and compiles nothing.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
        compile::validate(engine, binary)
    }

    fn from_fresh_image(engine: &Engine, image: Vec<u8>) -> Result<Module> {
        Ok(Module {
            engine: engine.clone(),
            compiled: publish::fresh(engine, image)?,
        })
    }

    pub(crate) fn from_compiled(engine: &Engine, compiled: rt::CompiledModule) -> Module {
        Module {
            engine: engine.clone(),
            compiled,
        }
    }

    /// The compiled image, for [`Module::deserialize`].
    ///
    /// ```
    /// use silica_engine::{Engine, Module};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let image = Module::new(&engine, "(module)")?.serialize()?;
    /// // SAFETY: these bytes were made by `serialize`, just above.
    /// let module = unsafe { Module::deserialize(&engine, &image)? };
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Never now; an engine may one day have modules without an image.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        Ok(self.compiled.image().bytes().to_vec())
    }

    /// A module from its compiled image.
    ///
    /// # Errors
    /// If the bytes are no image, are damaged, or were made with another version, other settings, or for another
    /// processor.
    ///
    /// # Safety
    /// The image holds machine code that will run. Accidental damage is found; but bytes from who means ill
    /// can do anything. They must come from [`Module::serialize`] or [`Engine::precompile_module`]
    /// through nobody's hands who must not run code here.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let image = rt::Image::from_vec(bytes.as_ref().to_vec())?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_image(engine, image) }
    }

    /// A module from the file that holds its compiled image, which is mapped and not read.
    ///
    /// # Errors
    /// As [`Module::deserialize`], and if the file cannot be opened.
    ///
    /// # Safety
    /// As [`Module::deserialize`]; also, the file must not change while the module is used.
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let in_file = || format!("cannot load {}", path.display());
        let file = std::fs::File::open(path)
            .map_err(|error| anyhow::Error::new(error).context(in_file()))?;
        // SAFETY: the caller promises the same.
        unsafe { Module::deserialize_open_file(engine, file) }.map_err(|e| e.context(in_file()))
    }

    /// A module from an open file that holds its compiled image.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    ///
    /// # Safety
    /// As [`Module::deserialize_file`].
    pub unsafe fn deserialize_open_file(engine: &Engine, file: std::fs::File) -> Result<Module> {
        let image = rt::Image::open(file)?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_image(engine, image) }
    }

    /// # Safety
    /// As [`Module::deserialize`].
    unsafe fn from_image(engine: &Engine, image: rt::Image) -> Result<Module> {
        let metadata = image.metadata();
        compile::check_version(&metadata.engine_version)?;
        check_settings(engine, &metadata.settings)?;
        Ok(Module {
            engine: engine.clone(),
            // SAFETY: the caller promises that the code was made by this engine's compiler; it was made with
            // settings and for a processor that fit, as just checked.
            compiled: unsafe { publish::trusted(engine, image)? },
        })
    }

    /// The engine that it was compiled with.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its name, if its name section gives one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        names::module_name(self.kept(), self.description().names)
    }

    /// What it imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> + '_ {
        let module = self.description();
        module.imports.iter().map(move |import| {
            let ty = ExternType::from_module(module, &import.entity);
            ImportType::new(&import.module, &import.name, ty)
        })
    }

    /// What it exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> + '_ {
        let module = self.description();
        module.exports.iter().map(move |export| {
            let ty = ExternType::from_module(module, &export.entity);
            ExportType::new(&export.name, ty)
        })
    }

    /// The type of what it exports as `name`.
    #[must_use]
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        let module = self.description();
        let export = module.exports.iter().find(|export| export.name == name)?;
        Some(ExternType::from_module(module, &export.entity))
    }

    /// Where an export is, so that instances need not look for its name again.
    #[must_use]
    pub fn get_export_index(&self, name: &str) -> Option<ModuleExport> {
        let exports = &self.description().exports;
        Some(ModuleExport {
            module: self.compiled.id(),
            index: exports.iter().position(|export| export.name == name)?,
        })
    }

    /// The contents of its custom sections called `name`.
    pub fn custom_sections<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.description()
            .custom_sections
            .iter()
            .filter(move |section| section.name == name)
            .filter_map(|section| self.kept().get(section.bytes.indices()))
    }

    /// Names of all its functions that have one, with the address range of each function's code: for profilers.
    pub fn function_addresses(&self) -> Vec<FunctionAddress> {
        let (image, module) = (self.compiled.image(), self.description());
        let names = silica_module::FunctionNames::index(self.kept(), module);
        let text = self.compiled.code_range().start;
        image
            .index()
            .functions(image.bytes())
            .zip(module.imported_functions..)
            .map(|(code, index)| FunctionAddress {
                index,
                name: names.get(self.kept(), index).map(crate::symbols::demangle),
                address: text + code.start as usize,
                length: code.length as usize,
            })
            .collect()
    }

    /// Where its machine code is in this process's memory.
    #[must_use]
    pub fn code_range(&self) -> std::ops::Range<usize> {
        self.compiled.code_range()
    }

    /// Whether both are the same compiled module.
    #[must_use]
    pub fn same(&self, other: &Module) -> bool {
        self.compiled.id() == other.compiled.id()
    }

    pub(crate) fn compiled(&self) -> &rt::CompiledModule {
        &self.compiled
    }

    pub(crate) fn description(&self) -> &Description {
        self.compiled.module()
    }

    /// The bytes that the description's ranges point into.
    pub(crate) fn kept(&self) -> &[u8] {
        let image = self.compiled.image();
        image.index().section(image.bytes(), Section::Kept)
    }
}

/// Where a function's machine code is.
#[derive(Clone, Debug)]
pub struct FunctionAddress {
    /// Its index.
    pub index: u32,
    /// Its name as a person wrote it, if the module says.
    pub name: Option<String>,
    /// Address of its first instruction.
    pub address: usize,
    /// Bytes of code.
    pub length: usize,
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// Whether code made with `image`'s settings can run in this engine. How hard it was optimized does
/// not matter.
fn check_settings(engine: &Engine, image: &Settings) -> Result<()> {
    let own = engine.settings();
    let mut differences = Vec::new();
    let mut compare = |what: &str, made: String, here: String| {
        if made != here {
            differences.push(format!("{what} is {made}, but {here} in this engine"));
        }
    };
    let on = |yes: bool| if yes { "on" } else { "off" }.to_owned();
    compare("fuel", on(image.fuel), on(own.fuel));
    compare(
        "NaN canonicalisation",
        on(image.canonicalize_nans),
        on(own.canonicalize_nans),
    );
    compare(
        "deterministic relaxed SIMD",
        on(image.deterministic_relaxed_simd),
        on(own.deterministic_relaxed_simd),
    );
    compare(
        "the memory reservation",
        image.memory_reservation.to_string(),
        own.memory_reservation.to_string(),
    );
    compare(
        "the memory guard",
        image.memory_guard.to_string(),
        own.memory_guard.to_string(),
    );
    if own.spectre_guards && !image.spectre_guards {
        compare("spectre_guards", on(false), on(true));
    }
    let host = engine.compiler().host();
    if image.processor.architecture != host.architecture {
        compare(
            "the processor",
            format!("{:?}", image.processor.architecture),
            format!("{:?}", host.architecture),
        );
    } else if !image.processor.is_subset_of(host) {
        let missing: Vec<&str> = image
            .processor
            .enabled
            .iter()
            .filter(|feature| !host.enabled.contains(feature))
            .map(String::as_str)
            .collect();
        differences.push(format!(
            "it needs a processor with {}",
            missing.join(", ")
        ));
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(EngineError::ImageMismatch(differences.join("; ")).into())
    }
}
