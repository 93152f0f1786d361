//! Names to addresses, for names that are granted.
//!
//! The system's resolver waits as long as it likes, so it works on a thread of its own,
//! and whoever waits for it may be interrupted. Literal addresses and `localhost` need neither.

use super::{IpFamily, Network, NetworkGrant, Refusal, grant, take};
use crate::poll::Source;
use crate::{Error, Result};
use rustix::fd::{AsFd, OwnedFd};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses that are taken from one answer.
const ADDRESSES_MAX: usize = 256;

/// A lookup that was started.
#[derive(Debug)]
pub struct Lookup {
    state: State,
}

#[derive(Debug)]
enum State {
    Known(Result<Vec<IpAddr>>),
    /// Something is in the cell once the other end of the pipe is closed.
    Asked {
        found: Arc<Mutex<Option<Result<Vec<IpAddr>>>>>,
        ended: OwnedFd,
    },
}

impl Lookup {
    /// The addresses, or none while they are looked up.
    ///
    /// # Errors
    /// [`Error::NoEntry`] where the name has none, [`Error::WouldBlock`] where the resolver
    /// cannot be reached now; [`Error::Access`] where all of them are ones that a name may
    /// not lead to.
    pub fn addresses(&self) -> Option<Result<Vec<IpAddr>>> {
        match &self.state {
            State::Known(result) => Some(result.clone()),
            State::Asked { found, .. } => {
                found.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
        }
    }

    /// What to wait on, for [`poll`](crate::poll): readable when the lookup has ended.
    pub fn source(&self) -> Source<'_> {
        match &self.state {
            State::Known(_) => Source::ready(0),
            State::Asked { ended, .. } => Source::host(ended.as_fd()),
        }
    }
}

impl Network {
    /// Starts looking up a name.
    ///
    /// # Errors
    /// [`Error::Access`] where the name is not granted; [`Error::Invalid`] where it is none;
    /// [`Error::TooManyOpenFiles`] where too many lookups are under way.
    pub fn lookup(&self, name: &str) -> Result<Lookup> {
        let known = |addresses| {
            Ok(Lookup {
                state: State::Known(Ok(addresses)),
            })
        };
        if let Some(literal) = literal(name) {
            return known(vec![literal]);
        }
        let name = grant::plain(name);
        if name.is_empty() || name.len() > 253 || name.contains('\0') {
            return Err(Error::Invalid);
        }
        let by: Vec<NetworkGrant> = {
            let granted = self.grants().connect.iter();
            granted
                .filter(|grant| grant.host.covers_name(&name))
                .cloned()
                .collect()
        };
        if by.is_empty() {
            return self.refuse(Refusal::Lookup(name));
        }
        if is_local_name(&name) {
            let addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return known(self.accept(&name, &by, addresses)?);
        }
        self.ask(name, by)
    }

    fn ask(&self, name: String, by: Vec<NetworkGrant>) -> Result<Lookup> {
        take(&self.shared.lookups, self.shared.lookups_max)?;
        let network = UnderWay(self.clone());
        let (ended, ends) = pipe()?;
        let found = Arc::new(Mutex::new(None));
        let cell = Arc::clone(&found);
        let work = move || {
            let answer = resolve(&name).and_then(|found| network.0.accept(&name, &by, found));
            *cell.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            drop(ends);
        };
        let builder = std::thread::Builder::new().name("lookup".to_owned());
        builder.spawn(work)?;
        Ok(Lookup {
            state: State::Asked { found, ended },
        })
    }

    /// Of what was found, the addresses that may be reached; they are from now on.
    pub(super) fn accept(
        &self,
        name: &str,
        by: &[NetworkGrant],
        mut addresses: Vec<IpAddr>,
    ) -> Result<Vec<IpAddr>> {
        addresses.truncate(ADDRESSES_MAX);
        let mut refused = None;
        addresses.retain(|address| {
            let granted = self.grants().connect.iter();
            let by_itself = granted
                .clone()
                .any(|grant| grant.host.covers_address(*address));
            let allowed = by_itself || is_local_name(name) || !is_of_this_host(*address);
            if !allowed {
                refused = Some(*address);
            }
            allowed
        });
        match (refused, addresses.is_empty()) {
            (Some(address), true) => {
                return self.refuse(Refusal::Rebound(name.to_owned(), address));
            }
            (None, true) => return Err(Error::NoEntry),
            (Some(_) | None, false) => {}
        }
        let mut pinned = self.pinned();
        for address in &addresses {
            for grant in by {
                pinned.add(*address, grant);
            }
        }
        Ok(addresses)
    }
}

/// One of the lookups that may be under way, until it is dropped.
struct UnderWay(Network);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.shared.lookups.fetch_sub(1, Ordering::Relaxed);
    }
}

fn literal(name: &str) -> Option<IpAddr> {
    let inside = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(name).parse().ok()
}

/// A name that always means this host (RFC 6761).
fn is_local_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// An address that no name but `localhost` may lead to: it would be reached from inside, where
/// whoever answers for the name could not reach it.
fn is_of_this_host(address: IpAddr) -> bool {
    let address = address.to_canonical();
    match address {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_link_local()
                || address.octets()[0] == 0
                || address.is_broadcast()
                || address.is_multicast()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs().map_err(|error| {
        if error.raw_os_error().is_some() {
            return Error::from(error);
        }
        // The library tells its own codes apart only in words.
        if error.to_string().contains("emporary") {
            Error::WouldBlock
        } else {
            Error::NoEntry
        }
    })?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    Ok(addresses)
}

/// A pipe: what is readable, or at its end, once the other is dropped.
fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    for end in [&reader, &writer] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((reader, writer))
}

impl IpFamily {
    /// The addresses of this family.
    pub fn only(self, addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let own = addresses.into_iter();
        own.filter(|address| Self::of(*address) == self).collect()
    }
}
