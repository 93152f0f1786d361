//! Pipes in memory: what an embedder gives a program to read, and what it wrote.
//!
//! Each has a bound, so a program cannot make it grow past what was granted.

use crate::change::Change;
use crate::{Error, IoSlice, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes in memory that a program reads. Clones share them.
///
/// ```
/// use silica_wasi_host::{InputPipe, InputStream};
/// let input = InputStream::Pipe(InputPipe::from_bytes(*b"one line\n"));
/// let mut buffer = [0; 16];
/// assert_eq!(input.read(&mut buffer), Ok(9));
/// assert_eq!(input.read(&mut buffer), Ok(0));
/// ```
#[derive(Debug, Clone)]
pub struct InputPipe {
    shared: Arc<InputState>,
}

#[derive(Debug)]
struct InputState {
    contents: Mutex<InputContents>,
    changed: Change,
    bytes_max: usize,
}

#[derive(Debug)]
struct InputContents {
    bytes: VecDeque<u8>,
    closed: bool,
}

impl InputPipe {
    /// A pipe with these bytes, and its end after them.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes.into(), true, 0)
    }

    /// An empty pipe that [`provide`](Self::provide) fills, up to `bytes_max`
    /// unread bytes, and [`close`](Self::close) ends. A program that reads it
    /// waits meanwhile.
    pub fn bounded(bytes_max: usize) -> Self {
        Self::new(Vec::new(), false, bytes_max)
    }

    fn new(bytes: Vec<u8>, closed: bool, bytes_max: usize) -> Self {
        let contents = InputContents {
            bytes: bytes.into(),
            closed,
        };
        Self {
            shared: Arc::new(InputState {
                contents: Mutex::new(contents),
                changed: Change::default(),
                bytes_max,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, InputContents> {
        // Nothing that holds the lock can leave half a change behind.
        let contents = self.shared.contents.lock();
        contents.unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds as many of the bytes as there is room for, and returns how many.
    ///
    /// # Errors
    /// [`Error::BrokenPipe`] after [`close`](Self::close).
    pub fn provide(&self, bytes: &[u8]) -> Result<usize> {
        let mut contents = self.lock();
        if contents.closed {
            return Err(Error::BrokenPipe);
        }
        let room = self.shared.bytes_max.saturating_sub(contents.bytes.len());
        let taken = bytes.len().min(room);
        contents.bytes.extend(&bytes[..taken]);
        self.shared.changed.tell();
        Ok(taken)
    }

    /// Ends the stream after what is unread.
    pub fn close(&self) {
        self.lock().closed = true;
        self.shared.changed.tell();
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let seen = self.shared.changed.count();
            if let Some(taken) = self.take(buffer) {
                return Ok(taken);
            }
            self.shared.changed.wait(seen)?;
        }
    }

    /// What is there; `None` where reading waits.
    fn take(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut contents = self.lock();
        if contents.bytes.is_empty() && !contents.closed && !buffer.is_empty() {
            return None;
        }
        let taken = buffer.len().min(contents.bytes.len());
        for (to, from) in buffer.iter_mut().zip(contents.bytes.drain(..taken)) {
            *to = from;
        }
        Some(taken)
    }

    /// How many bytes can be read without waiting, `None` where reading waits.
    pub(crate) fn readable(&self) -> Option<u64> {
        let contents = self.lock();
        let waits = contents.bytes.is_empty() && !contents.closed;
        (!waits).then_some(contents.bytes.len() as u64)
    }
}

/// Bytes in memory that a program wrote. Clones share them.
///
/// ```
/// use silica_wasi_host::{OutputPipe, OutputStream};
/// let pipe = OutputPipe::bounded(5);
/// let output = OutputStream::Pipe(pipe.clone());
/// assert_eq!(output.write(b"hello!"), Ok(5));
/// assert!(output.write(b"!").is_err());
/// assert_eq!(pipe.contents(), b"hello");
/// ```
#[derive(Debug, Clone)]
pub struct OutputPipe {
    shared: Arc<Mutex<Vec<u8>>>,
    bytes_max: usize,
}

impl OutputPipe {
    /// A pipe that holds up to `bytes_max` bytes at a time.
    pub fn bounded(bytes_max: usize) -> Self {
        Self {
            shared: Arc::default(),
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // Nothing that holds the lock can leave half a change behind.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what was written and not taken.
    pub fn contents(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// What was written since the last call, which makes room.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    pub(crate) fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(buffer)])
    }

    pub(crate) fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut bytes = self.lock();
        let before = bytes.len();
        let mut wanted = 0_usize;
        for buffer in buffers {
            wanted = wanted.saturating_add(buffer.len());
            let room = self.bytes_max.saturating_sub(bytes.len());
            bytes.extend_from_slice(&buffer[..buffer.len().min(room)]);
        }
        let written = bytes.len() - before;
        if written == 0 && wanted > 0 {
            return Err(Error::QuotaExceeded);
        }
        Ok(written)
    }
}
