//! What belongs to one thread of a program, and the store that has it.

use silica::wasi::p1::WasiP1Context;
use silica::{Engine, Result, Store, StoreLimits, StoreLimitsBuilder};

/// What belongs to one thread of a program.
pub(super) struct State {
    pub(super) wasi: WasiP1Context,
    bounds: Bounds,
    limits: StoreLimits,
}

/// What bounds each thread.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// The most bytes of each memory and each table.
    pub(super) memory_bytes: Option<u64>,
    pub(super) fuel: Option<u64>,
}

/// The store of a program's first thread.
pub(super) fn store(engine: &Engine, wasi: WasiP1Context, bounds: Bounds) -> Result<Store<State>> {
    let state = State {
        wasi,
        bounds,
        limits: bounds.limits(),
    };
    let mut store = Store::new(engine, state);
    if bounds.memory_bytes.is_some() {
        store.limiter(|state| &mut state.limits);
    }
    if let Some(fuel) = bounds.fuel {
        store.set_fuel(fuel)?;
    }
    Ok(store)
}

/// The store of another thread, started by the one that has `state`.
pub(super) fn store_of_thread(engine: &Engine, state: &State, thread: u32) -> Result<Store<State>> {
    store(engine, state.wasi.for_thread(thread), state.bounds)
}

impl Bounds {
    /// What holds for one store.
    pub(super) fn limits(self) -> StoreLimits {
        let builder = StoreLimitsBuilder::new();
        match self.memory_bytes {
            Some(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                // An element of a table is a pointer.
                builder.memory_size(bytes).table_elements(bytes / 8)
            }
            None => builder,
        }
        .build()
    }
}
