//! What the runtime's store carries for this crate: the embedder's data, the engine, and the limiter, which the
//! runtime asks through this.

use silica_runtime as rt;

use crate::{Engine, ResourceLimiter, Result, error::EngineError, host_error::to_host};

pub(crate) type Limiter<T> = Box<dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync>;

/// What the runtime's store carries for this crate.
pub(crate) struct Inner<T> {
    pub(crate) engine: Engine,
    pub(crate) data: T,
    limiter: Option<Limiter<T>>,
    /// What a crate that is built upon this one keeps in the store.
    extension: Option<Box<dyn std::any::Any + Send + Sync>>,
}

impl<T> Inner<T> {
    pub(crate) fn new(engine: &Engine, data: T) -> Inner<T> {
        Inner {
            engine: engine.clone(),
            data,
            limiter: None,
            extension: None,
        }
    }

    /// The extension, made when it is first asked for. There is one kind.
    pub(crate) fn extension<E: Default + std::any::Any + Send + Sync>(&mut self) -> &mut E {
        let extension = self.extension.get_or_insert_with(|| Box::new(E::default()));
        extension
            .downcast_mut()
            .expect("only one crate extends stores, with one type")
    }

    pub(crate) fn set_limiter(&mut self, limiter: Limiter<T>) {
        self.limiter = Some(limiter);
    }

    /// Asks the embedder's limiter; there is one, since this is only installed with it.
    fn ask<R>(&mut self, ask: impl FnOnce(&mut dyn ResourceLimiter) -> R, otherwise: R) -> R {
        match &mut self.limiter {
            Some(limiter) => ask(limiter(&mut self.data)),
            None => otherwise,
        }
    }
}

impl<T> rt::ResourceLimiter for Inner<T> {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, rt::HostError> {
        self.ask(|l| l.memory_growing(current, desired, maximum), Ok(true))
            .map_err(to_host)
    }

    fn memory_grow_failed(&mut self, reason: &str) -> Result<(), rt::HostError> {
        let error = anyhow::Error::msg(reason.to_owned());
        self.ask(|l| l.memory_grow_failed(error), Ok(()))
            .map_err(to_host)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, rt::HostError> {
        self.ask(|l| l.table_growing(current, desired, maximum), Ok(true))
            .map_err(to_host)
    }

    fn table_grow_failed(&mut self, reason: &str) -> Result<(), rt::HostError> {
        let error = anyhow::Error::msg(reason.to_owned());
        self.ask(|l| l.table_grow_failed(error), Ok(()))
            .map_err(to_host)
    }

    fn instances(&mut self) -> usize {
        self.ask(|l| l.instances(), crate::limits::DEFAULT_COUNT)
    }

    fn tables(&mut self) -> usize {
        self.ask(|l| l.tables(), crate::limits::DEFAULT_COUNT)
    }

    fn memories(&mut self) -> usize {
        self.ask(|l| l.memories(), crate::limits::DEFAULT_COUNT)
    }
}

/// Fails unless the store's code counts fuel.
pub(crate) fn need_fuel(state: &rt::StoreState) -> Result<()> {
    if state.counts_fuel() {
        Ok(())
    } else {
        Err(EngineError::FuelNotCounted.into())
    }
}
