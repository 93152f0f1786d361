//! The two directions of a connection as streams of bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use silica_wasi_host::{Error, Interest, ShutdownSides, TcpSocket, Wait};

use crate::io::{InputSource, OutputSink, StreamError, StreamResult};
use crate::waiter::{Readiness, Subscribe, Waiter};

/// Bytes that one operation receives at most.
const RECEIVED_BYTES_MAX: usize = 64 << 10;

/// Bytes that may be written when none are kept: what the socket does not take is kept here.
const PERMIT_BYTES: usize = 64 << 10;

/// What is received.
#[derive(Debug)]
pub(super) struct Receiver(pub(super) Arc<TcpSocket>);

impl Subscribe for Receiver {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.0.source(),
            interest: Interest::Readable,
        })
    }
}

impl InputSource for Receiver {
    fn read(&self, bytes_max: usize, waiter: &Waiter) -> StreamResult<Vec<u8>> {
        let bytes_max = bytes_max.min(RECEIVED_BYTES_MAX);
        match waiter.insist(|| self.0.receive_bytes(bytes_max)) {
            Ok(bytes) if bytes.is_empty() => Err(StreamError::Closed),
            Ok(bytes) => Ok(bytes),
            Err(Error::WouldBlock) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is sent.
#[derive(Debug)]
pub(super) struct Sender {
    socket: Arc<TcpSocket>,
    /// What the socket did not take yet; at most a permit.
    kept: Mutex<Vec<u8>>,
}

impl Sender {
    pub(super) fn new(socket: Arc<TcpSocket>) -> Sender {
        Sender {
            socket,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<u8>> {
        // Nothing that holds the lock can leave half a change behind.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends as much as the socket takes now, and says how much that was.
    fn send(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<usize> {
        let mut sent = 0;
        while sent < bytes.len() {
            match waiter.insist(|| self.socket.send(&bytes[sent..])) {
                Ok(count) => sent += count,
                Err(Error::WouldBlock) => break,
                Err(Error::BrokenPipe) => return Err(StreamError::Closed),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent)
    }

    /// Sends what was kept; whether all of it is gone.
    fn send_kept(&self, waiter: &Waiter) -> StreamResult<bool> {
        let mut kept = self.kept();
        if kept.is_empty() {
            return Ok(true);
        }
        let sent = self.send(&kept, waiter);
        if let Ok(sent) = &sent {
            kept.drain(..*sent);
        } else {
            kept.clear();
        }
        sent?;
        Ok(kept.is_empty())
    }
}

/// What is written but not sent is sent when the stream is given up, as far as that goes without waiting.
impl Drop for Sender {
    fn drop(&mut self) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut rest = kept.as_slice();
        while let Ok(count @ 1..) = self.socket.send(rest) {
            rest = &rest[count..];
        }
    }
}

impl Subscribe for Sender {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.socket.source(),
            interest: Interest::Writable,
        })
    }
}

impl OutputSink for Sender {
    fn check_write(&self, waiter: &Waiter) -> StreamResult<usize> {
        // With nothing kept there is room, whether the socket takes any or not.
        let room = self.send_kept(waiter)?;
        Ok(if room { PERMIT_BYTES } else { 0 })
    }

    fn write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        if !self.send_kept(waiter)? {
            self.kept().extend_from_slice(bytes);
            return Ok(());
        }
        let sent = self.send(bytes, waiter)?;
        self.kept().extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    fn flush(&self, waiter: &Waiter) -> StreamResult<()> {
        self.send_kept(waiter).map(drop)
    }

    /// What the socket takes needs no permit.
    fn blocking_write(&self, bytes: &[u8], waiter: &Waiter) -> StreamResult<()> {
        while !self.send_kept(waiter)? {
            waiter.wait(self.readiness())?;
        }
        let mut rest = bytes;
        loop {
            let sent = self.send(rest, waiter)?;
            rest = &rest[sent..];
            if rest.is_empty() {
                return Ok(());
            }
            waiter.wait(self.readiness())?;
        }
    }
}

/// The sides of a connection that a guest names.
pub(super) fn sides(receive: bool, send: bool) -> ShutdownSides {
    let mut sides = ShutdownSides::empty();
    sides.set(ShutdownSides::RECEIVE, receive);
    sides.set(ShutdownSides::SEND, send);
    sides
}
