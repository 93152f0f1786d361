//! The codes of errors that a guest gets.

use silica_engine::Result;
use silica_wasi_host::Error;

use super::error::SocketError;
use crate::bindings::wasi::sockets::network::ErrorCode;

/// The code of an error, unless it stops the guest.
pub(super) fn of(error: SocketError) -> Result<ErrorCode> {
    Ok(match error {
        SocketError::Failed(error) => code(error),
        SocketError::Unresolved(error) => lookup_code(error),
        SocketError::InvalidState => ErrorCode::InvalidState,
        SocketError::NotInProgress => ErrorCode::NotInProgress,
        SocketError::ConcurrencyConflict => ErrorCode::ConcurrencyConflict,
        SocketError::Trap(error) => return Err(error),
    })
}

/// The code of a lookup that failed.
fn lookup_code(error: Error) -> ErrorCode {
    match error {
        Error::NoEntry => ErrorCode::NameUnresolvable,
        Error::WouldBlock | Error::TooManyOpenFiles => ErrorCode::TemporaryResolverFailure,
        Error::Access | Error::Invalid => code(error),
        _ => ErrorCode::PermanentResolverFailure,
    }
}

/// The code of an error of the host's.
fn code(error: Error) -> ErrorCode {
    use silica_wasi_host::Error as E;
    match error {
        E::Access | E::NotPermitted | E::NotCapable => ErrorCode::AccessDenied,
        E::NotSupported
        | E::NotImplemented
        | E::NoProtocolOption
        | E::ProtocolNotSupported
        | E::AddressFamilyNotSupported => ErrorCode::NotSupported,
        E::Invalid | E::Fault | E::Range | E::Overflow => ErrorCode::InvalidArgument,
        E::OutOfMemory | E::NoBufferSpace => ErrorCode::OutOfMemory,
        E::TimedOut => ErrorCode::Timeout,
        E::Already => ErrorCode::ConcurrencyConflict,
        E::WouldBlock | E::InProgress => ErrorCode::WouldBlock,
        E::NotConnected | E::IsConnected | E::BadDescriptor | E::NotSocket | E::BrokenPipe => {
            ErrorCode::InvalidState
        }
        E::TooManyOpenFiles | E::TooManyOpenFilesInSystem | E::QuotaExceeded => {
            ErrorCode::NewSocketLimit
        }
        E::AddressNotAvailable => ErrorCode::AddressNotBindable,
        E::AddressInUse => ErrorCode::AddressInUse,
        E::HostUnreachable | E::NetworkDown | E::NetworkUnreachable => ErrorCode::RemoteUnreachable,
        E::ConnectionRefused => ErrorCode::ConnectionRefused,
        E::ConnectionReset | E::NetworkReset => ErrorCode::ConnectionReset,
        E::ConnectionAborted => ErrorCode::ConnectionAborted,
        E::MessageSize => ErrorCode::DatagramTooLarge,
        E::Busy
        | E::CrossesDevices
        | E::Deadlock
        | E::Exists
        | E::FileTooLarge
        | E::IllegalByteSequence
        | E::Interrupted
        | E::InvalidSeek
        | E::Io
        | E::IsDirectory
        | E::Loop
        | E::TooManyLinks
        | E::NameTooLong
        | E::NoDevice
        | E::NoEntry
        | E::NoLocks
        | E::NoSpace
        | E::NotDirectory
        | E::NotEmpty
        | E::NotTerminal
        | E::NoDeviceOrAddress
        | E::Protocol
        | E::ReadOnlyFileSystem
        | E::Stale
        | E::TextBusy
        | E::Other(_) => ErrorCode::Unknown,
    }
}
