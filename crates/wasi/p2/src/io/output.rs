//! Output streams: what they write to, and the permits by which a guest may write.

use std::sync::Arc;

use silica_wasi_host::{Error, Interest, OutputStream as HostOutput, Wait};

use super::error::{StreamError, StreamResult};
use crate::waiter::{Readiness, Subscribe, Waiter};

/// Bytes that one permit allows to write where nothing else limits them.
pub(crate) const PERMIT_BYTES: usize = 1 << 20;

/// Bytes that a pipe or a terminal that is ready takes without waiting: `PIPE_BUF` of Linux.
const READY_BYTES: usize = 4096;

/// Bytes that `blocking-write-and-flush` and its sibling take, as the standard says.
const BLOCKING_BYTES_MAX: u64 = 4096;

/// What an output stream writes to. What waits for room is told by [`Subscribe`].
pub trait OutputSink: Subscribe {
    /// How many bytes can be written now without waiting; 0 where it must be waited for first.
    ///
    /// # Errors
    /// [`StreamError::Closed`] where nobody reads.
    fn check_write(&self, waiter: &Waiter) -> StreamResult<usize>;

    /// Writes all of `bytes`, of which there are no more than [`check_write`](Self::check_write) told last.
    ///
    /// # Errors
    /// [`StreamError::Closed`] where nobody reads.
    fn write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()>;

    /// Begins to pass on what is held back, after which [`check_write`](Self::check_write) tells 0 until that is done.
    /// Most sinks hold nothing back.
    ///
    /// # Errors
    /// [`StreamError::Closed`] where nobody reads.
    fn flush(&self, waiter: &Waiter) -> StreamResult<()> {
        let _ = waiter;
        Ok(())
    }

    /// Writes all of `bytes` and passes them on, waiting for room.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn blocking_write(&self, mut bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        while !bytes.is_empty() {
            let room = self.blocking_check_write(waiter)?;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.write(now, waiter)?;
            bytes = later;
        }
        self.flush(waiter)?;
        self.blocking_check_write(waiter).map(drop)
    }

    /// As [`check_write`](Self::check_write), waiting until it is not 0.
    ///
    /// # Errors
    /// As [`check_write`](Self::check_write).
    fn blocking_check_write(&self, waiter: &Waiter) -> StreamResult<usize> {
        loop {
            match self.check_write(waiter)? {
                0 => waiter.wait(self.readiness())?,
                room => return Ok(room),
            }
        }
    }
}

/// The resource `wasi:io/streams.output-stream`.
pub struct OutputStream {
    sink: Arc<dyn OutputSink>,
    /// What may be written before asking again.
    permit: u64,
}

impl std::fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputStream")
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}

impl OutputStream {
    /// A stream that writes to `sink`.
    #[must_use]
    pub fn new(sink: Arc<dyn OutputSink>) -> OutputStream {
        OutputStream { sink, permit: 0 }
    }

    pub(crate) fn sink(&self) -> Arc<dyn OutputSink> {
        Arc::clone(&self.sink)
    }

    pub(crate) fn check_write(&mut self, waiter: &Waiter) -> StreamResult<u64> {
        self.permit = 0;
        self.permit = self.sink.check_write(waiter)? as u64;
        Ok(self.permit)
    }

    pub(crate) fn blocking_check_write(&mut self, waiter: &Waiter) -> StreamResult<u64> {
        self.permit = 0;
        self.permit = self.sink.blocking_check_write(waiter)? as u64;
        Ok(self.permit)
    }

    /// Uses up a part of what was permitted.
    fn take_permit(&mut self, count: u64) -> StreamResult<()> {
        let left = self.permit.checked_sub(count);
        self.permit = left.ok_or_else(|| {
            StreamError::trap("more is written to a stream than `check-write` permitted")
        })?;
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        self.take_permit(bytes.len() as u64)?;
        self.sink.write(bytes, waiter)
    }

    pub(crate) fn write_zeroes(&mut self, count: u64, waiter: &Waiter) -> StreamResult<()> {
        self.take_permit(count)?;
        each_zeroes(count, |zeroes| self.sink.write(zeroes, waiter))
    }

    pub(crate) fn flush(&mut self, waiter: &Waiter) -> StreamResult<()> {
        self.sink.flush(waiter)
    }

    pub(crate) fn blocking_flush(&mut self, waiter: &Waiter) -> StreamResult<()> {
        self.sink.flush(waiter)?;
        self.permit = self.sink.blocking_check_write(waiter)? as u64;
        Ok(())
    }

    pub(crate) fn blocking_write_and_flush(
        &mut self,
        bytes: &[u8],
        waiter: &Waiter,
    ) -> StreamResult<()> {
        check_blocking_bytes(bytes.len() as u64)?;
        self.permit = 0;
        self.sink.blocking_write(bytes, waiter)
    }

    pub(crate) fn blocking_write_zeroes_and_flush(
        &mut self,
        count: u64,
        waiter: &Waiter,
    ) -> StreamResult<()> {
        check_blocking_bytes(count)?;
        self.permit = 0;
        each_zeroes(count, |zeroes| self.sink.blocking_write(zeroes, waiter))
    }
}

fn check_blocking_bytes(count: u64) -> StreamResult<()> {
    if count > BLOCKING_BYTES_MAX {
        return Err(StreamError::trap(
            "more than 4096 bytes are written by a call that waits for all of them",
        ));
    }
    Ok(())
}

/// Does `write` with `count` zeroes in pieces.
fn each_zeroes(
    mut count: u64,
    mut write: impl FnMut(&[u8]) -> StreamResult<()>,
) -> StreamResult<()> {
    const ZEROES: &[u8] = &[0; 4096];
    while count > 0 {
        // At most the length of the piece.
        let now = count.min(ZEROES.len() as u64) as usize;
        write(&ZEROES[..now])?;
        count -= now as u64;
    }
    Ok(())
}

/// A standard stream.
impl Subscribe for HostOutput {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.source(),
            interest: Interest::Writable,
        })
    }
}

impl OutputSink for HostOutput {
    fn check_write(&self, waiter: &Waiter) -> StreamResult<usize> {
        match self {
            HostOutput::Null | HostOutput::File(_) | HostOutput::Pipe(_) => Ok(PERMIT_BYTES),
            HostOutput::InheritedOutput | HostOutput::InheritedError => {
                let ready = waiter.is_ready(self.readiness())?;
                Ok(if ready { READY_BYTES } else { 0 })
            }
        }
    }

    fn write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        write_all(bytes, waiter, |rest| HostOutput::write(self, rest))
    }

    /// The descriptor itself waits, so it is not asked before.
    fn blocking_write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        let mut rest = bytes;
        loop {
            match write_all(rest, waiter, |bytes| {
                let count = HostOutput::write(self, bytes)?;
                rest = rest.get(count..).unwrap_or_default();
                Ok(count)
            }) {
                // Whoever gave us the descriptor may have said that it does not wait.
                Err(StreamError::Failed(error))
                    if error.downcast_ref::<Error>() == Some(&Error::WouldBlock) =>
                {
                    waiter.wait(self.readiness())?;
                }
                done => return done,
            }
        }
    }
}

/// Writes all of `bytes` by as many calls of `write` as that takes.
pub(crate) fn write_all(
    mut bytes: &[u8],
    waiter: &Waiter,
    mut write: impl FnMut(&[u8]) -> silica_wasi_host::Result<usize>,
) -> StreamResult<()> {
    while !bytes.is_empty() {
        match waiter.insist(|| write(bytes))? {
            // Nothing that is written to takes nothing without an error.
            0 => return Err(Error::Io.into()),
            count => bytes = bytes.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}
