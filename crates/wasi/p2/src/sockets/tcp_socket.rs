//! A TCP socket of a guest's: what it has begun, and what to wait for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use silica_wasi_host::{Error, FileFlags, Interest, TcpSocket as HostSocket, Wait};

use super::error::SocketResult;
use super::stream::{Receiver, Sender};
use crate::io::{InputStream, OutputStream};
use crate::waiter::{Readiness, Subscribe};

/// Connections that wait to be accepted, unless the guest says another number.
const BACKLOG: u32 = 128;

/// The resource `wasi:sockets/tcp.tcp-socket`.
#[derive(Debug, Clone)]
pub struct TcpSocket {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    socket: Arc<HostSocket>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    New,
    Binding,
    Bound,
    /// Connecting has begun, or is done already: then how it ended.
    Connecting(Option<Result<(), Error>>),
    Connected,
    BeginsToListen,
    Listening,
    /// Connecting failed: nothing can be done any more.
    Closed,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) stage: Stage,
    pub(super) backlog: u32,
}

impl TcpSocket {
    pub(super) fn new(socket: HostSocket, stage: Stage) -> SocketResult<TcpSocket> {
        socket.set_flags(FileFlags::NONBLOCK)?;
        Ok(TcpSocket {
            shared: Arc::new(Shared {
                socket: Arc::new(socket),
                state: Mutex::new(State {
                    stage,
                    backlog: BACKLOG,
                }),
            }),
        })
    }

    pub(super) fn socket(&self) -> &HostSocket {
        &self.shared.socket
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// What waits for what was begun.
    pub(super) fn subscribed(self) -> Arc<dyn Subscribe> {
        self.shared
    }

    /// Both directions of the connection.
    pub(super) fn streams(&self) -> (InputStream, OutputStream) {
        let (receiver, sender) = (&self.shared.socket, &self.shared.socket);
        (
            InputStream::new(Arc::new(Receiver(Arc::clone(receiver)))),
            OutputStream::new(Arc::new(Sender::new(Arc::clone(sender)))),
        )
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscribe for Shared {
    fn readiness(&self) -> Readiness<'_> {
        let interest = match self.state().stage {
            Stage::Connecting(None) => Interest::Writable,
            Stage::Listening => Interest::Readable,
            Stage::New
            | Stage::Binding
            | Stage::Bound
            | Stage::Connecting(Some(_))
            | Stage::Connected
            | Stage::BeginsToListen
            | Stage::Closed => return Readiness::Now,
        };
        Readiness::On(Wait {
            source: self.socket.source(),
            interest,
        })
    }
}
