//! Address space for code that is added bit by bit, while what is there runs. For Unix.

use std::fs::File;

use crate::{Mapping, OsError, Protection, page_size};

/// Data, and right after it code. The code is a file in memory, mapped to be executed and nowhere to be written: it is added by
/// writing to the file, so that no page can be written and executed at once, whatever the address.
#[derive(Debug)]
pub struct CodeSpace {
    mapping: Mapping,
    file: File,
    data_bytes: usize,
    text_bytes: usize,
}

impl CodeSpace {
    /// Room for so many bytes of data, in whole pages, which are zero, and of code. Memory is only taken by what is used.
    ///
    /// # Errors
    /// [`OsError::Call`]; [`OsError::Range`] if there is not so much; [`OsError::Unsupported`] where files in memory cannot be executed.
    pub fn new(data_bytes: usize, text_bytes: usize) -> Result<CodeSpace, OsError> {
        let too_large = OsError::Unsupported("code of that size");
        let (Some(data_bytes), Some(text_bytes)) = (
            data_bytes.checked_next_multiple_of(page_size()),
            text_bytes.checked_next_multiple_of(page_size()),
        ) else {
            return Err(too_large);
        };
        let Some(length) = data_bytes.checked_add(text_bytes) else {
            return Err(too_large);
        };
        let mapping = Mapping::reserve(length)?;
        mapping.protect(0..data_bytes, Protection::ReadWrite)?;
        let file = code_file(text_bytes)?;
        mapping.overlay_code(data_bytes..mapping.len(), &file, 0)?;
        Ok(CodeSpace {
            mapping,
            file,
            data_bytes,
            text_bytes,
        })
    }

    /// The first byte of the data, at the start of a page.
    #[must_use]
    pub fn data(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// The first byte of the code, at the start of a page.
    #[must_use]
    pub fn text(&self) -> *const u8 {
        self.mapping.base().wrapping_add(self.data_bytes)
    }

    /// How much code there is room for.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Lets the first pages of the code be a file's, from an offset at the start of a page: as many as so many bytes take. Before anything is written.
    ///
    /// # Errors
    /// [`OsError::Range`] if there are not so many; [`OsError::Call`] where the system does not let the file be executed.
    pub fn map(&self, file: &File, offset: u64, bytes: usize) -> Result<(), OsError> {
        let bytes = bytes.next_multiple_of(page_size());
        if bytes > self.text_bytes {
            return Err(OsError::Range {
                operation: "mapping code",
                start: 0,
                end: bytes,
                length: self.text_bytes,
            });
        }
        let range = self.data_bytes..self.data_bytes + bytes;
        self.mapping.overlay_code(range, file, offset)
    }

    /// Writes code. Bytes that may be executing, or lie in one line of the cache with such bytes, are not to be written again.
    ///
    /// # Errors
    /// [`OsError::Range`] if it is no place in the code; [`OsError::Call`] when there is no memory.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OsError> {
        let end = offset.checked_add(bytes.len());
        if end.is_none_or(|end| end > self.text_bytes) {
            return Err(OsError::Range {
                operation: "writing code",
                start: offset,
                end: end.unwrap_or(usize::MAX),
                length: self.text_bytes,
            });
        }
        write_at(&self.file, offset, bytes)
    }
}

fn write_at(file: &File, offset: usize, bytes: &[u8]) -> Result<(), OsError> {
    use std::os::unix::fs::FileExt as _;

    (file.write_all_at(bytes, offset as u64)).map_err(|source| OsError::Call {
        operation: "writing code",
        source,
    })
}

/// A file in memory of so many bytes, which may be executed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn code_file(bytes: usize) -> Result<File, OsError> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

    use crate::pages::{failed, may_have_bytes};

    let operation = "making a file for code";
    may_have_bytes(operation, bytes)?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Systems before Linux 6.3 do not know the flag, and need it not.
    let file = memfd_create(c"silica-code", flags | MemfdFlags::EXEC)
        .or_else(|_| memfd_create(c"silica-code", flags))
        .map_err(failed(operation))?;
    ftruncate(&file, bytes as u64).map_err(failed(operation))?;
    let seals = SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&file, seals).map_err(failed(operation))?;
    Ok(file.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn code_file(_bytes: usize) -> Result<File, OsError> {
    Err(OsError::Unsupported("code that is added bit by bit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_appears_in_the_code() {
        let page = page_size();
        let space = CodeSpace::new(page + 1, 3 * page - 1).unwrap();
        assert_eq!(space.text_bytes(), 3 * page);
        assert_eq!(space.text() as usize - space.data() as usize, 2 * page);
        space.write(page - 1, &[1, 2]).unwrap();
        space.write(3 * page - 1, &[3]).unwrap();
        for (offset, byte) in [(0, 0), (page - 1, 1), (page, 2), (3 * page - 1, 3)] {
            // SAFETY: the offset is within the code, which is readable.
            assert_eq!(unsafe { space.text().add(offset).read() }, byte);
        }
        // SAFETY: data is readable and writable.
        unsafe { space.data().add(2 * page - 1).write(7) };
        for (offset, count) in [(3 * page, 1), (3 * page - 1, 2), (usize::MAX, 1)] {
            let error = space.write(offset, &vec![0; count]).unwrap_err();
            assert!(matches!(error, OsError::Range { .. }), "{error}");
        }
        assert!(CodeSpace::new(usize::MAX, 1).is_err() && CodeSpace::new(0, usize::MAX).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn code_cannot_be_written_where_it_is_executed() {
        let space = CodeSpace::new(0, page_size()).unwrap();
        let start = format!("{:x}-", space.text() as usize);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.starts_with(&start)).unwrap();
        assert!(
            line.contains(" r-xs ") && line.contains("silica-code"),
            "{line}"
        );
    }
}
