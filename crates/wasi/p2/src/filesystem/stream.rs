//! Files as streams, each with a position of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use silica_wasi_host::{Error, File, Interest, IoSlice, Wait};

use super::descriptor::OpenFile;
use crate::io::error::{StreamError, StreamResult};
use crate::io::output::{PERMIT_BYTES, write_all};
use crate::io::{InputSource, OutputSink};
use crate::waiter::{Readiness, Subscribe, Waiter};

/// Reads a file from an offset on.
pub(super) struct FileSource {
    open: Arc<OpenFile>,
    /// A stream is one guest's, which is on one thread at a time.
    position: AtomicU64,
}

impl FileSource {
    pub(super) fn new(open: Arc<OpenFile>, offset: u64) -> FileSource {
        FileSource {
            open,
            position: offset.into(),
        }
    }

    fn read_from(&self, file: &File, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        let position = self.position.load(Ordering::Relaxed);
        let read = waiter.insist(|| file.read_bytes_at(position, bytes_max));
        let bytes = match read {
            // What has no positions, such as a pipe, is read as it comes.
            Err(Error::InvalidSeek) => waiter.insist(|| file.read_bytes(bytes_max))?,
            read => read?,
        };
        if bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        let position = position.saturating_add(bytes.len() as u64);
        self.position.store(position, Ordering::Relaxed);
        Ok(bytes)
    }
}

impl Subscribe for FileSource {
    /// Files are always ready; pipes and terminals may not be.
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.open.file.source(),
            interest: Interest::Readable,
        })
    }
}

impl InputSource for FileSource {
    fn read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        self.read_from(&self.open.file, bytes_max, waiter)
    }
}

/// Writes a file from an offset on, or always at its end.
pub(super) struct FileSink {
    open: Arc<OpenFile>,
    place: Place,
}

enum Place {
    /// A stream is one guest's, which is on one thread at a time.
    At(AtomicU64),
    End,
}

impl FileSink {
    pub(super) fn new(open: Arc<OpenFile>, offset: u64) -> FileSink {
        FileSink {
            open,
            place: Place::At(offset.into()),
        }
    }

    pub(super) fn appending(open: Arc<OpenFile>) -> FileSink {
        FileSink {
            open,
            place: Place::End,
        }
    }

    fn write_some(&self, bytes: &[u8]) -> silica_wasi_host::Result<usize> {
        let file = &self.open.file;
        match &self.place {
            Place::End => file.append(bytes),
            Place::At(position) => {
                let at = position.load(Ordering::Relaxed);
                match file.write_at(&[IoSlice::new(bytes)], at) {
                    // What has no positions, such as a pipe, is written as it comes.
                    Err(Error::InvalidSeek) => file.write(bytes),
                    Ok(count) => {
                        let after = at.saturating_add(count as u64);
                        position.store(after, Ordering::Relaxed);
                        Ok(count)
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }
}

impl Subscribe for FileSink {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.open.file.source(),
            interest: Interest::Writable,
        })
    }
}

impl OutputSink for FileSink {
    fn check_write(&self, _: &Waiter) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }

    fn write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        write_all(bytes, waiter, |rest| self.write_some(rest))
    }
}
