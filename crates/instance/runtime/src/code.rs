//! Machine code in memory, and the registry that finds it by address.
//!
//! Code is mapped readable and executable, never writable at the same time. The registry is read by
//! the handler of faults, in the middle of anything: reading it takes no lock and allocates nothing.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
};

use smallvec::SmallVec;

use silica_contract::{image::Section, trap::TrapCode};
use silica_os::{Mapping, OsError, Protection};

use crate::{identity::ModuleId, image::Image};

/// Code of a module that can run.
pub(crate) struct PublishedCode {
    module: ModuleId,
    mapping: Mapping,
    length: usize,
    image: Arc<Image>,
    /// Whether the code counts fuel in the pinned register.
    counts_fuel: bool,
}

impl PublishedCode {
    /// Maps the image's text, and makes it known to the registry.
    ///
    /// # Errors
    /// [`OsError`] when the system refuses.
    pub(crate) fn publish(
        module: ModuleId,
        image: &Arc<Image>,
    ) -> Result<Arc<PublishedCode>, OsError> {
        let text = image.section(Section::Text);
        let code = Arc::new(PublishedCode {
            module,
            mapping: map_text(image, text)?,
            length: text.len(),
            counts_fuel: image.metadata().settings.fuel,
            image: Arc::clone(image),
        });
        if code.length > 0 {
            REGISTRY.add(&code);
        }
        Ok(code)
    }

    /// The addresses of its code.
    pub(crate) fn range(&self) -> Range<usize> {
        let start = self.mapping.base() as usize;
        start..start + self.length
    }

    /// Why the instruction at this address traps, if it is known to.
    fn trap_at(&self, pc: usize) -> Option<TrapCode> {
        let offset = u32::try_from(pc - self.range().start).ok()?;
        self.image.index().trap_at(self.image.bytes(), offset)
    }
}

fn map_text(image: &Image, text: &[u8]) -> Result<Mapping, OsError> {
    if let Some((file, range)) = image.file(Section::Text)
        && !range.is_empty()
        && range.start.is_multiple_of(silica_os::page_size())
        // Where files may not be executed, their contents may.
        && let Ok(mapping) = Mapping::file(
            &file,
            range.start as u64,
            range.len(),
            Protection::ReadExecute,
        )
    {
        return Ok(mapping);
    }
    let mapping = Mapping::anonymous(text.len())?;
    // SAFETY: the mapping is fresh, writable and at least as long as the text.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), mapping.base(), text.len()) };
    mapping.protect(0..mapping.len(), Protection::ReadExecute)?;
    silica_os::flush_instructions(mapping.base(), text.len());
    Ok(mapping)
}

impl Drop for PublishedCode {
    fn drop(&mut self) {
        if self.length > 0 {
            REGISTRY.remove(self.range().start);
        }
    }
}

/// What the registry knows about an address of compiled code.
pub(crate) struct CodeAddress {
    /// The module.
    pub(crate) module: ModuleId,
    /// Offset in its text.
    pub(crate) offset: u32,
    /// Why the instruction there traps, if it is known to.
    pub(crate) trap: Option<TrapCode>,
    /// Whether the code counts fuel.
    pub(crate) counts_fuel: bool,
}

/// Finds published code by address. Takes no lock.
pub(crate) fn find(pc: usize) -> Option<CodeAddress> {
    REGISTRY.look_up(pc, |start, code| CodeAddress {
        module: code.module,
        offset: (pc - start) as u32,
        trap: code.trap_at(pc),
        counts_fuel: code.counts_fuel,
    })
}

/// The handler of exceptions that come out of the call that returns to this address, and how far below the frame
/// pointer it expects the stack pointer.
pub(crate) fn find_handler(return_address: usize) -> Option<(usize, u32)> {
    // A call may be the last instruction of its module.
    REGISTRY.look_up(return_address.wrapping_sub(1), |start, code| {
        let offset = u32::try_from(return_address - start).ok()?;
        let handler = code.image.index().handlers(code.image.bytes()).at(offset)?;
        Some((start + handler.handler_offset as usize, handler.frame_bytes))
    })?
}

/// Where the frame of the call that returns to this address keeps references to objects: bytes below its frame pointer.
pub(crate) fn find_references(return_address: usize, into: &mut SmallVec<[u32; 32]>) {
    REGISTRY.look_up(return_address.wrapping_sub(1), |start, code| {
        let maps = code.image.index().stack_maps(code.image.bytes());
        let offset = u32::try_from(return_address - start).ok();
        into.extend(
            offset
                .and_then(|offset| maps.at(offset))
                .into_iter()
                .flatten(),
        );
    });
}

static REGISTRY: Registry = Registry {
    snapshot: AtomicPtr::new(std::ptr::null_mut()),
    readers: AtomicUsize::new(0),
    writer: Mutex::new(()),
};

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    /// Alive as long as the entry is in the current snapshot.
    code: *const PublishedCode,
}

/// A sorted list that is replaced as a whole. Readers are counted; a writer waits until none is left
/// that may have seen the old list. A reader never waits, so a fault handler that stops
/// a writer gets its answer.
struct Registry {
    snapshot: AtomicPtr<Vec<Entry>>,
    readers: AtomicUsize,
    writer: Mutex<()>,
}

impl Registry {
    /// Gives the start and the rest of what is known of the code at an address.
    fn look_up<T>(&self, pc: usize, tell: impl FnOnce(usize, &PublishedCode) -> T) -> Option<T> {
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

    fn add(&self, code: &Arc<PublishedCode>) {
        let range = code.range();
        self.replace(|entries| {
            let at = entries.partition_point(|entry| entry.start < range.start);
            entries.insert(
                at,
                Entry {
                    start: range.start,
                    end: range.end,
                    code: Arc::as_ptr(code),
                },
            );
        });
    }

    fn remove(&self, start: usize) {
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
