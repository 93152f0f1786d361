//! Stacks for WebAssembly, kept for reuse.

use std::sync::Mutex;

use silica_os::{OsError, Stack};

/// Bytes at the top of an idle stack that stay with us.
const KEEP_BYTES: usize = 64 << 10;

/// Idle stacks, all of one size.
pub(crate) struct StackPool {
    idle: Mutex<Vec<Stack>>,
    bytes: usize,
    reserve_bytes: usize,
    idle_max: usize,
}

impl StackPool {
    pub(crate) fn new(bytes: usize, reserve_bytes: usize, idle_max: usize) -> StackPool {
        StackPool {
            idle: Mutex::new(Vec::new()),
            bytes,
            reserve_bytes,
            idle_max,
        }
    }

    /// A stack that nothing runs on.
    pub(crate) fn take(&self) -> Result<Stack, OsError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        idle.map_or_else(|| Stack::new(self.bytes, self.reserve_bytes), Ok)
    }

    /// Takes a stack back that nothing runs on any more.
    pub(crate) fn give_back(&self, stack: Stack) {
        if self.idle_max == 0 || stack.shrink(KEEP_BYTES).is_err() {
            return;
        }
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < self.idle_max {
            idle.push(stack);
        }
    }
}
