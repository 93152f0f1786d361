//! Pages: address space, its protection, files in it. For Unix.

use std::{fs::File, ops::Range, ptr::NonNull, sync::OnceLock};

use rustix::mm::{self, MapFlags, MprotectFlags, ProtFlags};

use crate::{OsError, Protection};

/// Bytes of a page.
#[must_use]
pub fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(rustix::param::page_size)
}

pub(crate) fn failed(operation: &'static str) -> impl Fn(rustix::io::Errno) -> OsError {
    move |errno| OsError::Call {
        operation,
        source: errno.into(),
    }
}

impl Protection {
    fn map_flags(self) -> ProtFlags {
        match self {
            Protection::None => ProtFlags::empty(),
            Protection::Read => ProtFlags::READ,
            Protection::ReadWrite => ProtFlags::READ | ProtFlags::WRITE,
            Protection::ReadExecute => ProtFlags::READ | ProtFlags::EXEC,
        }
    }

    fn protect_flags(self) -> MprotectFlags {
        match self {
            Protection::None => MprotectFlags::empty(),
            Protection::Read => MprotectFlags::READ,
            Protection::ReadWrite => MprotectFlags::READ | MprotectFlags::WRITE,
            Protection::ReadExecute => MprotectFlags::READ | MprotectFlags::EXEC,
        }
    }
}

/// An owned range of address space, unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: a mapping is a pair of numbers; it belongs to the process, not to a thread,
// and the system calls on it may be made from any thread.
unsafe impl Send for Mapping {}
// SAFETY: as above; no method reads or writes the mapped bytes.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Address space in which every access faults. Costs no memory.
    ///
    /// # Errors
    /// [`OsError::Call`] when there is no such range of address space.
    pub fn reserve(length: usize) -> Result<Mapping, OsError> {
        Mapping::new_anonymous(length, Protection::None, MapFlags::NORESERVE)
    }

    /// Zeroed memory to read and write.
    ///
    /// # Errors
    /// [`OsError::Call`].
    pub fn anonymous(length: usize) -> Result<Mapping, OsError> {
        Mapping::new_anonymous(length, Protection::ReadWrite, MapFlags::empty())
    }

    fn new_anonymous(
        length: usize,
        protection: Protection,
        extra: MapFlags,
    ) -> Result<Mapping, OsError> {
        let length = round_up(length, "reserving address space")?;
        // SAFETY: without a fixed address the system picks unused address space.
        let base = unsafe {
            mm::mmap_anonymous(
                std::ptr::null_mut(),
                length,
                protection.map_flags(),
                MapFlags::PRIVATE | extra,
            )
        };
        Mapping::from_raw(base.map_err(failed("reserving address space"))?, length)
    }

    /// A private view of `length` bytes of a file, from `offset`. The view of bytes after the file's end
    /// within its last page is zeros. What becomes of it when somebody cuts the
    /// file short is up to the system (accesses fault).
    ///
    /// # Errors
    /// [`OsError::Call`].
    pub fn file(
        file: &File,
        offset: u64,
        length: usize,
        protection: Protection,
    ) -> Result<Mapping, OsError> {
        let length = round_up(length, "mapping a file")?;
        // SAFETY: without a fixed address the system picks unused address space.
        let base = unsafe {
            mm::mmap(
                std::ptr::null_mut(),
                length,
                protection.map_flags(),
                MapFlags::PRIVATE,
                file,
                offset,
            )
        };
        Mapping::from_raw(base.map_err(failed("mapping a file"))?, length)
    }

    fn from_raw(base: *mut core::ffi::c_void, length: usize) -> Result<Mapping, OsError> {
        let base =
            NonNull::new(base.cast()).ok_or(OsError::Unsupported("a mapping at address zero"))?;
        Ok(Mapping { base, length })
    }

    /// Its first byte.
    #[must_use]
    pub fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no bytes; never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Changes what may be done with these pages.
    ///
    /// # Errors
    /// [`OsError::Range`], [`OsError::Call`].
    pub fn protect(&self, range: Range<usize>, protection: Protection) -> Result<(), OsError> {
        let Some(start) = self.pages("protecting pages", &range)? else {
            return Ok(());
        };
        // SAFETY: `pages` checked that the range is within this mapping, which nothing else uses
        // but through raw pointers.
        unsafe { mm::mprotect(start.cast(), range.len(), protection.protect_flags()) }
            .map_err(failed("protecting pages"))
    }

    /// Puts a private, readable and writable view of a file over these pages.
    ///
    /// # Errors
    /// [`OsError::Range`], [`OsError::Call`].
    pub fn overlay_file(
        &self,
        range: Range<usize>,
        file: &File,
        offset: u64,
    ) -> Result<(), OsError> {
        let Some(start) = self.pages("mapping a file", &range)? else {
            return Ok(());
        };
        // SAFETY: `pages` checked that the range is within this mapping, so that fixing the
        // address replaces nothing else.
        unsafe {
            mm::mmap(
                start.cast(),
                range.len(),
                Protection::ReadWrite.map_flags(),
                MapFlags::PRIVATE | MapFlags::FIXED,
                file,
                offset,
            )
        }
        .map_err(failed("mapping a file"))?;
        Ok(())
    }

    /// Puts a view of a file over these pages, in which what is written to the file appears: to be read and executed.
    ///
    /// # Errors
    /// [`OsError::Range`], [`OsError::Call`].
    pub(crate) fn overlay_code(
        &self,
        range: Range<usize>,
        file: &File,
        offset: u64,
    ) -> Result<(), OsError> {
        let Some(start) = self.pages("mapping code", &range)? else {
            return Ok(());
        };
        // SAFETY: `pages` checked that the range is within this mapping, so that fixing the
        // address replaces nothing else.
        unsafe {
            mm::mmap(
                start.cast(),
                range.len(),
                Protection::ReadExecute.map_flags(),
                MapFlags::SHARED | MapFlags::FIXED,
                file,
                offset,
            )
        }
        .map_err(failed("mapping code"))?;
        Ok(())
    }

    /// Puts fresh zeroed pages over these pages.
    ///
    /// # Errors
    /// [`OsError::Range`], [`OsError::Call`].
    pub fn overlay_anonymous(
        &self,
        range: Range<usize>,
        protection: Protection,
    ) -> Result<(), OsError> {
        let Some(start) = self.pages("renewing pages", &range)? else {
            return Ok(());
        };
        // SAFETY: `pages` checked that the range is within this mapping, so that fixing the
        // address replaces nothing else.
        unsafe {
            mm::mmap_anonymous(
                start.cast(),
                range.len(),
                protection.map_flags(),
                MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE,
            )
        }
        .map_err(failed("renewing pages"))?;
        Ok(())
    }

    /// Forgets what was written to these pages: they read as zeros, or as the file that they view.
    ///
    /// # Errors
    /// [`OsError::Range`], [`OsError::Call`].
    pub fn discard(&self, range: Range<usize>) -> Result<(), OsError> {
        let Some(start) = self.pages("discarding pages", &range)? else {
            return Ok(());
        };
        #[cfg(target_os = "linux")]
        {
            // SAFETY: `pages` checked that the range is within this mapping.
            unsafe { mm::madvise(start.cast(), range.len(), mm::Advice::LinuxDontNeed) }
                .map_err(failed("discarding pages"))
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = start;
            Err(OsError::Unsupported("discarding the contents of pages"))
        }
    }

    /// The address of a range of whole pages, or `None` when it is empty.
    fn pages(
        &self,
        operation: &'static str,
        range: &Range<usize>,
    ) -> Result<Option<*mut u8>, OsError> {
        let aligned =
            range.start.is_multiple_of(page_size()) && range.end.is_multiple_of(page_size());
        if !aligned || range.start > range.end || range.end > self.length {
            return Err(OsError::Range {
                operation,
                start: range.start,
                end: range.end,
                length: self.length,
            });
        }
        Ok((!range.is_empty()).then(|| self.base().wrapping_add(range.start)))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours alone, and raw pointers into it are
        // the responsibility of who keeps them.
        let unmapped = unsafe { mm::munmap(self.base().cast(), self.length) };
        debug_assert!(unmapped.is_ok(), "unmapping a whole mapping does not fail");
    }
}

/// Rounds up to pages; at least one.
fn round_up(length: usize, operation: &'static str) -> Result<usize, OsError> {
    length
        .max(1)
        .checked_next_multiple_of(page_size())
        .ok_or(OsError::Range {
            operation,
            start: 0,
            end: length,
            length: usize::MAX,
        })
}

/// Whether a file of ours may have so many bytes: to write more than the process's limit would end it.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn may_have_bytes(operation: &'static str, bytes: usize) -> Result<(), OsError> {
    use rustix::process::{Resource, getrlimit};

    match getrlimit(Resource::Fsize).current {
        Some(limit) if limit < bytes as u64 => Err(OsError::Call {
            operation,
            source: std::io::ErrorKind::FileTooLarge.into(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// A file that lives in memory only and holds `contents`, to be mapped privately any number of times.
///
/// # Errors
/// [`OsError::Call`]; [`OsError::Unsupported`] where there is no such file.
pub fn memory_file(contents: &[u8]) -> Result<File, OsError> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::unix::fs::FileExt;

        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

        let operation = "making a file in memory";
        may_have_bytes(operation, contents.len())?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file: File = memfd_create(c"silica-memory-image", flags)
            .map_err(failed(operation))?
            .into();
        file.write_all_at(contents, 0)
            .map_err(|source| OsError::Call { operation, source })?;
        let seals = SealFlags::GROW | SealFlags::SHRINK | SealFlags::WRITE | SealFlags::SEAL;
        fcntl_add_seals(&file, seals).map_err(failed(operation))?;
        Ok(file)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = contents;
        Err(OsError::Unsupported("a file in memory"))
    }
}

/// Makes instructions that were just written visible to the processor.
pub fn flush_instructions(start: *const u8, length: usize) {
    #[cfg(target_arch = "aarch64")]
    {
        // The smallest line that the architecture allows; flushing a line twice does no harm.
        const LINE: usize = 16;
        let first = start as usize / LINE * LINE;
        let lines = (first..start as usize + length).step_by(LINE);
        for address in lines.clone() {
            // SAFETY: cleaning a line of readable memory to the point of unification changes nothing else.
            unsafe {
                core::arch::asm!("dc cvau, {0}", in(reg) address, options(nostack, preserves_flags))
            };
        }
        // SAFETY: barriers change no memory.
        unsafe { core::arch::asm!("dsb ish", options(nostack, preserves_flags)) };
        for address in lines {
            // SAFETY: invalidating a line of the instruction cache changes no memory.
            unsafe {
                core::arch::asm!("ic ivau, {0}", in(reg) address, options(nostack, preserves_flags))
            };
        }
        // SAFETY: barriers change no memory.
        unsafe { core::arch::asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
    }
    #[cfg(not(target_arch = "aarch64"))]
    // There the processor sees for itself.
    let _ = (start, length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_made_accessible_discarded_and_renewed() {
        let page = page_size();
        let mapping = Mapping::reserve(4 * page).unwrap();
        mapping
            .protect(page..3 * page, Protection::ReadWrite)
            .unwrap();
        let at = mapping.base().wrapping_add(page);
        // SAFETY: the page was just made readable and writable.
        unsafe { at.write(7) };
        // SAFETY: as above.
        assert_eq!(unsafe { at.read() }, 7);
        mapping.discard(page..2 * page).unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { at.read() }, 0);
        let file = memory_file(&vec![9; page]).unwrap();
        mapping.overlay_file(page..2 * page, &file, 0).unwrap();
        // SAFETY: as above.
        unsafe {
            assert_eq!(at.read(), 9);
            at.write(1);
        }
        mapping.discard(page..2 * page).unwrap();
        assert_eq!(
            // SAFETY: as above.
            unsafe { at.read() },
            9,
            "a private view returns to its file"
        );
        mapping
            .overlay_anonymous(page..2 * page, Protection::ReadWrite)
            .unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { at.read() }, 0);
    }

    #[test]
    fn ranges_outside_are_refused() {
        let page = page_size();
        let mapping = Mapping::reserve(page).unwrap();
        assert!(matches!(
            mapping.protect(0..2 * page, Protection::Read),
            Err(OsError::Range { .. })
        ));
        assert!(matches!(
            mapping.protect(1..page, Protection::Read),
            Err(OsError::Range { .. })
        ));
        assert!(Mapping::reserve(usize::MAX).is_err());
    }
}
