//! UDP: datagrams to and from addresses that are granted.
//!
//! A datagram is received only from whom the program could also send to, unless its socket is
//! bound to an address that may be listened on. There, those who sent lately may be answered.

use super::options::{self, SocketOptions, has_options};
use super::tcp::NO_SIGNAL;
use super::{IpFamily, Permit, Protocol, ReceiveFlags};
use crate::poll::Source;
use crate::{Error, FileFlags, IoSlice, IoSliceMut, Metadata, Result, system};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{self, ReturnFlags};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many of those who sent last may be answered.
const SENDERS_MAX: usize = 1024;

/// Datagrams of others that one receiving passes over before it gives the caller control.
const STRANGERS_MAX: usize = 64;

/// A UDP socket.
#[derive(Debug)]
pub struct UdpSocket {
    socket: OwnedFd,
    family: IpFamily,
    permit: Permit,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_bound: bool,
    /// Bound to an address that may be listened on: datagrams are taken from everybody.
    listens: bool,
    /// Who sent lately, where everybody may.
    senders: VecDeque<SocketAddr>,
    remote: Option<SocketAddr>,
}

/// A datagram that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    /// Bytes that were put into the buffers.
    pub bytes: usize,
    /// The rest of it did not fit, and is lost.
    pub truncated: bool,
    /// Who sent it.
    pub from: SocketAddr,
}

impl UdpSocket {
    pub(super) fn new(socket: OwnedFd, family: IpFamily, permit: Permit) -> Self {
        Self {
            socket,
            family,
            permit,
            state: Mutex::default(),
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

    /// Gives the socket an address. Port 0 is one that the system chooses, and is granted to
    /// whoever may send at all.
    ///
    /// # Errors
    /// [`Error::Access`] where it is not granted; [`Error::Invalid`] where the socket has an
    /// address, or the address is of the other family; what the host reports.
    pub fn bind(&self, local: SocketAddr) -> Result<()> {
        let mut state = self.state();
        if state.is_bound {
            return Err(Error::Invalid);
        }
        self.check_family(local)?;
        let network = &self.permit.network;
        let listens = network.may_listen(Protocol::Udp, local)?;
        if !(listens || local.port() == 0 && network.may_connect(Protocol::Udp)) {
            network.check_listen(Protocol::Udp, local)?;
        }
        net::bind(&self.socket, &local)?;
        state.is_bound = true;
        state.listens = listens;
        Ok(())
    }

    fn check_family(&self, address: SocketAddr) -> Result<()> {
        if IpFamily::of(address.ip()) == self.family {
            Ok(())
        } else {
            Err(Error::Invalid)
        }
    }

    /// Checks that a datagram may be sent to `remote`, whether by its address or in answer.
    fn check_remote(&self, remote: SocketAddr) -> Result<()> {
        self.check_family(remote)?;
        if self.state().senders.contains(&remote) {
            return Ok(());
        }
        self.permit.network.check_connect(Protocol::Udp, remote)
    }

    /// Sends to and receives from `remote` only, from now on; anybody again with none.
    /// Both sending to it and receiving from it must be granted, which is one grant here.
    ///
    /// # Errors
    /// [`Error::Access`] where it is not granted; [`Error::Invalid`] for port 0; what the
    /// host reports.
    pub fn connect(&self, remote: Option<SocketAddr>) -> Result<()> {
        match remote {
            Some(remote) => {
                self.check_remote(remote)?;
                if remote.port() == 0 {
                    return Err(Error::Invalid);
                }
                net::connect(&self.socket, &remote)?;
            }
            None => match net::connect_unspec(&self.socket) {
                // Some systems disconnect and complain of the address.
                Ok(()) | Err(rustix::io::Errno::AFNOSUPPORT) => {}
                Err(errno) => return Err(errno.into()),
            },
        }
        let mut state = self.state();
        state.is_bound = true;
        state.remote = remote;
        Ok(())
    }

    /// Receives one datagram. Those of strangers are passed over.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] where there is none and the socket does not wait;
    /// [`Error::Interrupted`] after many that were passed over; what the host reports.
    pub fn receive(&self, buffers: &mut [IoSliceMut<'_>], flags: ReceiveFlags) -> Result<Datagram> {
        for _ in 0..STRANGERS_MAX {
            let mut ancillary = net::RecvAncillaryBuffer::default();
            let received = net::recvmsg(&self.socket, buffers, &mut ancillary, flags.system())?;
            let from = received.address.ok_or(Error::NotConnected)?;
            let from = SocketAddr::try_from(from).map_err(|_| Error::AddressFamilyNotSupported)?;
            if self.admits(from) {
                let truncated = received.flags.contains(ReturnFlags::TRUNC);
                return Ok(Datagram {
                    bytes: received.bytes,
                    truncated,
                    from,
                });
            }
            if flags.contains(ReceiveFlags::PEEK) {
                // What was only looked at is still there.
                let _ = net::recv(&self.socket, &mut [0_u8; 1], net::RecvFlags::DONTWAIT);
            }
        }
        Err(Error::Interrupted)
    }

    /// Whether a datagram from this address is for the program; it may then be answered.
    fn admits(&self, from: SocketAddr) -> bool {
        let mut state = self.state();
        // What was there before the socket was connected is for the program as before.
        if state.remote == Some(from) || state.senders.contains(&from) {
            return true;
        }
        if !state.listens {
            drop(state);
            let network = &self.permit.network;
            let granted = network.grants().connect.iter();
            return granted
                .clone()
                .any(|grant| grant.covers(Protocol::Udp, from))
                || network.pinned().covers(Protocol::Udp, from);
        }
        if state.senders.len() >= SENDERS_MAX {
            state.senders.pop_front();
        }
        state.senders.push_back(from);
        true
    }

    /// Sends one datagram, to `remote` or to the address that the socket is connected to.
    ///
    /// # Errors
    /// [`Error::Access`] where the address is not granted; [`Error::NotConnected`] where
    /// there is none; [`Error::MessageSize`]; what the host reports.
    pub fn send(&self, buffers: &[IoSlice<'_>], remote: Option<SocketAddr>) -> Result<usize> {
        let mut ancillary = net::SendAncillaryBuffer::default();
        let connected = self.state().remote;
        let sent = match remote {
            // Some systems do not take an address where there is one.
            Some(remote) if connected != Some(remote) => {
                self.check_remote(remote)?;
                if remote.port() == 0 {
                    return Err(Error::Invalid);
                }
                net::sendmsg_addr(&self.socket, &remote, buffers, &mut ancillary, NO_SIGNAL)?
            }
            None if connected.is_none() => return Err(Error::NotConnected),
            Some(_) | None => net::sendmsg(&self.socket, buffers, &mut ancillary, NO_SIGNAL)?,
        };
        self.state().is_bound = true;
        Ok(sent)
    }

    /// The address that it is connected to.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.state().remote
    }

    /// The address that it has.
    ///
    /// # Errors
    /// What the host reports.
    pub fn local_address(&self) -> Result<SocketAddr> {
        options::local_address(&self.socket)
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
