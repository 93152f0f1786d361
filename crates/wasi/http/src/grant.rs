//! To which hosts requests may be made: `example.com`, `https://*.example.com`, `localhost:8080`.

use std::fmt;
use std::str::FromStr;

use silica_wasi_host::{GrantError, HostPattern, NetworkGrant, Protocol};

/// Hosts to which requests may be made.
///
/// ```
/// use silica_wasi_http::HttpGrant;
/// let grant: HttpGrant = "example.com".parse()?;
/// assert!(grant.covers(true, "example.com", 443) && grant.covers(false, "example.com", 80));
/// assert!(!grant.covers(true, "example.com", 8443));
/// # Ok::<(), silica_wasi_host::GrantError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGrant {
    /// Only with TLS, or only without.
    secure: Option<bool>,
    host: HostPattern,
    /// The only port; those that the schemes have if none is said.
    port: Option<u16>,
}

/// The port of a scheme.
pub(crate) fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl HttpGrant {
    /// Whether a request to a host, by its name or address, may be made.
    #[must_use]
    pub fn covers(&self, secure: bool, host: &str, port: u16) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        self.secure.is_none_or(|granted| granted == secure)
            && self.port.unwrap_or(default_port(secure)) == port
            && self.host.covers_name(bare)
    }

    /// What of the network it needs.
    pub fn network(&self) -> impl Iterator<Item = NetworkGrant> + '_ {
        let schemes = [true, false].into_iter();
        let schemes = schemes.filter(|secure| self.secure.is_none_or(|granted| granted == *secure));
        schemes.map(|secure| {
            let port = self.port.unwrap_or(default_port(secure));
            NetworkGrant {
                protocol: Some(Protocol::Tcp),
                host: self.host.clone(),
                ports: port..=port,
            }
        })
    }
}

impl FromStr for HttpGrant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (secure, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Some(true), rest),
            Some(("http", rest)) => (Some(false), rest),
            Some(_) | None => (None, text),
        };
        let NetworkGrant {
            protocol,
            host,
            ports,
        } = rest.parse()?;
        let port = match (*ports.start(), *ports.end()) {
            (0, u16::MAX) => None,
            (first, last) if first == last => Some(first),
            _ => return Err(no_grant()),
        };
        if protocol.is_some() {
            return Err(no_grant());
        }
        Ok(Self { secure, host, port })
    }
}

fn no_grant() -> GrantError {
    GrantError::new("that is no host to make requests to: example.com, https://example.com:8443")
}

impl fmt::Display for HttpGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.secure {
            Some(true) => formatter.write_str("https://")?,
            Some(false) => formatter.write_str("http://")?,
            None => {}
        }
        write!(formatter, "{}", self.host)?;
        match self.port {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_what_they_cover() {
        for text in [
            "example.com",
            "https://*.example.com",
            "http://localhost:8080",
            "*",
            "[::1]:80",
        ] {
            assert_eq!(text.parse::<HttpGrant>().unwrap().to_string(), text);
        }
        for text in ["", "ftp://a", "tcp:a", "a:80-90", "https://", "a/b"] {
            assert!(text.parse::<HttpGrant>().is_err(), "{text}");
        }
        let grant: HttpGrant = "https://*.example.com".parse().unwrap();
        assert!(grant.covers(true, "a.example.com", 443));
        assert!(!grant.covers(false, "a.example.com", 80));
        assert!(!grant.covers(true, "a.example.com", 80));
        assert!(!grant.covers(true, "example.com.evil", 443));
        let literal: HttpGrant = "http://[::1]:8080".parse().unwrap();
        assert!(literal.covers(false, "[::1]", 8080));
        assert_eq!(grant.network().count(), 1);
    }
}
