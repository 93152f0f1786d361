//! TCP: sockets that the embedder opened, and those that a program opens to addresses that
//! are granted.

use super::options::{self, SocketOptions, has_options};
use super::{IpFamily, Permit, Protocol};
use crate::poll::Source;
use crate::{Error, FileFlags, IoSlice, IoSliceMut, Metadata, Result, system};
use bitflags::bitflags;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{self, RecvFlags, SendFlags, Shutdown};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

bitflags! {
    /// How to receive.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct ReceiveFlags: u8 {
        /// Leave what is received to be received again.
        const PEEK = 1;
        /// Wait until the buffer is full.
        const WAIT_ALL = 2;
    }

    /// Which directions of a connection to end.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct ShutdownSides: u8 {
        /// Nothing is received any more.
        const RECEIVE = 1;
        /// Nothing is sent any more.
        const SEND = 2;
    }
}

/// Rust programs ignore the signal of a broken pipe, but others embed this too.
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A TCP socket: new, bound, listening, being connected or connected.
#[derive(Debug)]
pub struct TcpSocket {
    socket: OwnedFd,
    family: IpFamily,
    /// None for what the embedder opened: everything that it can do is granted.
    permit: Option<Permit>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// Bound; whether to an address that may be listened on.
    Bound {
        may_listen: bool,
    },
    Connecting,
    /// Nothing more is decided here.
    Settled,
}

impl TcpSocket {
    pub(super) fn new(socket: OwnedFd, family: IpFamily, permit: Permit) -> Self {
        Self {
            socket,
            family,
            permit: Some(permit),
            state: Mutex::new(State::New),
        }
    }

    /// Grants a listener of the host.
    pub fn from_listener(listener: std::net::TcpListener) -> Self {
        let family = listener
            .local_addr()
            .map_or(IpFamily::V4, |address| IpFamily::of(address.ip()));
        Self::settled(listener.into(), family, None)
    }

    /// Grants a connection of the host.
    pub fn from_stream(stream: std::net::TcpStream) -> Self {
        let family = stream
            .local_addr()
            .map_or(IpFamily::V4, |address| IpFamily::of(address.ip()));
        Self::settled(stream.into(), family, None)
    }

    fn settled(socket: OwnedFd, family: IpFamily, permit: Option<Permit>) -> Self {
        Self {
            socket,
            family,
            permit,
            state: Mutex::new(State::Settled),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its version of IP.
    pub fn family(&self) -> IpFamily {
        self.family
    }

    /// Gives the socket an address. Port 0 is one that the system chooses, and is granted
    /// to whoever may connect at all; listening on it is not.
    ///
    /// # Errors
    /// [`Error::Access`] where it is not granted; [`Error::Invalid`] where the socket has an
    /// address, or the address is of the other family; what the host reports.
    pub fn bind(&self, local: SocketAddr) -> Result<()> {
        let mut state = self.state();
        let (State::New, Some(permit)) = (*state, &self.permit) else {
            return Err(Error::Invalid);
        };
        self.check_family(local)?;
        let network = &permit.network;
        let may_listen = network.may_listen(Protocol::Tcp, local)?;
        if !(may_listen || local.port() == 0 && network.may_connect(Protocol::Tcp)) {
            network.check_listen(Protocol::Tcp, local)?;
        }
        net::bind(&self.socket, &local)?;
        *state = State::Bound { may_listen };
        Ok(())
    }

    fn check_family(&self, address: SocketAddr) -> Result<()> {
        if IpFamily::of(address.ip()) == self.family {
            Ok(())
        } else {
            Err(Error::Invalid)
        }
    }

    /// Connects to an address. A socket that does not wait gives [`Error::InProgress`], and
    /// is writable when it is connected or has failed; a further call, or
    /// [`finish_connect`](Self::finish_connect), tells which. So does one that a signal interrupted.
    ///
    /// # Errors
    /// [`Error::Access`] where the address is not granted; [`Error::Already`] while it is
    /// being connected, [`Error::IsConnected`] after that; what the host reports.
    pub fn connect(&self, remote: SocketAddr) -> Result<()> {
        let mut state = self.state();
        match (*state, &self.permit) {
            (State::New | State::Bound { .. }, Some(permit)) => {
                self.check_family(remote)?;
                permit.network.check_connect(Protocol::Tcp, remote)?;
                let done = net::connect(&self.socket, &remote).map_err(Error::from);
                *state = match done {
                    Ok(()) => State::Settled,
                    Err(Error::InProgress | Error::Interrupted) => State::Connecting,
                    Err(_) => *state,
                };
                done
            }
            (State::Connecting, _) => {
                drop(state);
                let waits = !self.flags()?.contains(FileFlags::NONBLOCK);
                self.finish_connecting(waits)?.ok_or(Error::Already)
            }
            (State::New | State::Bound { .. } | State::Settled, _) => Err(Error::IsConnected),
        }
    }

    /// Whether connecting has ended: none while it has not.
    ///
    /// # Errors
    /// [`Error::Invalid`] where nothing is being connected; why it failed.
    pub fn finish_connect(&self) -> Result<Option<()>> {
        if *self.state() != State::Connecting {
            return Err(Error::Invalid);
        }
        self.finish_connecting(false)
    }

    fn finish_connecting(&self, waits: bool) -> Result<Option<()>> {
        let mut descriptors = [PollFd::new(&self.socket, PollFlags::OUT)];
        let none = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        if rustix::event::poll(&mut descriptors, (!waits).then_some(&none))? == 0 {
            return Ok(None);
        }
        let mut state = self.state();
        let failed = net::sockopt::socket_error(&self.socket)?;
        // As on Linux, where a socket that did not get its connection may try again.
        *state = match failed {
            Ok(()) => State::Settled,
            Err(_) => State::New,
        };
        Ok(Some(failed?))
    }

    /// Starts accepting connections.
    ///
    /// # Errors
    /// [`Error::Access`] where the socket's address may not be listened on;
    /// [`Error::Invalid`] where it has none or is connected; what the host reports.
    pub fn listen(&self, backlog: u32) -> Result<()> {
        let mut state = self.state();
        match (*state, &self.permit) {
            (State::Bound { may_listen: true }, _) => {}
            (State::Bound { may_listen: false }, Some(permit)) => {
                let local = self.local_address()?;
                permit.network.check_listen(Protocol::Tcp, local)?;
            }
            (State::New | State::Bound { .. } | State::Connecting | State::Settled, _) => {
                return Err(Error::Invalid);
            }
        }
        // The system has a bound of its own.
        net::listen(&self.socket, i32::try_from(backlog).unwrap_or(i32::MAX))?;
        *state = State::Settled;
        Ok(())
    }

    /// Waits for a connection. `flags` may make it not wait for its own data.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for flags other than [`FileFlags::NONBLOCK`];
    /// [`Error::TooManyOpenFiles`] beyond the quota; [`Error::Invalid`] where the socket
    /// does not listen; what the host reports.
    pub fn accept(&self, flags: FileFlags) -> Result<TcpSocket> {
        if !FileFlags::NONBLOCK.contains(flags) {
            return Err(Error::NotSupported);
        }
        let permit = self.permit.as_ref();
        let permit = permit.map(|permit| permit.network.permit()).transpose()?;
        // Not `std`'s `accept`, which hides an interruption by retrying.
        let socket = net::accept(&self.socket)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        let stream = Self::settled(socket, self.family, permit);
        stream.set_flags(flags)?;
        Ok(stream)
    }

    /// Receives into the buffer; 0 when the peer has ended its side.
    ///
    /// # Errors
    /// What the host reports.
    pub fn receive(&self, buffer: &mut [u8], flags: ReceiveFlags) -> Result<usize> {
        let (_, received) = net::recv(&self.socket, buffer, flags.system())?;
        Ok(received)
    }

    /// Receives at most this many bytes, none when the peer has ended its side.
    ///
    /// # Errors
    /// What the host reports.
    pub fn receive_bytes(&self, bytes_max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(bytes_max);
        let room = rustix::buffer::spare_capacity(&mut bytes);
        net::recv(&self.socket, room, RecvFlags::empty())?;
        Ok(bytes)
    }

    /// Sends some of the buffer, and returns how many bytes. A peer that is gone
    /// is an error and never a signal.
    ///
    /// # Errors
    /// [`Error::BrokenPipe`] after the end of this side; what the host reports.
    pub fn send(&self, buffer: &[u8]) -> Result<usize> {
        Ok(net::send(&self.socket, buffer, NO_SIGNAL)?)
    }

    /// Receives into several buffers, as one operation.
    ///
    /// # Errors
    /// What the host reports.
    pub fn receive_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        system::read_vectored(&self.socket, buffers)
    }

    /// Sends some of several buffers, as one operation.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut ancillary = net::SendAncillaryBuffer::default();
        Ok(net::sendmsg(
            &self.socket,
            buffers,
            &mut ancillary,
            NO_SIGNAL,
        )?)
    }

    /// Ends one or both directions.
    ///
    /// # Errors
    /// [`Error::Invalid`] for neither; [`Error::NotConnected`]; what the host reports.
    pub fn shutdown(&self, sides: ShutdownSides) -> Result<()> {
        let how = match (
            sides.contains(ShutdownSides::RECEIVE),
            sides.contains(ShutdownSides::SEND),
        ) {
            (true, true) => Shutdown::Both,
            (true, false) => Shutdown::Read,
            (false, true) => Shutdown::Write,
            (false, false) => return Err(Error::Invalid),
        };
        Ok(net::shutdown(&self.socket, how)?)
    }

    /// The address that it has.
    ///
    /// # Errors
    /// What the host reports.
    pub fn local_address(&self) -> Result<SocketAddr> {
        options::local_address(&self.socket)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// [`Error::NotConnected`]; what the host reports.
    pub fn remote_address(&self) -> Result<SocketAddr> {
        options::remote_address(&self.socket)
    }

    /// Whether it accepts connections.
    ///
    /// # Errors
    /// What the host reports.
    pub fn is_listening(&self) -> Result<bool> {
        Ok(net::sockopt::socket_acceptconn(&self.socket)?)
    }

    /// The attributes.
    ///
    /// # Errors
    /// What the host reports.
    pub fn metadata(&self) -> Result<Metadata> {
        system::metadata(&self.socket)
    }

    /// How the socket behaves.
    ///
    /// # Errors
    /// What the host reports.
    pub fn flags(&self) -> Result<FileFlags> {
        Ok(system::flags(&self.socket)? & FileFlags::NONBLOCK)
    }

    /// Changes whether connecting, accepting, receiving and sending wait.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for flags other than [`FileFlags::NONBLOCK`].
    pub fn set_flags(&self, flags: FileFlags) -> Result<()> {
        options::set_flags(&self.socket, flags)
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        Source::host(self.socket.as_fd())
    }

    /// Its options.
    pub fn options(&self) -> SocketOptions<'_> {
        has_options(self.socket.as_fd(), self.family)
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl ReceiveFlags {
    pub(super) fn system(self) -> RecvFlags {
        let mut system = RecvFlags::empty();
        system.set(RecvFlags::PEEK, self.contains(Self::PEEK));
        system.set(RecvFlags::WAITALL, self.contains(Self::WAIT_ALL));
        system
    }
}
