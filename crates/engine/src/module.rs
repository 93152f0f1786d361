//! Modules: compiled, and ready to be instantiated.
//!
//! Freshly compiled or loaded from a file, a module is an image that the runtime has published; there is one way.

use std::time::Duration;

use silica_contract::image::Section;
use silica_module::{Module as Description, names};
use silica_runtime::{self as rt, Occasion};

use crate::{Engine, ExportType, ExternType, ImportType, Result, host_error::from_host, symbols};

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
    /// If its functions are compiled when they are called ([`Tier::Auto`](crate::Tier::Auto)), so that all of it is compiled now, and one
    /// cannot be.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        match self.compiled.source() {
            Some(source) => source.image().map_err(from_host),
            None => Ok(self.compiled.image().bytes().to_vec()),
        }
    }

    /// Keeps the functions that were compiled when they were called ([`Tier::Auto`](crate::Tier::Auto)) in the engine's [cache](crate::Config::cache), where the next run
    /// finds them. That happens when the module is dropped, too; this is for programs that exit without that. Does nothing where there is no cache, or
    /// little that is new.
    pub fn keep_compiled(&self) {
        self.compiled.keep_called();
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
            let ty = ExternType::from_module(&self.compiled, &import.entity);
            ImportType::new(&import.module, &import.name, ty)
        })
    }

    /// What it exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> + '_ {
        let module = self.description();
        module.exports.iter().map(move |export| {
            let ty = ExternType::from_module(&self.compiled, &export.entity);
            ExportType::new(&export.name, ty)
        })
    }

    /// The type of what it exports as `name`.
    #[must_use]
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        let module = self.description();
        let export = module.exports.iter().find(|export| export.name == name)?;
        Some(ExternType::from_module(&self.compiled, &export.entity))
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

    /// The names of what it imports, in order.
    #[doc(hidden)]
    pub fn import_names(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let imports = self.description().imports.iter();
        imports.map(|import| (&*import.module, &*import.name))
    }

    /// The names of what it exports, in order, each with where it is.
    #[doc(hidden)]
    pub fn export_names(&self) -> impl ExactSizeIterator<Item = (&str, ModuleExport)> {
        let module = self.compiled.id();
        let exports = self.description().exports.iter().enumerate();
        exports.map(move |(index, export)| (&*export.name, ModuleExport { module, index }))
    }

    /// The contents of its custom sections called `name`.
    pub fn custom_sections<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.description()
            .custom_sections
            .iter()
            .filter(move |section| section.name == name)
            .filter_map(|section| self.kept().get(section.bytes.indices()))
    }

    /// The contents of its first custom section called `name`, or nothing.
    pub(crate) fn custom_section(&self, name: &str) -> &[u8] {
        let sections = &self.description().custom_sections;
        sections
            .iter()
            .find(|section| section.name == name)
            .and_then(|section| self.kept().get(section.bytes.indices()))
            .unwrap_or_default()
    }

    /// Names of all its functions that have one, with the address range of each function's code: for profilers. Those that
    /// are not compiled yet are left out.
    pub fn function_addresses(&self) -> Vec<FunctionAddress> {
        let module = self.description();
        let names = silica_module::FunctionNames::index(self.kept(), module);
        let text = self.compiled.code_range().start;
        (0..module.bodies.len() as u32)
            .filter_map(|defined| Some((defined, self.compiled.function_code(defined)?)))
            .map(|(defined, code)| {
                let index = defined + module.imported_functions;
                FunctionAddress {
                    index,
                    name: names.get(self.kept(), index).map(symbols::demangle),
                    address: text + code.start as usize,
                    length: code.length as usize,
                }
            })
            .collect()
    }

    /// What was compiled while the module was used, so far, and what each cost. None where all were compiled before there was
    /// a module ([`Tier`](crate::Tier)).
    #[must_use]
    pub fn compilations(&self) -> Option<Vec<FunctionCompilation>> {
        let module = self.description();
        let names = silica_module::FunctionNames::index(self.kept(), module);
        let compilations = self.compiled.compilations()?.into_iter();
        let told = compilations.map(|compilation| {
            let index = compilation.defined + module.imported_functions;
            let body = module.bodies[compilation.defined as usize].bytes;
            FunctionCompilation {
                index,
                name: names.get(self.kept(), index).map(symbols::demangle),
                occasion: compilation.occasion,
                at: compilation.at,
                took: compilation.took,
                body_bytes: (body.end - body.start) as usize,
                code_bytes: compilation.bytes as usize,
            }
        });
        Some(told.collect())
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
        self.compiled.image().section(Section::Kept)
    }
}

/// The compilation of a function while its module was used.
#[derive(Clone, Debug)]
pub struct FunctionCompilation {
    /// Its index.
    pub index: u32,
    /// Its name as a person wrote it, if the module says.
    pub name: Option<String>,
    /// Why.
    pub occasion: Occasion,
    /// When it began, since the module was made.
    pub at: Duration,
    /// What it took.
    pub took: Duration,
    /// Bytes of its body in the module.
    pub body_bytes: usize,
    /// Bytes of machine code.
    pub code_bytes: usize,
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
