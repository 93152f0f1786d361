//! Bytes that hyper gives, until a guest reads them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use silica_wasi_host::Event;
use tokio::sync::Notify;

use crate::failure::Failure;

/// What was received and not read. When all but the receiving task have given it up, that
/// ends too.
#[derive(Debug)]
pub(crate) struct Received {
    state: Mutex<State>,
    /// Raised while something is there, or the end is.
    pub(crate) something: Event,
    /// Raised when the end is there.
    pub(crate) ended: Event,
    room: Notify,
    bytes_held_max: usize,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Bytes>,
    held: usize,
    end: Option<Result<Option<HeaderMap>, Failure>>,
    /// What follows is not wanted but for its end.
    is_skipped: bool,
}

impl Received {
    pub(crate) fn new(bytes_held_max: usize) -> silica_wasi_host::Result<Arc<Received>> {
        Ok(Arc::new(Received {
            state: Mutex::default(),
            something: Event::new()?,
            ended: Event::new()?,
            room: Notify::new(),
            bytes_held_max,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for more.
    pub(crate) async fn wait_for_room(&self) {
        loop {
            let notified = self.room.notified();
            if self.state().held < self.bytes_held_max {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn push(&self, piece: Bytes) {
        let mut state = self.state();
        if !piece.is_empty() && !state.is_skipped {
            state.held += piece.len();
            state.pieces.push_back(piece);
            self.something.raise();
        }
    }

    pub(crate) fn end(&self, end: Result<Option<HeaderMap>, Failure>) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        self.something.raise();
        self.ended.raise();
    }

    pub(crate) fn skip(&self) {
        let mut state = self.state();
        state.is_skipped = true;
        state.pieces.clear();
        state.held = 0;
        self.room.notify_one();
    }

    /// What there is, at most this many bytes; nothing yet, or the end.
    pub(crate) fn take(&self, bytes_max: usize) -> Taken {
        let mut state = self.state();
        let Some(mut piece) = state.pieces.pop_front() else {
            return match &state.end {
                None => Taken::Nothing,
                Some(Ok(_)) => Taken::End,
                Some(Err(failure)) => Taken::Failed(failure.clone()),
            };
        };
        let taken = piece.split_to(piece.len().min(bytes_max)).to_vec();
        state.held -= taken.len();
        if !piece.is_empty() {
            state.pieces.push_front(piece);
        }
        if state.pieces.is_empty() && state.end.is_none() {
            self.something.clear();
        }
        self.room.notify_one();
        Taken::Bytes(taken)
    }

    /// How it ended, if it has.
    pub(crate) fn ended_how(&self) -> Option<Result<Option<HeaderMap>, Failure>> {
        self.state().end.clone()
    }
}

/// What was taken of a body.
#[derive(Debug)]
pub(crate) enum Taken {
    Bytes(Vec<u8>),
    Nothing,
    End,
    Failed(Failure),
}
