//! Memories of a store, read and written as byte slices. Shared memories, which other threads change
//! meanwhile, are in `shared_memory`.

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, MemoryType, Result, StoreContext, StoreContextMut,
    host_error::from_runtime,
};

/// A memory in a store, not shared between threads.
///
/// ```
/// use silica_engine::{Engine, Memory, MemoryType, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// memory.write(&mut store, 100, b"hello")?;
/// assert_eq!(&memory.data(&store)[100..105], b"hello");
/// assert_eq!(memory.grow(&mut store, 1)?, 1);
/// assert_eq!(memory.data_size(&store), 2 << 16);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    raw: rt::Memory,
}

/// A read or write of a memory out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryAccessError {
    /// Where the access began.
    pub offset: usize,
    /// How many bytes it was of.
    pub bytes: usize,
    /// How many the memory has.
    pub memory_bytes: usize,
}

impl std::fmt::Display for MemoryAccessError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "out of bounds memory access: {} bytes at {:#x} of a memory of {} bytes",
            self.bytes, self.offset, self.memory_bytes
        )
    }
}

impl std::error::Error for MemoryAccessError {}

impl Memory {
    /// A new memory, of zeros.
    ///
    /// # Errors
    /// If the type is of shared memories ([`SharedMemory`](crate::SharedMemory) makes these), if the store's limiter refuses, or
    /// if the system has no space for it.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        if ty.is_shared() {
            anyhow::bail!("a shared memory is made with `SharedMemory::new`");
        }
        let mut store = store.as_context_mut();
        let raw = rt::Memory::new(&mut store.raw, ty.to_module()).map_err(from_runtime)?;
        Ok(Memory { raw })
    }

    pub(crate) fn from_raw(raw: rt::Memory) -> Memory {
        Memory { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Memory {
        self.raw
    }

    /// Its type. The minimum is what it was made with.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        MemoryType::from_module(self.raw.ty(store.as_context().raw.into_state()))
    }

    /// Copies `buffer.len()` bytes from `offset` into `buffer`.
    ///
    /// # Errors
    /// If that is out of bounds; then nothing is copied.
    pub fn read(
        &self,
        store: impl AsContext,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context();
        let data = self.raw.data(store.raw.into_state());
        let range = range(offset, buffer.len(), data.len())?;
        buffer.copy_from_slice(&data[range]);
        Ok(())
    }

    /// Copies `buffer` to `offset`.
    ///
    /// # Errors
    /// If that is out of bounds; then nothing is copied.
    pub fn write(
        &self,
        mut store: impl AsContextMut,
        offset: usize,
        buffer: &[u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context_mut();
        let data = self.raw.data_mut(store.raw.into_state());
        let range = range(offset, buffer.len(), data.len())?;
        data[range].copy_from_slice(buffer);
        Ok(())
    }

    /// Its bytes.
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        self.raw.data(store.into().raw.into_state())
    }

    /// Its bytes, to change them.
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> &'a mut [u8] {
        self.raw.data_mut(store.into().raw.into_state())
    }

    /// Its bytes and the embedder's data, to change both.
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let (bytes, inner) = self.raw.data_and_store(store.into().raw);
        (bytes, &mut inner.data)
    }

    /// The address of its first byte. It stays valid until the store is dropped; growth does not move it, unless
    /// [`Config::memory_may_move`](crate::Config::memory_may_move) says so.
    pub fn data_ptr(&self, store: impl AsContext) -> *mut u8 {
        self.raw.base_address(store.as_context().raw.into_state())
    }

    /// How many bytes it has.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.raw.data(store.as_context().raw.into_state()).len()
    }

    /// How many pages it has.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.raw.size(store.as_context().raw.into_state())
    }

    /// Bytes of a page.
    pub fn page_size(&self, store: impl AsContext) -> u64 {
        self.ty(store).page_size()
    }

    /// Grows it by `delta` pages; gives how many it had.
    ///
    /// # Errors
    /// If it has reached its maximum, or the store's limiter or the system refuses.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64> {
        let mut store = store.as_context_mut();
        self.raw.grow(&mut store.raw, delta).map_err(from_runtime)
    }
}

fn range(
    offset: usize,
    bytes: usize,
    memory_bytes: usize,
) -> Result<std::ops::Range<usize>, MemoryAccessError> {
    match offset.checked_add(bytes) {
        Some(end) if end <= memory_bytes => Ok(offset..end),
        Some(_) | None => Err(MemoryAccessError {
            offset,
            bytes,
            memory_bytes,
        }),
    }
}
