//! What lifting and lowering work with: a guest's memory, its `realloc`, and values in registers.
//!
//! A pointer or a length from a guest is only a number here until it has been compared with the memory; every access
//! is.

use silica_component_describe::{Plan, align_to};
use silica_engine::{AsContextMut, Result, StoreContextMut};

use crate::error::CanonicalTrap;
use crate::state::{Options, may_leave, set_may_leave};

/// Values in registers, each as the bits of 64. A joined register of several types has the narrower's bits, zero
/// extended.
#[derive(Clone, Debug)]
pub struct FlatValues {
    bits: [u64; FlatValues::MOST],
    // Words like the others: what is copied in pieces of other sizes waits for the pieces that were written.
    count: usize,
    next: usize,
}

impl Default for FlatValues {
    #[inline]
    fn default() -> Self {
        FlatValues {
            bits: [0; FlatValues::MOST],
            count: 0,
            next: 0,
        }
    }
}

impl FlatValues {
    /// Parameters, and a pointer to results.
    pub(crate) const MOST: usize = silica_engine::NUMERIC_PARAMS_MAX;

    #[doc(hidden)]
    #[inline]
    pub fn push(&mut self, bits: u64) {
        // Types that need more registers than there are go through a memory.
        self.bits[self.count] = bits;
        self.count += 1;
    }

    #[doc(hidden)]
    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Fills up with zeros.
    #[doc(hidden)]
    #[inline]
    pub fn pad(&mut self, count: usize) {
        while self.count() < count {
            self.push(0);
        }
    }

    /// What arguments are.
    #[inline]
    pub(crate) fn of(bits: [u64; FlatValues::MOST], count: usize) -> FlatValues {
        FlatValues {
            bits,
            count,
            next: 0,
        }
    }

    /// Forgets all values, to take others.
    #[inline]
    pub(crate) fn clear(&mut self) {
        (self.count, self.next) = (0, 0);
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u64] {
        &self.bits[..self.count()]
    }

    #[doc(hidden)]
    #[inline]
    pub fn take(&mut self) -> u64 {
        let bits = self.bits[self.next];
        self.next += 1;
        bits
    }

    #[doc(hidden)]
    #[inline]
    pub fn taken(&self) -> usize {
        self.next
    }

    /// Goes on after `count` registers, whatever was taken of them.
    #[doc(hidden)]
    #[inline]
    pub fn skip_to(&mut self, count: usize) {
        self.next = count;
    }
}

/// Lowers values of the host's into a guest.
pub struct LowerContext<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
}

impl<'a, T: 'static> LowerContext<'a, T> {
    /// What the types are of.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }
    /// The guest's memory, whole.
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        match self.options.memory {
            Some(memory) => memory.data_mut(self.store.as_context_mut()),
            None => &mut [],
        }
    }

    /// Memory of the guest's that its `realloc` gives, aligned and within bounds.
    pub(crate) fn realloc(
        &mut self,
        old: u32,
        old_bytes: u32,
        align: u32,
        bytes: u32,
    ) -> Result<u32> {
        let Some(realloc) = self.options.realloc else {
            return Err(CanonicalTrap::ReallocOutOfBounds.into());
        };
        let options = self.options;
        // An adapter that asks for a string may have forbidden it before.
        let before = may_leave(&self.store, options);
        if before {
            set_may_leave(&mut self.store, options, false);
        }
        let pointer = realloc.call(self.store.as_context_mut(), (old, old_bytes, align, bytes))?;
        if before {
            set_may_leave(&mut self.store, options, true);
        }
        if align_to(pointer.into(), align) != u64::from(pointer) {
            return Err(CanonicalTrap::ReallocUnaligned.into());
        }
        if u64::from(pointer) + u64::from(bytes) > self.memory().len() as u64 {
            return Err(CanonicalTrap::ReallocOutOfBounds.into());
        }
        Ok(pointer)
    }

    /// The bytes at `pointer`, to write them.
    pub(crate) fn bytes(&mut self, pointer: u32, count: u64) -> Result<&mut [u8]> {
        let range = range(pointer, count, self.memory().len())?;
        Ok(&mut self.memory()[range])
    }

    #[doc(hidden)]
    #[inline]
    pub fn write<const N: usize>(&mut self, pointer: u32, bytes: [u8; N]) -> Result<()> {
        self.bytes(pointer, N as u64)?.copy_from_slice(&bytes);
        Ok(())
    }
}

/// Lifts values of a guest's to the host.
pub struct LiftContext<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
    /// Bytes of the host's memory that values of this call may still take.
    budget: u64,
}

/// Bytes of the host's memory that the values of one call may take. Guests can name the same memory many times, and
/// the host's values are larger than theirs.
const BUDGET: u64 = 1 << 29;

impl<'a, T: 'static> LiftContext<'a, T> {
    pub(crate) fn new(
        store: StoreContextMut<'a, T>,
        options: &'a Options,
        plan: &'a Plan,
    ) -> LiftContext<'a, T> {
        LiftContext {
            store,
            options,
            plan,
            budget: BUDGET,
        }
    }

    /// What the types are of.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }
    /// The guest's memory, whole.
    pub(crate) fn memory(&mut self) -> &[u8] {
        match self.options.memory {
            Some(memory) => memory.data(self.store.as_context_mut()),
            None => &[],
        }
    }

    /// Accounts for `bytes` of the host's.
    pub(crate) fn charge(&mut self, bytes: u64) -> Result<()> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or(CanonicalTrap::TooLarge)?;
        Ok(())
    }

    /// The bytes at `pointer`.
    pub(crate) fn bytes(&mut self, pointer: u32, count: u64) -> Result<&[u8]> {
        let memory = self.memory();
        let range = range(pointer, count, memory.len())?;
        Ok(&memory[range])
    }

    #[doc(hidden)]
    #[inline]
    pub fn read<const N: usize>(&mut self, pointer: u32) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.bytes(pointer, N as u64)?);
        Ok(bytes)
    }

    /// A list's elements, checked: aligned, and within the memory.
    pub(crate) fn check_list(
        &mut self,
        pointer: u32,
        length: u32,
        size: u64,
        align: u32,
    ) -> Result<()> {
        let bytes = u64::from(length) * size;
        if bytes > LIST_BYTES_MAX {
            return Err(CanonicalTrap::ListTooLong.into());
        }
        check_aligned(pointer, align)?;
        if u64::from(pointer) + bytes > self.memory().len() as u64 {
            return Err(CanonicalTrap::ListOutOfBounds.into());
        }
        Ok(())
    }
}

/// The specification's `MAX_LIST_BYTE_LENGTH`.
pub(crate) const LIST_BYTES_MAX: u64 = (1 << 28) - 1;

/// Checks that a pointer is aligned.
#[inline]
pub(crate) fn check_aligned(pointer: u32, align: u32) -> Result<(), CanonicalTrap> {
    if align_to(pointer.into(), align) == u64::from(pointer) {
        Ok(())
    } else {
        Err(CanonicalTrap::UnalignedPointer)
    }
}

#[inline]
fn range(pointer: u32, count: u64, length: usize) -> Result<std::ops::Range<usize>, CanonicalTrap> {
    let start = u64::from(pointer);
    let end = start.saturating_add(count);
    if end > length as u64 {
        return Err(CanonicalTrap::PointerOutOfBounds);
    }
    Ok(start as usize..end as usize)
}

const _: () = assert!(FlatValues::MOST == silica_component_describe::FLAT_PARAMETERS_MAX + 1);
