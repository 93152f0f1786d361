//! Descriptors: what a number stands for, and the rights it holds.
//!
//! Rights here only narrow what the capability itself grants: the host crate
//! checks its own permissions in any case.

use crate::abi::FdFlags;
use crate::{Errno, Rights};
use silica_wasi_host::{
    Access, DirPerms, Directory, File, FilePerms, FileType, InputStream, Metadata, OutputStream,
    Permissions, Source, TcpListener, TcpStream,
};

/// What a descriptor number stands for.
#[derive(Debug)]
pub(crate) enum Descriptor {
    Input(InputStream),
    Output(OutputStream),
    File(File),
    Directory(Directory),
    Listener(TcpListener),
    Stream(TcpStream),
}

/// An open descriptor.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    /// The guest's name of a preopened directory.
    pub(crate) preopen: Option<Box<str>>,
}

/// The rights that any descriptor of a regular file may hold.
pub(crate) const FILE_RIGHTS: Rights = Rights::FD_DATASYNC
    .union(Rights::FD_READ)
    .union(Rights::FD_SEEK)
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_SYNC)
    .union(Rights::FD_TELL)
    .union(Rights::FD_WRITE)
    .union(Rights::FD_ADVISE)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_SIZE)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::POLL_FD_READWRITE);

/// Those that writing a file needs.
pub(crate) const WRITING_RIGHTS: Rights = Rights::FD_WRITE
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_SET_SIZE);

/// The rights on a directory that change nothing.
const DIRECTORY_READ_RIGHTS: Rights = Rights::FD_FDSTAT_SET_FLAGS
    .union(Rights::FD_SYNC)
    .union(Rights::FD_DATASYNC)
    .union(Rights::PATH_OPEN)
    .union(Rights::FD_READDIR)
    .union(Rights::PATH_READLINK)
    .union(Rights::PATH_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_GET);

/// The rights on a directory that change names.
const DIRECTORY_MUTATE_RIGHTS: Rights = Rights::PATH_CREATE_DIRECTORY
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::FD_FILESTAT_SET_TIMES);

/// The rights that any descriptor of a directory may hold.
pub(crate) const DIRECTORY_RIGHTS: Rights = DIRECTORY_READ_RIGHTS
    .union(DIRECTORY_MUTATE_RIGHTS)
    .union(Rights::PATH_FILESTAT_SET_SIZE);

const STREAM_RIGHTS: Rights = Rights::FD_FDSTAT_SET_FLAGS
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::POLL_FD_READWRITE);

/// The rights of a connection.
pub(crate) const SOCKET_RIGHTS: Rights = STREAM_RIGHTS
    .union(Rights::FD_READ)
    .union(Rights::FD_WRITE)
    .union(Rights::SOCK_SHUTDOWN);

/// The rights of a directory that grants `permissions`.
fn directory_rights(permissions: Permissions) -> Rights {
    let mut rights = DIRECTORY_RIGHTS;
    if !permissions.directories.contains(DirPerms::READ) {
        rights.remove(Rights::FD_READDIR | Rights::PATH_READLINK | Rights::PATH_FILESTAT_GET);
    }
    if !permissions.directories.contains(DirPerms::MUTATE) {
        rights.remove(DIRECTORY_MUTATE_RIGHTS);
    }
    if !permissions.files.contains(FilePerms::WRITE) {
        rights.remove(Rights::PATH_FILESTAT_SET_SIZE | Rights::PATH_FILESTAT_SET_TIMES);
    }
    rights
}

/// The rights that files opened below may hold. Writing stays among them though
/// it is not granted: C libraries silently drop what is missing here, and the
/// program would learn of it only when its first write is lost. So opening fails.
fn inherited_file_rights(permissions: Permissions) -> Rights {
    let mut rights = FILE_RIGHTS;
    if !permissions.files.contains(FilePerms::WRITE) {
        rights.remove(
            Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE | Rights::FD_FILESTAT_SET_TIMES,
        );
    }
    rights
}

fn file_rights(access: Access) -> Rights {
    let mut rights = FILE_RIGHTS;
    if !access.contains(Access::READ) {
        rights.remove(Rights::FD_READ);
    }
    if !access.contains(Access::WRITE) {
        rights.remove(WRITING_RIGHTS);
    }
    if !access.contains(Access::TIMES) {
        rights.remove(Rights::FD_FILESTAT_SET_TIMES);
    }
    rights
}

impl Entry {
    pub(crate) fn input(stream: InputStream) -> Self {
        if let InputStream::File(file) = stream {
            return Self::file(file);
        }
        let rights = STREAM_RIGHTS | Rights::FD_READ | position_rights(stream.is_terminal());
        Self::new(Descriptor::Input(stream), rights, Rights::empty())
    }

    pub(crate) fn output(stream: OutputStream) -> Self {
        if let OutputStream::File(file) = stream {
            return Self::file(file);
        }
        let rights = STREAM_RIGHTS | Rights::FD_WRITE | position_rights(stream.is_terminal());
        Self::new(Descriptor::Output(stream), rights, Rights::empty())
    }

    fn file(file: File) -> Self {
        let rights = file_rights(file.access());
        Self::new(Descriptor::File(file), rights, Rights::empty())
    }

    pub(crate) fn preopen(directory: Directory, name: Box<str>) -> Self {
        let permissions = directory.permissions();
        let base = directory_rights(permissions);
        let inheriting = base | inherited_file_rights(permissions);
        Self {
            preopen: Some(name),
            ..Self::new(Descriptor::Directory(directory), base, inheriting)
        }
    }

    pub(crate) fn listener(listener: TcpListener) -> Self {
        let base = STREAM_RIGHTS | Rights::SOCK_ACCEPT;
        Self::new(Descriptor::Listener(listener), base, SOCKET_RIGHTS)
    }

    pub(crate) fn new(descriptor: Descriptor, base: Rights, inheriting: Rights) -> Self {
        Self {
            descriptor,
            base,
            inheriting,
            preopen: None,
        }
    }

    pub(crate) fn require(&self, needed: Rights) -> Result<(), Errno> {
        if self.base.contains(needed) {
            Ok(())
        } else {
            Err(Errno::NotCapable)
        }
    }

    /// The directory, if it is one and holds these rights.
    pub(crate) fn directory(&self, needed: Rights) -> Result<&Directory, Errno> {
        match &self.descriptor {
            Descriptor::Directory(directory) => {
                self.require(needed)?;
                Ok(directory)
            }
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::File(_)
            | Descriptor::Listener(_)
            | Descriptor::Stream(_) => Err(Errno::NotDir),
        }
    }

    pub(crate) fn metadata(&self) -> Result<Metadata, Errno> {
        Ok(match &self.descriptor {
            Descriptor::Input(stream) => stream.metadata()?,
            Descriptor::Output(stream) => stream.metadata()?,
            Descriptor::File(file) => file.metadata()?,
            Descriptor::Directory(directory) => directory.metadata()?,
            Descriptor::Listener(listener) => listener.metadata()?,
            Descriptor::Stream(stream) => stream.metadata()?,
        })
    }

    pub(crate) fn file_type(&self) -> Result<FileType, Errno> {
        Ok(match &self.descriptor {
            Descriptor::Input(stream) => stream.file_type(),
            Descriptor::Output(stream) => stream.file_type(),
            Descriptor::File(file) => file.metadata()?.file_type,
            Descriptor::Directory(_) => FileType::Directory,
            Descriptor::Listener(_) | Descriptor::Stream(_) => FileType::SocketStream,
        })
    }

    pub(crate) fn flags(&self) -> Result<FdFlags, Errno> {
        let flags = match &self.descriptor {
            Descriptor::Input(stream) => stream.flags()?,
            Descriptor::Output(stream) => stream.flags()?,
            Descriptor::File(file) => file.flags()?,
            Descriptor::Directory(_) => return Ok(FdFlags::empty()),
            Descriptor::Listener(listener) => listener.flags()?,
            Descriptor::Stream(stream) => stream.flags()?,
        };
        Ok(flags.into())
    }

    /// What to wait on, for anything but a directory.
    pub(crate) fn source(&self) -> Result<Source<'_>, Errno> {
        Ok(match &self.descriptor {
            Descriptor::Input(stream) => stream.source(),
            Descriptor::Output(stream) => stream.source(),
            Descriptor::File(file) => file.source(),
            Descriptor::Directory(_) => return Err(Errno::BadF),
            Descriptor::Listener(listener) => listener.source(),
            Descriptor::Stream(stream) => stream.source(),
        })
    }
}

/// C libraries take a character device that cannot seek for a terminal, so only a
/// terminal may lack these rights; seeking fails on what has no position.
fn position_rights(is_terminal: bool) -> Rights {
    if is_terminal {
        Rights::empty()
    } else {
        Rights::FD_SEEK | Rights::FD_TELL
    }
}

/// The descriptors of a program. Its size is bounded, and stays what the
/// greatest number needs.
#[derive(Debug)]
pub(crate) struct Table {
    entries: Vec<Option<Entry>>,
    /// No number below is free.
    lowest_free: usize,
    count_max: usize,
}

impl Table {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            entries: Vec::new(),
            lowest_free: 0,
            count_max,
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.lowest_free_now() < self.count_max
    }

    fn lowest_free_now(&self) -> usize {
        let free = self.entries[self.lowest_free..]
            .iter()
            .position(Option::is_none);
        free.map_or(self.entries.len(), |free| self.lowest_free + free)
    }

    /// Gives an entry the lowest free number.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<u32, Errno> {
        let index = self.lowest_free_now();
        if index >= self.count_max {
            return Err(Errno::Mfile);
        }
        let fd = u32::try_from(index).map_err(|_| Errno::Mfile)?;
        match self.entries.get_mut(index) {
            Some(slot) => *slot = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.lowest_free = index + 1;
        Ok(fd)
    }

    #[inline]
    pub(crate) fn get(&self, fd: u32) -> Result<&Entry, Errno> {
        match self.entries.get(fd as usize) {
            Some(Some(entry)) => Ok(entry),
            Some(None) | None => Err(Errno::BadF),
        }
    }

    /// The entry, if it holds these rights.
    #[inline]
    pub(crate) fn get_with(&self, fd: u32, needed: Rights) -> Result<&Entry, Errno> {
        let entry = self.get(fd)?;
        entry.require(needed)?;
        Ok(entry)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Entry, Errno> {
        match self.entries.get_mut(fd as usize) {
            Some(Some(entry)) => Ok(entry),
            Some(None) | None => Err(Errno::BadF),
        }
    }

    pub(crate) fn remove(&mut self, fd: u32) -> Result<Entry, Errno> {
        let slot = self.entries.get_mut(fd as usize).ok_or(Errno::BadF)?;
        let entry = slot.take().ok_or(Errno::BadF)?;
        self.lowest_free = self.lowest_free.min(fd as usize);
        Ok(entry)
    }

    /// Gives `from` the number `to`, whose former entry is closed. Both must be
    /// open: other code may be about to be given a number that is not.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(from)?;
        self.get(to)?;
        if from == to {
            return Ok(());
        }
        let entry = self.remove(from)?;
        *self.get_mut(to)? = entry;
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn open_count(&self) -> usize {
        self.entries.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn null() -> Entry {
        Entry::input(InputStream::Null)
    }

    #[test]
    fn numbers_are_the_lowest_free_and_bounded() {
        let mut table = Table::new(4);
        for fd in 0..4 {
            assert_eq!(table.insert(null()), Ok(fd));
        }
        assert_eq!(table.insert(null()), Err(Errno::Mfile));
        assert!(!table.has_room());
        table.remove(2).unwrap();
        table.remove(1).unwrap();
        assert_eq!(table.remove(1).map(drop), Err(Errno::BadF));
        assert_eq!(table.insert(null()), Ok(1));
        assert_eq!(table.insert(null()), Ok(2));
    }

    #[test]
    fn renumbering_neither_leaks_nor_panics() {
        let mut table = Table::new(8);
        for _ in 0..4 {
            table.insert(null()).unwrap();
        }
        for (from, to) in [(0, 99), (99, 0), (u32::MAX, u32::MAX), (0, u32::MAX)] {
            assert_eq!(table.renumber(from, to), Err(Errno::BadF));
        }
        assert_eq!(table.renumber(3, 3), Ok(()));
        assert_eq!(table.open_count(), 4);
        for (from, to) in [(3, 0), (2, 0), (1, 0)] {
            table.renumber(from, to).unwrap();
            assert_eq!(table.renumber(from, to), Err(Errno::BadF));
        }
        assert_eq!(table.open_count(), 1);
        assert_eq!(table.insert(null()), Ok(1));
    }
}
