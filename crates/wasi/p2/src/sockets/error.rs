//! Errors of sockets, as operations give them here.

use silica_component::ResourceTableError;
use silica_engine::Error;

use crate::waiter::interrupted;

/// Why an operation on a socket gave nothing.
#[derive(Debug)]
pub enum SocketError {
    /// What the host says.
    Failed(silica_wasi_host::Error),
    /// What the host says of a lookup.
    Unresolved(silica_wasi_host::Error),
    /// The operation is for another state of the socket.
    InvalidState,
    /// Nothing was begun that could be finished.
    NotInProgress,
    /// Something of the kind was begun already.
    ConcurrencyConflict,
    /// The guest broke a rule, or is interrupted: it is stopped.
    Trap(Error),
}

/// What operations on sockets give.
pub type SocketResult<T> = Result<T, SocketError>;

/// What an engine gives is a trap.
impl From<Error> for SocketError {
    fn from(error: Error) -> Self {
        SocketError::Trap(error)
    }
}

impl From<ResourceTableError> for SocketError {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => {
                SocketError::Failed(silica_wasi_host::Error::TooManyOpenFiles)
            }
            other => SocketError::Trap(other.into()),
        }
    }
}

impl From<silica_wasi_host::Error> for SocketError {
    fn from(error: silica_wasi_host::Error) -> Self {
        match error {
            silica_wasi_host::Error::Interrupted => SocketError::Trap(interrupted(error)),
            other => SocketError::Failed(other),
        }
    }
}
