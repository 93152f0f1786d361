//! Making instances, and reaching what they export. The handle itself is in `handle`.

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, Export, Extern, ExternType, Func, Global, Instance, Memory, Module,
    ModuleExport, Result, SharedMemory, StoreContextMut, Table, TypedFunc, WasmParams, WasmResults,
    error::EngineError, outcome::from_instantiate,
};

impl Instance {
    /// Instantiates `module` with one `Extern` for each of its imports, in their order, and runs its
    /// start function. [`Linker`](crate::Linker) finds imports by name.
    ///
    /// # Errors
    /// If the number or a type of the imports is not the module's, if the store's limiter or the system refuses
    /// a memory or a table, if a segment does not fit ([`Trap`](crate::Trap)), or if the start function fails.
    ///
    /// # Panics
    /// If an import belongs to another store.
    pub fn new(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let imports: Vec<rt::Extern> = imports.iter().cloned().map(Extern::into_raw).collect();
        Instance::from_externs(&mut store, module, &imports)
    }

    /// As [`Instance::new`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`Instance::new`].
    ///
    /// # Panics
    /// As [`Instance::new`].
    pub async fn new_async<T: Send + 'static>(
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let imports: Vec<rt::Extern> = imports.iter().cloned().map(Extern::into_raw).collect();
        Instance::from_externs_async(&mut store, module, &imports).await
    }

    pub(crate) fn from_externs<T>(
        store: &mut StoreContextMut<'_, T>,
        module: &Module,
        imports: &[rt::Extern],
    ) -> Result<Instance> {
        same_engine(store, module)?;
        match store.raw.instantiate(module.compiled(), imports) {
            Ok(raw) => Ok(Instance::from_raw(raw)),
            Err(error) => Err(failed(store, module, imports, error)),
        }
    }

    pub(crate) async fn from_externs_async<T: Send>(
        store: &mut StoreContextMut<'_, T>,
        module: &Module,
        imports: &[rt::Extern],
    ) -> Result<Instance> {
        same_engine(store, module)?;
        let outcome = store
            .raw
            .instantiate_async(module.compiled(), imports)
            .await;
        match outcome {
            Ok(raw) => Ok(Instance::from_raw(raw)),
            Err(error) => Err(failed(store, module, imports, error)),
        }
    }

    /// The module that it is of.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn module(&self, store: impl AsContext) -> Module {
        let store = store.as_context();
        let compiled = self.into_raw().module(store.raw.into_state()).clone();
        Module::from_compiled(store.engine(), compiled)
    }

    /// All its exports, in the module's order.
    pub fn exports<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> impl ExactSizeIterator<Item = Export<'a>> + 'a {
        let state = store.into().raw.into_state();
        let count = self.into_raw().module(state).module().exports.len();
        let definitions: Vec<Extern> = (0..count)
            .filter_map(|index| self.into_raw().export(state, index))
            .map(Extern::from_raw)
            .collect();
        let state: &'a rt::StoreState = state;
        let names = self.into_raw().module(state).module().exports.iter();
        names
            .zip(definitions)
            .map(|(export, definition)| Export::new(&export.name, definition))
    }

    /// What it exports as `name`.
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let store = store.as_context_mut();
        let found = self.into_raw().export_by_name(&store.raw, name)?;
        Some(Extern::from_raw(found))
    }

    /// The export that [`Module::get_export_index`] found: no name is looked up.
    pub fn get_module_export(
        &self,
        mut store: impl AsContextMut,
        export: &ModuleExport,
    ) -> Option<Extern> {
        let store = store.as_context_mut();
        let module = self.into_raw().module(&store.raw);
        if module.id() != export.module || export.index >= module.module().exports.len() {
            return None;
        }
        self.into_raw()
            .export(&store.raw, export.index)
            .map(Extern::from_raw)
    }

    /// The function that it exports as `name`.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The function that it exports as `name`, if it has this type.
    ///
    /// # Errors
    /// [`EngineError::Export`] if there is no such function, [`EngineError::FunctionType`] if it
    /// has another type.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        let mut store = store.as_context_mut();
        let found = self.get_export(&mut store, name);
        let describe = |ty: ExternType| format!("it is a {ty}");
        match found {
            Some(Extern::Func(func)) => func.typed::<P, R>(&store).map_err(|error| {
                error.context(format!("export `{name}` is not of the type asked for"))
            }),
            other => Err(EngineError::Export {
                name: name.to_owned(),
                expected: "function".to_owned(),
                found: match other {
                    Some(other) => describe(other.ty(&store)),
                    None => self.export_names(&store),
                },
            }
            .into()),
        }
    }

    /// What there is instead, for an error.
    fn export_names(&self, store: impl AsContext) -> String {
        const SHOWN: usize = 8;
        let store = store.as_context();
        let exports = &self
            .into_raw()
            .module(store.raw.into_state())
            .module()
            .exports;
        if exports.is_empty() {
            return "the module exports nothing".to_owned();
        }
        let names: Vec<String> = exports
            .iter()
            .take(SHOWN)
            .map(|export| format!("`{}`", export.name))
            .collect();
        let more = if exports.len() > SHOWN { ", …" } else { "" };
        format!("the module exports {}{more}", names.join(", "))
    }

    /// The memory that it exports as `name`.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The shared memory that it exports as `name`.
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// The table that it exports as `name`.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The global that it exports as `name`.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }
}

fn same_engine<T>(store: &StoreContextMut<'_, T>, module: &Module) -> Result<()> {
    if store.raw.runtime().same(module.compiled().runtime()) {
        Ok(())
    } else {
        Err(EngineError::AnotherEngine("module").into())
    }
}

#[cold]
fn failed<T>(
    store: &StoreContextMut<'_, T>,
    module: &Module,
    imports: &[rt::Extern],
    error: rt::InstantiateError,
) -> anyhow::Error {
    from_instantiate(
        store.engine(),
        &store.raw,
        module.compiled().module(),
        imports,
        error,
    )
}
