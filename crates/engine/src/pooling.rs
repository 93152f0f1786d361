//! Sizes of the pool that instances are allocated from, where an engine has one.

/// Settings of [`InstanceAllocationStrategy::Pooling`](crate::InstanceAllocationStrategy::Pooling). Address space for all of it
/// is reserved when the engine is made; memory is used only as instances use it.
///
/// ```
/// use silica_engine::{Config, Engine, PoolingAllocationConfig};
/// # fn main() -> silica_engine::Result<()> {
/// let mut pool = PoolingAllocationConfig::new();
/// pool.total_memories(16).max_memory_size(1 << 20);
/// let mut config = Config::new();
/// config.allocation_strategy(pool);
/// let engine = Engine::new(&config)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolingAllocationConfig {
    pub(crate) memories: u32,
    pub(crate) tables: u32,
    pub(crate) stacks: u32,
    pub(crate) instances: u32,
    pub(crate) memory_bytes_max: usize,
    pub(crate) table_elements_max: usize,
    pub(crate) memory_keep_resident: usize,
    pub(crate) table_keep_resident: usize,
}

impl Default for PoolingAllocationConfig {
    fn default() -> Self {
        PoolingAllocationConfig {
            memories: 1000,
            tables: 1000,
            stacks: 1000,
            instances: 1000,
            memory_bytes_max: 1 << 32,
            table_elements_max: 20_000,
            memory_keep_resident: 64 << 10,
            table_keep_resident: 64 << 10,
        }
    }
}

impl PoolingAllocationConfig {
    /// The defaults: a thousand of each.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Memories at one time, over all stores of the engine.
    pub fn total_memories(&mut self, count: u32) -> &mut Self {
        self.memories = count;
        self
    }

    /// Tables at one time.
    pub fn total_tables(&mut self, count: u32) -> &mut Self {
        self.tables = count;
        self
    }

    /// Stacks at one time: calls that are under way, suspended ones too.
    pub fn total_stacks(&mut self, count: u32) -> &mut Self {
        self.stacks = count;
        self
    }

    /// Instances at one time.
    pub fn total_core_instances(&mut self, count: u32) -> &mut Self {
        self.instances = count;
        self
    }

    /// Bytes of a memory, at most.
    pub fn max_memory_size(&mut self, bytes: usize) -> &mut Self {
        self.memory_bytes_max = bytes;
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

    /// The same for tables.
    pub fn table_keep_resident(&mut self, bytes: usize) -> &mut Self {
        self.table_keep_resident = bytes;
        self
    }
}
