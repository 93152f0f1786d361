//! The registry of code by address. It is read by the handler of faults, in the middle of anything: reading it takes no lock and
//! allocates nothing.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
};

use super::tables::Tables;

pub(super) static REGISTRY: Registry = Registry {
    snapshot: AtomicPtr::new(std::ptr::null_mut()),
    readers: AtomicUsize::new(0),
    writer: Mutex::new(()),
};

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    /// Alive as long as the entry is in the current snapshot.
    code: *const dyn Tables,
}

/// A sorted list that is replaced as a whole. Readers are counted; a writer waits until none is left
/// that may have seen the old list. A reader never waits, so a fault handler that stops
/// a writer gets its answer.
pub(super) struct Registry {
    snapshot: AtomicPtr<Vec<Entry>>,
    readers: AtomicUsize,
    writer: Mutex<()>,
}

impl Registry {
    /// Gives the start and the rest of what is known of the code at an address.
    pub(super) fn look_up<T>(
        &self,
        pc: usize,
        tell: impl FnOnce(usize, &dyn Tables) -> T,
    ) -> Option<T> {
        self.readers.fetch_add(1, Ordering::SeqCst);
        let snapshot = self.snapshot.load(Ordering::SeqCst);
        // SAFETY: a snapshot is freed only after it was replaced and no reader was counted since.
        let entries = unsafe { snapshot.as_ref() }.map_or(&[][..], Vec::as_slice);
        let after = entries.partition_point(|entry| entry.start <= pc);
        let entry = after
            .checked_sub(1)
            .and_then(|index| entries.get(index))
            .filter(|entry| pc < entry.end);
        let found = entry.map(|entry| {
            // SAFETY: code is removed from the registry, which waits for readers, before it is freed.
            let code = unsafe { &*entry.code };
            tell(entry.start, code)
        });
        self.readers.fetch_sub(1, Ordering::SeqCst);
        found
    }

    /// Makes code at these addresses known.
    ///
    /// # Safety
    /// It stays where it is until it was [`Registry::remove`]d, and is of no other code's addresses.
    pub(super) unsafe fn add(&self, range: Range<usize>, code: *const dyn Tables) {
        self.replace(|entries| {
            let at = entries.partition_point(|entry| entry.start < range.start);
            entries.insert(
                at,
                Entry {
                    start: range.start,
                    end: range.end,
                    code,
                },
            );
        });
    }

    /// Forgets the code that starts there. Nobody looks at it any more when this returns.
    pub(super) fn remove(&self, start: usize) {
        self.replace(|entries| entries.retain(|entry| entry.start != start));
    }

    fn replace(&self, change: impl FnOnce(&mut Vec<Entry>)) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.snapshot.load(Ordering::SeqCst);
        // SAFETY: only writers free snapshots, and this is the only writer now.
        let mut entries = unsafe { old.as_ref() }.cloned().unwrap_or_default();
        change(&mut entries);
        self.snapshot
            .store(Box::into_raw(Box::new(entries)), Ordering::SeqCst);
        while self.readers.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
        if !old.is_null() {
            // SAFETY: it came from `Box::into_raw`; it was replaced, and every reader that could have
            // seen it is done.
            drop(unsafe { Box::from_raw(old) });
        }
    }
}
