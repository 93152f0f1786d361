//! The lock around a tree, which its directories and open files share.

use super::tree::Tree;
use crate::{Clocks, Quotas};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The lock around a tree.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Tree>>);

impl Shared {
    pub(super) fn new(quotas: &Quotas, clocks: Clocks) -> Self {
        Self(Arc::new(Mutex::new(Tree::new(quotas, clocks))))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tree> {
        // Every change of a tree checks first and then cannot fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
