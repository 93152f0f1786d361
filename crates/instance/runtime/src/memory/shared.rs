//! A memory that threads share.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use silica_contract::{layout, settings::MemoryStyle, trap::TrapCode};
use silica_module::MemoryType;

use super::{
    contents::MemoryContents,
    linear::LinearMemory,
    plan::MemoryPlan,
    wait::{Parking, WaitEnd, WaitOutcome},
};
use crate::{Runtime, RuntimeError, interrupt::InterruptState};

/// As [`super::MemoryDefinition`], for memories that several threads read and grow.
#[repr(C)]
struct SharedDefinition {
    base: AtomicPtr<u8>,
    length: AtomicU64,
}

const _: () = {
    assert!(std::mem::offset_of!(SharedDefinition, base) == layout::memory::BASE as usize);
    assert!(std::mem::offset_of!(SharedDefinition, length) == layout::memory::LENGTH as usize);
};

struct Inner {
    definition: SharedDefinition,
    memory: Mutex<LinearMemory>,
    plan: MemoryPlan,
    ty: MemoryType,
    parking: Parking,
}

/// A shared memory. It belongs to no store; cloning gives another handle to it.
#[derive(Clone)]
pub struct SharedMemory(Arc<Inner>);

impl std::fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedMemory")
            .field("ty", &self.0.ty)
            .field("size", &self.size())
            .finish()
    }
}

impl SharedMemory {
    /// A shared memory of type `ty`, zeroed.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] when `ty` is not shared; [`RuntimeError::MemoryTooLarge`], [`RuntimeError::System`].
    pub fn new(runtime: &Runtime, ty: MemoryType) -> Result<SharedMemory, RuntimeError> {
        let style = runtime.config().memory_style(&ty);
        SharedMemory::with_contents(runtime, ty, style, None)
    }

    pub(crate) fn with_contents(
        runtime: &Runtime,
        ty: MemoryType,
        style: MemoryStyle,
        contents: Option<&Arc<MemoryContents>>,
    ) -> Result<SharedMemory, RuntimeError> {
        if !ty.shared || ty.max.is_none() {
            return Err(RuntimeError::Type {
                what: "shared memory",
                expected: "a shared memory type with a maximum".to_owned(),
                found: format!("{ty:?}"),
            });
        }
        let memory = LinearMemory::new(runtime, &ty, style, contents)?;
        Ok(SharedMemory(Arc::new(Inner {
            definition: SharedDefinition {
                base: AtomicPtr::new(memory.base()),
                length: AtomicU64::new(memory.length() as u64),
            },
            plan: *memory.plan(),
            memory: Mutex::new(memory),
            ty,
            parking: Parking::default(),
        })))
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> MemoryType {
        self.0.ty
    }

    /// Whether both are handles to one memory.
    #[must_use]
    pub fn same(&self, other: &SharedMemory) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn plan(&self) -> &MemoryPlan {
        &self.0.plan
    }

    /// What compiled code gets a pointer to; valid while a handle lives.
    pub(crate) fn definition(&self) -> *mut super::MemoryDefinition {
        (&raw const self.0.definition).cast_mut().cast()
    }

    /// Its length in bytes; it only grows.
    pub(crate) fn length(&self) -> usize {
        self.0.definition.length.load(Ordering::SeqCst) as usize
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.0.definition.base.load(Ordering::Relaxed)
    }

    /// Its length in pages.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.length() as u64 >> self.0.plan.page_size_log2
    }

    /// Its bytes now. Other threads may change them, and each is accessed on its own.
    #[must_use]
    pub fn bytes(&self) -> &[AtomicU8] {
        // SAFETY: the memory stays accessible up to its length while a handle lives,
        // its base never moves, and everybody accesses it atomically or from compiled code.
        unsafe { std::slice::from_raw_parts(self.base().cast::<AtomicU8>(), self.length()) }
    }

    /// Grows by `delta` pages; gives the old size in pages.
    ///
    /// # Errors
    /// [`RuntimeError::Growth`], [`RuntimeError::System`]; then nothing has changed.
    pub fn grow(&self, delta: u64) -> Result<u64, RuntimeError> {
        self.grow_asking(delta, |_, _| Ok(()))
    }

    /// Grows after asking with the present and the wanted length in bytes.
    pub(crate) fn grow_asking<E: From<RuntimeError>>(
        &self,
        delta: u64,
        mut ask: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<u64, E> {
        // What is asked is the embedder's code, so the lock is not held over it; the answer holds as long
        // as nobody else has grown the memory meanwhile.
        loop {
            let before = self.length();
            let after = self.lock().length_after(delta);
            let Some(after) = after else {
                return Err(RuntimeError::Growth("the memory is at its maximum").into());
            };
            ask(before, after)?;
            let mut memory = self.lock();
            if memory.length() != before || memory.length_after(delta) != Some(after) {
                continue;
            }
            let old = memory.pages();
            memory.grow_to(after)?;
            self.0
                .definition
                .length
                .store(after as u64, Ordering::SeqCst);
            return Ok(old);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LinearMemory> {
        self.0
            .memory
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `memory.atomic.wait32`: waits to be notified at `address` if the memory holds `expected` there.
    ///
    /// # Errors
    /// [`TrapCode::UnalignedAtomic`], [`TrapCode::MemoryOutOfBounds`].
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitOutcome, TrapCode> {
        self.wait32(address, expected, timeout, None)
            .map(WaitEnd::outcome)
    }

    /// `memory.atomic.wait64`: as [`SharedMemory::atomic_wait32`].
    ///
    /// # Errors
    /// [`TrapCode::UnalignedAtomic`], [`TrapCode::MemoryOutOfBounds`].
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitOutcome, TrapCode> {
        self.wait64(address, expected, timeout, None)
            .map(WaitEnd::outcome)
    }

    pub(crate) fn wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
        interrupt: Option<&InterruptState>,
    ) -> Result<WaitEnd, TrapCode> {
        let pointer = self.checked::<AtomicU32>(address)?;
        // SAFETY: `checked` gives an aligned pointer within the memory, which lives as long as `self`.
        let holds = || unsafe { &*pointer }.load(Ordering::SeqCst) == expected;
        Ok(self.0.parking.wait(address, holds, timeout, interrupt))
    }

    pub(crate) fn wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
        interrupt: Option<&InterruptState>,
    ) -> Result<WaitEnd, TrapCode> {
        let pointer = self.checked::<AtomicU64>(address)?;
        // SAFETY: `checked` gives an aligned pointer within the memory, which lives as long as `self`.
        let holds = || unsafe { &*pointer }.load(Ordering::SeqCst) == expected;
        Ok(self.0.parking.wait(address, holds, timeout, interrupt))
    }

    /// `memory.atomic.notify`: wakes at most `count` waiters at `address`; gives how many.
    ///
    /// # Errors
    /// [`TrapCode::UnalignedAtomic`], [`TrapCode::MemoryOutOfBounds`].
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32, TrapCode> {
        self.checked::<AtomicU32>(address)?;
        Ok(self.0.parking.notify(address, count))
    }

    /// A pointer to a `T` at this address of the memory, aligned and within its bounds.
    fn checked<T>(&self, address: u64) -> Result<*const T, TrapCode> {
        check_atomic(address, size_of::<T>() as u64, self.length() as u64)?;
        Ok(self.base().wrapping_add(address as usize).cast())
    }
}

/// Checks an atomic access of `size` bytes.
pub(crate) fn check_atomic(address: u64, size: u64, length: u64) -> Result<(), TrapCode> {
    if !address.is_multiple_of(size) {
        return Err(TrapCode::UnalignedAtomic);
    }
    if address.checked_add(size).is_none_or(|end| end > length) {
        return Err(TrapCode::MemoryOutOfBounds);
    }
    Ok(())
}
