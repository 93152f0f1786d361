//! What only Silica has: its pool, and interruption that needs nothing in the code.

use engine::component::{Component, Linker};
use engine::{Cache, Config, PoolingAllocationConfig, Store};
use std::error::Error;

/// As it comes.
pub(crate) fn plain() -> Config {
    Config::new()
}

/// With pools: without and with touched pages kept resident between instances.
pub(crate) fn pools() -> Vec<(&'static str, Config)> {
    let with = |resident: usize| {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(resident);
        let mut config = plain();
        config.allocation_strategy(pool);
        config
    };
    vec![("pool", with(0)), ("pool_resident", with(64 << 10))]
}

/// `config`, with what is compiled kept for the next process.
pub(crate) fn cached(config: &Config) -> Result<Config, Box<dyn Error + Send + Sync>> {
    let mut config = config.clone();
    config.cache(Cache::new(std::env::temp_dir().join("silica-bench-cache")));
    Ok(config)
}

/// Defines all that is imported as functions that trap.
pub(crate) fn define_as_traps(
    linker: &mut Linker<()>,
    component: &Component,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    linker.define_unknown_imports_as_traps(component);
    Ok(())
}

/// With exceptions: as it comes.
pub(crate) fn exceptions() -> Config {
    plain()
}

/// Counting fuel.
pub(crate) fn fuel() -> Config {
    let mut config = plain();
    config.consume_fuel(true);
    config
}

/// Interruptible: every store is, from the moment that somebody has its handle.
pub(crate) fn interruptible() -> Config {
    plain()
}

/// Takes the handle, so that another thread could interrupt.
pub(crate) fn arm(store: &mut Store<()>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let _handle = store.interrupt_handle();
    Ok(())
}
