//! Names of stores and modules: numbers that are never given twice in a process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Names a store of this process. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreId(u64);

impl StoreId {
    pub(crate) fn next() -> StoreId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        StoreId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Names a module of this process. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(u64);

impl ModuleId {
    pub(crate) fn next() -> ModuleId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ModuleId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
