//! Errors of files and directories, as operations give them here.

use silica_component::ResourceTableError;
use silica_engine::Error;

use crate::waiter::interrupted;

/// Why an operation on a file or a directory gave nothing.
#[derive(Debug)]
pub enum FsError {
    /// What the guest is told, by its code.
    Failed(silica_wasi_host::Error),
    /// The guest broke a rule, or is interrupted: it is stopped.
    Trap(Error),
}

/// What operations on files and directories give.
pub type FsResult<T> = Result<T, FsError>;

/// What an engine gives is a trap.
impl From<Error> for FsError {
    fn from(error: Error) -> Self {
        FsError::Trap(error)
    }
}

impl From<ResourceTableError> for FsError {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => FsError::Failed(silica_wasi_host::Error::QuotaExceeded),
            other => FsError::Trap(other.into()),
        }
    }
}

impl From<silica_wasi_host::Error> for FsError {
    fn from(error: silica_wasi_host::Error) -> Self {
        match error {
            silica_wasi_host::Error::Interrupted => FsError::Trap(interrupted(error)),
            other => FsError::Failed(other),
        }
    }
}
