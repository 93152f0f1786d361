//! The options of sockets, and what both kinds have in common.

use super::IpFamily;
use crate::{Error, FileFlags, Result};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::net::{self, sockopt};
use std::net::SocketAddr;
use std::time::Duration;

/// What may take too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// Receiving and accepting.
    Receive,
    /// Sending and connecting.
    Send,
}

impl Timeout {
    fn system(self) -> sockopt::Timeout {
        match self {
            Self::Receive => sockopt::Timeout::Recv,
            Self::Send => sockopt::Timeout::Send,
        }
    }
}

/// The largest buffer that a program gets of the host's memory, whatever it asks for.
const BUFFER_BYTES_MAX: usize = 4 << 20;

/// The options of one socket.
#[derive(Debug, Clone, Copy)]
pub struct SocketOptions<'a> {
    socket: BorrowedFd<'a>,
    family: IpFamily,
}

pub(super) fn has_options(socket: BorrowedFd<'_>, family: IpFamily) -> SocketOptions<'_> {
    SocketOptions { socket, family }
}

macro_rules! options {
    ($($(#[$doc:meta])* $get:ident $set:ident: $type:ty = $system_get:ident $system_set:ident;)*) => {
        /// Each is what the host has, with its errors.
        #[allow(clippy::missing_errors_doc)]
        impl SocketOptions<'_> {
            $(
                $(#[$doc])*
                pub fn $get(&self) -> Result<$type> {
                    Ok(sockopt::$system_get(self.socket)?)
                }

                /// Sets it.
                pub fn $set(&self, value: $type) -> Result<()> {
                    Ok(sockopt::$system_set(self.socket, value)?)
                }
            )*
        }
    };
}

options! {
    /// Whether a connection with nothing to say is tested.
    keep_alive set_keep_alive: bool = socket_keepalive set_socket_keepalive;
    /// After how long it is tested. The host rounds to seconds.
    keep_alive_idle set_keep_alive_idle: Duration = tcp_keepidle set_tcp_keepidle;
    /// How often it is tested. The host rounds to seconds.
    keep_alive_interval set_keep_alive_interval: Duration = tcp_keepintvl set_tcp_keepintvl;
    /// After how many tests it is given up.
    keep_alive_count set_keep_alive_count: u32 = tcp_keepcnt set_tcp_keepcnt;
    /// Whether small pieces are sent at once.
    no_delay set_no_delay: bool = tcp_nodelay set_tcp_nodelay;
    /// Whether a local address may be used again at once.
    reuse_address set_reuse_address: bool = socket_reuseaddr set_socket_reuseaddr;
    /// Whether datagrams may be sent to all of a link.
    broadcast set_broadcast: bool = socket_broadcast set_socket_broadcast;
    /// Whether urgent data is received with the rest.
    out_of_band_inline set_out_of_band_inline: bool = socket_oobinline set_socket_oobinline;
    /// How long closing waits for what is still to be sent; none, not at all.
    linger set_linger: Option<Duration> = socket_linger set_socket_linger;
}

impl SocketOptions<'_> {
    /// Through how many routers what is sent may pass.
    ///
    /// # Errors
    /// What the host reports.
    pub fn hop_limit(&self) -> Result<u8> {
        Ok(match self.family {
            IpFamily::V4 => u8::try_from(sockopt::ip_ttl(self.socket)?).unwrap_or(u8::MAX),
            IpFamily::V6 => sockopt::ipv6_unicast_hops(self.socket)?,
        })
    }

    /// Sets through how many routers what is sent may pass.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0; what the host reports.
    pub fn set_hop_limit(&self, hops: u8) -> Result<()> {
        if hops == 0 {
            return Err(Error::Invalid);
        }
        match self.family {
            IpFamily::V4 => sockopt::set_ip_ttl(self.socket, hops.into())?,
            IpFamily::V6 => sockopt::set_ipv6_unicast_hops(self.socket, Some(hops))?,
        }
        Ok(())
    }

    /// Bytes that are kept until they are received, as far as they count for the program.
    ///
    /// # Errors
    /// What the host reports.
    pub fn receive_buffer_size(&self) -> Result<usize> {
        Ok(told(sockopt::socket_recv_buffer_size(self.socket)?))
    }

    /// Asks for a size; the host rounds, and has bounds.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0; what the host reports.
    pub fn set_receive_buffer_size(&self, bytes: usize) -> Result<()> {
        Ok(sockopt::set_socket_recv_buffer_size(
            self.socket,
            asked(bytes)?,
        )?)
    }

    /// Bytes that are kept until they are sent, as far as they count for the program.
    ///
    /// # Errors
    /// What the host reports.
    pub fn send_buffer_size(&self) -> Result<usize> {
        Ok(told(sockopt::socket_send_buffer_size(self.socket)?))
    }

    /// Asks for a size; the host rounds, and has bounds.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0; what the host reports.
    pub fn set_send_buffer_size(&self, bytes: usize) -> Result<()> {
        Ok(sockopt::set_socket_send_buffer_size(
            self.socket,
            asked(bytes)?,
        )?)
    }

    /// How long an operation waits; none, for ever.
    ///
    /// # Errors
    /// What the host reports.
    pub fn timeout(&self, of: Timeout) -> Result<Option<Duration>> {
        Ok(sockopt::socket_timeout(self.socket, of.system())?)
    }

    /// Sets how long an operation waits; none, for ever.
    ///
    /// # Errors
    /// What the host reports.
    pub fn set_timeout(&self, of: Timeout, timeout: Option<Duration>) -> Result<()> {
        Ok(sockopt::set_socket_timeout(
            self.socket,
            of.system(),
            timeout,
        )?)
    }

    /// What went wrong since this was asked last, if anything did.
    ///
    /// # Errors
    /// What the host reports.
    pub fn take_error(&self) -> Result<Option<Error>> {
        Ok(sockopt::socket_error(self.socket)?.err().map(Error::from))
    }
}

/// Linux doubles what is asked for, for its own use, and tells the double.
fn told(bytes: usize) -> usize {
    if cfg!(target_os = "linux") {
        bytes / 2
    } else {
        bytes
    }
}

fn asked(bytes: usize) -> Result<usize> {
    match bytes {
        0 => Err(Error::Invalid),
        bytes => Ok(bytes.min(BUFFER_BYTES_MAX)),
    }
}

pub(super) fn local_address(socket: impl AsFd) -> Result<SocketAddr> {
    let address = net::getsockname(socket)?;
    SocketAddr::try_from(address).map_err(|_| Error::AddressFamilyNotSupported)
}

pub(super) fn remote_address(socket: impl AsFd) -> Result<SocketAddr> {
    let address = net::getpeername(socket)?.ok_or(Error::NotConnected)?;
    SocketAddr::try_from(address).map_err(|_| Error::AddressFamilyNotSupported)
}

pub(super) fn set_flags(socket: impl AsFd, flags: FileFlags) -> Result<()> {
    if !FileFlags::NONBLOCK.contains(flags) {
        return Err(Error::NotSupported);
    }
    Ok(rustix::io::ioctl_fionbio(
        socket,
        flags.contains(FileFlags::NONBLOCK),
    )?)
}
