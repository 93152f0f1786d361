//! Sizes of the pool that instances are allocated from, where an engine has one.

/// Settings of [`InstanceAllocationStrategy::Pooling`](crate::InstanceAllocationStrategy::Pooling). What a store gives back is
/// kept, cleared, for the next.
///
/// ```
/// use silica_engine::{Config, Engine, PoolingAllocationConfig};
/// # fn main() -> silica_engine::Result<()> {
/// let mut pool = PoolingAllocationConfig::new();
/// pool.total_memories(16).linear_memory_keep_resident(1 << 20);
/// let mut config = Config::new();
/// config.allocation_strategy(pool);
/// let engine = Engine::new(&config)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolingAllocationConfig {
    pub(crate) memories: u32,
    pub(crate) stacks: u32,
    pub(crate) table_elements_max: usize,
    pub(crate) memory_keep_resident: usize,
}

impl Default for PoolingAllocationConfig {
    fn default() -> Self {
        PoolingAllocationConfig {
            memories: 1000,
            stacks: 1000,
            table_elements_max: 10_000_000,
            memory_keep_resident: 64 << 10,
        }
    }
}

impl PoolingAllocationConfig {
    /// The defaults: a thousand memories and stacks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Slots of memories that are kept for reuse, over all stores of the engine.
    pub fn total_memories(&mut self, count: u32) -> &mut Self {
        self.memories = count;
        self
    }

    /// Stacks that are kept for reuse.
    pub fn total_stacks(&mut self, count: u32) -> &mut Self {
        self.stacks = count;
        self
    }

    /// Elements of a table, at most.
    pub fn table_elements(&mut self, elements: usize) -> &mut Self {
        self.table_elements_max = elements;
        self
    }

    /// Bytes of a memory that stay resident, cleared, when its slot is given back. More is faster for small
    /// instances and uses more memory.
    pub fn linear_memory_keep_resident(&mut self, bytes: usize) -> &mut Self {
        self.memory_keep_resident = bytes;
        self
    }
}
