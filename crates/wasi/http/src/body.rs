//! The body of a request.

use std::sync::Arc;

use silica_wasi_host::{Interest, Wait};
use silica_wasi_p2::io::{IoError, OutputSink, StreamError, StreamResult};
use silica_wasi_p2::{Readiness, Subscribe, Waiter};

use crate::failure::Failure;
use crate::queue::Queue;

/// Bytes that one permit allows to write.
const PERMIT_BYTES: usize = 64 << 10;

/// The resource `wasi:http/types.outgoing-body`.
#[derive(Debug)]
pub struct OutgoingBody {
    pub(crate) queue: Arc<Queue>,
    /// Its stream was given out.
    pub(crate) is_written: bool,
    pub(crate) is_finished: bool,
}

impl OutgoingBody {
    pub(crate) fn new(queue: Arc<Queue>) -> OutgoingBody {
        OutgoingBody {
            queue,
            is_written: false,
            is_finished: false,
        }
    }
}

/// A body that is given up before its end is none: the request must not look whole.
impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if !self.is_finished {
            self.queue.end(Err(Failure::Protocol));
        }
    }
}

/// The stream by which a guest writes.
#[derive(Debug)]
pub(crate) struct Sink(pub(crate) Arc<Queue>);

impl Subscribe for Sink {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.0.room.source(),
            interest: Interest::Readable,
        })
    }
}

impl OutputSink for Sink {
    fn check_write(&self, _waiter: &Waiter) -> StreamResult<usize> {
        let room = self.0.room_left().ok_or(StreamError::Closed)?;
        Ok(room.min(PERMIT_BYTES))
    }

    fn write(&self, bytes: &[u8], _waiter: &Waiter) -> StreamResult<()> {
        match self.0.push(bytes) {
            Some(Ok(())) => Ok(()),
            Some(Err(failure)) => {
                let error = silica_engine::Error::new(failure);
                Err(StreamError::Failed(IoError::new(error)))
            }
            None => Err(StreamError::Closed),
        }
    }
}
