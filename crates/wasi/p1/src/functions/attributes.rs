//! What a descriptor is, how it behaves, and the attributes of what it stands for.

use crate::abi::{self, FdFlags};
use crate::table::Descriptor;
use crate::{Errno, GuestMemory, Rights, WasiP1Context};

impl WasiP1Context {
    /// `fd_fdstat_get`: type, flags and rights of a descriptor.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::Fault`].
    pub fn fd_fdstat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        stat: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let (base, inheriting) = (entry.base, entry.inheriting);
        let fdstat = abi::fdstat(entry.file_type()?, entry.flags()?, base, inheriting);
        memory.write(stat, &fdstat)
    }

    /// `fd_fdstat_set_flags`: changes how a descriptor behaves.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], [`Errno::NotSup`] for what cannot
    /// change while it is open.
    pub fn fd_fdstat_set_flags(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        flags: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get_with(fd, Rights::FD_FDSTAT_SET_FLAGS)?;
        let flags: FdFlags = abi::parse_flags(flags)?;
        match entry.descriptor() {
            Descriptor::File(file) => file.set_flags(flags.into())?,
            Descriptor::Tcp(socket) => socket.set_flags(flags.into())?,
            Descriptor::Udp(socket) => socket.set_flags(flags.into())?,
            // Other processes may share a standard stream, and how it behaves.
            Descriptor::Input(_) | Descriptor::Output(_) | Descriptor::Directory(_) => {
                if flags != entry.flags()? {
                    return Err(Errno::NotSup);
                }
            }
        }
        Ok(())
    }

    /// `fd_fdstat_set_rights`: gives up rights.
    ///
    /// # Errors
    /// [`Errno::BadF`]; [`Errno::NotCapable`] for a right that is not held.
    pub fn fd_fdstat_set_rights(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        base: u64,
        inheriting: u64,
    ) -> Result<(), Errno> {
        let held = |held: Rights, wanted: u64| match Rights::from_bits(wanted) {
            Some(wanted) if held.contains(wanted) => Ok(wanted),
            Some(_) | None => Err(Errno::NotCapable),
        };
        self.table.alter(fd, |entry| {
            let base = held(entry.base, base)?;
            entry.inheriting = held(entry.inheriting, inheriting)?;
            entry.base = base;
            Ok(())
        })
    }

    /// `fd_filestat_get`: the attributes of an open object.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_filestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        stat: u32,
    ) -> Result<(), Errno> {
        let metadata = self
            .table
            .get_with(fd, Rights::FD_FILESTAT_GET)?
            .metadata()?;
        memory.write(stat, &abi::filestat(&metadata))
    }

    /// `fd_filestat_get` of `wasi_unstable`, whose layout is another.
    ///
    /// # Errors
    /// As [`fd_filestat_get`](Self::fd_filestat_get).
    pub fn fd_filestat_get_unstable(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        stat: u32,
    ) -> Result<(), Errno> {
        let metadata = self
            .table
            .get_with(fd, Rights::FD_FILESTAT_GET)?
            .metadata()?;
        memory.write(stat, &abi::filestat_unstable(&metadata))
    }

    /// `fd_filestat_set_size`: truncates or extends a file.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`], what the host reports.
    pub fn fd_filestat_set_size(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        size: u64,
    ) -> Result<(), Errno> {
        let entry = self.table.get_with(fd, Rights::FD_FILESTAT_SET_SIZE)?;
        match entry.descriptor() {
            Descriptor::File(file) => Ok(file.set_size(size)?),
            Descriptor::Directory(_) => Err(Errno::IsDir),
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::Tcp(_)
            | Descriptor::Udp(_) => Err(Errno::Inval),
        }
    }

    /// `fd_filestat_set_times`: changes the times of an open object.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotCapable`]; [`Errno::Inval`] for flags that
    /// exclude each other; what the host reports.
    pub fn fd_filestat_set_times(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        accessed: u64,
        modified: u64,
        flags: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get_with(fd, Rights::FD_FILESTAT_SET_TIMES)?;
        let (accessed, modified) = abi::parse_times(accessed, modified, flags)?;
        match entry.descriptor() {
            Descriptor::File(file) => Ok(file.set_times(accessed, modified)?),
            Descriptor::Directory(directory) => Ok(directory.set_times(accessed, modified)?),
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::Tcp(_)
            | Descriptor::Udp(_) => Err(Errno::NotSup),
        }
    }

    /// `fd_prestat_get`: what was preopened, and how long its name is.
    ///
    /// # Errors
    /// [`Errno::BadF`] for what is not open or was not preopened.
    pub fn fd_prestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        prestat: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let name = entry.preopen_name()?;
        let length = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
        memory.write(prestat, &abi::prestat(length))
    }

    /// `fd_prestat_dir_name`: the name of a preopened directory.
    ///
    /// # Errors
    /// [`Errno::BadF`] for what is not open or was not preopened;
    /// [`Errno::NameTooLong`] for a buffer that is too short.
    pub fn fd_prestat_dir_name(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffer: u32,
        length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let name = entry.preopen_name()?;
        memory.range(buffer, length)?;
        if name.len() > length as usize {
            return Err(Errno::NameTooLong);
        }
        memory.write(buffer, name.as_bytes())
    }
}
