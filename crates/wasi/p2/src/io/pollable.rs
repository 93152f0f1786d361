//! What a guest waits with.

use std::sync::Arc;

use crate::waiter::{Readiness, Subscribe};

/// The resource `wasi:io/poll.pollable`: something to wait for, which it keeps.
#[derive(Clone)]
pub struct Pollable {
    on: On,
}

#[derive(Clone)]
enum On {
    /// The monotonic clock.
    Time(u64),
    Other(Arc<dyn Subscribe>),
}

impl std::fmt::Debug for Pollable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pollable").finish_non_exhaustive()
    }
}

impl Pollable {
    /// One that waits for `on`.
    #[must_use]
    pub fn new(on: Arc<dyn Subscribe>) -> Pollable {
        Pollable { on: On::Other(on) }
    }

    /// One that waits until the monotonic clock shows `nanoseconds`.
    #[must_use]
    pub fn at(nanoseconds: u64) -> Pollable {
        Pollable {
            on: On::Time(nanoseconds),
        }
    }

    pub(super) fn readiness(&self) -> Readiness<'_> {
        match &self.on {
            On::Time(nanoseconds) => Readiness::At(*nanoseconds),
            On::Other(on) => on.readiness(),
        }
    }
}
