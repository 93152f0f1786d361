//! A guest's memory. A pointer is a claim until it is checked here.
//!
//! A memory of its own is a slice; one that other threads share is a slice of
//! atomics, into and out of which bytes are copied, so that no `&mut [u8]` ever
//! covers what another thread may change.

use crate::Errno;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

/// The memory that a call's pointers are offsets into.
#[derive(Debug)]
pub struct GuestMemory<'a> {
    form: Form<'a>,
}

#[derive(Debug)]
pub(crate) enum Form<'a> {
    Owned(&'a mut [u8]),
    Shared(&'a [AtomicU8]),
}

impl<'a> GuestMemory<'a> {
    /// A memory that nothing else can touch during the call.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self {
            form: Form::Owned(bytes),
        }
    }

    /// A memory that other threads may read and write during the call.
    pub fn shared(bytes: &'a [AtomicU8]) -> Self {
        Self {
            form: Form::Shared(bytes),
        }
    }

    pub(crate) fn form(&mut self) -> &mut Form<'a> {
        &mut self.form
    }

    fn bytes_len(&self) -> usize {
        match &self.form {
            Form::Owned(bytes) => bytes.len(),
            Form::Shared(bytes) => bytes.len(),
        }
    }

    /// The range of `length` bytes at `pointer`, which lies inside the memory.
    #[inline]
    pub(crate) fn range(&self, pointer: u32, length: u32) -> Result<Range<usize>, Errno> {
        let start = pointer as usize;
        match start.checked_add(length as usize) {
            Some(end) if end <= self.bytes_len() => Ok(start..end),
            Some(_) | None => Err(Errno::Fault),
        }
    }

    /// Copies a structure out.
    #[inline]
    pub(crate) fn read<const N: usize>(&self, pointer: u32) -> Result<[u8; N], Errno> {
        let range = self.range(pointer, N as u32)?;
        let mut array = [0; N];
        match &self.form {
            Form::Owned(bytes) => array.copy_from_slice(&bytes[range]),
            Form::Shared(bytes) => load(&bytes[range], &mut array),
        }
        Ok(array)
    }

    pub(crate) fn read_u32(&self, pointer: u32) -> Result<u32, Errno> {
        Ok(u32::from_le_bytes(self.read(pointer)?))
    }

    pub(crate) fn read_u64(&self, pointer: u32) -> Result<u64, Errno> {
        Ok(u64::from_le_bytes(self.read(pointer)?))
    }

    /// The bytes at a pointer: borrowed, or copied from a shared memory.
    pub(crate) fn bytes(&self, pointer: u32, length: u32) -> Result<Cow<'_, [u8]>, Errno> {
        let range = self.range(pointer, length)?;
        Ok(match &self.form {
            Form::Owned(bytes) => Cow::Borrowed(&bytes[range]),
            Form::Shared(bytes) => {
                let mut copy = vec![0; range.len()];
                load(&bytes[range], &mut copy);
                Cow::Owned(copy)
            }
        })
    }

    /// The path at a pointer, which must be UTF-8 and no longer than `bytes_max`.
    pub(crate) fn path(
        &self,
        pointer: u32,
        length: u32,
        bytes_max: usize,
    ) -> Result<Cow<'_, str>, Errno> {
        self.range(pointer, length)?;
        if length as usize > bytes_max {
            return Err(Errno::NameTooLong);
        }
        match self.bytes(pointer, length)? {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(path) => Ok(Cow::Borrowed(path)),
                Err(_) => Err(Errno::Ilseq),
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(path) => Ok(Cow::Owned(path)),
                Err(_) => Err(Errno::Ilseq),
            },
        }
    }

    /// Copies bytes in.
    #[inline]
    pub(crate) fn write(&mut self, pointer: u32, from: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(from.len()).map_err(|_| Errno::Fault)?;
        let range = self.range(pointer, length)?;
        match &mut self.form {
            Form::Owned(bytes) => bytes[range].copy_from_slice(from),
            Form::Shared(bytes) => store(&bytes[range], from),
        }
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// Lets `fill` write all of a range, in pieces where the memory is shared.
    pub(crate) fn fill(
        &mut self,
        pointer: u32,
        length: u32,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let range = self.range(pointer, length)?;
        match &mut self.form {
            Form::Owned(bytes) => fill(&mut bytes[range]),
            Form::Shared(bytes) => {
                let mut piece = [0; 1024];
                for cells in bytes[range].chunks(piece.len()) {
                    let piece = &mut piece[..cells.len()];
                    fill(piece)?;
                    store(cells, piece);
                }
                Ok(())
            }
        }
    }
}

/// Copies out of shared bytes, each one whole, in no order that others could rely on.
pub(crate) fn load(cells: &[AtomicU8], to: &mut [u8]) {
    for (to, cell) in to.iter_mut().zip(cells) {
        *to = cell.load(Ordering::Relaxed);
    }
}

/// Copies into shared bytes.
pub(crate) fn store(cells: &[AtomicU8], from: &[u8]) {
    for (cell, from) in cells.iter().zip(from) {
        cell.store(*from, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_claims() {
        let mut bytes = [7; 8];
        let mut memory = GuestMemory::new(&mut bytes);
        assert_eq!(memory.read_u64(0), Ok(0x0707_0707_0707_0707));
        assert_eq!(memory.read_u64(1), Err(Errno::Fault));
        assert_eq!(memory.read_u32(u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.write_u32(5, 1), Err(Errno::Fault));
        assert_eq!(memory.range(8, 0), Ok(8..8));
        assert_eq!(memory.range(9, 0), Err(Errno::Fault));
        assert_eq!(memory.path(0, u32::MAX, 10), Err(Errno::Fault));
        assert_eq!(memory.path(0, 8, 7), Err(Errno::NameTooLong));
    }

    #[test]
    fn shared_memory_reads_and_writes_alike() {
        let cells: Vec<AtomicU8> = (0..64).map(AtomicU8::new).collect();
        let mut memory = GuestMemory::shared(&cells);
        assert_eq!(memory.read_u32(1), Ok(0x0403_0201));
        memory.write(2, b"path").unwrap();
        assert_eq!(memory.path(2, 4, 16).unwrap(), "path");
        assert_eq!(memory.write(61, b"path"), Err(Errno::Fault));
    }
}
