//! What an embedder may say about the growth of memories and tables.

use crate::{HostError, RuntimeError, state::State};

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
type WithLimiter = unsafe fn(*mut State, &mut dyn FnMut(&mut dyn ResourceLimiter));

/// How to get at the limiter in a store's data, whose type is not known here.
#[derive(Clone, Copy)]
pub(crate) struct LimiterAccess(WithLimiter);

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

impl State {
    /// Asks the limiter, if there is one.
    fn ask<R>(&mut self, default: R, mut question: impl FnMut(&mut dyn ResourceLimiter) -> R) -> R {
        let Some(LimiterAccess(access)) = self.limiter else {
            return default;
        };
        let mut answer = default;
        // SAFETY: `whole` is this store, and the access was made for the type of its data; the data and the
        // limiter are not part of the state that `self` borrows, and whoever has
        // the state exclusively has the store so.
        unsafe { access(self.whole, &mut |limiter| answer = question(limiter)) };
        answer
    }

    /// Asks whether something may grow.
    pub(crate) fn ask_growth(
        &mut self,
        what: Limited,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), RuntimeError> {
        let answer = self.ask(Ok(true), |limiter| match what {
            Limited::Memory => limiter.memory_growing(current, desired, maximum),
            Limited::Table => limiter.table_growing(current, desired, maximum),
        });
        match answer {
            Ok(true) => Ok(()),
            Ok(false) => Err(RuntimeError::Limited(match what {
                Limited::Memory => "a memory may not grow that far",
                Limited::Table => "a table may not grow that far",
            })),
            Err(error) => Err(RuntimeError::Limiter(error)),
        }
    }

    /// Tells that something could not grow, for another reason than the limiter's answer.
    pub(crate) fn tell_failure(&mut self, what: Limited, reason: &str) -> Result<(), RuntimeError> {
        let answer = self.ask(Ok(()), |limiter| match what {
            Limited::Memory => limiter.memory_grow_failed(reason),
            Limited::Table => limiter.table_grow_failed(reason),
        });
        answer.map_err(RuntimeError::Limiter)
    }

    /// Asks whether so many more may be made.
    pub(crate) fn ask_counts(&mut self, more: Counts) -> Result<(), RuntimeError> {
        let instances = self.instances.len() + more.instances;
        let memories = self.memories.len() + more.memories;
        let tables = self.tables.len() + more.tables;
        self.ask(Ok(()), |limiter| {
            if instances > limiter.instances() {
                Err(RuntimeError::Limited("too many instances"))
            } else if memories > limiter.memories() {
                Err(RuntimeError::Limited("too many memories"))
            } else if tables > limiter.tables() {
                Err(RuntimeError::Limited("too many tables"))
            } else {
                Ok(())
            }
        })
    }
}
