//! Slots of address space for memories, kept for reuse.
//!
//! A slot goes back to the pool only after everything that was written to it is forgotten, so that the next
//! memory in it begins with zeros and its own contents, whoever had it before.

use std::sync::{Arc, Mutex, MutexGuard};

use silica_os::{Mapping, OsError, Protection};

use super::contents::MemoryContents;

/// Address space with some accessible bytes at its start.
pub(super) struct Slot {
    mapping: Mapping,
    /// How many bytes can be read and written: whole pages.
    accessible: usize,
    /// What its pages show where nothing was written.
    contents: Option<Arc<MemoryContents>>,
}

/// Idle slots.
pub(crate) struct MemoryPool {
    idle: Mutex<Vec<Slot>>,
    idle_max: usize,
    keep_resident: usize,
}

impl Slot {
    #[inline]
    pub(super) fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// Whether nothing else has the contents that it shows: their module is gone.
    fn is_stale(&self) -> bool {
        let contents = self.contents.as_ref();
        contents.is_some_and(|contents| Arc::strong_count(contents) == 1)
    }

    /// Makes exactly the first `bytes`, whole pages, accessible.
    pub(super) fn set_accessible(&mut self, bytes: usize) -> Result<(), OsError> {
        if bytes > self.accessible {
            self.mapping
                .protect(self.accessible..bytes, Protection::ReadWrite)?;
        } else {
            self.mapping
                .protect(bytes..self.accessible, Protection::None)?;
        }
        self.accessible = bytes;
        Ok(())
    }

    /// Makes the first `accessible` bytes accessible, and show `contents` where that can be mapped.
    /// The slot is clean.
    fn prepare(
        &mut self,
        accessible: usize,
        contents: Option<&Arc<MemoryContents>>,
    ) -> Result<(), OsError> {
        let contents = contents.filter(|new| new.mapped_pages().is_some());
        let same = self.contents.as_ref().map(Arc::as_ptr) == contents.map(Arc::as_ptr);
        // Old contents go first, while all of their pages are accessible: putting fresh pages in their
        // place must not open a page beyond `accessible`.
        if !same && let Some(pages) = self.contents.take().and_then(|old| old.mapped_pages()) {
            self.mapping
                .overlay_anonymous(pages, Protection::ReadWrite)?;
        }
        if self.accessible != accessible {
            self.set_accessible(accessible)?;
        }
        if let Some(new) = contents.filter(|_| !same) {
            new.map(&self.mapping)?;
            self.contents = Some(Arc::clone(new));
        }
        Ok(())
    }

    /// Forgets everything written. The first `resident` bytes are restored by hand.
    fn clean(&mut self, resident: usize) -> Result<(), OsError> {
        let by_hand =
            resident.min(self.accessible) / silica_os::page_size() * silica_os::page_size();
        // SAFETY: the first `accessible` bytes can be written, and the slot's memory is gone,
        // so that nothing else refers to them.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.mapping.base(), by_hand) };
        bytes.fill(0);
        if let Some(contents) = &self.contents {
            let (address, source) = contents.place();
            if let Some(target) = bytes.get_mut(address..) {
                let count = target.len().min(source.len());
                target[..count].copy_from_slice(&source[..count]);
            }
        }
        self.mapping.discard(by_hand..self.accessible)
    }
}

impl MemoryPool {
    pub(crate) fn new(idle_max: usize, keep_resident: usize) -> MemoryPool {
        MemoryPool {
            idle: Mutex::new(Vec::new()),
            idle_max,
            keep_resident,
        }
    }

    /// A slot of `length` bytes of address space, of which the first `accessible` are accessible and
    /// show `contents` where that can be mapped, else zeros.
    pub(super) fn take(
        &self,
        length: usize,
        accessible: usize,
        contents: Option<&Arc<MemoryContents>>,
    ) -> Result<Slot, OsError> {
        let mut slot = match self.take_idle(length, contents) {
            Some(slot) => slot,
            None => self.make(length)?,
        };
        slot.prepare(accessible, contents)?;
        Ok(slot)
    }

    /// A new slot. Where address space is short, idle slots are no reason to be without one.
    fn make(&self, length: usize) -> Result<Slot, OsError> {
        let mapping = Mapping::reserve(length).or_else(|error| {
            let idle = std::mem::take(&mut *self.lock());
            if idle.is_empty() {
                return Err(error);
            }
            drop(idle);
            Mapping::reserve(length)
        })?;
        Ok(Slot {
            mapping,
            accessible: 0,
            contents: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An idle slot of that length, one that shows `contents` already if there is one.
    fn take_idle(&self, length: usize, contents: Option<&Arc<MemoryContents>>) -> Option<Slot> {
        if self.idle_max == 0 {
            return None;
        }
        let mut idle = self.lock();
        let wanted = contents.map(Arc::as_ptr);
        let mut found = None;
        for (index, slot) in idle.iter().enumerate().rev() {
            if slot.mapping.len() != length {
                continue;
            }
            if slot.contents.as_ref().map(Arc::as_ptr) == wanted {
                found = Some(index);
                break;
            }
            found = found.or(Some(index));
        }
        found.map(|index| idle.swap_remove(index))
    }

    /// Takes a slot back whose memory is gone.
    pub(super) fn give_back(&self, mut slot: Slot) {
        if self.idle_max == 0 || slot.clean(self.keep_resident).is_err() {
            return;
        }
        let mut idle = self.lock();
        // What goes: contents of modules that are gone, and an older one, so that lengths that are no longer used do not stay.
        let mut surplus: Vec<Slot> = idle.extract_if(.., |slot| slot.is_stale()).collect();
        if slot.is_stale() {
            surplus.push(slot);
        } else {
            if idle.len() >= self.idle_max {
                surplus.push(idle.swap_remove(0));
            }
            idle.push(slot);
        }
        drop(idle);
        drop(surplus);
    }
}
