//! A request that is under way.

use std::sync::Arc;

use tokio::task::AbortHandle;

/// A request that is under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Task {
    abort: AbortHandle,
    _counted: Arc<()>,
}

impl Task {
    pub(crate) fn new(abort: AbortHandle, counted: Arc<()>) -> Task {
        Task {
            abort,
            _counted: counted,
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort.abort();
    }
}
