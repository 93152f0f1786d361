//! Memories that threads share. They belong to no store, and nothing gives a plain slice of their bytes.

use std::sync::atomic::AtomicU8;
use std::time::Duration;

use silica_runtime as rt;

use crate::{AsContextMut, Engine, MemoryType, Result, Trap, host_error::from_runtime};

/// A memory that instances on several threads share.
///
/// ```
/// use silica_engine::{Engine, MemoryType, SharedMemory};
/// use std::sync::atomic::Ordering;
/// # fn main() -> silica_engine::Result<()> {
/// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 2))?;
/// let other = memory.clone();
/// std::thread::spawn(move || other.bytes()[5].store(7, Ordering::SeqCst)).join().unwrap();
/// assert_eq!(memory.bytes()[5].load(Ordering::SeqCst), 7);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SharedMemory {
    raw: rt::SharedMemory,
}

/// How a wait for a notification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitResult {
    /// It was notified.
    Ok,
    /// The memory did not hold the expected value.
    Mismatch,
    /// Time was up.
    TimedOut,
}

impl WaitResult {
    fn from_raw(result: rt::WaitOutcome) -> WaitResult {
        match result {
            rt::WaitOutcome::Woken => WaitResult::Ok,
            rt::WaitOutcome::Mismatch => WaitResult::Mismatch,
            rt::WaitOutcome::TimedOut => WaitResult::TimedOut,
        }
    }
}

impl SharedMemory {
    /// A new shared memory, of zeros.
    ///
    /// # Errors
    /// If the type is not of shared memories, or the system has no space for it.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        if !ty.is_shared() {
            anyhow::bail!("a memory that is not shared is made with `Memory::new`");
        }
        let raw = rt::SharedMemory::new(engine.runtime(), ty.to_module()).map_err(from_runtime)?;
        Ok(SharedMemory { raw })
    }

    /// As [`SharedMemory::new`], if the store's limiter allows it, as it would have to for a memory of the store's own.
    /// The memory belongs to no store all the same.
    ///
    /// # Errors
    /// As [`SharedMemory::new`], and if the limiter refuses.
    pub fn in_store(mut store: impl AsContextMut, ty: MemoryType) -> Result<SharedMemory> {
        if !ty.is_shared() {
            anyhow::bail!("a memory that is not shared is made with `Memory::new`");
        }
        let mut store = store.as_context_mut();
        let raw =
            rt::SharedMemory::in_store(&mut store.raw, ty.to_module()).map_err(from_runtime)?;
        Ok(SharedMemory { raw })
    }

    pub(crate) fn from_raw(raw: rt::SharedMemory) -> SharedMemory {
        SharedMemory { raw }
    }

    pub(crate) fn into_raw(self) -> rt::SharedMemory {
        self.raw
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> MemoryType {
        MemoryType::from_module(self.raw.ty())
    }

    /// How many pages it has now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.raw.size()
    }

    /// How many bytes it has now.
    #[must_use]
    pub fn data_size(&self) -> usize {
        self.raw.bytes().len()
    }

    /// Its bytes, for access that is safe while other threads change them.
    #[must_use]
    pub fn bytes(&self) -> &[AtomicU8] {
        self.raw.bytes()
    }

    /// Grows it by `delta` pages; gives how many it had.
    ///
    /// # Errors
    /// If that is more than its maximum, or the system refuses.
    pub fn grow(&self, delta: u64) -> Result<u64> {
        self.raw.grow(delta).map_err(from_runtime)
    }

    /// Waits as `memory.atomic.wait32` does.
    ///
    /// # Errors
    /// If the address is out of bounds or unaligned.
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        self.raw
            .atomic_wait32(address, expected, timeout)
            .map(WaitResult::from_raw)
            .map_err(Trap::from_code)
    }

    /// Waits as `memory.atomic.wait64` does.
    ///
    /// # Errors
    /// If the address is out of bounds or unaligned.
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        self.raw
            .atomic_wait64(address, expected, timeout)
            .map(WaitResult::from_raw)
            .map_err(Trap::from_code)
    }

    /// Wakes up to `count` waiters at `address`, and gives how many.
    ///
    /// # Errors
    /// If the address is out of bounds or unaligned.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32, Trap> {
        self.raw
            .atomic_notify(address, count)
            .map_err(Trap::from_code)
    }
}
