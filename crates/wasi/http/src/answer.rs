//! What comes of a request, between its task and the guest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use silica_wasi_host::{Event, Interest, Wait};
use silica_wasi_p2::{Readiness, Subscribe};

use crate::failure::Failure;
use crate::received::Received;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    state: Mutex<State>,
    pub(crate) ready: Event,
}

#[derive(Debug)]
enum State {
    Waiting,
    Ended(Result<Head, Failure>),
    Told,
}

/// A response without its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) received: Arc<Received>,
}

impl Answer {
    pub(crate) fn new() -> silica_wasi_host::Result<Arc<Answer>> {
        Ok(Arc::new(Answer {
            state: Mutex::new(State::Waiting),
            ready: Event::new()?,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of it: nothing yet; once, what did; then nothing again, for another reason.
    pub(crate) fn take(&self) -> Option<Option<Result<Head, Failure>>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Told) {
            State::Waiting => {
                *state = State::Waiting;
                None
            }
            State::Told => Some(None),
            State::Ended(ended) => Some(Some(ended)),
        }
    }

    pub(crate) fn end(&self, end: Result<Head, Failure>) {
        let mut state = self.state();
        if matches!(*state, State::Waiting) {
            *state = State::Ended(end);
            self.ready.raise();
        }
    }
}

impl Subscribe for Answer {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.ready.source(),
            interest: Interest::Readable,
        })
    }
}
