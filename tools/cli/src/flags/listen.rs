//! `--tcp-listen`: sockets on which the program may accept connections.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use crate::failure::{Failure, Result};
use crate::status::Status;

/// Addresses to listen on, in the order in which the program gets the sockets.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct Listeners {
    /// Listens on an address and lets the program accept connections on it
    #[arg(long = "tcp-listen", value_name = "HOST:PORT", value_parser = parse)]
    addresses: Vec<SocketAddr>,
}

fn parse(text: &str) -> std::result::Result<SocketAddr, String> {
    let mut found = text
        .to_socket_addrs()
        .map_err(|error| format!("{error}; an address is HOST:PORT, for example 127.0.0.1:8080"))?;
    found
        .next()
        .ok_or_else(|| "that name has no address".to_owned())
}

impl Listeners {
    /// Adds others, whose sockets come after these.
    pub(crate) fn add(&mut self, others: Listeners) {
        self.addresses.extend(others.addresses);
    }

    /// Listens on all of them.
    pub(crate) fn open(&self) -> Result<Vec<TcpListener>> {
        let open = |address: &SocketAddr| {
            TcpListener::bind(address).map_err(|error| {
                let message = format!("--tcp-listen {address}: {error}");
                Failure::new(Status::Unavailable, message)
            })
        };
        self.addresses.iter().map(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(parse("127.0.0.1:80"), Ok(([127, 0, 0, 1], 80).into()));
        assert!(parse("127.0.0.1").is_err() && parse("[::1]:80").is_ok());
    }

    #[test]
    fn an_address_in_use_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = vec![taken.local_addr().unwrap()];
        let failure = Listeners { addresses }.open().unwrap_err();
        assert_eq!(failure.status, Status::Unavailable);
    }
}
