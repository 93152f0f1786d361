//! How far a store may grow: the trait that a store asks, and its ready-made form.

use crate::Result;

/// Decides whether memories and tables may grow. A store asks it before each growth, also before a
/// memory or a table is made (then `current` is 0). See [`Store::limiter`](crate::Store::limiter).
///
/// ```
/// use silica_engine::{ResourceLimiter, Result};
///
/// /// Allows 10 MiB a memory.
/// struct TenMebibytes;
///
/// impl ResourceLimiter for TenMebibytes {
///     fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
///         Ok(desired <= 10 << 20)
///     }
///     fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> Result<bool> {
///         Ok(true)
///     }
/// }
/// ```
pub trait ResourceLimiter: Send {
    /// Whether a memory may grow from `current` to `desired` bytes. `maximum` is what its type allows.
    /// `Ok(false)` makes the growth fail as WebAssembly does, with -1.
    ///
    /// # Errors
    /// An error traps the program with it.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// A growth of a memory failed after it was allowed, or would not have been possible by its type.
    ///
    /// # Errors
    /// An error traps the program with it.
    fn memory_grow_failed(&mut self, error: crate::Error) -> Result<()> {
        tracing::debug!("a memory did not grow: {error:#}");
        Ok(())
    }

    /// Whether a table may grow from `current` to `desired` elements.
    ///
    /// # Errors
    /// An error traps the program with it.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// A growth of a table failed after it was allowed, or would not have been possible by its type.
    ///
    /// # Errors
    /// An error traps the program with it.
    fn table_grow_failed(&mut self, error: crate::Error) -> Result<()> {
        tracing::debug!("a table did not grow: {error:#}");
        Ok(())
    }

    /// Instances that a store may hold. Asked once, when the limiter is installed.
    fn instances(&self) -> usize {
        DEFAULT_COUNT
    }

    /// Tables that a store may hold. Asked once.
    fn tables(&self) -> usize {
        DEFAULT_COUNT
    }

    /// Memories that a store may hold. Asked once.
    fn memories(&self) -> usize {
        DEFAULT_COUNT
    }
}

/// What a store may hold of instances, tables and memories, each, unless told otherwise.
pub(crate) const DEFAULT_COUNT: usize = 10_000;

/// Fixed limits, as a [`ResourceLimiter`]. Made by [`StoreLimitsBuilder`].
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimits {
            memory_size: None,
            table_elements: None,
            instances: DEFAULT_COUNT,
            tables: DEFAULT_COUNT,
            memories: DEFAULT_COUNT,
            trap_on_grow_failure: false,
        }
    }
}

/// Builds [`StoreLimits`].
///
/// ```
/// use silica_engine::{Engine, Store, StoreLimits, StoreLimitsBuilder};
/// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).instances(2).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder {
    limits: StoreLimits,
}

impl StoreLimitsBuilder {
    /// No limits but the default counts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of each memory, at most.
    #[must_use]
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.limits.memory_size = Some(bytes);
        self
    }

    /// Elements of each table, at most.
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.limits.table_elements = Some(elements);
        self
    }

    /// Instances of the store, at most.
    #[must_use]
    pub fn instances(mut self, count: usize) -> Self {
        self.limits.instances = count;
        self
    }

    /// Tables of the store, at most.
    #[must_use]
    pub fn tables(mut self, count: usize) -> Self {
        self.limits.tables = count;
        self
    }

    /// Memories of the store, at most.
    #[must_use]
    pub fn memories(mut self, count: usize) -> Self {
        self.limits.memories = count;
        self
    }

    /// A growth that fails is a trap, instead of giving -1 to the program.
    #[must_use]
    pub fn trap_on_grow_failure(mut self, yes: bool) -> Self {
        self.limits.trap_on_grow_failure = yes;
        self
    }

    /// The limits.
    #[must_use]
    pub fn build(self) -> StoreLimits {
        self.limits
    }
}

impl StoreLimits {
    fn decide(
        &self,
        what: &str,
        desired: usize,
        limit: Option<usize>,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let most = limit
            .unwrap_or(usize::MAX)
            .min(maximum.unwrap_or(usize::MAX));
        if desired > most && self.trap_on_grow_failure {
            anyhow::bail!("forced trap: {what} would grow to {desired}, but may to {most} at most");
        }
        Ok(desired <= most)
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.decide("a memory's bytes", desired, self.memory_size, maximum)
    }

    fn memory_grow_failed(&mut self, error: crate::Error) -> Result<()> {
        if self.trap_on_grow_failure {
            return Err(error.context("forced trap: a memory did not grow"));
        }
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.decide("a table's elements", desired, self.table_elements, maximum)
    }

    fn table_grow_failed(&mut self, error: crate::Error) -> Result<()> {
        if self.trap_on_grow_failure {
            return Err(error.context("forced trap: a table did not grow"));
        }
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}
