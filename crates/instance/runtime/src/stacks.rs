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

/// The stack that the store's code runs on now, or will run on. All 0: none yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StackBounds {
    /// The lowest address: there is the reserve's guard.
    start: usize,
    reserve_bottom: usize,
    reserve_top: usize,
    bottom: usize,
    pub(crate) top: usize,
    /// From `start` to `top`.
    bytes: usize,
}

impl StackBounds {
    pub(crate) fn of(stack: &Stack) -> StackBounds {
        StackBounds {
            start: stack.start(),
            reserve_bottom: stack.reserve().start,
            reserve_top: stack.reserve().end,
            bottom: stack.bottom(),
            top: stack.top(),
            bytes: stack.top() - stack.start(),
        }
    }

    /// Its lowest usable byte.
    #[inline(always)]
    pub(crate) fn bottom(self) -> usize {
        self.bottom
    }

    /// Where its reserve begins to grow downwards.
    #[inline(always)]
    pub(crate) fn reserve_top(self) -> usize {
        self.reserve_top
    }

    /// Whether an access to this address faults because the stack or its reserve is exhausted.
    pub(crate) fn is_guard(self, address: usize) -> bool {
        (self.start..self.reserve_bottom).contains(&address)
            || (self.reserve_top..self.bottom).contains(&address)
    }

    /// Whether this address is on the stack or its reserve.
    #[inline(always)]
    pub(crate) fn contains(self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.bytes
    }
}
