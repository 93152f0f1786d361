//! Everything that names a path.

use crate::abi::{self, FdFlags, LookupFlags, OpenFlags};
use crate::table::{DIRECTORY_RIGHTS, Descriptor, Entry, FILE_RIGHTS, WRITING_RIGHTS};
use crate::{Errno, GuestMemory, Rights, WasiP1Context};
use silica_wasi_host::{Access, Metadata, OpenOptions, Opened};
use std::borrow::Cow;

/// A path parameter: where it is in the memory.
type RawPath = (u32, u32);

impl WasiP1Context {
    fn path<'m>(
        &self,
        memory: &'m GuestMemory<'_>,
        (pointer, length): RawPath,
    ) -> Result<Cow<'m, str>, Errno> {
        memory.path(pointer, length, self.quotas.path_bytes_max)
    }

    /// `path_open`: opens a file or directory, with at most the rights that the
    /// directory hands down.
    ///
    /// Of the rights asked for, those that the directory does not hand down are
    /// left out, since C libraries and Rust's ask for more than they need; reading
    /// and writing are not, since a program that asks for them needs them.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`],
    /// [`Errno::Mfile`], what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn path_open(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: u32,
        path_length: u32,
        open: u32,
        base: u64,
        inheriting: u64,
        flags: u32,
        opened: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_OPEN)?;
        let lookup: LookupFlags = abi::parse_flags(lookup)?;
        let open: OpenFlags = abi::parse_flags(open)?;
        let flags: FdFlags = abi::parse_flags(flags)?;
        let base = Rights::from_bits_truncate(base);
        let inheriting = Rights::from_bits_truncate(inheriting) & entry.inheriting;
        check_open_rights(&entry, open, base)?;
        memory.range(opened, 4)?;
        let room = self.table.reserve()?;
        let options = open_options(lookup, open, flags, base);
        let path = self.path(memory, (path, path_length))?;
        let base = base & entry.inheriting;
        let new = match directory.open_at(&path, &options)? {
            Opened::File(file) => {
                let base = base & FILE_RIGHTS & access_rights(file.access());
                Entry::new(Descriptor::File(file), base, inheriting)
            }
            Opened::Directory(directory) => {
                let base = base & DIRECTORY_RIGHTS;
                Entry::new(Descriptor::Directory(directory), base, inheriting)
            }
        };
        memory.write_u32(opened, room.fill(new))
    }

    /// `path_filestat_get`: the attributes of what a path names.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`], what the host
    /// reports.
    pub fn path_filestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: u32,
        path_length: u32,
        stat: u32,
    ) -> Result<(), Errno> {
        let metadata = self.path_metadata(memory, fd, lookup, (path, path_length))?;
        memory.write(stat, &abi::filestat(&metadata))
    }

    /// `path_filestat_get` of `wasi_unstable`, whose layout is another.
    ///
    /// # Errors
    /// As [`path_filestat_get`](Self::path_filestat_get).
    pub fn path_filestat_get_unstable(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: u32,
        path_length: u32,
        stat: u32,
    ) -> Result<(), Errno> {
        let metadata = self.path_metadata(memory, fd, lookup, (path, path_length))?;
        memory.write(stat, &abi::filestat_unstable(&metadata))
    }

    fn path_metadata(
        &self,
        memory: &GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: RawPath,
    ) -> Result<Metadata, Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_FILESTAT_GET)?;
        let follow = parse_follow(lookup)?;
        let path = self.path(memory, path)?;
        Ok(directory.metadata_at(&path, follow)?)
    }

    /// `path_filestat_set_times`: changes the times of what a path names.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`]; [`Errno::Inval`]
    /// for flags that exclude each other; what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn path_filestat_set_times(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: u32,
        path_length: u32,
        accessed: u64,
        modified: u64,
        flags: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_FILESTAT_SET_TIMES)?;
        let follow = parse_follow(lookup)?;
        let (accessed, modified) = abi::parse_times(accessed, modified, flags)?;
        let path = self.path(memory, (path, path_length))?;
        Ok(directory.set_times_at(&path, follow, accessed, modified)?)
    }

    /// `path_create_directory`: makes a directory.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`], what the host
    /// reports.
    pub fn path_create_directory(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_CREATE_DIRECTORY)?;
        let path = self.path(memory, (path, path_length))?;
        Ok(directory.create_directory_at(&path)?)
    }

    /// `path_remove_directory`: removes an empty directory.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotEmpty`],
    /// [`Errno::NotCapable`], what the host reports.
    pub fn path_remove_directory(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_REMOVE_DIRECTORY)?;
        let path = self.path(memory, (path, path_length))?;
        Ok(directory.remove_directory_at(&path)?)
    }

    /// `path_unlink_file`: removes the name of anything but a directory.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::IsDir`],
    /// [`Errno::NotCapable`], what the host reports.
    pub fn path_unlink_file(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_UNLINK_FILE)?;
        let path = self.path(memory, (path, path_length))?;
        Ok(directory.unlink_file_at(&path)?)
    }

    /// `path_link`: gives an object another name.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`];
    /// [`Errno::Inval`] for following a link at the end, which no host does
    /// safely; what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn path_link(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        lookup: u32,
        path: u32,
        path_length: u32,
        new_fd: u32,
        new_path: u32,
        new_path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let new_entry = self.table.get(new_fd)?;
        let directory = entry.directory(Rights::PATH_LINK_SOURCE)?;
        let new_directory = new_entry.directory(Rights::PATH_LINK_TARGET)?;
        if parse_follow(lookup)? {
            return Err(Errno::Inval);
        }
        check_move(&entry, &new_entry)?;
        let path = self.path(memory, (path, path_length))?;
        let new_path = self.path(memory, (new_path, new_path_length))?;
        Ok(directory.link_at(&path, new_directory, &new_path)?)
    }

    /// `path_rename`: moves a name.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`], what the host
    /// reports.
    #[allow(clippy::too_many_arguments)]
    pub fn path_rename(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        path: u32,
        path_length: u32,
        new_fd: u32,
        new_path: u32,
        new_path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let new_entry = self.table.get(new_fd)?;
        let directory = entry.directory(Rights::PATH_RENAME_SOURCE)?;
        let new_directory = new_entry.directory(Rights::PATH_RENAME_TARGET)?;
        check_move(&entry, &new_entry)?;
        let path = self.path(memory, (path, path_length))?;
        let new_path = self.path(memory, (new_path, new_path_length))?;
        Ok(directory.rename_at(&path, new_directory, &new_path)?)
    }

    /// `path_symlink`: makes a symbolic link.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`]; [`Errno::NotCapable`], also for an
    /// absolute target; what the host reports.
    pub fn path_symlink(
        &mut self,
        memory: &mut GuestMemory<'_>,
        target: u32,
        target_length: u32,
        fd: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_SYMLINK)?;
        let target = self.path(memory, (target, target_length))?;
        let path = self.path(memory, (path, path_length))?;
        Ok(directory.symlink_at(&target, &path)?)
    }

    /// `path_readlink`: the contents of a symbolic link, cut off where the buffer
    /// ends.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`];
    /// [`Errno::Inval`] for what is no link; what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn path_readlink(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        path: u32,
        path_length: u32,
        buffer: u32,
        length: u32,
        used: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::PATH_READLINK)?;
        memory.range(buffer, length)?;
        memory.range(used, 4)?;
        let path = self.path(memory, (path, path_length))?;
        let target = directory.read_link_at(&path)?;
        let count = target.len().min(length as usize);
        memory.write(buffer, &target.as_bytes()[..count])?;
        // At most `length`, which fits.
        memory.write_u32(used, count as u32)
    }
}

fn parse_follow(lookup: u32) -> Result<bool, Errno> {
    let lookup: LookupFlags = abi::parse_flags(lookup)?;
    Ok(lookup.contains(LookupFlags::SYMLINK_FOLLOW))
}

/// What the directory must hold, and hand down, for a path to be opened so.
fn check_open_rights(entry: &Entry, open: OpenFlags, base: Rights) -> Result<(), Errno> {
    let mut needed = Rights::empty();
    needed.set(Rights::PATH_CREATE_FILE, open.contains(OpenFlags::CREAT));
    needed.set(
        Rights::PATH_FILESTAT_SET_SIZE,
        open.contains(OpenFlags::TRUNC),
    );
    entry.require(needed)?;
    let wanted = base & (Rights::FD_READ | Rights::FD_WRITE);
    if entry.inheriting.contains(wanted) {
        Ok(())
    } else {
        Err(entry.refused())
    }
}

fn open_options(lookup: LookupFlags, open: OpenFlags, flags: FdFlags, base: Rights) -> OpenOptions {
    OpenOptions {
        read: base.intersects(Rights::FD_READ | Rights::FD_READDIR),
        // Not by the other rights that need it: Go asks for those to read, too.
        write: base.contains(Rights::FD_WRITE),
        create: open.contains(OpenFlags::CREAT),
        exclusive: open.contains(OpenFlags::EXCL),
        truncate: open.contains(OpenFlags::TRUNC),
        directory: open.contains(OpenFlags::DIRECTORY),
        follow: lookup.contains(LookupFlags::SYMLINK_FOLLOW),
        flags: flags.into(),
    }
}

fn access_rights(access: Access) -> Rights {
    let mut rights = Rights::all();
    if !access.contains(Access::WRITE) {
        rights.remove(WRITING_RIGHTS);
    }
    if !access.contains(Access::TIMES) {
        rights.remove(Rights::FD_FILESTAT_SET_TIMES);
    }
    rights
}

/// A move must not gain rights: what was opened there could not have more than
/// what is opened here afterwards.
fn check_move(from: &Entry, to: &Entry) -> Result<(), Errno> {
    let gained = to.inheriting.difference(from.inheriting) & WRITING_RIGHTS;
    if gained.is_empty() {
        Ok(())
    } else {
        Err(from.refused())
    }
}
