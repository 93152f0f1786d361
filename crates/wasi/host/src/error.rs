//! The one error of this crate: a closed list that each version of WASI can map
//! to its own codes without guessing.
//!
//! It deliberately carries no text and no host path: a guest sees it.

use std::io;

/// The result of every operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $errno:ident;)*) => {
        /// Why an operation on a capability failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum Error {
            $($(#[$doc])* #[error($text)] $name,)*
            /// The path, name or operation lies outside what was granted.
            #[error("not granted")]
            NotCapable,
            /// A quota of this program is used up.
            #[error("quota exceeded")]
            QuotaExceeded,
            /// A symbol of the operating system that has no name here.
            #[error("operating system error {0}")]
            Other(i32),
        }

        impl From<rustix::io::Errno> for Error {
            fn from(errno: rustix::io::Errno) -> Self {
                use rustix::io::Errno;
                match errno {
                    $(Errno::$errno => Self::$name,)*
                    #[allow(unreachable_patterns)]
                    Errno::OPNOTSUPP => Self::NotSupported,
                    // `RESOLVE_BENEATH` reports an escape this way, but so does
                    // a rename between two file systems: escapes are told apart
                    // where paths are resolved.
                    Errno::DQUOT => Self::QuotaExceeded,
                    other => Self::Other(other.raw_os_error()),
                }
            }
        }
    };
}

errors! {
    /// The host's own permissions forbid it.
    Access, "permission denied by the host", ACCESS;
    /// The address is taken.
    AddressInUse, "address in use", ADDRINUSE;
    /// The address does not exist on this host.
    AddressNotAvailable, "address not available", ADDRNOTAVAIL;
    /// The address family is unknown.
    AddressFamilyNotSupported, "address family not supported", AFNOSUPPORT;
    /// A connection is already being made.
    Already, "operation already in progress", ALREADY;
    /// The descriptor is not open, or not open for this.
    BadDescriptor, "bad descriptor", BADF;
    /// Something else uses it.
    Busy, "resource busy", BUSY;
    /// The peer gave up before the connection was accepted.
    ConnectionAborted, "connection aborted", CONNABORTED;
    /// Nobody listens there.
    ConnectionRefused, "connection refused", CONNREFUSED;
    /// The peer closed the connection by force.
    ConnectionReset, "connection reset", CONNRESET;
    /// Source and destination are on different file systems.
    CrossesDevices, "crosses devices", XDEV;
    /// The operation would wait for itself.
    Deadlock, "deadlock", DEADLK;
    /// The name exists.
    Exists, "file exists", EXIST;
    /// An address of the caller is invalid.
    Fault, "bad address", FAULT;
    /// The file would grow past the host's limit.
    FileTooLarge, "file too large", FBIG;
    /// The host cannot be reached.
    HostUnreachable, "host unreachable", HOSTUNREACH;
    /// The bytes are no text in the needed encoding.
    IllegalByteSequence, "illegal byte sequence", ILSEQ;
    /// A connection is being made and not yet there.
    InProgress, "operation in progress", INPROGRESS;
    /// A signal arrived before anything was done.
    Interrupted, "interrupted", INTR;
    /// An argument is meaningless here.
    Invalid, "invalid argument", INVAL;
    /// The device failed.
    Io, "input/output error", IO;
    /// The socket is connected.
    IsConnected, "already connected", ISCONN;
    /// The operation needs something other than a directory.
    IsDirectory, "is a directory", ISDIR;
    /// Too many symbolic links, or one where none may be followed.
    Loop, "too many symbolic links", LOOP;
    /// The process has too many open files.
    TooManyOpenFiles, "too many open files", MFILE;
    /// The file has too many links.
    TooManyLinks, "too many links", MLINK;
    /// The message does not fit.
    MessageSize, "message too long", MSGSIZE;
    /// The path or one of its names is too long.
    NameTooLong, "name too long", NAMETOOLONG;
    /// The network is down.
    NetworkDown, "network down", NETDOWN;
    /// The network dropped the connection.
    NetworkReset, "network reset", NETRESET;
    /// The network cannot be reached.
    NetworkUnreachable, "network unreachable", NETUNREACH;
    /// The system has too many open files.
    TooManyOpenFilesInSystem, "too many open files in system", NFILE;
    /// No memory for socket buffers.
    NoBufferSpace, "no buffer space", NOBUFS;
    /// The device does not exist or does not do this.
    NoDevice, "no such device", NODEV;
    /// The name does not exist.
    NoEntry, "no such file or directory", NOENT;
    /// No locks are left.
    NoLocks, "no locks available", NOLCK;
    /// No memory is left.
    OutOfMemory, "out of memory", NOMEM;
    /// The protocol has no such option.
    NoProtocolOption, "no such protocol option", NOPROTOOPT;
    /// No space is left on the device.
    NoSpace, "no space left", NOSPC;
    /// The system does not have this operation.
    NotImplemented, "not implemented by the system", NOSYS;
    /// The socket is not connected.
    NotConnected, "not connected", NOTCONN;
    /// A component of the path, or what the operation is on, is no directory.
    NotDirectory, "not a directory", NOTDIR;
    /// The directory has entries.
    NotEmpty, "directory not empty", NOTEMPTY;
    /// The operation is for sockets.
    NotSocket, "not a socket", NOTSOCK;
    /// This kind of object does not do this.
    NotSupported, "not supported", NOTSUP;
    /// The operation is for terminals.
    NotTerminal, "not a terminal", NOTTY;
    /// The device does not exist.
    NoDeviceOrAddress, "no such device or address", NXIO;
    /// The value does not fit its type.
    Overflow, "value too large", OVERFLOW;
    /// The operation is not permitted.
    NotPermitted, "operation not permitted", PERM;
    /// Nobody reads the other end.
    BrokenPipe, "broken pipe", PIPE;
    /// The protocol failed.
    Protocol, "protocol error", PROTO;
    /// The protocol is unknown.
    ProtocolNotSupported, "protocol not supported", PROTONOSUPPORT;
    /// The result is outside its range.
    Range, "result out of range", RANGE;
    /// The file system is read-only.
    ReadOnlyFileSystem, "read-only file system", ROFS;
    /// The object has no position.
    InvalidSeek, "illegal seek", SPIPE;
    /// The remote file is gone.
    Stale, "stale file handle", STALE;
    /// The time is over.
    TimedOut, "timed out", TIMEDOUT;
    /// The file is being executed.
    TextBusy, "text file busy", TXTBSY;
    /// Nothing is there now; trying later may help.
    WouldBlock, "try again", AGAIN;
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match rustix::io::Errno::from_io_error(&error) {
            Some(errno) => errno.into(),
            None => Self::from_kind(error.kind()),
        }
    }
}

impl Error {
    /// Errors that a library made up, with no code of the system behind them.
    fn from_kind(kind: io::ErrorKind) -> Self {
        match kind {
            // What cap-std says where a path would leave its directory.
            io::ErrorKind::PermissionDenied => Self::NotCapable,
            io::ErrorKind::NotFound => Self::NoEntry,
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::InvalidInput => Self::Invalid,
            io::ErrorKind::InvalidData => Self::IllegalByteSequence,
            io::ErrorKind::NotADirectory => Self::NotDirectory,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            io::ErrorKind::DirectoryNotEmpty => Self::NotEmpty,
            io::ErrorKind::WouldBlock => Self::WouldBlock,
            io::ErrorKind::Interrupted => Self::Interrupted,
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            io::ErrorKind::OutOfMemory => Self::OutOfMemory,
            io::ErrorKind::Unsupported => Self::NotSupported,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Io,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_not_a_refusal_by_the_host() {
        let escape = io::Error::new(io::ErrorKind::PermissionDenied, "a path led outside");
        assert_eq!(Error::from(escape), Error::NotCapable);
        let refusal = io::Error::from_raw_os_error(rustix::io::Errno::ACCESS.raw_os_error());
        assert_eq!(Error::from(refusal), Error::Access);
    }
}
