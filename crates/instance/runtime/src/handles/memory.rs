//! Memories of one store.

use silica_module::MemoryType;

use crate::{
    SharedMemory, StoreMut,
    entries::MemoryEntry,
    error::RuntimeError,
    identity::StoreId,
    limiter::{Counts, Limited},
    memory::LinearMemory,
    state::{State, StoreState},
};

/// A memory of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

impl Memory {
    /// A memory of the embedder's, zeroed.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] for a shared type; [`RuntimeError::MemoryTooLarge`], [`RuntimeError::Limited`],
    /// [`RuntimeError::System`].
    pub fn new(store: &mut StoreState, ty: MemoryType) -> Result<Memory, RuntimeError> {
        if ty.shared {
            return Err(RuntimeError::Type {
                what: "memory of a store",
                expected: "a memory type that is not shared".to_owned(),
                found: format!("{ty:?}"),
            });
        }
        let id = store.id();
        let state = store.state_mut();
        state.ask_counts(Counts {
            instances: 0,
            memories: 1,
            tables: 0,
        })?;
        ask_minimum(state, &ty)?;
        let style = state.runtime.config().memory_style(&ty);
        let memory = LinearMemory::new(&state.runtime, &ty, style, None)?;
        let mut entry = MemoryEntry::new(memory, ty);
        entry.define_alone();
        state.memories.push(entry);
        Ok(Memory {
            store: id,
            index: (state.memories.len() - 1) as u32,
        })
    }

    #[inline(always)]
    pub(crate) fn entry<'a>(&self, store: &'a StoreState) -> &'a MemoryEntry {
        store.check(self.store, "the memory");
        &store.state().memories[self.index as usize]
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn ty(&self, store: &StoreState) -> MemoryType {
        self.entry(store).ty
    }

    /// Its length in pages.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn size(&self, store: &StoreState) -> u64 {
        self.entry(store).memory.pages()
    }

    /// Its bytes.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    #[must_use]
    pub fn data<'a>(&self, store: &'a StoreState) -> &'a [u8] {
        let memory = &self.entry(store).memory;
        // SAFETY: the memory is accessible up to its length; while the store is borrowed
        // no code runs that could write to it or make it grow.
        unsafe { std::slice::from_raw_parts(memory.base(), memory.length()) }
    }

    /// Its bytes.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    #[must_use]
    pub fn data_mut<'a>(&self, store: &'a mut StoreState) -> &'a mut [u8] {
        let memory = &self.entry(store).memory;
        // SAFETY: as in `data`; the store is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(memory.base(), memory.length()) }
    }

    /// Its bytes, and the store's data beside them.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn data_and_store<'a, T>(&self, store: StoreMut<'a, T>) -> (&'a mut [u8], &'a mut T) {
        let (state, data) = store.into_parts();
        (self.data_mut(state), data)
    }

    /// The address of its first byte, which growth may change where memories may move. What may be done with it is up to the
    /// memory model: only while no code of the store runs, and up to its length.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn base_address(&self, store: &StoreState) -> *mut u8 {
        self.entry(store).memory.base()
    }

    /// Grows by `delta` pages; gives the old size in pages.
    ///
    /// # Errors
    /// [`RuntimeError::Growth`], [`RuntimeError::Limited`], [`RuntimeError::Limiter`], [`RuntimeError::System`];
    /// then nothing has changed.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn grow(&self, store: &mut StoreState, delta: u64) -> Result<u64, RuntimeError> {
        store.check(self.store, "the memory");
        grow(store.state_mut(), self.index, delta)
    }
}

impl SharedMemory {
    /// As [`SharedMemory::new`], after asking the store's limiter as for a memory of its own.
    ///
    /// # Errors
    /// As [`SharedMemory::new`]; [`RuntimeError::Limited`].
    pub fn in_store(store: &mut StoreState, ty: MemoryType) -> Result<SharedMemory, RuntimeError> {
        let state = store.state_mut();
        ask_minimum(state, &ty)?;
        SharedMemory::new(&state.runtime, ty)
    }
}

/// Asks whether a memory of this type may be made.
pub(crate) fn ask_minimum(state: &mut State, ty: &MemoryType) -> Result<(), RuntimeError> {
    let bytes =
        |pages: u64| usize::try_from(u128::from(pages) << ty.page_size_log2).unwrap_or(usize::MAX);
    state.ask_growth(Limited::Memory, 0, bytes(ty.min), ty.max.map(bytes))
}

/// Grows memory `index` of the store.
pub(crate) fn grow(state: &mut State, index: u32, delta: u64) -> Result<u64, RuntimeError> {
    let entry = &state.memories[index as usize];
    let old = entry.memory.pages();
    let ty = entry.ty;
    let before = entry.memory.length();
    let after = entry.memory.length_after(delta);
    let bytes =
        |pages: u64| usize::try_from(u128::from(pages) << ty.page_size_log2).unwrap_or(usize::MAX);
    let desired = after.unwrap_or_else(|| bytes(old.saturating_add(delta)));
    if delta > 0 {
        state.ask_growth(Limited::Memory, before, desired, ty.max.map(bytes))?;
    }
    let grown = match after {
        None => Err(RuntimeError::Growth("the memory is at its maximum")),
        Some(after) => {
            let entry = &mut state.memories[index as usize];
            entry.memory.grow_to(after).map(|()| entry.publish())
        }
    };
    if let Err(error) = grown {
        state.tell_failure(Limited::Memory, &error.to_string())?;
        return Err(error);
    }
    Ok(old)
}
