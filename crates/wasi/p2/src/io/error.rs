//! What goes wrong with streams: an error that a guest can look at, the end, or a trap.

use silica_engine::Error;

/// The resource `wasi:io/error.error`: why an operation of a stream failed.
#[derive(Debug)]
pub struct IoError(Error);

impl IoError {
    /// One that a guest may have: it is shown as its text, without a path or an address of the host.
    #[must_use]
    pub fn new(error: impl Into<Error>) -> IoError {
        IoError(error.into())
    }

    /// What it was made from, if that was an `E`.
    #[must_use]
    pub fn downcast_ref<E: std::fmt::Display + std::fmt::Debug + Send + Sync + 'static>(
        &self,
    ) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl std::fmt::Display for IoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

/// Why an operation of a stream gave nothing.
#[derive(Debug)]
pub enum StreamError {
    /// The stream is at its end, or nobody reads it.
    Closed,
    /// It failed, in a way that the guest is told.
    Failed(IoError),
    /// The guest broke a rule, or is interrupted: it is stopped.
    Trap(Error),
}

/// What operations of streams give.
pub type StreamResult<T> = Result<T, StreamError>;

impl StreamError {
    /// A trap with this reason.
    pub(crate) fn trap(reason: &'static str) -> StreamError {
        StreamError::Trap(Error::msg(reason))
    }
}

impl From<silica_wasi_host::Error> for StreamError {
    fn from(error: silica_wasi_host::Error) -> Self {
        match error {
            silica_wasi_host::Error::Interrupted => {
                StreamError::Trap(silica_engine::Trap::Interrupt.into())
            }
            silica_wasi_host::Error::BrokenPipe => StreamError::Closed,
            other => StreamError::Failed(IoError::new(other)),
        }
    }
}

/// What an engine gives is a trap.
impl From<Error> for StreamError {
    fn from(error: Error) -> Self {
        StreamError::Trap(error)
    }
}
