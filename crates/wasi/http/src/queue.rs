//! Bytes that a guest writes, until hyper takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use silica_wasi_host::Event;

use crate::failure::Failure;

/// What was written and not taken.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Raised while there is room.
    pub(crate) room: Event,
    bytes_held_max: usize,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Bytes>,
    held: usize,
    written: u64,
    /// What the field `content-length` promised.
    promised: Option<u64>,
    end: Option<Result<Option<HeaderMap>, Failure>>,
    /// Nobody takes anything any more.
    is_abandoned: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(crate) fn new(bytes_held_max: usize) -> silica_wasi_host::Result<Arc<Queue>> {
        let room = Event::new()?;
        room.raise();
        Ok(Arc::new(Queue {
            state: Mutex::default(),
            room,
            bytes_held_max,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how long the body will be.
    pub(crate) fn promise(&self, bytes: Option<u64>) {
        self.state().promised = bytes;
    }

    /// Ends the body, unless it has ended.
    pub(crate) fn end(&self, end: Result<Option<HeaderMap>, Failure>) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// How many bytes there is room for; none where nothing is taken any more.
    pub(crate) fn room_left(&self) -> Option<usize> {
        let state = self.state();
        if state.is_abandoned || state.end.is_some() {
            return None;
        }
        Some(self.bytes_held_max.saturating_sub(state.held))
    }

    /// Adds bytes; nothing where nothing is taken any more.
    pub(crate) fn push(&self, bytes: &[u8]) -> Option<Result<(), Failure>> {
        let mut state = self.state();
        if state.is_abandoned || state.end.is_some() {
            return None;
        }
        let written = state.written + bytes.len() as u64;
        if state.promised.is_some_and(|promised| written > promised) {
            return Some(Err(Failure::BodySize(written)));
        }
        state.written = written;
        if !bytes.is_empty() {
            state.held += bytes.len();
            state.pieces.push_back(Bytes::copy_from_slice(bytes));
        }
        if state.held >= self.bytes_held_max {
            self.room.clear();
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        Some(Ok(()))
    }

    /// How many bytes were written, where that is not what was promised.
    pub(crate) fn broken_promise(&self) -> Option<u64> {
        let state = self.state();
        let broken = state
            .promised
            .is_some_and(|promised| promised != state.written);
        broken.then_some(state.written)
    }

    fn abandon(&self) {
        let mut state = self.state();
        state.is_abandoned = true;
        state.pieces.clear();
        self.room.raise();
    }
}

/// The body as hyper takes it.
#[derive(Debug)]
pub(crate) struct Source(pub(crate) Arc<Queue>);

impl Drop for Source {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl http_body::Body for Source {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let mut state = self.0.state();
        if let Some(piece) = state.pieces.pop_front() {
            state.held -= piece.len();
            self.0.room.raise();
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match &mut state.end {
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
            Some(Ok(trailers)) => match trailers.take() {
                Some(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                None => Poll::Ready(None),
            },
            Some(Err(failure)) => Poll::Ready(Some(Err(failure.clone()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        let state = self.0.state();
        state.pieces.is_empty() && matches!(state.end, Some(Ok(None)))
    }
}
