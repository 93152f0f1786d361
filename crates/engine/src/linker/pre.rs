//! A module whose imports are found, and which only waits for a store.

use silica_runtime as rt;

use super::definition::Definition;
use crate::{AsContextMut, Instance, Module, Result, StoreContextMut};

/// A module with all its imports, to be instantiated any number of times: see
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
///
/// ```
/// use silica_engine::{Engine, Linker, Module, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "f")))"#)?;
/// let pre = Linker::new(&engine).instantiate_pre(&module)?;
/// for _ in 0..3 {
///     let mut store = Store::new(&engine, ());
///     pre.instantiate(&mut store)?;
/// }
/// # Ok(()) }
/// ```
pub struct InstancePre<T: 'static> {
    module: Module,
    definitions: std::sync::Arc<[Definition<T>]>,
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        InstancePre {
            module: self.module.clone(),
            definitions: self.definitions.clone(),
        }
    }
}

impl<T> std::fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstancePre")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

impl<T: 'static> InstancePre<T> {
    pub(super) fn new(module: &Module, definitions: Vec<Definition<T>>) -> InstancePre<T> {
        InstancePre {
            module: module.clone(),
            definitions: definitions.into(),
        }
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    fn imports(&self, store: &mut StoreContextMut<'_, T>) -> Vec<rt::Extern> {
        self.definitions
            .iter()
            .map(|definition| definition.to_extern(store).into_raw())
            .collect()
    }

    /// Instantiates it, and runs its start function.
    ///
    /// # Errors
    /// As [`Instance::new`].
    ///
    /// # Panics
    /// If an import belongs to another store.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let imports = self.imports(&mut store);
        Instance::from_externs(&mut store, &self.module, &imports)
    }

    /// As [`InstancePre::instantiate`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`Instance::new`].
    ///
    /// # Panics
    /// If an import belongs to another store.
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let mut store = store.as_context_mut();
        let imports = self.imports(&mut store);
        Instance::from_externs_async(&mut store, &self.module, &imports).await
    }
}
