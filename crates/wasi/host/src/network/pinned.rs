//! Addresses that granted names were found to have: those may be reached, as long as the
//! program runs and not too many others were found since.

use super::{NetworkGrant, Protocol};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 4096;

/// Grants of one address.
const GRANTS_MAX: usize = 64;

/// Found addresses with the grants by which they were looked up.
#[derive(Debug, Default)]
pub(super) struct Pinned {
    found: HashMap<IpAddr, Vec<NetworkGrant>>,
    order: VecDeque<IpAddr>,
}

impl Pinned {
    pub(super) fn covers(&self, protocol: Protocol, remote: SocketAddr) -> bool {
        self.found.get(&remote.ip()).is_some_and(|grants| {
            let mut grants = grants.iter();
            grants.any(|grant| grant.is_for(protocol) && grant.ports.contains(&remote.port()))
        })
    }

    /// Remembers an address; the one that was found first is forgotten where there are too many.
    pub(super) fn add(&mut self, address: IpAddr, grant: &NetworkGrant) {
        if !self.found.contains_key(&address) {
            if self.order.len() >= ADDRESSES_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.found.remove(&oldest);
            }
            self.order.push_back(address);
        }
        let grants = self.found.entry(address).or_default();
        if !grants.contains(grant) && grants.len() < GRANTS_MAX {
            grants.push(grant.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut pinned = Pinned::default();
        let grant: NetworkGrant = "tcp:a.example:80".parse().unwrap();
        for number in 0..2 * ADDRESSES_MAX as u32 {
            pinned.add(IpAddr::V4(number.into()), &grant);
        }
        assert_eq!(
            (pinned.found.len(), pinned.order.len()),
            (ADDRESSES_MAX, ADDRESSES_MAX)
        );
        let covers = |number: u32, port| {
            pinned.covers(
                Protocol::Tcp,
                SocketAddr::new(IpAddr::V4(number.into()), port),
            )
        };
        assert!(!covers(0, 80) && covers(ADDRESSES_MAX as u32, 80));
        assert!(!covers(ADDRESSES_MAX as u32, 81));
    }
}
