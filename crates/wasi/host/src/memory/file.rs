//! An open file of a tree in memory. Access is not checked here: `File` has
//! done it.

use super::shared::Shared;
use super::tree::Inode;
use crate::{Error, FileFlags, IoSlice, IoSliceMut, Metadata, Result, SeekFrom, SetTime};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct MemoryFile {
    tree: Shared,
    inode: Inode,
    // Changed only while the tree is locked; the lock orders them.
    position: AtomicU64,
    flags: AtomicU8,
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        self.tree.lock().close(self.inode);
    }
}

impl MemoryFile {
    /// The handle on a node whose use `Tree::open` has counted.
    pub(super) fn counted(tree: Shared, inode: Inode, flags: FileFlags) -> Self {
        Self {
            tree,
            inode,
            position: AtomicU64::new(0),
            flags: AtomicU8::new(flags.bits()),
        }
    }

    pub(crate) fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let tree = self.tree.lock();
        let position = self.position.load(Ordering::Relaxed);
        let count = copy_out(tree.file(self.inode)?, position, buffers);
        self.position
            .store(position + count as u64, Ordering::Relaxed);
        Ok(count)
    }

    pub(crate) fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        check_offset(offset)?;
        Ok(copy_out(
            self.tree.lock().file(self.inode)?,
            offset,
            buffers,
        ))
    }

    pub(crate) fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut tree = self.tree.lock();
        let start = if self.flags().contains(FileFlags::APPEND) {
            tree.file(self.inode)?.len() as u64
        } else {
            self.position.load(Ordering::Relaxed)
        };
        let count = write_all(&mut tree, self.inode, start, buffers)?;
        self.position.store(start + count as u64, Ordering::Relaxed);
        Ok(count)
    }

    pub(crate) fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        check_offset(offset)?;
        write_all(&mut self.tree.lock(), self.inode, offset, buffers)
    }

    pub(crate) fn append(&self, buffer: &[u8]) -> Result<usize> {
        let mut tree = self.tree.lock();
        let end = tree.file(self.inode)?.len() as u64;
        write_all(&mut tree, self.inode, end, &[IoSlice::new(buffer)])
    }

    pub(crate) fn seek(&self, position: SeekFrom) -> Result<u64> {
        let tree = self.tree.lock();
        let size = tree.file(self.inode)?.len() as u64;
        let current = self.position.load(Ordering::Relaxed);
        let new = match position {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => current.checked_add_signed(offset),
            SeekFrom::End(offset) => size.checked_add_signed(offset),
        };
        let new = new.ok_or(Error::Invalid)?;
        check_offset(new)?;
        self.position.store(new, Ordering::Relaxed);
        Ok(new)
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        self.tree.lock().metadata(self.inode)
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        self.tree.lock().resize(self.inode, size)
    }

    pub(crate) fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        if length == 0 {
            return Err(Error::Invalid);
        }
        let end = offset.checked_add(length).ok_or(Error::FileTooLarge)?;
        let mut tree = self.tree.lock();
        if end > tree.file(self.inode)?.len() as u64 {
            tree.resize(self.inode, end)?;
        }
        Ok(())
    }

    pub(crate) fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<()> {
        self.tree.lock().set_times(self.inode, accessed, modified)
    }

    pub(crate) fn flags(&self) -> FileFlags {
        FileFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Everything may change: nothing here ever waits or needs a device.
    pub(crate) fn set_flags(&self, flags: FileFlags) -> Result<()> {
        self.flags.store(flags.bits(), Ordering::Relaxed);
        Ok(())
    }

    /// Bytes between the position and the end.
    pub(crate) fn bytes_left(&self) -> u64 {
        let tree = self.tree.lock();
        let size = tree.file(self.inode).map_or(0, <[u8]>::len) as u64;
        size.saturating_sub(self.position.load(Ordering::Relaxed))
    }
}

/// Offsets end where those of the host's files do.
fn check_offset(offset: u64) -> Result<()> {
    match i64::try_from(offset) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::Invalid),
    }
}

fn copy_out(contents: &[u8], offset: u64, buffers: &mut [IoSliceMut<'_>]) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let mut rest = contents.get(start..).unwrap_or_default();
    let mut total = 0;
    for buffer in buffers {
        let count = buffer.len().min(rest.len());
        let (now, later) = rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        rest = later;
        total += count;
    }
    total
}

/// Writes as much as there is room for; an error only where nothing was written.
fn write_all(
    tree: &mut super::tree::Tree,
    inode: Inode,
    start: u64,
    buffers: &[IoSlice<'_>],
) -> Result<usize> {
    let mut total = 0;
    for buffer in buffers {
        match tree.write(inode, start + total as u64, buffer) {
            Ok(count) => total += count,
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(total)
}
