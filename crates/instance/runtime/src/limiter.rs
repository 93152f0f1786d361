//! What an embedder may say about the growth of memories and tables.

use crate::{entry::StoreFields, error::HostError};

/// Decides whether memories and tables are made and grow. Lengths are in bytes for memories, in elements for
/// tables.
pub trait ResourceLimiter {
    /// Whether a memory may have `desired` bytes; `current` is 0 when it is being made.
    ///
    /// # Errors
    /// An error ends the call with it.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, HostError>;

    /// A memory that was allowed to grow did not: `reason`.
    ///
    /// # Errors
    /// An error ends the call with it; otherwise `memory.grow` gives -1.
    fn memory_grow_failed(&mut self, reason: &str) -> Result<(), HostError> {
        let _ = reason;
        Ok(())
    }

    /// Whether a table may have `desired` elements; `current` is 0 when it is being made.
    ///
    /// # Errors
    /// An error ends the call with it.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, HostError>;

    /// A table that was allowed to grow did not: `reason`.
    ///
    /// # Errors
    /// An error ends the call with it; otherwise `table.grow` gives -1.
    fn table_grow_failed(&mut self, reason: &str) -> Result<(), HostError> {
        let _ = reason;
        Ok(())
    }

    /// Most instances of the store.
    fn instances(&mut self) -> usize {
        10_000
    }

    /// Most tables of the store.
    fn tables(&mut self) -> usize {
        10_000
    }

    /// Most memories of the store.
    fn memories(&mut self) -> usize {
        10_000
    }
}

/// What is done with a limiter, see [`LimiterAccess`].
type WithLimiter = unsafe fn(*mut StoreFields, &mut dyn FnMut(&mut dyn ResourceLimiter));

/// How to get at the limiter in a store's data, whose type is not known here.
#[derive(Clone, Copy)]
pub(crate) struct LimiterAccess(pub(crate) WithLimiter);

impl LimiterAccess {
    pub(crate) fn new(access: WithLimiter) -> LimiterAccess {
        LimiterAccess(access)
    }
}

/// What is being limited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Memory,
    Table,
}

/// How many of what a store has.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) instances: usize,
    pub(crate) memories: usize,
    pub(crate) tables: usize,
}
