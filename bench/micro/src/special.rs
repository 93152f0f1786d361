//! What only Silica has: its pool, and interruption that needs nothing in the code.

use engine::{Config, PoolingAllocationConfig, Store};
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
