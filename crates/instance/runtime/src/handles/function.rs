//! Functions: compiled ones and the host's.

use std::ptr::NonNull;

use crate::{
    entries::FunctionReference, identity::StoreId, state::StoreState, types::RegisteredType,
};

/// A function of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    store: StoreId,
    reference: NonNull<FunctionReference>,
}

// SAFETY: the address is followed only by who has the store; the reference behind it never changes.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl Function {
    /// # Safety
    /// The reference lives, unchanged, as long as the store with that id.
    #[inline(always)]
    pub(crate) unsafe fn new(store: StoreId, reference: NonNull<FunctionReference>) -> Function {
        Function { store, reference }
    }

    /// The store that it belongs to.
    #[inline(always)]
    #[must_use]
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// A number that is another for each function of a process's live stores.
    #[must_use]
    pub fn identity(&self) -> usize {
        self.reference.as_ptr() as usize
    }

    /// As a `funcref`.
    #[inline(always)]
    pub(crate) fn to_bits(self) -> u64 {
        self.identity() as u64
    }

    /// Its code and its context. The caller has the store.
    #[inline(always)]
    pub(crate) fn entry(self) -> (usize, u64) {
        // SAFETY: the reference lives as long as the store, which the caller has.
        let reference = unsafe { self.reference.as_ref() };
        (reference.code, reference.context as u64)
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn ty(&self, store: &StoreState) -> RegisteredType {
        let ty = store.runtime().types().get(self.type_id(store));
        ty.expect("a function's module or host function keeps its type alive")
    }

    /// The number of its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub(crate) fn type_id(&self, store: &StoreState) -> u32 {
        store.check(self.store, "the function");
        // SAFETY: the reference lives as long as the store.
        unsafe { self.reference.as_ref() }.type_id
    }
}
