//! What only wasmtime has: its pooling allocator, and epochs as its way of being interruptible.

use engine::component::{Component, Linker};
use engine::{Cache, CacheConfig, Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use std::error::Error;

/// As it comes.
pub(crate) fn plain() -> Config {
    Config::new()
}

/// With pools: as they come, and with touched pages kept resident between instances.
pub(crate) fn pools() -> Vec<(&'static str, Config)> {
    let with = |pool: PoolingAllocationConfig| {
        let mut config = plain();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        config
    };
    let mut resident = PoolingAllocationConfig::default();
    resident.linear_memory_keep_resident(64 << 10);
    resident.table_keep_resident(64 << 10);
    vec![
        ("pool", with(PoolingAllocationConfig::default())),
        ("pool_resident", with(resident)),
    ]
}

/// `config`, with what is compiled kept for the next process.
pub(crate) fn cached(config: &Config) -> Result<Config, Box<dyn Error + Send + Sync>> {
    let mut folder = CacheConfig::new();
    folder.with_directory(std::env::temp_dir().join("wasmtime-bench-cache"));
    let mut config = config.clone();
    config.cache(Some(Cache::new(folder)?));
    Ok(config)
}

/// Defines all that is imported as functions that trap.
pub(crate) fn define_as_traps(
    linker: &mut Linker<()>,
    component: &Component,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(linker.define_unknown_imports_as_traps(component)?)
}

/// With exceptions.
pub(crate) fn exceptions() -> Config {
    let mut config = plain();
    config.wasm_exceptions(true);
    config
}

/// Counting fuel.
pub(crate) fn fuel() -> Config {
    let mut config = plain();
    config.consume_fuel(true);
    config
}

/// Interruptible by epochs.
pub(crate) fn interruptible() -> Config {
    let mut config = plain();
    config.epoch_interruption(true);
    config
}

/// Lets a store run as long as it wants, interruptibly.
pub(crate) fn arm(store: &mut Store<()>) -> Result<(), Box<dyn Error + Send + Sync>> {
    store.set_epoch_deadline(1 << 40);
    Ok(())
}
