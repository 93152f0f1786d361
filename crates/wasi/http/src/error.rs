//! Errors of operations: a failure that a guest is told, or a trap.

use silica_component::ResourceTableError;
use silica_engine::Error;

use crate::failure::Failure;

/// Why an operation gave nothing.
#[derive(Debug)]
pub enum HttpError {
    /// What the guest is told.
    Failed(Failure),
    /// The guest broke a rule, or is interrupted: it is stopped.
    Trap(Error),
}

/// What operations give.
pub type HttpResult<T> = Result<T, HttpError>;

impl From<Failure> for HttpError {
    fn from(failure: Failure) -> Self {
        HttpError::Failed(failure)
    }
}

/// What an engine gives is a trap.
impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        HttpError::Trap(error)
    }
}

impl From<ResourceTableError> for HttpError {
    fn from(error: ResourceTableError) -> Self {
        HttpError::Trap(error.into())
    }
}

impl From<silica_wasi_host::Error> for HttpError {
    fn from(error: silica_wasi_host::Error) -> Self {
        HttpError::Failed(error.into())
    }
}
