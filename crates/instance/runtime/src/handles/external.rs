//! Things of the embedder's that WebAssembly may hold references to.

use std::any::Any;

use crate::{error::RuntimeError, identity::StoreId, state::StoreState};

/// As many as references of 32 bits can tell apart.
const EXTERNS_MAX: u32 = u32::MAX / 8 - 1;

/// Something of the embedder's, held by a store until the store is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternObject {
    store: StoreId,
    index: u32,
}

impl ExternObject {
    /// The store that it belongs to.
    #[must_use]
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// As an `externref`: never 0, a multiple of 8.
    #[inline(always)]
    pub(crate) fn to_bits(self) -> u32 {
        (self.index + 1) * 8
    }

    /// From an `externref`.
    #[inline(always)]
    pub(crate) fn from_bits(bits: u32, store: StoreId) -> Option<ExternObject> {
        let index = (bits / 8).checked_sub(1)?;
        Some(ExternObject { store, index })
    }

    /// What it is.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn data<'a>(&self, store: &'a StoreState) -> &'a (dyn Any + Send + Sync) {
        store.check(self.store, "the external object");
        &*store.state().externs[self.index as usize]
    }

    /// What it is.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn data_mut<'a>(&self, store: &'a mut StoreState) -> &'a mut (dyn Any + Send + Sync) {
        store.check(self.store, "the external object");
        &mut *store.state_mut().externs[self.index as usize]
    }
}

impl StoreState {
    /// Makes something of the embedder's known to the store.
    ///
    /// # Errors
    /// [`RuntimeError::ExternQuota`] when the store holds as many as it may.
    pub fn new_extern(
        &mut self,
        value: Box<dyn Any + Send + Sync>,
    ) -> Result<ExternObject, RuntimeError> {
        let quota = self.runtime().config().externrefs_max.min(EXTERNS_MAX);
        let store = self.id();
        let externs = &mut self.state_mut().externs;
        let index = u32::try_from(externs.len())
            .ok()
            .filter(|index| *index < quota);
        let index = index.ok_or(RuntimeError::ExternQuota(quota))?;
        externs.push(value);
        Ok(ExternObject { store, index })
    }
}
