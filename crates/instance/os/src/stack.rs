//! Stacks that WebAssembly runs on.

use std::ops::Range;

use crate::{Mapping, OsError, Protection, page_size};

/// Bytes below a stack that fault. Frames larger than a page are probed by the code that makes
/// them, so that any guard of a page would do; host code's frames get some more.
const GUARD_BYTES: usize = 64 << 10;

/// A stack with a guard below, and under that a reserve: a second, smaller stack with a guard of its own, for what is called
/// where the first has little left.
#[derive(Debug)]
pub struct Stack {
    mapping: Mapping,
    guard: usize,
    reserve: usize,
}

impl Stack {
    /// A stack of at least `bytes` usable bytes, with a reserve of at least `reserve`.
    ///
    /// # Errors
    /// [`OsError`] when there is no memory or address space for it.
    pub fn new(bytes: usize, reserve: usize) -> Result<Stack, OsError> {
        let too_large = || OsError::Unsupported("a stack of that size");
        let guard = GUARD_BYTES.next_multiple_of(page_size());
        let pages = |bytes: usize| bytes.checked_next_multiple_of(page_size());
        let (bytes, reserve) = pages(bytes).zip(pages(reserve)).ok_or_else(too_large)?;
        let length = [guard, reserve, guard]
            .into_iter()
            .try_fold(bytes, usize::checked_add)
            .ok_or_else(too_large)?;
        let mapping = Mapping::reserve(length)?;
        let stack = Stack {
            mapping,
            guard,
            reserve,
        };
        let (start, reserve_end) = (guard, guard + reserve);
        stack
            .mapping
            .protect(start..reserve_end, Protection::ReadWrite)?;
        stack
            .mapping
            .protect(reserve_end + guard..length, Protection::ReadWrite)?;
        Ok(stack)
    }

    fn base(&self) -> usize {
        self.mapping.base() as usize
    }

    /// One past its highest byte, where it begins to grow downwards. Aligned to a page.
    #[must_use]
    pub fn top(&self) -> usize {
        self.base() + self.mapping.len()
    }

    /// Its lowest usable byte.
    #[must_use]
    pub fn bottom(&self) -> usize {
        self.reserve().end + self.guard
    }

    /// The usable bytes of the reserve, which grows downwards from their end. Aligned to pages.
    #[must_use]
    pub fn reserve(&self) -> Range<usize> {
        let start = self.base() + self.guard;
        start..start + self.reserve
    }

    /// The lowest of all its addresses; those below the reserve fault.
    #[must_use]
    pub fn start(&self) -> usize {
        self.base()
    }

    /// Gives pages back to the system that lie deeper than `keep` bytes below the top.
    ///
    /// # Errors
    /// [`OsError`].
    pub fn shrink(&self, keep: usize) -> Result<(), OsError> {
        let keep = keep
            .next_multiple_of(page_size())
            .min(self.top() - self.bottom());
        self.mapping.discard(self.guard..self.mapping.len() - keep)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_stack_has_its_bytes_above_its_guard() {
        let stack = Stack::new(100_000, 50_000).unwrap();
        let reserve = stack.reserve();
        assert!(stack.top() - stack.bottom() >= 100_000);
        assert!(reserve.len() >= 50_000 && reserve.end.is_multiple_of(page_size()));
        assert!(stack.start() < reserve.start && reserve.end < stack.bottom());
        for (first, end) in [(stack.bottom(), stack.top()), (reserve.start, reserve.end)] {
            // SAFETY: both addresses are usable bytes of the stack, which nothing runs on.
            unsafe {
                (first as *mut u8).write(1);
                ((end - 1) as *mut u8).write(1);
            }
        }
        stack.shrink(4096).unwrap();
        for address in [stack.bottom(), reserve.start, reserve.end - 1] {
            // SAFETY: as above.
            assert_eq!(unsafe { (address as *const u8).read() }, 0);
        }
        assert!(Stack::new(usize::MAX - 5, 0).is_err());
        assert!(Stack::new(0, usize::MAX - 5).is_err());
    }
}
