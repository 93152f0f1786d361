//! Memories of one store.

use silica_module::MemoryType;

use crate::{
    RuntimeError, StoreMut,
    limiter::{Counts, Limited},
    memory::{LinearMemory, MemoryDefinition},
    state::{State, StoreId, StoreState},
};

/// A memory, and where compiled code finds it.
pub(crate) struct MemoryEntry {
    pub(crate) memory: LinearMemory,
    pub(crate) ty: MemoryType,
    /// In the context of the instance that defines it, or of its own.
    pub(crate) definition: *mut MemoryDefinition,
    /// The definition, of a memory that no instance defines.
    owned: Option<Box<MemoryDefinition>>,
}

// SAFETY: the definition is in a context of the same store, or owned; it is followed only by who has the store.
unsafe impl Send for MemoryEntry {}
// SAFETY: as above.
unsafe impl Sync for MemoryEntry {}

impl MemoryEntry {
    pub(crate) fn new(memory: LinearMemory, ty: MemoryType) -> MemoryEntry {
        MemoryEntry {
            memory,
            ty,
            definition: std::ptr::null_mut(),
            owned: None,
        }
    }

    /// Tells compiled code where the memory is and how long.
    fn publish(&self) {
        // SAFETY: the definition lives as long as the store, and no code runs while it is borrowed.
        unsafe {
            self.definition.write(MemoryDefinition {
                base: self.memory.base(),
                length: self.memory.length() as u64,
            });
        }
    }

    /// Makes `definition` the place that tells compiled code about this memory.
    ///
    /// # Safety
    /// It can be written, and lives as long as the store.
    pub(crate) unsafe fn define_at(&mut self, definition: *mut MemoryDefinition) {
        self.definition = definition;
        self.publish();
    }

    /// Makes the definition a place of its own.
    fn define_alone(&mut self) {
        let owned = self.owned.insert(Box::new(MemoryDefinition {
            base: std::ptr::null_mut(),
            length: 0,
        }));
        self.definition = std::ptr::from_mut(&mut **owned);
        self.publish();
    }
}

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
        // SAFETY: the memory is accessible up to its length and does not move; while the store is borrowed
        // no code runs that could write to it.
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

    /// The address of its first byte, which never changes. What may be done with it is up to the memory model:
    /// only while no code of the store runs, and up to its length.
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
