//! A UDP socket of a guest's, and the streams of its datagrams.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use silica_wasi_host::{Interest, UdpSocket as HostSocket, Wait};

use crate::waiter::{Readiness, Subscribe};

/// The resource `wasi:sockets/udp.udp-socket`.
#[derive(Debug, Clone)]
pub struct UdpSocket {
    pub(super) socket: Arc<HostSocket>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stage: Stage,
    /// There while a pair of streams, or one of it, is.
    pub(super) streams: Weak<Streams>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    #[default]
    New,
    Binding,
    Bound,
}

/// What two streams of one socket share.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) socket: Arc<HostSocket>,
    /// Datagrams have the one address that the streams were made for.
    pub(super) is_connected: bool,
}

impl UdpSocket {
    pub(super) fn new(socket: HostSocket) -> UdpSocket {
        UdpSocket {
            socket: Arc::new(socket),
            state: Arc::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resource `wasi:sockets/udp.incoming-datagram-stream`.
#[derive(Debug)]
pub struct IncomingDatagramStream {
    pub(super) streams: Arc<Streams>,
    /// Where datagrams are received, of the longest one's length once any was.
    pub(super) buffer: Vec<u8>,
}

/// The resource `wasi:sockets/udp.outgoing-datagram-stream`.
#[derive(Debug)]
pub struct OutgoingDatagramStream {
    pub(super) streams: Arc<Streams>,
    /// How many may be sent before asking again.
    pub(super) permit: u64,
    /// The socket did not take the last one: it is asked before there is another.
    pub(super) is_full: bool,
}

impl IncomingDatagramStream {
    pub(super) fn new(streams: Arc<Streams>) -> Self {
        let buffer = Vec::new();
        Self { streams, buffer }
    }
}

impl OutgoingDatagramStream {
    pub(super) fn new(streams: Arc<Streams>) -> Self {
        Self {
            streams,
            permit: 0,
            is_full: false,
        }
    }
}

/// What waits for one direction of a socket; it keeps the streams' socket, not the streams.
pub(super) struct Direction {
    socket: Arc<HostSocket>,
    interest: Interest,
}

impl Subscribe for Direction {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::On(Wait {
            source: self.socket.source(),
            interest: self.interest,
        })
    }
}

impl Streams {
    pub(super) fn direction(&self, interest: Interest) -> Direction {
        Direction {
            socket: Arc::clone(&self.socket),
            interest,
        }
    }
}
