//! Standard streams: the host's own, a file, a pipe in memory, or nothing.
//!
//! Bytes pass through exactly and at once: nothing is buffered, translated or
//! flushed later, so a program's output is complete however it ends.

use crate::file::fill_vec;
use crate::pipe::{InputPipe, OutputPipe};
use crate::poll::Source;
use crate::{Access, File, FileFlags, FileType, IoSlice, IoSliceMut, Metadata, Result, system};

/// Where a program's standard input comes from.
#[derive(Debug)]
pub enum InputStream {
    /// Always at its end.
    Null,
    /// The standard input of this process.
    Inherited,
    /// A file or device.
    File(File),
    /// Bytes that the embedder provides.
    Pipe(InputPipe),
}

/// Where a program's standard output or error goes.
#[derive(Debug)]
pub enum OutputStream {
    /// Taken and forgotten.
    Null,
    /// The standard output of this process.
    InheritedOutput,
    /// The standard error of this process.
    InheritedError,
    /// A file or device.
    File(File),
    /// Bytes that the embedder collects.
    Pipe(OutputPipe),
}

impl InputStream {
    /// The standard input of this process: a [`File`] with a position where it is
    /// redirected to one.
    pub fn inherit() -> Self {
        match redirected(rustix::stdio::stdin(), Access::READ) {
            Some(file) => Self::File(file),
            None => Self::Inherited,
        }
    }

    /// Reads what is there into one buffer, waiting for the first byte; 0 at the end.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted) where a signal came first; what the host reports.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Null => Ok(0),
            Self::Inherited => system::read(rustix::stdio::stdin(), buffer),
            Self::File(file) => file.read(buffer),
            Self::Pipe(pipe) => pipe.read(buffer),
        }
    }

    /// Reads what one operation gives, up to `bytes_max` bytes, waiting for the first; none at the end. The buffer is
    /// not written before.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_bytes(&self, bytes_max: usize) -> Result<Vec<u8>> {
        match self {
            Self::Null => Ok(Vec::new()),
            Self::Inherited => system::read_bytes(rustix::stdio::stdin(), bytes_max),
            Self::File(file) => file.read_bytes(bytes_max),
            Self::Pipe(pipe) => fill_vec(bytes_max, |mut buffer| pipe.read(&mut buffer)),
        }
    }

    /// Reads into several buffers, as one operation.
    ///
    /// # Errors
    /// What the host reports.
    pub fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        match self {
            Self::Null => Ok(0),
            Self::Inherited => system::read_vectored(rustix::stdio::stdin(), buffers),
            Self::File(file) => file.read_vectored(buffers),
            Self::Pipe(pipe) => {
                // Only one read may wait: later buffers stay empty, as the
                // contract of a vectored read allows.
                let first = buffers.iter_mut().find(|buffer| !buffer.is_empty());
                first.map_or(Ok(0), |buffer| pipe.read(buffer))
            }
        }
    }

    /// The attributes.
    ///
    /// # Errors
    /// What the host reports.
    pub fn metadata(&self) -> Result<Metadata> {
        match self {
            Self::Null | Self::Pipe(_) => Ok(Metadata::of_kind(self.file_type())),
            Self::Inherited => system::metadata(rustix::stdio::stdin()),
            Self::File(file) => file.metadata(),
        }
    }

    /// What the stream is.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::Null => FileType::CharacterDevice,
            Self::Pipe(_) => FileType::Fifo,
            Self::Inherited => host_type(rustix::stdio::stdin()),
            Self::File(file) => file.metadata().map_or(FileType::Unknown, |m| m.file_type),
        }
    }

    /// How the stream behaves.
    ///
    /// # Errors
    /// What the host reports.
    pub fn flags(&self) -> Result<FileFlags> {
        match self {
            Self::Null | Self::Pipe(_) => Ok(FileFlags::empty()),
            Self::Inherited => system::flags(rustix::stdio::stdin()),
            Self::File(file) => file.flags(),
        }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Null | Self::Pipe(_) => false,
            Self::Inherited => system::is_terminal(rustix::stdio::stdin()),
            Self::File(file) => file.is_terminal(),
        }
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::Null => Source::ready(0),
            Self::Inherited => Source::host(rustix::stdio::stdin()),
            Self::File(file) => file.source(),
            Self::Pipe(pipe) => Source::pipe(pipe),
        }
    }
}

impl OutputStream {
    /// The standard output of this process: a [`File`] with a position where it is
    /// redirected to one.
    pub fn inherit_output() -> Self {
        match redirected(rustix::stdio::stdout(), Access::WRITE) {
            Some(file) => Self::File(file),
            None => Self::InheritedOutput,
        }
    }

    /// The standard error of this process: a [`File`] with a position where it is
    /// redirected to one.
    pub fn inherit_error() -> Self {
        match redirected(rustix::stdio::stderr(), Access::WRITE) {
            Some(file) => Self::File(file),
            None => Self::InheritedError,
        }
    }

    /// Writes some of the buffer, and returns how many bytes.
    ///
    /// # Errors
    /// [`crate::Error::BrokenPipe`] where nobody reads; [`crate::Error::QuotaExceeded`] where a
    /// pipe in memory is full; what the host reports.
    pub fn write(&self, buffer: &[u8]) -> Result<usize> {
        match self {
            Self::Null => Ok(buffer.len()),
            Self::InheritedOutput => system::write(rustix::stdio::stdout(), buffer),
            Self::InheritedError => system::write(rustix::stdio::stderr(), buffer),
            Self::File(file) => file.write(buffer),
            Self::Pipe(pipe) => pipe.write(buffer),
        }
    }

    /// Writes several buffers, as one operation.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        match self {
            Self::Null => Ok(buffers.iter().map(|buffer| buffer.len()).sum()),
            Self::InheritedOutput => system::write_vectored(rustix::stdio::stdout(), buffers),
            Self::InheritedError => system::write_vectored(rustix::stdio::stderr(), buffers),
            Self::File(file) => file.write_vectored(buffers),
            Self::Pipe(pipe) => pipe.write_vectored(buffers),
        }
    }

    /// The attributes.
    ///
    /// # Errors
    /// What the host reports.
    pub fn metadata(&self) -> Result<Metadata> {
        match self {
            Self::Null | Self::Pipe(_) => Ok(Metadata::of_kind(self.file_type())),
            Self::InheritedOutput => system::metadata(rustix::stdio::stdout()),
            Self::InheritedError => system::metadata(rustix::stdio::stderr()),
            Self::File(file) => file.metadata(),
        }
    }

    /// What the stream is.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::Null => FileType::CharacterDevice,
            Self::Pipe(_) => FileType::Fifo,
            Self::InheritedOutput => host_type(rustix::stdio::stdout()),
            Self::InheritedError => host_type(rustix::stdio::stderr()),
            Self::File(file) => file.metadata().map_or(FileType::Unknown, |m| m.file_type),
        }
    }

    /// How the stream behaves.
    ///
    /// # Errors
    /// What the host reports.
    pub fn flags(&self) -> Result<FileFlags> {
        match self {
            Self::Null | Self::Pipe(_) => Ok(FileFlags::empty()),
            Self::InheritedOutput => system::flags(rustix::stdio::stdout()),
            Self::InheritedError => system::flags(rustix::stdio::stderr()),
            Self::File(file) => file.flags(),
        }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Null | Self::Pipe(_) => false,
            Self::InheritedOutput => system::is_terminal(rustix::stdio::stdout()),
            Self::InheritedError => system::is_terminal(rustix::stdio::stderr()),
            Self::File(file) => file.is_terminal(),
        }
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::Null | Self::Pipe(_) => Source::ready(u64::MAX),
            Self::InheritedOutput => Source::host(rustix::stdio::stdout()),
            Self::InheritedError => Source::host(rustix::stdio::stderr()),
            Self::File(file) => file.source(),
        }
    }
}

/// A handle of our own on a stream that is a regular file; the position is shared.
fn redirected(fd: rustix::fd::BorrowedFd<'_>, access: Access) -> Option<File> {
    match host_type(fd) {
        FileType::RegularFile => {
            let own = rustix::io::fcntl_dupfd_cloexec(fd, 3).ok()?;
            Some(File::from_std(own.into(), access))
        }
        FileType::Unknown
        | FileType::BlockDevice
        | FileType::CharacterDevice
        | FileType::Directory
        | FileType::Fifo
        | FileType::SocketDatagram
        | FileType::SocketStream
        | FileType::SymbolicLink => None,
    }
}

fn host_type(fd: impl rustix::fd::AsFd) -> FileType {
    // A closed stream is reported by the operation that needs it.
    system::metadata(fd).map_or(FileType::Unknown, |metadata| metadata.file_type)
}
