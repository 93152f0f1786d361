//! The codes by which a guest is told of errors.

use silica_wasi_host::Error as E;

use crate::bindings::wasi::filesystem::types::ErrorCode;

/// The code of an error of the host's. Those that are about sockets, and those that have no code, are `io`.
pub(super) fn code(error: E) -> ErrorCode {
    match error {
        E::Access => ErrorCode::Access,
        E::Already => ErrorCode::Already,
        E::BadDescriptor => ErrorCode::BadDescriptor,
        E::Busy => ErrorCode::Busy,
        E::CrossesDevices => ErrorCode::CrossDevice,
        E::Deadlock => ErrorCode::Deadlock,
        E::Exists => ErrorCode::Exist,
        E::FileTooLarge => ErrorCode::FileTooLarge,
        E::IllegalByteSequence => ErrorCode::IllegalByteSequence,
        E::InProgress => ErrorCode::InProgress,
        E::Interrupted => ErrorCode::Interrupted,
        E::Invalid => ErrorCode::Invalid,
        E::IsDirectory => ErrorCode::IsDirectory,
        E::Loop => ErrorCode::Loop,
        E::TooManyLinks => ErrorCode::TooManyLinks,
        E::MessageSize => ErrorCode::MessageSize,
        E::NameTooLong => ErrorCode::NameTooLong,
        E::NoDevice => ErrorCode::NoDevice,
        E::NoEntry => ErrorCode::NoEntry,
        E::NoLocks => ErrorCode::NoLock,
        E::OutOfMemory | E::NoBufferSpace => ErrorCode::InsufficientMemory,
        E::NoSpace => ErrorCode::InsufficientSpace,
        E::NotDirectory => ErrorCode::NotDirectory,
        E::NotEmpty => ErrorCode::NotEmpty,
        E::NotSupported | E::NotImplemented => ErrorCode::Unsupported,
        E::NotTerminal => ErrorCode::NoTty,
        E::NoDeviceOrAddress => ErrorCode::NoSuchDevice,
        E::Overflow | E::Range => ErrorCode::Overflow,
        E::NotPermitted | E::NotCapable => ErrorCode::NotPermitted,
        E::BrokenPipe => ErrorCode::Pipe,
        E::ReadOnlyFileSystem => ErrorCode::ReadOnly,
        E::InvalidSeek => ErrorCode::InvalidSeek,
        E::TextBusy => ErrorCode::TextFileBusy,
        E::WouldBlock => ErrorCode::WouldBlock,
        E::QuotaExceeded | E::TooManyOpenFiles | E::TooManyOpenFilesInSystem => ErrorCode::Quota,
        E::AddressInUse
        | E::AddressNotAvailable
        | E::AddressFamilyNotSupported
        | E::ConnectionAborted
        | E::ConnectionRefused
        | E::ConnectionReset
        | E::Fault
        | E::HostUnreachable
        | E::Io
        | E::IsConnected
        | E::NetworkDown
        | E::NetworkReset
        | E::NetworkUnreachable
        | E::NoProtocolOption
        | E::NotConnected
        | E::NotSocket
        | E::Protocol
        | E::ProtocolNotSupported
        | E::Stale
        | E::TimedOut
        | E::Other(_) => ErrorCode::Io,
    }
}
