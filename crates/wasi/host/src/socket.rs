//! Stream sockets that are already there: listeners that the embedder opened,
//! and the connections they accept.
//!
//! Opening sockets to an address, under a policy, is not part of this file.

use crate::poll::Source;
use crate::{Error, FileFlags, IoSlice, IoSliceMut, Metadata, Result, system};
use bitflags::bitflags;
use rustix::fd::AsFd;
use rustix::net::{self, RecvFlags, SendFlags, Shutdown};
use std::net::SocketAddr;

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
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A socket that accepts connections.
#[derive(Debug)]
pub struct TcpListener {
    socket: std::net::TcpListener,
}

impl TcpListener {
    /// Grants a listener of the host.
    pub fn from_std(socket: std::net::TcpListener) -> Self {
        Self { socket }
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// What the host reports.
    pub fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    /// Waits for a connection. `flags` may make it not wait for its own data.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for flags other than [`FileFlags::NONBLOCK`];
    /// what the host reports.
    pub fn accept(&self, flags: FileFlags) -> Result<TcpStream> {
        if !FileFlags::NONBLOCK.contains(flags) {
            return Err(Error::NotSupported);
        }
        // Not `std`'s `accept`, which hides an interruption by retrying.
        let socket = net::accept(&self.socket)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        let stream = TcpStream::from_std(socket.into());
        stream.set_flags(flags)?;
        Ok(stream)
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

    /// Changes whether accepting waits.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for flags other than [`FileFlags::NONBLOCK`].
    pub fn set_flags(&self, flags: FileFlags) -> Result<()> {
        set_socket_flags(&self.socket, flags)
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        Source::host(self.socket.as_fd())
    }
}

/// A connection.
#[derive(Debug)]
pub struct TcpStream {
    socket: std::net::TcpStream,
}

impl TcpStream {
    /// Grants a connection of the host.
    pub fn from_std(socket: std::net::TcpStream) -> Self {
        Self { socket }
    }

    /// Receives into the buffer; 0 when the peer has ended its side.
    ///
    /// # Errors
    /// What the host reports.
    pub fn receive(&self, buffer: &mut [u8], flags: ReceiveFlags) -> Result<usize> {
        let mut system = RecvFlags::empty();
        system.set(RecvFlags::PEEK, flags.contains(ReceiveFlags::PEEK));
        system.set(RecvFlags::WAITALL, flags.contains(ReceiveFlags::WAIT_ALL));
        let (_, received) = net::recv(&self.socket, buffer, system)?;
        Ok(received)
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

    /// Changes whether receiving and sending wait.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for flags other than [`FileFlags::NONBLOCK`].
    pub fn set_flags(&self, flags: FileFlags) -> Result<()> {
        set_socket_flags(&self.socket, flags)
    }

    /// What to wait on, for [`poll`](crate::poll).
    pub fn source(&self) -> Source<'_> {
        Source::host(self.socket.as_fd())
    }
}

fn set_socket_flags(socket: impl AsFd, flags: FileFlags) -> Result<()> {
    if !FileFlags::NONBLOCK.contains(flags) {
        return Err(Error::NotSupported);
    }
    Ok(rustix::io::ioctl_fionbio(
        socket,
        flags.contains(FileFlags::NONBLOCK),
    )?)
}
