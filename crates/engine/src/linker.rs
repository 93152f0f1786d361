//! Definitions by name, which modules' imports are looked up in.
//!
//! A linker holds host functions that are in no store yet, and things of a store. It owns nothing that a clone could
//! free twice: cloning copies handles and counts references.

mod definition;
mod module;
mod pre;

pub use pre::InstancePre;

use definition::Definition;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::sync::Arc;

use crate::{
    AsContext, AsContextMut, Caller, Engine, Extern, FuncType, Instance, IntoFunc, Module, Result,
    Val, WasmParams, WasmRet,
    error::EngineError,
    host::{DynamicList, HostFunc, RawList},
};

/// Finds what modules import by name.
///
/// ```
/// use silica_engine::{Engine, Linker, Module, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("host", "double", |n: i32| n * 2)?;
///
/// let module = Module::new(&engine, r#"(module
///     (import "host" "double" (func $double (param i32) (result i32)))
///     (func (export "f") (result i32) (call $double (i32.const 21))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = linker.instantiate(&mut store, &module)?;
/// let f = instance.get_typed_func::<(), i32>(&mut store, "f")?;
/// assert_eq!(f.call(&mut store, ())?, 42);
/// # Ok(()) }
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    /// By module, then by field: what is looked up borrows both names.
    definitions: HashMap<Arc<str>, HashMap<Arc<str>, Definition<T>>>,
    allow_shadowing: bool,
    allow_unknown_exports: bool,
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Linker {
            engine: self.engine.clone(),
            definitions: self.definitions.clone(),
            allow_shadowing: self.allow_shadowing,
            allow_unknown_exports: self.allow_unknown_exports,
        }
    }
}

impl<T: 'static> Linker<T> {
    /// An empty linker, for stores of `engine`.
    #[must_use]
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker {
            engine: engine.clone(),
            definitions: HashMap::new(),
            allow_shadowing: false,
            allow_unknown_exports: false,
        }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a second definition of a name replaces the first, instead of being an error.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// Whether [`Linker::module`] ignores exports of commands that are no functions.
    pub fn allow_unknown_exports(&mut self, allow: bool) -> &mut Self {
        self.allow_unknown_exports = allow;
        self
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition<T>) -> Result<&mut Self> {
        let shadow = self.allow_shadowing;
        let fields = match self.definitions.get_mut(module) {
            Some(fields) => fields,
            None => self.definitions.entry(module.into()).or_default(),
        };
        match fields.entry(name.into()) {
            Entry::Vacant(entry) => {
                entry.insert(definition);
            }
            Entry::Occupied(mut entry) if shadow => {
                entry.insert(definition);
            }
            Entry::Occupied(_) => {
                return Err(EngineError::Duplicate {
                    module: module.to_owned(),
                    name: name.to_owned(),
                }
                .into());
            }
        }
        Ok(self)
    }

    fn lookup(&self, module: &str, name: &str) -> Option<&Definition<T>> {
        self.definitions.get(module)?.get(name)
    }

    /// Makes `module.name` stand for something of a store. The linker then is for that store only.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn define(
        &mut self,
        _store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self> {
        self.insert(module, name, Definition::Extern(item.into()))
    }

    /// Makes `module.name` a typed host function.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        f: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self> {
        let host = f.into_host(&self.engine).0;
        self.insert(module, name, Definition::Host(host))
    }

    /// Makes `module.name` a host function of type `ty`.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let host = HostFunc::dynamic(&self.engine, &ty, f);
        self.insert(module, name, Definition::Host(host))
    }

    /// Makes `module.name` an asynchronous typed host function: a call suspends its stack while it waits.
    ///
    /// ```
    /// use silica_engine::{Engine, Linker};
    /// # fn main() -> silica_engine::Result<()> {
    /// let mut linker = Linker::<()>::new(&Engine::default());
    /// linker.func_wrap_async("host", "later", |_caller, (n,): (i32,)| {
    ///     Box::new(async move { n + 1 })
    /// })?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn func_wrap_async<P, R, F>(&mut self, module: &str, name: &str, f: F) -> Result<&mut Self>
    where
        T: Send,
        P: WasmParams + DynamicList,
        R: WasmRet,
        R::Raw: RawList,
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let host = HostFunc::typed_async(&self.engine, f);
        self.insert(module, name, Definition::Host(host))
    }

    /// Makes `module.name` an asynchronous host function of type `ty`.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn func_new_async<F>(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        f: F,
    ) -> Result<&mut Self>
    where
        T: Send,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let host = HostFunc::dynamic_async(&self.engine, &ty, f);
        self.insert(module, name, Definition::Host(host))
    }

    /// Makes each export of `instance` stand for its name in `module`.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn instance(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self> {
        let mut store = store.as_context_mut();
        let exports: Vec<(String, Extern)> = instance
            .exports(&mut store)
            .map(|export| (export.name().to_owned(), export.into_extern()))
            .collect();
        for (name, item) in exports {
            self.insert(module, &name, Definition::Extern(item))?;
        }
        Ok(self)
    }

    /// Makes `new_module.new_name` stand for what `module.name` does.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`], or if `module.name` is not defined.
    pub fn alias(
        &mut self,
        module: &str,
        name: &str,
        new_module: &str,
        new_name: &str,
    ) -> Result<&mut Self> {
        let Some(definition) = self.lookup(module, name).cloned() else {
            anyhow::bail!("`{module}.{name}` is not defined in this linker");
        };
        self.insert(new_module, new_name, definition)
    }

    /// Makes all that `module` stands for be found in `new_module` too.
    ///
    /// # Errors
    /// [`EngineError::Duplicate`].
    pub fn alias_module(&mut self, module: &str, new_module: &str) -> Result<()> {
        let fields = self.definitions.get(module).cloned().unwrap_or_default();
        for (name, definition) in fields {
            self.insert(new_module, &name, definition)?;
        }
        Ok(())
    }

    /// Makes each function that `module` imports and that is not defined here one that fails, with an
    /// error that says which it is.
    ///
    /// # Errors
    /// If `module` imports something undefined that is no function.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<()> {
        for (module_name, name, ty) in self.unknown_functions(module)? {
            let error = EngineError::UnknownImport {
                module: module_name.clone(),
                name: name.clone(),
                expected: format!("function `{ty}`"),
            };
            self.func_new(&module_name, &name, ty, move |_, _, _| {
                Err(anyhow::Error::new(error.clone()).context("call of an import that is missing"))
            })?;
        }
        Ok(())
    }

    /// Makes each function that `module` imports and that is not defined here one that returns zeros and
    /// nulls.
    ///
    /// # Errors
    /// If `module` imports something undefined that is no function.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        _store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<()> {
        for (module_name, name, ty) in self.unknown_functions(module)? {
            self.func_new(&module_name, &name, ty, |_, _, _| Ok(()))?;
        }
        Ok(())
    }

    fn unknown_functions(&self, module: &Module) -> Result<Vec<(String, String, FuncType)>> {
        let mut unknown: Vec<(String, String, FuncType)> = Vec::new();
        for import in module.imports() {
            let known = self.lookup(import.module(), import.name()).is_some();
            let seen = |(m, n, _): &(String, String, _)| m == import.module() && n == import.name();
            if known || unknown.iter().any(seen) {
                continue;
            }
            match import.ty().func() {
                Some(ty) => unknown.push((
                    import.module().to_owned(),
                    import.name().to_owned(),
                    ty.clone(),
                )),
                None => {
                    return Err(EngineError::UnknownImport {
                        module: import.module().to_owned(),
                        name: import.name().to_owned(),
                        expected: import.ty().to_string(),
                    }
                    .into());
                }
            }
        }
        Ok(unknown)
    }

    /// Instantiates `module` with what its imports stand for here, and runs its start function.
    ///
    /// # Errors
    /// [`EngineError::UnknownImport`], and as [`Instance::new`].
    ///
    /// # Panics
    /// If something here belongs to another store.
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let mut imports = Vec::with_capacity(module.description().imports.len());
        for definition in self.definitions_for(module) {
            imports.push(definition?.to_extern(&mut store).into_raw());
        }
        Instance::from_externs(&mut store, module, &imports)
    }

    /// As [`Linker::instantiate`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`Linker::instantiate`].
    ///
    /// # Panics
    /// As [`Linker::instantiate`].
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let mut store = store.as_context_mut();
        let mut imports = Vec::with_capacity(module.description().imports.len());
        for definition in self.definitions_for(module) {
            imports.push(definition?.to_extern(&mut store).into_raw());
        }
        Instance::from_externs_async(&mut store, module, &imports).await
    }

    /// Looks all imports of `module` up once, for any number of instances.
    ///
    /// # Errors
    /// [`EngineError::UnknownImport`].
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let definitions: Vec<Definition<T>> = self
            .definitions_for(module)
            .map(|found| found.cloned())
            .collect::<Result<_>>()?;
        Ok(InstancePre::new(module, definitions))
    }

    fn definitions_for<'a>(
        &'a self,
        module: &'a Module,
    ) -> impl Iterator<Item = Result<&'a Definition<T>>> + 'a {
        let description = module.description();
        description.imports.iter().map(move |import| {
            self.lookup(&import.module, &import.name).ok_or_else(|| {
                EngineError::UnknownImport {
                    module: import.module.clone(),
                    name: import.name.clone(),
                    expected: description.describe_entity(&import.entity),
                }
                .into()
            })
        })
    }

    /// What `module.name` stands for, in this store.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let mut store = store.as_context_mut();
        Some(self.lookup(module, name)?.to_extern(&mut store))
    }

    /// Everything that is defined, in no order: module name, field name, and what it is in this store.
    pub fn iter<'a>(
        &'a self,
        mut store: impl AsContextMut<Data = T> + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a str, Extern)> + 'a {
        self.definitions.iter().flat_map(move |(module, fields)| {
            let mut store = store.as_context_mut();
            fields
                .iter()
                .map(|(name, definition)| (&**module, &**name, definition.to_extern(&mut store)))
                .collect::<Vec<_>>()
        })
    }
}

impl<T: 'static> Default for Linker<T> {
    fn default() -> Self {
        Linker::new(&Engine::default())
    }
}

impl<T: 'static> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self
            .definitions
            .iter()
            .flat_map(|(module, fields)| fields.keys().map(move |name| format!("{module}.{name}")));
        f.debug_set().entries(names).finish()
    }
}
