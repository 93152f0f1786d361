//! The body of a response, and its end.

use std::sync::Arc;

use silica_wasi_host::{Interest, Wait};
use silica_wasi_p2::io::{InputSource, IoError, StreamError, StreamResult};
use silica_wasi_p2::{Readiness, Subscribe, Waiter};

use crate::received::{Received, Taken};
use crate::task::Task;

/// The resource `wasi:http/types.incoming-body`.
#[derive(Debug)]
pub struct IncomingBody {
    pub(crate) received: Arc<Received>,
    /// Receives what follows while somebody can read it.
    pub(crate) task: Arc<Task>,
    /// Its stream was given out.
    pub(crate) is_read: bool,
}

/// The resource `wasi:http/types.future-trailers`.
#[derive(Debug)]
pub struct FutureTrailers {
    pub(crate) received: Arc<Received>,
    #[expect(dead_code, reason = "held for its drop")]
    pub(crate) task: Arc<Task>,
    pub(crate) is_told: bool,
}

impl IncomingBody {
    pub(crate) fn new(received: Arc<Received>, task: Arc<Task>) -> IncomingBody {
        IncomingBody {
            received,
            task,
            is_read: false,
        }
    }
}

/// The stream by which a guest reads.
#[derive(Debug)]
pub(crate) struct Source {
    received: Arc<Received>,
    _task: Arc<Task>,
}

impl Source {
    pub(crate) fn new(received: Arc<Received>, task: Arc<Task>) -> Source {
        Source {
            received,
            _task: task,
        }
    }
}

impl Subscribe for Source {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.received.something.source(),
            interest: Interest::Readable,
        })
    }
}

impl InputSource for Source {
    fn read(&self, bytes_max: usize, _waiter: &Waiter) -> StreamResult<Vec<u8>> {
        match self.received.take(bytes_max) {
            Taken::Bytes(bytes) => Ok(bytes),
            Taken::Nothing => Ok(Vec::new()),
            Taken::End => Err(StreamError::Closed),
            Taken::Failed(failure) => {
                let error = silica_engine::Error::new(failure);
                Err(StreamError::Failed(IoError::new(error)))
            }
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.received.skip();
    }
}

/// The end of a body.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) Arc<Received>);

impl Subscribe for Ended {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.0.ended.source(),
            interest: Interest::Readable,
        })
    }
}
