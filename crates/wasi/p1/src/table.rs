//! Descriptors: what a number stands for, and the rights it holds.
//!
//! Rights here only narrow what the capability itself grants: the host crate
//! checks its own permissions in any case.
//!
//! The threads of a program share its table. Its lock is held while a number is
//! looked up, never while the host works: an operation keeps what it found open.

use crate::abi::FdFlags;
use crate::{Errno, Rights};
use silica_wasi_host::{
    Access, DirPerms, Directory, File, FilePerms, FileType, InputStream, Metadata, OutputStream,
    Permissions, Source, TcpSocket, UdpSocket,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a descriptor number stands for.
#[derive(Debug)]
pub(crate) enum Descriptor {
    Input(InputStream),
    Output(OutputStream),
    File(File),
    Directory(Directory),
    Tcp(TcpSocket),
    Udp(UdpSocket),
}

/// An open descriptor, and the rights that one number holds on it. It stays open
/// while there is a clone.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    open: Arc<Open>,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
}

#[derive(Debug)]
struct Open {
    descriptor: Descriptor,
    /// The guest's name of a preopened directory.
    preopen: Option<Box<str>>,
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
        Self::named(
            Descriptor::Directory(directory),
            base,
            inheriting,
            Some(name),
        )
    }

    pub(crate) fn listener(listener: TcpSocket) -> Self {
        let base = STREAM_RIGHTS | Rights::SOCK_ACCEPT;
        Self::new(Descriptor::Tcp(listener), base, SOCKET_RIGHTS)
    }

    /// A socket that the program opened: what it may reach is checked when it does.
    pub(crate) fn socket(descriptor: Descriptor) -> Self {
        let base = SOCKET_RIGHTS | Rights::SOCK_ACCEPT;
        Self::new(descriptor, base, SOCKET_RIGHTS)
    }

    pub(crate) fn new(descriptor: Descriptor, base: Rights, inheriting: Rights) -> Self {
        Self::named(descriptor, base, inheriting, None)
    }

    fn named(
        descriptor: Descriptor,
        base: Rights,
        inheriting: Rights,
        preopen: Option<Box<str>>,
    ) -> Self {
        Self {
            open: Arc::new(Open {
                descriptor,
                preopen,
            }),
            base,
            inheriting,
        }
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.open.descriptor
    }

    /// The guest's name of a preopened directory.
    pub(crate) fn preopen_name(&self) -> Result<&str, Errno> {
        self.open.preopen.as_deref().ok_or(Errno::BadF)
    }

    pub(crate) fn require(&self, needed: Rights) -> Result<(), Errno> {
        if self.base.contains(needed) {
            Ok(())
        } else {
            Err(self.refused())
        }
    }

    /// The error of what this descriptor has no right to. Whoever watches a directory is told where that is for what the
    /// directory grants.
    pub(crate) fn refused(&self) -> Errno {
        if let Descriptor::Directory(directory) = self.descriptor() {
            // The error is the same.
            let _ = directory.require(DirPerms::MUTATE);
        }
        Errno::NotCapable
    }

    /// The directory, if it is one and holds these rights.
    pub(crate) fn directory(&self, needed: Rights) -> Result<&Directory, Errno> {
        match self.descriptor() {
            Descriptor::Directory(directory) => {
                self.require(needed)?;
                Ok(directory)
            }
            Descriptor::Input(_)
            | Descriptor::Output(_)
            | Descriptor::File(_)
            | Descriptor::Tcp(_)
            | Descriptor::Udp(_) => Err(Errno::NotDir),
        }
    }

    pub(crate) fn metadata(&self) -> Result<Metadata, Errno> {
        Ok(match self.descriptor() {
            Descriptor::Input(stream) => stream.metadata()?,
            Descriptor::Output(stream) => stream.metadata()?,
            Descriptor::File(file) => file.metadata()?,
            Descriptor::Directory(directory) => directory.metadata()?,
            Descriptor::Tcp(socket) => socket.metadata()?,
            Descriptor::Udp(socket) => socket.metadata()?,
        })
    }

    pub(crate) fn file_type(&self) -> Result<FileType, Errno> {
        Ok(match self.descriptor() {
            Descriptor::Input(stream) => stream.file_type(),
            Descriptor::Output(stream) => stream.file_type(),
            Descriptor::File(file) => file.metadata()?.file_type,
            Descriptor::Directory(_) => FileType::Directory,
            Descriptor::Tcp(_) => FileType::SocketStream,
            Descriptor::Udp(_) => FileType::SocketDatagram,
        })
    }

    pub(crate) fn flags(&self) -> Result<FdFlags, Errno> {
        let flags = match self.descriptor() {
            Descriptor::Input(stream) => stream.flags()?,
            Descriptor::Output(stream) => stream.flags()?,
            Descriptor::File(file) => file.flags()?,
            Descriptor::Directory(_) => return Ok(FdFlags::empty()),
            Descriptor::Tcp(socket) => socket.flags()?,
            Descriptor::Udp(socket) => socket.flags()?,
        };
        Ok(flags.into())
    }

    /// What to wait on, for anything but a directory.
    pub(crate) fn source(&self) -> Result<Source<'_>, Errno> {
        Ok(match self.descriptor() {
            Descriptor::Input(stream) => stream.source(),
            Descriptor::Output(stream) => stream.source(),
            Descriptor::File(file) => file.source(),
            Descriptor::Directory(_) => return Err(Errno::BadF),
            Descriptor::Tcp(socket) => socket.source(),
            Descriptor::Udp(socket) => socket.source(),
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

/// The descriptors of a program; clones share them. Its size is bounded, and stays
/// what the greatest number needs.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    numbers: Arc<Mutex<Numbers>>,
}

#[derive(Debug)]
struct Numbers {
    entries: Vec<Option<Entry>>,
    /// No number below is free.
    lowest_free: usize,
    open_count: usize,
    /// How many are about to be opened.
    reserved_count: usize,
    count_max: usize,
}

/// Room for one more descriptor, taken before it is opened: nothing is opened that
/// then has no number.
pub(crate) struct Room<'a> {
    table: &'a Table,
}

impl Table {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            numbers: Arc::new(Mutex::new(Numbers {
                entries: Vec::new(),
                lowest_free: 0,
                open_count: 0,
                reserved_count: 0,
                count_max: count_max.min(u32::MAX as usize),
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        // Nothing that holds the lock can leave half a change behind.
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reserve(&self) -> Result<Room<'_>, Errno> {
        let mut numbers = self.lock();
        if numbers.open_count + numbers.reserved_count >= numbers.count_max {
            return Err(Errno::Mfile);
        }
        numbers.reserved_count += 1;
        Ok(Room { table: self })
    }

    #[inline]
    pub(crate) fn get(&self, fd: u32) -> Result<Entry, Errno> {
        self.lock().get(fd).cloned()
    }

    /// The entry, if it holds these rights.
    #[inline]
    pub(crate) fn get_with(&self, fd: u32, needed: Rights) -> Result<Entry, Errno> {
        let entry = self.get(fd)?;
        entry.require(needed)?;
        Ok(entry)
    }

    /// Lets `change` alter the rights of a number.
    pub(crate) fn alter(
        &self,
        fd: u32,
        change: impl FnOnce(&mut Entry) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        change(self.lock().get_mut(fd)?)
    }

    pub(crate) fn remove(&self, fd: u32) -> Result<Entry, Errno> {
        self.lock().remove(fd)
    }

    /// Gives `from` the number `to`, whose former entry is closed. Both must be
    /// open: other code may be about to be given a number that is not.
    pub(crate) fn renumber(&self, from: u32, to: u32) -> Result<(), Errno> {
        let mut numbers = self.lock();
        numbers.get(from)?;
        numbers.get(to)?;
        if from == to {
            return Ok(());
        }
        let entry = numbers.remove(from)?;
        let former = std::mem::replace(numbers.get_mut(to)?, entry);
        // Closing may take time.
        drop(numbers);
        drop(former);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn open_count(&self) -> usize {
        let numbers = self.lock();
        let counted = numbers.entries.iter().flatten().count();
        assert_eq!(counted, numbers.open_count);
        counted
    }
}

impl Room<'_> {
    /// Gives an entry the lowest free number.
    pub(crate) fn fill(self, entry: Entry) -> u32 {
        self.table.lock().insert(entry)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.table.lock().reserved_count -= 1;
    }
}

impl Numbers {
    /// Gives an entry the lowest free number. There is one, since `self` has room.
    fn insert(&mut self, entry: Entry) -> u32 {
        let free = self.entries[self.lowest_free..]
            .iter()
            .position(Option::is_none);
        let index = free.map_or(self.entries.len(), |free| self.lowest_free + free);
        match self.entries.get_mut(index) {
            Some(slot) => *slot = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.lowest_free = index + 1;
        self.open_count += 1;
        // Fewer than `count_max` are open, which is a `u32`, and none below is free.
        index as u32
    }

    fn get(&self, fd: u32) -> Result<&Entry, Errno> {
        match self.entries.get(fd as usize) {
            Some(Some(entry)) => Ok(entry),
            Some(None) | None => Err(Errno::BadF),
        }
    }

    fn get_mut(&mut self, fd: u32) -> Result<&mut Entry, Errno> {
        match self.entries.get_mut(fd as usize) {
            Some(Some(entry)) => Ok(entry),
            Some(None) | None => Err(Errno::BadF),
        }
    }

    fn remove(&mut self, fd: u32) -> Result<Entry, Errno> {
        let slot = self.entries.get_mut(fd as usize).ok_or(Errno::BadF)?;
        let entry = slot.take().ok_or(Errno::BadF)?;
        self.lowest_free = self.lowest_free.min(fd as usize);
        self.open_count -= 1;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn null() -> Entry {
        Entry::input(InputStream::Null)
    }

    fn insert(table: &Table) -> Result<u32, Errno> {
        Ok(table.reserve()?.fill(null()))
    }

    #[test]
    fn numbers_are_the_lowest_free_and_bounded() {
        let table = Table::new(4);
        for fd in 0..4 {
            assert_eq!(insert(&table), Ok(fd));
        }
        assert_eq!(insert(&table), Err(Errno::Mfile));
        table.remove(2).unwrap();
        table.remove(1).unwrap();
        assert_eq!(table.remove(1).map(drop), Err(Errno::BadF));
        assert_eq!(insert(&table), Ok(1));
        assert_eq!(insert(&table), Ok(2));
    }

    #[test]
    fn room_is_kept_for_what_is_being_opened() {
        let table = Table::new(2);
        let (first, second) = (table.reserve().unwrap(), table.reserve().unwrap());
        assert!(table.clone().reserve().is_err());
        drop(first);
        assert_eq!(second.fill(null()), 0);
        assert_eq!(insert(&table), Ok(1));
        assert!(table.reserve().is_err());
    }

    #[test]
    fn what_is_in_use_stays_open_after_its_number_is_gone() {
        let pipe = silica_wasi_host::InputPipe::from_bytes(*b"x");
        let table = Table::new(2);
        let entry = Entry::input(InputStream::Pipe(pipe));
        table.reserve().unwrap().fill(entry);
        let used = table.get(0).unwrap();
        table.clone().remove(0).unwrap();
        assert!(table.get(0).is_err());
        assert!(used.source().is_ok());
    }

    #[test]
    fn renumbering_neither_leaks_nor_panics() {
        let table = Table::new(8);
        for _ in 0..4 {
            insert(&table).unwrap();
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
        assert_eq!(insert(&table), Ok(1));
    }
}
