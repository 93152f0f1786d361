//! References that the host holds: what keeps their objects alive, and finds them when they move.
//!
//! A scoped root lives until the scope that it was made in ends, which costs nothing but a shorter list; an owned one lives as long as its
//! handle. A handle names a place in a list, and which use of the place: after its time it is found out, never followed.

use std::sync::{Arc, Weak};

use crate::heap::{Damaged, Visit};

/// A place among the roots. It means something only beside its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RootPlace {
    index: u32,
    /// Which use of the place.
    generation: u32,
}

struct Scoped {
    reference: u32,
    generation: u32,
}

/// A place among the owned roots, free when nobody has the handle.
struct Owned {
    reference: u32,
    handle: Weak<()>,
}

/// The roots of one store's host.
#[derive(Default)]
pub(crate) struct HostRoots {
    scoped: Vec<Scoped>,
    /// How many scopes have ended.
    generation: u32,
    owned: Vec<Owned>,
    /// Places among them that are free.
    free: Vec<u32>,
    /// References of operations that are under way.
    temporary: Vec<u32>,
}

/// What a handle to an owned root holds.
#[derive(Clone, Debug)]
pub(crate) struct OwnedPlace {
    index: u32,
    handle: Arc<()>,
}

impl HostRoots {
    /// How many scoped roots there are: to be given to [`HostRoots::end_scope`].
    #[inline(always)]
    pub(crate) fn scope(&self) -> usize {
        self.scoped.len()
    }

    /// Ends a scope: roots that were made since are none any more.
    #[inline(always)]
    pub(crate) fn end_scope(&mut self, scope: usize) {
        if self.scoped.len() > scope {
            self.scoped.truncate(scope);
            // A handle of before is taken for a new one after 2^32 scopes with roots; its object is of the store all the same.
            self.generation = self.generation.wrapping_add(1);
        }
    }

    /// A root of the innermost scope.
    pub(crate) fn add(&mut self, reference: u32) -> RootPlace {
        let index = self.scoped.len() as u32;
        self.scoped.push(Scoped {
            reference,
            generation: self.generation,
        });
        RootPlace {
            index,
            generation: self.generation,
        }
    }

    /// What a scoped root refers to; `None` after the end of its scope.
    pub(crate) fn get(&self, place: RootPlace) -> Option<u32> {
        let root = self.scoped.get(place.index as usize)?;
        (root.generation == place.generation).then_some(root.reference)
    }

    /// A root that lives as long as its handle.
    pub(crate) fn add_owned(&mut self, reference: u32) -> OwnedPlace {
        let handle = Arc::new(());
        let root = Owned {
            reference,
            handle: Arc::downgrade(&handle),
        };
        if self.free.is_empty() && self.owned.len() == self.owned.capacity() {
            // The list grows only where no place in it is free.
            self.find_free();
        }
        let index = match self.free.pop() {
            Some(index) => {
                self.owned[index as usize] = root;
                index
            }
            None => {
                self.owned.push(root);
                (self.owned.len() - 1) as u32
            }
        };
        OwnedPlace { index, handle }
    }

    /// What an owned root refers to; `None` if it is of another store.
    pub(crate) fn get_owned(&self, place: &OwnedPlace) -> Option<u32> {
        let root = self.owned.get(place.index as usize)?;
        let is_same = std::ptr::eq(root.handle.as_ptr(), Arc::as_ptr(&place.handle));
        is_same.then_some(root.reference)
    }

    fn find_free(&mut self) {
        let free = (0..)
            .zip(&self.owned)
            .filter(|(_, root)| root.handle.strong_count() == 0);
        self.free = free.map(|(index, _)| index).collect();
        for index in &self.free {
            self.owned[*index as usize].reference = 0;
        }
    }

    /// Keeps a reference while an operation is under way; gives its place among such.
    pub(crate) fn keep(&mut self, reference: u32) -> usize {
        self.temporary.push(reference);
        self.temporary.len() - 1
    }

    /// A reference that is kept.
    pub(crate) fn kept(&self, place: usize) -> u32 {
        self.temporary[place]
    }

    /// How many are kept: to be given to [`HostRoots::forget_kept`].
    pub(crate) fn kept_count(&self) -> usize {
        self.temporary.len()
    }

    /// Keeps only the first `count`.
    pub(crate) fn forget_kept(&mut self, count: usize) {
        self.temporary.truncate(count);
    }

    /// Tells each root, for the collector.
    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        self.find_free();
        let scoped = self.scoped.iter_mut().map(|root| &mut root.reference);
        let owned = self.owned.iter_mut().map(|root| &mut root.reference);
        for reference in scoped.chain(owned).chain(&mut self.temporary) {
            *reference = visit(*reference)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_none_after_its_scope() {
        let mut roots = HostRoots::default();
        let outer = roots.add(8);
        let scope = roots.scope();
        let inner = roots.add(16);
        assert_eq!((roots.get(outer), roots.get(inner)), (Some(8), Some(16)));
        roots.end_scope(scope);
        assert_eq!((roots.get(outer), roots.get(inner)), (Some(8), None));
        // The place is used again, by another root.
        let again = roots.add(24);
        assert_eq!((roots.get(again), roots.get(inner)), (Some(24), None));
    }

    #[test]
    fn owned_roots_go_with_their_handles() {
        let mut roots = HostRoots::default();
        let first = roots.add_owned(8);
        let second = roots.add_owned(16);
        drop(first);
        let mut seen = Vec::new();
        let visited = roots.visit(&mut |reference| {
            seen.push(reference);
            Ok(if reference == 0 { 0 } else { reference + 8 })
        });
        assert!(visited.is_ok());
        assert_eq!(seen, [0, 16]);
        assert_eq!(roots.get_owned(&second), Some(24));
        assert_eq!(HostRoots::default().get_owned(&second), None);
    }
}
