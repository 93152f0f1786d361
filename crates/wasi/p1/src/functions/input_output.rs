//! Reading, writing and positions.

use crate::abi::{self, Abi};
use crate::table::{Descriptor, Entry};
use crate::vectors::Vectors;
use crate::{Errno, GuestMemory, Rights, WasiP1Context};
use silica_wasi_host::{File, IoSlice, IoSliceMut, ReceiveFlags, SeekFrom};

impl WasiP1Context {
    /// `fd_read`: reads at the current position.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_read(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        read: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get_with(fd, Rights::FD_READ)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(read, 4)?;
        let count = match entry.descriptor() {
            Descriptor::File(file) => {
                vectors.read_into(memory, true, |slices, _| Ok(file.read_vectored(slices)?))?
            }
            Descriptor::Input(stream) => {
                vectors.read_into(memory, false, |slices, _| Ok(stream.read_vectored(slices)?))?
            }
            Descriptor::Tcp(socket) => vectors.read_into(memory, false, |slices, _| {
                Ok(socket.receive_vectored(slices)?)
            })?,
            Descriptor::Udp(socket) => vectors.read_into(memory, false, |slices, _| {
                Ok(socket.receive(slices, ReceiveFlags::empty())?.bytes)
            })?,
            Descriptor::Directory(_) => return Err(Errno::IsDir),
            Descriptor::Output(_) => return Err(Errno::BadF),
        };
        memory.write_u32(read, count)
    }

    /// `fd_pread`: reads at an offset, and leaves the position alone.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::Spipe`] for what has no
    /// offsets, what the host reports.
    pub fn fd_pread(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        offset: u64,
        read: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, Rights::FD_READ | Rights::FD_SEEK)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(read, 4)?;
        let read_at = |slices: &mut [IoSliceMut<'_>], done| {
            let offset = offset.checked_add(done).ok_or(Errno::Inval)?;
            Ok(file.read_at(slices, offset)?)
        };
        let count = vectors.read_into(memory, true, read_at)?;
        memory.write_u32(read, count)
    }

    /// `fd_write`: writes at the current position.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_write(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        written: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get_with(fd, Rights::FD_WRITE)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(written, 4)?;
        let count = match entry.descriptor() {
            Descriptor::File(file) => {
                vectors.write_from(memory, |slices, _| Ok(file.write_vectored(slices)?))?
            }
            Descriptor::Output(stream) => {
                vectors.write_from(memory, |slices, _| Ok(stream.write_vectored(slices)?))?
            }
            Descriptor::Tcp(socket) => {
                vectors.write_from(memory, |slices, _| Ok(socket.send_vectored(slices)?))?
            }
            Descriptor::Udp(socket) => {
                let datagram = vectors.datagram(memory)?;
                let sent = socket.send(&[IoSlice::new(&datagram)], None)?;
                // A datagram is shorter than 64 KiB.
                sent as u32
            }
            Descriptor::Directory(_) => return Err(Errno::IsDir),
            Descriptor::Input(_) => return Err(Errno::BadF),
        };
        memory.write_u32(written, count)
    }

    /// `fd_pwrite`: writes at an offset, and leaves the position alone.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::Spipe`] for what has no
    /// offsets, what the host reports.
    pub fn fd_pwrite(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        offset: u64,
        written: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, Rights::FD_WRITE | Rights::FD_SEEK)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(written, 4)?;
        let write_at = |slices: &[IoSlice<'_>], done| {
            let offset = offset.checked_add(done).ok_or(Errno::Inval)?;
            Ok(file.write_at(slices, offset)?)
        };
        let count = vectors.write_from(memory, write_at)?;
        memory.write_u32(written, count)
    }

    /// `fd_seek`: moves the position.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::Inval`] before the start,
    /// [`Errno::Spipe`] for what has no position.
    pub fn fd_seek(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        offset: i64,
        whence: u32,
        position: u32,
    ) -> Result<(), Errno> {
        self.seek(memory, Abi::Preview1, (fd, offset, whence), position)
    }

    /// `fd_seek` of `wasi_unstable`, which numbers `whence` differently.
    ///
    /// # Errors
    /// As [`fd_seek`](Self::fd_seek).
    pub fn fd_seek_unstable(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        offset: i64,
        whence: u32,
        position: u32,
    ) -> Result<(), Errno> {
        self.seek(memory, Abi::Unstable, (fd, offset, whence), position)
    }

    fn seek(
        &mut self,
        memory: &mut GuestMemory<'_>,
        abi: Abi,
        (fd, offset, whence): (u32, i64, u32),
        position: u32,
    ) -> Result<(), Errno> {
        let target = abi::parse_seek(abi, offset, whence)?;
        let needed = match target {
            // Asking where one is needs no right to move.
            SeekFrom::Current(0) => Rights::FD_TELL,
            SeekFrom::Current(_) | SeekFrom::Start(_) | SeekFrom::End(_) => Rights::FD_SEEK,
        };
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, needed)?;
        memory.range(position, 8)?;
        memory.write_u64(position, file.seek(target)?)
    }

    /// `fd_tell`: the position.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::Spipe`] for what has no
    /// position.
    pub fn fd_tell(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        position: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, Rights::FD_TELL)?;
        memory.write_u64(position, file.tell()?)
    }

    /// `fd_sync`: waits until contents and attributes are on the device.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_sync(&mut self, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
        match self.table.get_with(fd, Rights::FD_SYNC)?.descriptor() {
            Descriptor::File(file) => Ok(file.sync()?),
            Descriptor::Directory(directory) => Ok(directory.sync()?),
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::Tcp(_)
            | Descriptor::Udp(_) => Err(Errno::Inval),
        }
    }

    /// `fd_datasync`: waits until contents are on the device.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_datasync(&mut self, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
        match self.table.get_with(fd, Rights::FD_DATASYNC)?.descriptor() {
            Descriptor::File(file) => Ok(file.sync_data()?),
            Descriptor::Directory(directory) => Ok(directory.sync_data()?),
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::Tcp(_)
            | Descriptor::Udp(_) => Err(Errno::Inval),
        }
    }

    /// `fd_advise`: says how a part of a file will be used.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::Inval`], what the host
    /// reports.
    pub fn fd_advise(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        offset: u64,
        length: u64,
        advice: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, Rights::FD_ADVISE)?;
        let advice = abi::parse_advice(advice)?;
        Ok(file.advise(offset, length, advice)?)
    }

    /// `fd_allocate`: makes room in a file.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_allocate(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        offset: u64,
        length: u64,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let file = positioned(&entry, Rights::FD_ALLOCATE)?;
        Ok(file.allocate(offset, length)?)
    }

    /// `fd_close`: ends a descriptor.
    ///
    /// # Errors
    /// [`Errno::BadF`].
    pub fn fd_close(&mut self, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
        self.table.remove(fd).map(drop)
    }

    /// `fd_renumber`: gives one descriptor the number of another, which is closed.
    ///
    /// # Errors
    /// [`Errno::BadF`] unless both are open.
    pub fn fd_renumber(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        from: u32,
        to: u32,
    ) -> Result<(), Errno> {
        self.table.renumber(from, to)
    }
}

/// A file with a position, if it holds these rights. That others have none is
/// told first: programs ask so whether they read a file or a terminal.
fn positioned(entry: &Entry, needed: Rights) -> Result<&File, Errno> {
    match entry.descriptor() {
        Descriptor::File(file) => {
            entry.require(needed)?;
            Ok(file)
        }
        other => Err(without_offsets(other)),
    }
}

/// The error of an operation that needs offsets, on what has none.
fn without_offsets(descriptor: &Descriptor) -> Errno {
    match descriptor {
        Descriptor::Directory(_) => Errno::IsDir,
        Descriptor::Input(_) | Descriptor::Output(_) | Descriptor::Tcp(_) | Descriptor::Udp(_) => {
            Errno::Spipe
        }
        // Files are told apart before.
        Descriptor::File(_) => Errno::Inval,
    }
}
