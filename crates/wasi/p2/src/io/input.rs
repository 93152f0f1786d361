//! Input streams: what they read from, and the rules that hold for all.

use std::sync::Arc;

use silica_wasi_host::{InputStream as HostInput, Interest, Wait};

use super::error::{StreamError, StreamResult};
use crate::waiter::{Readiness, Subscribe, Waiter};

/// Bytes that one operation reads at most: what a guest can make the host hold for it.
pub(crate) const READ_BYTES_MAX: usize = 1 << 18;

/// What an input stream reads from. What waits for it is told by [`Subscribe`].
pub trait InputSource: Subscribe {
    /// Reads what is there, at least one byte and at most `bytes_max`, without waiting; nothing where nothing is there
    /// yet.
    ///
    /// # Errors
    /// [`StreamError::Closed`] at the end.
    fn read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>>;

    /// As [`read`](Self::read), waiting for the first byte.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn blocking_read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        loop {
            let bytes = self.read(bytes_max, waiter)?;
            if !bytes.is_empty() {
                return Ok(bytes);
            }
            waiter.wait(self.readiness())?;
        }
    }
}

/// The resource `wasi:io/streams.input-stream`.
#[derive(Clone)]
pub struct InputStream {
    source: Arc<dyn InputSource>,
}

impl std::fmt::Debug for InputStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputStream").finish_non_exhaustive()
    }
}

impl InputStream {
    /// A stream that reads from `source`.
    #[must_use]
    pub fn new(source: Arc<dyn InputSource>) -> InputStream {
        InputStream { source }
    }

    pub(crate) fn source(&self) -> Arc<dyn InputSource> {
        Arc::clone(&self.source)
    }

    pub(crate) fn read(&self, length: u64, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        match bounded(length) {
            0 => Ok(Vec::new()),
            bytes_max => self.source.read(bytes_max, waiter),
        }
    }

    pub(crate) fn blocking_read(&self, length: u64, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        match bounded(length) {
            0 => Ok(Vec::new()),
            bytes_max => self.source.blocking_read(bytes_max, waiter),
        }
    }
}

fn bounded(length: u64) -> usize {
    usize::try_from(length).map_or(READ_BYTES_MAX, |length| length.min(READ_BYTES_MAX))
}

/// A standard stream.
impl Subscribe for HostInput {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.source(),
            interest: Interest::Readable,
        })
    }
}

impl InputSource for HostInput {
    fn read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        // The descriptor itself would wait.
        if !waiter.is_ready(self.readiness())? {
            return Ok(Vec::new());
        }
        self.blocking_read(bytes_max, waiter)
    }

    fn blocking_read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        let bytes = waiter.insist(|| self.read_bytes(bytes_max))?;
        if bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        Ok(bytes)
    }
}
