//! An open file: bytes at offsets, with what it was opened for.
//!
//! A small read or write makes one system call, allocates nothing and takes no
//! lock (files of an in-memory tree take one).

use crate::device::Device;
use crate::memory::MemoryFile;
use crate::poll::Source;
use crate::{
    Advice, Error, FileFlags, FileType, IoSlice, IoSliceMut, Metadata, Result, SeekFrom, SetTime,
    system,
};
use bitflags::bitflags;
use rustix::fd::AsFd;

bitflags! {
    /// What one open file may be used for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Access: u8 {
        /// Read contents.
        const READ = 1;
        /// Write, truncate and allocate contents.
        const WRITE = 2;
        /// Change times. Held wherever the file's directory may be changed or
        /// its contents written, whether or not this file is open for writing.
        const TIMES = 4;
    }
}

/// An open file that is no directory.
#[derive(Debug)]
pub struct File {
    backing: Backing,
    access: Access,
}

#[derive(Debug)]
enum Backing {
    Host(std::fs::File),
    Memory(MemoryFile),
    Device(Device),
}

impl File {
    /// Grants an open file of the host, for instance to redirect a stream.
    /// `access` beyond what it was opened for fails when it is used.
    pub fn from_std(file: std::fs::File, access: Access) -> Self {
        Self {
            backing: Backing::Host(file),
            access,
        }
    }

    /// Opens a synthetic device.
    pub fn device(device: Device) -> Self {
        Self {
            backing: Backing::Device(device),
            access: Access::all(),
        }
    }

    pub(crate) fn device_with(device: Device, access: Access) -> Self {
        Self {
            backing: Backing::Device(device),
            access,
        }
    }

    pub(crate) fn memory(file: MemoryFile, access: Access) -> Self {
        Self {
            backing: Backing::Memory(file),
            access,
        }
    }

    /// What this file may be used for.
    pub fn access(&self) -> Access {
        self.access
    }

    fn require(&self, needed: Access) -> Result<()> {
        if self.access.contains(needed) {
            Ok(())
        } else {
            Err(Error::NotCapable)
        }
    }

    /// Reads at the current position into one buffer; 0 at the end.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`Access::READ`]; what the host reports.
    #[inline]
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.require(Access::READ)?;
        match &self.backing {
            Backing::Host(file) => system::read(file, buffer),
            Backing::Memory(file) => file.read_vectored(&mut [IoSliceMut::new(buffer)]),
            Backing::Device(device) => device.read(buffer),
        }
    }

    /// Reads at the current position into several buffers, as one operation.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.require(Access::READ)?;
        match &self.backing {
            Backing::Host(file) => system::read_vectored(file, buffers),
            Backing::Memory(file) => file.read_vectored(buffers),
            Backing::Device(device) => device.read_vectored(buffers),
        }
    }

    /// Reads at `offset` and leaves the position alone.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Invalid`] for an offset past 2^63 - 1.
    pub fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.require(Access::READ)?;
        match &self.backing {
            Backing::Host(file) => system::read_at(file, buffers, offset),
            Backing::Memory(file) => file.read_at(buffers, offset),
            Backing::Device(device) => device.read_vectored(buffers),
        }
    }

    /// Reads at `offset` what one operation gives, up to `bytes_max` bytes, without writing the buffer before.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    pub fn read_bytes_at(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>> {
        self.require(Access::READ)?;
        match &self.backing {
            Backing::Host(file) => system::read_bytes_at(file, offset, bytes_max),
            Backing::Memory(_) | Backing::Device(_) => {
                fill_vec(bytes_max, |buffer| self.read_at(&mut [buffer], offset))
            }
        }
    }

    /// Reads at the current position what one operation gives, up to `bytes_max` bytes, without writing the buffer
    /// before.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_bytes(&self, bytes_max: usize) -> Result<Vec<u8>> {
        self.require(Access::READ)?;
        match &self.backing {
            Backing::Host(file) => system::read_bytes(file, bytes_max),
            Backing::Memory(_) | Backing::Device(_) => {
                fill_vec(bytes_max, |mut buffer| self.read(&mut buffer))
            }
        }
    }

    /// Writes one buffer at the current position, or at the end of a file that
    /// is open for appending.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`Access::WRITE`]; what the host reports.
    #[inline]
    pub fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::write(file, buffer),
            Backing::Memory(file) => file.write_vectored(&[IoSlice::new(buffer)]),
            Backing::Device(device) => device.write(buffer.len()),
        }
    }

    /// Writes several buffers at the current position, as one operation.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::write_vectored(file, buffers),
            Backing::Memory(file) => file.write_vectored(buffers),
            Backing::Device(device) => device.write(total_bytes(buffers)),
        }
    }

    /// Writes at `offset`, even in a file that is open for appending, and leaves
    /// the position alone.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`Error::Invalid`] for an offset past 2^63 - 1.
    pub fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::write_at(file, buffers, offset),
            Backing::Memory(file) => file.write_at(buffers, offset),
            Backing::Device(device) => device.write(total_bytes(buffers)),
        }
    }

    /// Writes one buffer at the end, wherever that is when it is written, and returns how many bytes were.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn append(&self, buffer: &[u8]) -> Result<usize> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::append(file, buffer),
            Backing::Memory(file) => file.append(buffer),
            Backing::Device(device) => device.write(buffer.len()),
        }
    }

    /// Moves the position, and returns the new one in bytes from the start.
    ///
    /// # Errors
    /// [`Error::Invalid`] before the start or past 2^63 - 1;
    /// [`Error::InvalidSeek`] where there is no position.
    pub fn seek(&self, position: SeekFrom) -> Result<u64> {
        match &self.backing {
            Backing::Host(file) => system::seek(file, position),
            Backing::Memory(file) => file.seek(position),
            Backing::Device(_) => Ok(0),
        }
    }

    /// The position, in bytes from the start.
    ///
    /// # Errors
    /// [`Error::InvalidSeek`] where there is none.
    pub fn tell(&self) -> Result<u64> {
        self.seek(SeekFrom::Current(0))
    }

    /// The attributes.
    ///
    /// # Errors
    /// What the host reports.
    pub fn metadata(&self) -> Result<Metadata> {
        match &self.backing {
            Backing::Host(file) => system::metadata(file),
            Backing::Memory(file) => file.metadata(),
            Backing::Device(_) => Ok(Metadata::of_kind(FileType::CharacterDevice)),
        }
    }

    /// Truncates or extends the file to `size` bytes.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`Access::WRITE`];
    /// [`Error::FileTooLarge`] past what the host can hold.
    pub fn set_size(&self, size: u64) -> Result<()> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::set_size(file, size),
            Backing::Memory(file) => file.set_size(size),
            Backing::Device(_) => Err(Error::Invalid),
        }
    }

    /// Makes room for `length` bytes at `offset`; the file grows if it ends before.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`Access::WRITE`]; [`Error::Invalid`] for
    /// no bytes; [`Error::FileTooLarge`] past what the host can hold.
    pub fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        self.require(Access::WRITE)?;
        match &self.backing {
            Backing::Host(file) => system::allocate(file, offset, length),
            Backing::Memory(file) => file.allocate(offset, length),
            Backing::Device(_) => Err(Error::NoDevice),
        }
    }

    /// Says how a part of the file will be used; 0 bytes mean up to the end.
    ///
    /// # Errors
    /// [`Error::Invalid`] past 2^63 - 1; what the host reports.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        match &self.backing {
            Backing::Host(file) => system::advise(file, offset, length, advice),
            Backing::Memory(_) | Backing::Device(_) => Ok(()),
        }
    }

    /// Waits until contents and attributes are on the device.
    ///
    /// # Errors
    /// What the host reports.
    pub fn sync(&self) -> Result<()> {
        match &self.backing {
            Backing::Host(file) => system::sync(file),
            Backing::Memory(_) | Backing::Device(_) => Ok(()),
        }
    }

    /// Waits until contents are on the device.
    ///
    /// # Errors
    /// What the host reports.
    pub fn sync_data(&self) -> Result<()> {
        match &self.backing {
            Backing::Host(file) => system::sync_data(file),
            Backing::Memory(_) | Backing::Device(_) => Ok(()),
        }
    }

    /// Changes times.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`Access::TIMES`]; what the host reports.
    pub fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<()> {
        self.require(Access::TIMES)?;
        match &self.backing {
            Backing::Host(file) => system::set_times(file, accessed, modified),
            Backing::Memory(file) => file.set_times(accessed, modified),
            Backing::Device(_) => Err(Error::NotSupported),
        }
    }

    /// How the file behaves.
    ///
    /// # Errors
    /// What the host reports.
    pub fn flags(&self) -> Result<FileFlags> {
        match &self.backing {
            Backing::Host(file) => system::flags(file),
            Backing::Memory(file) => Ok(file.flags()),
            Backing::Device(_) => Ok(FileFlags::empty()),
        }
    }

    /// Changes how the file behaves.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where synchronisation would be added, which no
    /// open file can change.
    pub fn set_flags(&self, flags: FileFlags) -> Result<()> {
        match &self.backing {
            Backing::Host(file) => system::set_flags(file, flags),
            Backing::Memory(file) => file.set_flags(flags),
            Backing::Device(_) => Ok(()),
        }
    }

    /// Whether this is a terminal.
    pub fn is_terminal(&self) -> bool {
        match &self.backing {
            Backing::Host(file) => system::is_terminal(file),
            Backing::Memory(_) | Backing::Device(_) => false,
        }
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        match &self.backing {
            Backing::Host(file) => Source::host(file.as_fd()),
            Backing::Memory(file) => Source::ready(file.bytes_left()),
            Backing::Device(_) => Source::ready(u64::MAX),
        }
    }
}

/// What `read` puts into a buffer of `bytes_max` bytes.
pub(crate) fn fill_vec(
    bytes_max: usize,
    read: impl FnOnce(IoSliceMut<'_>) -> Result<usize>,
) -> Result<Vec<u8>> {
    let mut bytes = vec![0; bytes_max];
    let count = read(IoSliceMut::new(&mut bytes))?;
    bytes.truncate(count);
    Ok(bytes)
}

fn total_bytes(buffers: &[IoSlice<'_>]) -> usize {
    buffers.iter().map(|buffer| buffer.len()).sum()
}
