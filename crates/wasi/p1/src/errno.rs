//! What a function of WASI 0.1 returns to the guest, and how it can end it.

use silica_wasi_host::Error;

/// The program asked to end with this status (`proc_exit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("exited with status {0}")]
pub struct Exit(
    /// The status; 0 for success.
    pub u32,
);

macro_rules! errnos {
    ($($name:ident = $value:literal, $text:literal;)*) => {
        /// Why a call failed. 0, for success, is not among them. Those of lookups, which begin
        /// with `Ai`, are of the socket extension.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        #[repr(u16)]
        pub enum Errno {
            $(
                #[doc = $text]
                #[error($text)]
                $name = $value,
            )*
        }

        impl Errno {
            /// The number that a guest sees.
            pub const fn code(self) -> u16 {
                self as u16
            }

            /// The specification's name, without the prefix and in capitals.
            pub fn name(self) -> String {
                match self {
                    $(Self::$name => stringify!($name).to_ascii_uppercase(),)*
                }
            }
        }
    };
}

errnos! {
    TooBig = 1, "argument list too long";
    Acces = 2, "permission denied";
    AddrInUse = 3, "address in use";
    AddrNotAvail = 4, "address not available";
    AfNoSupport = 5, "address family not supported";
    Again = 6, "resource unavailable, or operation would block";
    Already = 7, "connection already in progress";
    BadF = 8, "bad file descriptor";
    BadMsg = 9, "bad message";
    Busy = 10, "device or resource busy";
    Canceled = 11, "operation canceled";
    Child = 12, "no child processes";
    ConnAborted = 13, "connection aborted";
    ConnRefused = 14, "connection refused";
    ConnReset = 15, "connection reset";
    Deadlk = 16, "resource deadlock would occur";
    DestAddrReq = 17, "destination address required";
    Dom = 18, "argument out of domain of function";
    Dquot = 19, "quota exceeded";
    Exist = 20, "file exists";
    Fault = 21, "bad address";
    Fbig = 22, "file too large";
    HostUnreach = 23, "host is unreachable";
    Idrm = 24, "identifier removed";
    Ilseq = 25, "illegal byte sequence";
    InProgress = 26, "operation in progress";
    Intr = 27, "interrupted function";
    Inval = 28, "invalid argument";
    Io = 29, "input/output error";
    IsConn = 30, "socket is connected";
    IsDir = 31, "is a directory";
    Loop = 32, "too many levels of symbolic links";
    Mfile = 33, "file descriptor value too large";
    Mlink = 34, "too many links";
    MsgSize = 35, "message too large";
    Multihop = 36, "multihop attempted";
    NameTooLong = 37, "filename too long";
    NetDown = 38, "network is down";
    NetReset = 39, "connection aborted by network";
    NetUnreach = 40, "network unreachable";
    Nfile = 41, "too many files open in system";
    NoBufs = 42, "no buffer space available";
    NoDev = 43, "no such device";
    NoEnt = 44, "no such file or directory";
    NoExec = 45, "executable file format error";
    NoLck = 46, "no locks available";
    NoLink = 47, "link has been severed";
    NoMem = 48, "not enough space";
    NoMsg = 49, "no message of the desired type";
    NoProtoOpt = 50, "protocol not available";
    NoSpc = 51, "no space left on device";
    NoSys = 52, "function not supported";
    NotConn = 53, "the socket is not connected";
    NotDir = 54, "not a directory or a symbolic link to a directory";
    NotEmpty = 55, "directory not empty";
    NotRecoverable = 56, "state not recoverable";
    NotSock = 57, "not a socket";
    NotSup = 58, "not supported";
    NoTty = 59, "inappropriate I/O control operation";
    Nxio = 60, "no such device or address";
    Overflow = 61, "value too large to be stored in data type";
    OwnerDead = 62, "previous owner died";
    Perm = 63, "operation not permitted";
    Pipe = 64, "broken pipe";
    Proto = 65, "protocol error";
    ProtoNoSupport = 66, "protocol not supported";
    Prototype = 67, "protocol wrong type for socket";
    Range = 68, "result too large";
    Rofs = 69, "read-only file system";
    Spipe = 70, "invalid seek";
    Srch = 71, "no such process";
    Stale = 72, "stale file";
    TimedOut = 73, "connection timed out";
    TxtBsy = 74, "text file busy";
    Xdev = 75, "cross-device link";
    NotCapable = 76, "capabilities insufficient";
    AiAgain = 78, "name not resolved now";
    AiBadFlag = 79, "unknown flag of a lookup";
    AiFamily = 81, "unknown address family of a lookup";
    AiMemory = 82, "no room for the result of a lookup";
    AiNoName = 84, "unknown name";
    AiService = 85, "unknown service";
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error {
            Error::Access => Self::Acces,
            Error::AddressInUse => Self::AddrInUse,
            Error::AddressNotAvailable => Self::AddrNotAvail,
            Error::AddressFamilyNotSupported => Self::AfNoSupport,
            Error::Already => Self::Already,
            Error::BadDescriptor => Self::BadF,
            Error::Busy => Self::Busy,
            Error::ConnectionAborted => Self::ConnAborted,
            Error::ConnectionRefused => Self::ConnRefused,
            Error::ConnectionReset => Self::ConnReset,
            Error::CrossesDevices => Self::Xdev,
            Error::Deadlock => Self::Deadlk,
            Error::Exists => Self::Exist,
            Error::Fault => Self::Fault,
            Error::FileTooLarge => Self::Fbig,
            Error::HostUnreachable => Self::HostUnreach,
            Error::IllegalByteSequence => Self::Ilseq,
            Error::InProgress => Self::InProgress,
            Error::Interrupted => Self::Intr,
            Error::Invalid => Self::Inval,
            Error::Io => Self::Io,
            Error::IsConnected => Self::IsConn,
            Error::IsDirectory => Self::IsDir,
            Error::Loop => Self::Loop,
            Error::TooManyOpenFiles => Self::Mfile,
            Error::TooManyLinks => Self::Mlink,
            Error::MessageSize => Self::MsgSize,
            Error::NameTooLong => Self::NameTooLong,
            Error::NetworkDown => Self::NetDown,
            Error::NetworkReset => Self::NetReset,
            Error::NetworkUnreachable => Self::NetUnreach,
            Error::TooManyOpenFilesInSystem => Self::Nfile,
            Error::NoBufferSpace => Self::NoBufs,
            Error::NoDevice => Self::NoDev,
            Error::NoEntry => Self::NoEnt,
            Error::NoLocks => Self::NoLck,
            Error::OutOfMemory => Self::NoMem,
            Error::NoProtocolOption => Self::NoProtoOpt,
            Error::NoSpace => Self::NoSpc,
            Error::NotImplemented => Self::NoSys,
            Error::NotConnected => Self::NotConn,
            Error::NotDirectory => Self::NotDir,
            Error::NotEmpty => Self::NotEmpty,
            Error::NotSocket => Self::NotSock,
            Error::NotSupported => Self::NotSup,
            Error::NotTerminal => Self::NoTty,
            Error::NoDeviceOrAddress => Self::Nxio,
            Error::Overflow => Self::Overflow,
            Error::NotPermitted => Self::Perm,
            Error::BrokenPipe => Self::Pipe,
            Error::Protocol => Self::Proto,
            Error::ProtocolNotSupported => Self::ProtoNoSupport,
            Error::Range => Self::Range,
            Error::ReadOnlyFileSystem => Self::Rofs,
            Error::InvalidSeek => Self::Spipe,
            Error::Stale => Self::Stale,
            Error::TimedOut => Self::TimedOut,
            Error::TextBusy => Self::TxtBsy,
            Error::WouldBlock => Self::Again,
            Error::NotCapable => Self::NotCapable,
            Error::QuotaExceeded => Self::Dquot,
            Error::Other(_) => Self::Io,
        }
    }
}

/// The number for a result: 0 for success.
pub(crate) fn code(result: Result<(), Errno>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(errno) => i32::from(errno.code()),
    }
}
