//! A memory of one store.

use std::sync::Arc;

use silica_contract::{layout, settings::MemoryStyle};
use silica_module::MemoryType;

use super::{
    contents::MemoryContents,
    plan::MemoryPlan,
    pool::{MemoryPool, Slot},
};
use crate::{Runtime, RuntimeError};

/// What compiled code reads of a memory.
#[repr(C)]
pub(crate) struct MemoryDefinition {
    pub(crate) base: *mut u8,
    pub(crate) length: u64,
}

const _: () = {
    assert!(std::mem::offset_of!(MemoryDefinition, base) == layout::memory::BASE as usize);
    assert!(std::mem::offset_of!(MemoryDefinition, length) == layout::memory::LENGTH as usize);
    assert!(size_of::<MemoryDefinition>() == layout::memory::BYTES as usize);
};

/// Address space with a memory in it.
pub(crate) struct LinearMemory {
    /// Present until it is dropped.
    slot: Option<Slot>,
    pool: Arc<MemoryPool>,
    length: usize,
    plan: MemoryPlan,
}

// SAFETY: the memory owns its slot; the raw base in it is used through `&mut self` or by the one
// thread that has the store.
unsafe impl Send for LinearMemory {}
// SAFETY: as above; `&self` gives numbers only.
unsafe impl Sync for LinearMemory {}

impl LinearMemory {
    /// A memory of type `ty`, with its minimum of pages, filled with `contents` and zeros.
    ///
    /// # Errors
    /// [`RuntimeError::MemoryTooLarge`], [`RuntimeError::System`].
    pub(crate) fn new(
        runtime: &Runtime,
        ty: &MemoryType,
        style: MemoryStyle,
        contents: Option<&Arc<MemoryContents>>,
    ) -> Result<LinearMemory, RuntimeError> {
        let mut plan = MemoryPlan::new(runtime.config(), ty, style)?;
        let pool = Arc::clone(runtime.memories());
        let accessible = plan.min_bytes.next_multiple_of(silica_os::page_size());
        let slot = loop {
            match pool.take(plan.reservation + plan.guard, accessible, contents) {
                Ok(slot) => break slot,
                Err(error) => plan = plan.halved(style).ok_or(error)?,
            }
        };
        let memory = LinearMemory {
            length: plan.min_bytes,
            slot: Some(slot),
            pool,
            plan,
        };
        if let Some(contents) = contents.filter(|contents| contents.mapped_pages().is_none()) {
            memory.copy_in(contents)?;
        }
        Ok(memory)
    }

    fn copy_in(&self, contents: &MemoryContents) -> Result<(), RuntimeError> {
        let (address, bytes) = contents.place();
        if address
            .checked_add(bytes.len())
            .is_none_or(|end| end > self.length)
        {
            return Err(RuntimeError::OutOfBounds("first contents of a memory"));
        }
        // SAFETY: the range was just checked to be within the memory, which nobody else knows yet.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base().add(address), bytes.len())
        };
        Ok(())
    }

    /// Its first byte. Valid for [`LinearMemory::length`] bytes until it grows; where its plan does not move, while it lives.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        self.slot.as_ref().map_or(std::ptr::null_mut(), Slot::base)
    }

    /// Its length in bytes.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// How it was planned.
    pub(crate) fn plan(&self) -> &MemoryPlan {
        &self.plan
    }

    /// Its length in pages.
    pub(crate) fn pages(&self) -> u64 {
        (self.length as u64) >> self.plan.page_size_log2
    }

    /// The length in bytes after growing by `delta` pages, if that is allowed and possible.
    pub(crate) fn length_after(&self, delta: u64) -> Option<usize> {
        let more = u128::from(delta) << self.plan.page_size_log2;
        let length = self.length as u128 + more;
        (length <= self.plan.max_bytes as u128).then_some(length as usize)
    }

    /// Grows to `length` bytes, a result of [`LinearMemory::length_after`].
    ///
    /// # Errors
    /// [`RuntimeError::System`]; then nothing has changed.
    pub(crate) fn grow_to(&mut self, length: usize) -> Result<(), RuntimeError> {
        assert!(
            length >= self.length && length <= self.plan.max_bytes,
            "a memory grows within its plan"
        );
        let accessible = length.next_multiple_of(silica_os::page_size());
        if accessible > self.plan.reservation {
            self.move_to(length)?;
        } else if let Some(slot) = &mut self.slot {
            slot.set_accessible(accessible)?;
        }
        self.length = length;
        Ok(())
    }

    /// Moves to a reservation with room for `length` bytes, all of which are accessible.
    fn move_to(&mut self, length: usize) -> Result<(), RuntimeError> {
        assert!(
            self.plan.moves,
            "only a memory that moves outgrows its reservation"
        );
        let accessible = length.next_multiple_of(silica_os::page_size());
        let take = |plan: &MemoryPlan| {
            self.pool
                .take(plan.reservation + plan.guard, accessible, None)
        };
        let mut plan = self.plan.moved(length, false);
        let slot = take(&plan).or_else(|_| {
            plan = self.plan.moved(length, true);
            take(&plan)
        })?;
        // SAFETY: both slots have so many accessible bytes, and nobody knows the new one yet; whoever grows the memory has it
        // exclusively.
        let (from, to) = unsafe {
            (
                std::slice::from_raw_parts(self.base(), self.length),
                std::slice::from_raw_parts_mut(slot.base(), self.length),
            )
        };
        // Pages that nothing was written to stay untouched.
        let page = silica_os::page_size();
        for (from, to) in from.chunks(page).zip(to.chunks_mut(page)) {
            if from.iter().any(|byte| *byte != 0) {
                to.copy_from_slice(from);
            }
        }
        self.plan = plan;
        if let Some(old) = self.slot.replace(slot) {
            self.pool.give_back(old);
        }
        Ok(())
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.pool.give_back(slot);
        }
    }
}
