//! What of the network is granted, in text and as a value: `tcp:example.com:443`,
//! `udp:10.0.0.0/8`, `*.example.com`, `[fd00::/8]:53-54`, `*`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A protocol on top of IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Streams.
    Tcp,
    /// Datagrams.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// Every one.
    Any,
    /// The one of this name, in lower case and without a dot at its end.
    Name(String),
    /// Those whose name ends in a dot and this one.
    Under(String),
    /// The addresses whose first `prefix` bits are those of `address`.
    Block {
        /// The first of them.
        address: IpAddr,
        /// How many bits are the same.
        prefix: u8,
    },
}

impl HostPattern {
    /// Whether a host of this name is meant. Names have no case, and may end in a dot.
    ///
    /// ```
    /// use silica_wasi_host::HostPattern;
    /// let pattern: HostPattern = "*.example.com".parse()?;
    /// assert!(pattern.covers_name("a.b.Example.com.") && !pattern.covers_name("example.com"));
    /// # Ok::<(), silica_wasi_host::GrantError>(())
    /// ```
    pub fn covers_name(&self, name: &str) -> bool {
        let name = plain(name);
        match self {
            Self::Any => true,
            Self::Name(granted) => *granted == name,
            Self::Under(parent) => name
                .strip_suffix(parent.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            Self::Block { .. } => name
                .parse()
                .is_ok_and(|address: IpAddr| self.covers_address(address)),
        }
    }

    /// Whether this address is meant, whatever names it has.
    pub fn covers_address(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Name(_) | Self::Under(_) => false,
            Self::Block {
                address: first,
                prefix,
            } => masked(address, *prefix) == Some(*first),
        }
    }

    /// As [`covers_address`](Self::covers_address), for an address to listen on: the
    /// unspecified address stands for all of its family.
    fn covers_local(&self, address: IpAddr) -> bool {
        match self {
            Self::Block {
                address: first,
                prefix: _,
            } if first.is_unspecified() => first.is_ipv4() == address.is_ipv4(),
            Self::Any | Self::Name(_) | Self::Under(_) | Self::Block { .. } => {
                self.covers_address(address)
            }
        }
    }
}

/// A name as it is compared.
pub(crate) fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The address with all but its first bits zero; none where it has fewer.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let rest = 32_u32.checked_sub(prefix.into())?;
            let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
            Some(IpAddr::V4((u32::from(address) & mask).into()))
        }
        IpAddr::V6(address) => {
            let rest = 128_u32.checked_sub(prefix.into())?;
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            Some(IpAddr::V6((u128::from(address) & mask).into()))
        }
    }
}

/// Why a text grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GrantError(String);

impl GrantError {
    /// One with this text, for a person.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

fn error<T>(what: impl Into<String>) -> Result<T, GrantError> {
    Err(GrantError(what.into()))
}

impl FromStr for HostPattern {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            let prefix = if address.is_ipv4() { 32 } else { 128 };
            return Ok(Self::Block { address, prefix });
        }
        if let Some((address, prefix)) = text.split_once('/') {
            return block(address, prefix);
        }
        let (under, name) = match text.strip_prefix("*.") {
            Some(parent) => (true, plain(parent)),
            None => (false, plain(text)),
        };
        check_name(&name)?;
        Ok(if under {
            Self::Under(name)
        } else {
            Self::Name(name)
        })
    }
}

fn block(address: &str, prefix: &str) -> Result<HostPattern, GrantError> {
    let (Ok(address), Ok(prefix)) = (address.parse::<IpAddr>(), prefix.parse::<u8>()) else {
        return error(format!(
            "`{address}/{prefix}` is no block of addresses: 10.0.0.0/8"
        ));
    };
    match masked(address, prefix) {
        Some(first) if first == address => Ok(HostPattern::Block { address, prefix }),
        Some(first) => error(format!(
            "{address}/{prefix} has bits beyond its prefix; {first}/{prefix} is the block"
        )),
        None => error(format!("{address} has fewer than {prefix} bits")),
    }
}

fn check_name(name: &str) -> Result<(), GrantError> {
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_allowed)
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    if name.len() <= 253
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
    {
        Ok(())
    } else {
        error(format!(
            "`{name}` is no host: a name, *.NAME, an address, a block like 10.0.0.0/8, or *"
        ))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Name(name) => formatter.write_str(name),
            Self::Under(parent) => write!(formatter, "*.{parent}"),
            Self::Block { address, prefix } => {
                let whole = if address.is_ipv4() { 32 } else { 128 };
                match (address, *prefix == whole) {
                    (IpAddr::V4(address), true) => write!(formatter, "{address}"),
                    (IpAddr::V4(address), false) => write!(formatter, "{address}/{prefix}"),
                    (IpAddr::V6(address), true) => write!(formatter, "[{address}]"),
                    (IpAddr::V6(address), false) => write!(formatter, "[{address}/{prefix}]"),
                }
            }
        }
    }
}

/// Hosts and ports that may be reached, or listened on, by one protocol or both.
///
/// ```
/// use silica_wasi_host::{NetworkGrant, Protocol};
/// let grant: NetworkGrant = "tcp:10.0.0.0/8:80-90".parse()?;
/// assert!(grant.covers(Protocol::Tcp, "10.1.2.3:85".parse().unwrap()));
/// assert!(!grant.covers(Protocol::Udp, "10.1.2.3:85".parse().unwrap()));
/// # Ok::<(), silica_wasi_host::GrantError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkGrant {
    /// By which protocol; by both if none is said.
    pub protocol: Option<Protocol>,
    /// Which hosts.
    pub host: HostPattern,
    /// Which ports; 0 is among them where none is said.
    pub ports: RangeInclusive<u16>,
}

/// Every port.
const ALL_PORTS: RangeInclusive<u16> = 0..=u16::MAX;

impl NetworkGrant {
    /// Whether this address may be reached.
    pub fn covers(&self, protocol: Protocol, address: SocketAddr) -> bool {
        self.covers_port(protocol, address.port()) && self.host.covers_address(address.ip())
    }

    /// Whether this address may be listened on.
    pub fn covers_local(&self, protocol: Protocol, address: SocketAddr) -> bool {
        self.covers_port(protocol, address.port()) && self.host.covers_local(address.ip())
    }

    fn covers_port(&self, protocol: Protocol, port: u16) -> bool {
        self.protocol.is_none_or(|granted| granted == protocol) && self.ports.contains(&port)
    }

    /// Whether anything is granted by this protocol.
    pub fn is_for(&self, protocol: Protocol) -> bool {
        self.protocol.is_none_or(|granted| granted == protocol)
    }
}

impl FromStr for NetworkGrant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (protocol, rest) = match text.split_once(':') {
            Some(("tcp", rest)) => (Some(Protocol::Tcp), rest),
            Some(("udp", rest)) => (Some(Protocol::Udp), rest),
            Some(_) | None => (None, text),
        };
        let (host, ports) = split_ports(rest)?;
        Ok(Self {
            protocol,
            host: host.parse()?,
            ports: ports.map_or(Ok(ALL_PORTS), parse_ports)?,
        })
    }
}

/// The host, and its ports where they are said. An address with colons is in brackets
/// where ports follow it.
fn split_ports(text: &str) -> Result<(&str, Option<&str>), GrantError> {
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, "")) => Ok((host, None)),
            Some((host, ports)) if ports.starts_with(':') => Ok((host, Some(&ports[1..]))),
            Some(_) | None => error(format!("`{text}` is no address with a port: [::1]:80")),
        };
    }
    match text.rsplit_once(':') {
        Some((host, ports)) if !host.contains(':') => Ok((host, Some(ports))),
        Some(_) | None => Ok((text, None)),
    }
}

fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, GrantError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ if text == "*" => Ok(ALL_PORTS),
        _ => error(format!("`{text}` is no port: 443, 8000-8010 or *")),
    }
}

impl fmt::Display for NetworkGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(protocol) = self.protocol {
            write!(formatter, "{protocol}:")?;
        }
        write!(formatter, "{}", self.host)?;
        let (first, last) = (self.ports.start(), self.ports.end());
        match (first, last) {
            _ if self.ports == ALL_PORTS => Ok(()),
            (first, last) if first == last => write!(formatter, ":{first}"),
            (first, last) => write!(formatter, ":{first}-{last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> NetworkGrant {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn texts_and_values() {
        for text in [
            "*",
            "tcp:*",
            "udp:10.0.0.0/8",
            "tcp:example.com:443",
            "*.example.com:80-90",
            "127.0.0.1:0",
            "[::1]:53",
            "udp:[fd00::/8]",
        ] {
            assert_eq!(grant(text).to_string(), text);
        }
        assert_eq!(grant("::1").to_string(), "[::1]");
        assert_eq!(grant("Example.COM.:*").to_string(), "example.com");
    }

    #[test]
    fn what_grants_nothing() {
        for text in [
            "",
            ":80",
            "tcp:",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "1.2.3",
            "a..b",
            "a b",
            "*.",
            "**",
            "a.*",
            "[::1",
            "[::1]x",
            "a:1-",
            "a:2-1",
            "a:65536",
            "http://a",
        ] {
            assert!(text.parse::<NetworkGrant>().is_err(), "{text}");
        }
    }

    #[test]
    fn coverage() {
        let covers = |text: &str, protocol, address: &str| {
            grant(text).covers(protocol, address.parse().unwrap())
        };
        assert!(covers("*", Protocol::Udp, "1.2.3.4:5"));
        assert!(covers("0.0.0.0/0", Protocol::Tcp, "1.2.3.4:5"));
        assert!(!covers("0.0.0.0/0", Protocol::Tcp, "[::1]:5"));
        assert!(!covers("tcp:*", Protocol::Udp, "1.2.3.4:5"));
        assert!(!covers("example.com", Protocol::Tcp, "1.2.3.4:5"));
        assert!(!covers("10.0.0.0/8:80", Protocol::Tcp, "10.0.0.1:81"));
        assert!(!covers("::ffff:10.0.0.1", Protocol::Tcp, "10.0.0.1:81"));
        let any: NetworkGrant = grant("0.0.0.0:80");
        assert!(any.covers_local(Protocol::Tcp, "127.0.0.1:80".parse().unwrap()));
        assert!(!any.covers_local(Protocol::Tcp, "[::]:80".parse().unwrap()));
        assert!(!any.covers(Protocol::Tcp, "127.0.0.1:80".parse().unwrap()));
    }
}
