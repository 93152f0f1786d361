//! `--net` and `--listen`: what of the network the program may reach, and where it may listen.

use silica::wasi::host::{NetworkGrant, NetworkGrants, Refusal};

/// Grants of the network. None by default.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct NetworkFlags {
    /// Lets the program reach hosts: example.com:443, udp:10.0.0.0/8, *.example.com, *. Only these names can be looked
    /// up, and only what they lead to is reached
    #[arg(
        long = "net",
        value_name = "[tcp:|udp:]HOST[:PORT]",
        value_delimiter = ',',
        value_parser = parse
    )]
    connect: Vec<NetworkGrant>,

    /// Lets the program listen on addresses: 127.0.0.1:8080, udp:127.0.0.1:53, 0.0.0.0
    #[arg(
        long = "listen",
        value_name = "[tcp:|udp:]ADDRESS[:PORT]",
        value_delimiter = ',',
        value_parser = parse
    )]
    listen: Vec<NetworkGrant>,
}

fn parse(text: &str) -> Result<NetworkGrant, String> {
    text.parse()
        .map_err(|error: silica::wasi::host::GrantError| error.to_string())
}

impl NetworkFlags {
    /// All that is granted.
    pub(crate) fn grants(&self) -> NetworkGrants {
        NetworkGrants {
            connect: self.connect.clone(),
            listen: self.listen.clone(),
        }
    }

    /// Adds what others grant.
    pub(crate) fn add(&mut self, others: NetworkFlags) {
        self.connect.extend(others.connect);
        self.listen.extend(others.listen);
    }
}

/// What was refused, and the flag that would grant it.
pub(crate) fn missing(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Socket(protocol) => format!(
            "not granted: a {protocol} socket; `--net {protocol}:HOST:PORT` lets the program reach a host, \
             `--listen {protocol}:ADDRESS:PORT` lets it listen"
        ),
        Refusal::Connect(protocol, address) => {
            format!("not granted: reaching {address}; `--net {protocol}:{address}` grants it")
        }
        Refusal::Listen(protocol, address) => {
            format!(
                "not granted: listening on {address}; `--listen {protocol}:{address}` grants it"
            )
        }
        Refusal::Lookup(name) => {
            format!(
                "not granted: looking up {name}; `--net {name}` grants it, and what it leads to"
            )
        }
        Refusal::Rebound(name, address) => format!(
            "not granted: {name} leads to {address}, which is of this host or its link; \
             `--net {address}` grants it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        network: NetworkFlags,
    }

    #[test]
    fn lists_and_repetitions() {
        let line = [
            "x",
            "--net",
            "tcp:example.com:443,udp:10.0.0.0/8",
            "--net=*",
            "--listen=[::1]:80",
        ];
        let grants = Line::try_parse_from(line).unwrap().network.grants();
        let shown: Vec<_> = grants.connect.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["tcp:example.com:443", "udp:10.0.0.0/8", "*"]);
        assert_eq!(grants.listen[0].to_string(), "[::1]:80");
        assert!(Line::try_parse_from(["x", "--net", "10.0.0.1/8"]).is_err());
        assert!(
            Line::try_parse_from(["x"])
                .unwrap()
                .network
                .grants()
                .is_empty()
        );
    }

    #[test]
    fn a_refusal_names_a_flag_that_grants_it() {
        let refusal = Refusal::Connect(
            silica::wasi::host::Protocol::Tcp,
            "[::1]:80".parse().unwrap(),
        );
        let text = missing(&refusal);
        let flag = text.split('`').nth(1).unwrap();
        let line = ["x"].into_iter().chain(flag.split(' '));
        let grants = Line::try_parse_from(line).unwrap().network.grants();
        let protocol = silica::wasi::host::Protocol::Tcp;
        assert!(grants.connect[0].covers(protocol, "[::1]:80".parse().unwrap()));
    }
}
