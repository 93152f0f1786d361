//! Stacks that WebAssembly runs on.

use std::ops::Range;

use crate::{Mapping, OsError, Protection, page_size};

/// Bytes below a stack that fault. Frames larger than a page are probed by the code that makes
/// them, so that any guard of a page would do; host code's frames get some more.
const GUARD_BYTES: usize = 64 << 10;

/// A stack with a guard below.
#[derive(Debug)]
pub struct Stack {
    mapping: Mapping,
    guard: usize,
}

impl Stack {
    /// A stack of at least `bytes` usable bytes.
    ///
    /// # Errors
    /// [`OsError`] when there is no memory or address space for it.
    pub fn new(bytes: usize) -> Result<Stack, OsError> {
        let guard = GUARD_BYTES.next_multiple_of(page_size());
        let too_large = OsError::Unsupported("a stack of that size");
        let length = bytes
            .checked_next_multiple_of(page_size())
            .and_then(|usable| usable.checked_add(guard))
            .ok_or(too_large)?;
        let mapping = Mapping::reserve(length)?;
        mapping.protect(guard..length, Protection::ReadWrite)?;
        Ok(Stack { mapping, guard })
    }

    /// One past its highest byte, where it begins to grow downwards. Aligned to a page.
    #[must_use]
    pub fn top(&self) -> usize {
        self.mapping.base() as usize + self.mapping.len()
    }

    /// Its lowest usable byte.
    #[must_use]
    pub fn bottom(&self) -> usize {
        self.mapping.base() as usize + self.guard
    }

    /// The addresses below it that fault.
    #[must_use]
    pub fn guard(&self) -> Range<usize> {
        self.mapping.base() as usize..self.bottom()
    }

    /// Gives pages back to the system that lie deeper than `keep` bytes below the top.
    ///
    /// # Errors
    /// [`OsError`].
    pub fn shrink(&self, keep: usize) -> Result<(), OsError> {
        let keep = keep
            .next_multiple_of(page_size())
            .min(self.mapping.len() - self.guard);
        self.mapping.discard(self.guard..self.mapping.len() - keep)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_stack_has_its_bytes_above_its_guard() {
        let stack = Stack::new(100_000).unwrap();
        assert!(stack.top() - stack.bottom() >= 100_000);
        assert_eq!(stack.guard().end, stack.bottom());
        // SAFETY: both addresses are usable bytes of the stack, which nothing runs on.
        unsafe {
            (stack.bottom() as *mut u8).write(1);
            ((stack.top() - 1) as *mut u8).write(1);
        }
        stack.shrink(4096).unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { (stack.bottom() as *const u8).read() }, 0);
        assert!(Stack::new(usize::MAX - 5).is_err());
    }
}
