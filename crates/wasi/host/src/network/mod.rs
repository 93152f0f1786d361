//! The network, as far as it is granted: addresses to reach and to listen on, names to
//! look up.
//!
//! Every socket comes from a [`Network`], and asks it before it reaches or listens on an
//! address. A name that is granted may be looked up; the addresses that were found may then
//! be reached, on the ports that the grant has, and no others: whoever answers for a name
//! cannot lead to addresses of this host, nor to what the answer did not name.
//!
//! Where to go next: [`NetworkGrant`] for what can be granted, [`TcpSocket`] and
//! [`UdpSocket`] for what is done with it.

mod grant;
mod lookup;
mod options;
mod pinned;
mod tcp;
mod udp;

pub use grant::{GrantError, HostPattern, NetworkGrant, Protocol};
pub use lookup::Lookup;
pub use options::{SocketOptions, Timeout};
pub use tcp::{ReceiveFlags, ShutdownSides, TcpSocket};
pub use udp::{Datagram, UdpSocket};

use crate::{Error, Quotas, Result};
use pinned::Pinned;
use rustix::fd::OwnedFd;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A version of IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6, and not IPv4 in its clothes.
    V6,
}

impl IpFamily {
    /// The one of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// Everything that is granted of the network; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkGrants {
    /// What may be reached: connected to, sent to.
    pub connect: Vec<NetworkGrant>,
    /// What may be listened on: by TCP, and for datagrams from anybody.
    pub listen: Vec<NetworkGrant>,
}

impl NetworkGrants {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.connect.is_empty() && self.listen.is_empty()
    }
}

/// What was asked for and is not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A socket, where nothing is granted by its protocol.
    Socket(Protocol),
    /// Reaching an address.
    Connect(Protocol, SocketAddr),
    /// Listening on an address.
    Listen(Protocol, SocketAddr),
    /// Looking up a name.
    Lookup(String),
    /// An address of this host or its link, to which a name led that is granted.
    Rebound(String, IpAddr),
}

type OnRefused = Box<dyn Fn(&Refusal) + Send + Sync>;

/// What one program may do on the network. Clones are the same.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    grants: NetworkGrants,
    pinned: Mutex<Pinned>,
    sockets: AtomicUsize,
    sockets_max: usize,
    lookups: AtomicUsize,
    lookups_max: usize,
    on_refused: Option<OnRefused>,
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Network")
            .field(&self.shared.grants)
            .finish()
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new(NetworkGrants::default(), &Quotas::default())
    }
}

/// One of the sockets that a program may have, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    network: Network,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.network.shared.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Network {
    /// The network as far as `grants` say.
    pub fn new(grants: NetworkGrants, quotas: &Quotas) -> Self {
        Self::with(grants, quotas, None)
    }

    /// As [`new`](Self::new); `on_refused` is told of each refusal, for a person.
    pub fn observed(
        grants: NetworkGrants,
        quotas: &Quotas,
        on_refused: impl Fn(&Refusal) + Send + Sync + 'static,
    ) -> Self {
        Self::with(grants, quotas, Some(Box::new(on_refused)))
    }

    fn with(grants: NetworkGrants, quotas: &Quotas, on_refused: Option<OnRefused>) -> Self {
        Self {
            shared: Arc::new(Shared {
                grants,
                pinned: Mutex::default(),
                sockets: AtomicUsize::new(0),
                sockets_max: quotas.sockets_max,
                lookups: AtomicUsize::new(0),
                lookups_max: quotas.lookups_max,
                on_refused,
            }),
        }
    }

    /// What is granted.
    pub fn grants(&self) -> &NetworkGrants {
        &self.shared.grants
    }

    /// A TCP socket that is not bound.
    ///
    /// # Errors
    /// [`Error::Access`] where nothing is granted by TCP; [`Error::TooManyOpenFiles`] beyond
    /// the quota; what the host reports.
    pub fn tcp_socket(&self, family: IpFamily) -> Result<TcpSocket> {
        let (socket, permit) = self.open(Protocol::Tcp, family)?;
        // As servers on Unix do: a port is free as soon as nobody listens on it.
        net::sockopt::set_socket_reuseaddr(&socket, true)?;
        Ok(TcpSocket::new(socket, family, permit))
    }

    /// A UDP socket that is not bound.
    ///
    /// # Errors
    /// As [`tcp_socket`](Self::tcp_socket), for UDP.
    pub fn udp_socket(&self, family: IpFamily) -> Result<UdpSocket> {
        let (socket, permit) = self.open(Protocol::Udp, family)?;
        Ok(UdpSocket::new(socket, family, permit))
    }

    fn open(&self, protocol: Protocol, family: IpFamily) -> Result<(OwnedFd, Permit)> {
        let NetworkGrants { connect, listen } = &self.shared.grants;
        if !connect
            .iter()
            .chain(listen)
            .any(|grant| grant.is_for(protocol))
        {
            return self.refuse(Refusal::Socket(protocol));
        }
        let permit = self.permit()?;
        let domain = match family {
            IpFamily::V4 => AddressFamily::INET,
            IpFamily::V6 => AddressFamily::INET6,
        };
        let kind = match protocol {
            Protocol::Tcp => SocketType::STREAM,
            Protocol::Udp => SocketType::DGRAM,
        };
        let socket = open_socket(domain, kind)?;
        if family == IpFamily::V6 {
            net::sockopt::set_ipv6_v6only(&socket, true)?;
        }
        Ok((socket, permit))
    }

    /// Room for one more socket.
    pub(crate) fn permit(&self) -> Result<Permit> {
        take(&self.shared.sockets, self.shared.sockets_max)?;
        Ok(Permit {
            network: self.clone(),
        })
    }

    fn refuse<T>(&self, refusal: Refusal) -> Result<T> {
        if let Some(on_refused) = &self.shared.on_refused {
            on_refused(&refusal);
        }
        Err(Error::Access)
    }

    /// Checks that `remote` may be reached.
    ///
    /// # Errors
    /// [`Error::Access`] where it is not granted; [`Error::Invalid`] for an address that
    /// means another one (unspecified, or IPv4 within IPv6).
    pub fn check_connect(&self, protocol: Protocol, remote: SocketAddr) -> Result<()> {
        if remote.ip().is_unspecified() || is_mapped(remote.ip()) {
            return Err(Error::Invalid);
        }
        let granted = self.grants().connect.iter();
        if granted.clone().any(|grant| grant.covers(protocol, remote))
            || self.pinned().covers(protocol, remote)
        {
            Ok(())
        } else {
            self.refuse(Refusal::Connect(protocol, remote))
        }
    }

    /// Checks that `local` may be listened on.
    fn check_listen(&self, protocol: Protocol, local: SocketAddr) -> Result<()> {
        if self.may_listen(protocol, local)? {
            Ok(())
        } else {
            self.refuse(Refusal::Listen(protocol, local))
        }
    }

    fn may_listen(&self, protocol: Protocol, local: SocketAddr) -> Result<bool> {
        if is_mapped(local.ip()) {
            return Err(Error::Invalid);
        }
        let mut granted = self.grants().listen.iter();
        Ok(granted.any(|grant| grant.covers_local(protocol, local)))
    }

    /// Whether anything may be reached by a protocol, so that a socket of it may have a
    /// port that the system chooses.
    fn may_connect(&self, protocol: Protocol) -> bool {
        self.grants()
            .connect
            .iter()
            .any(|grant| grant.is_for(protocol))
    }

    fn pinned(&self) -> std::sync::MutexGuard<'_, Pinned> {
        // Nothing that holds the lock can leave half a change behind.
        self.shared
            .pinned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IPv4 address in the clothes of IPv6, by which a policy for one could be circumvented.
fn is_mapped(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_some(),
    }
}

/// Counts one more, if there are fewer than `max`.
fn take(count: &AtomicUsize, max: usize) -> Result<()> {
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < max).then_some(count + 1)
        })
        .map(drop)
        .map_err(|_| Error::TooManyOpenFiles)
}

#[cfg(not(target_vendor = "apple"))]
fn open_socket(domain: AddressFamily, kind: SocketType) -> Result<OwnedFd> {
    Ok(net::socket_with(domain, kind, SocketFlags::CLOEXEC, None)?)
}

#[cfg(target_vendor = "apple")]
fn open_socket(domain: AddressFamily, kind: SocketType) -> Result<OwnedFd> {
    let socket = net::socket_with(domain, kind, SocketFlags::empty(), None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
