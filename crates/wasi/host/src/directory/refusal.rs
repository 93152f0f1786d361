//! What directories refuse, for a person to be told.

use std::fmt;
use std::sync::Arc;

/// What was asked of a directory and is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryRefusal {
    /// Looking at it or at files in it.
    Read,
    /// Changing it or files in it.
    Change,
    /// What is outside of it: the path leads there.
    Outside,
}

/// Who is told.
#[derive(Clone)]
pub(super) struct OnRefused(Arc<dyn Fn(&DirectoryRefusal) + Send + Sync>);

impl OnRefused {
    pub(super) fn new(told: impl Fn(&DirectoryRefusal) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(super) fn tell(&self, refusal: &DirectoryRefusal) {
        (self.0)(refusal);
    }
}

impl fmt::Debug for OnRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OnRefused")
    }
}
