//! Why a request fails, in our own words; `code` has the standard's.

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The name was not looked up in time.
    NameTimeout,
    /// The name has no address.
    NoSuchName,
    /// No address could be tried.
    NotFound,
    /// The address may not be reached.
    AddressProhibited,
    /// No way leads to the address.
    AddressUnroutable,
    /// Nobody listens there.
    ConnectionRefused,
    /// The connection ended before its time.
    ConnectionTerminated,
    /// Connecting took too long.
    ConnectionTimeout,
    /// What was waited for did not come in time.
    ReadTimeout,
    /// Too many requests are under way.
    LimitReached,
    /// The peer does not speak TLS as it should.
    TlsProtocol,
    /// The peer's certificate is not trusted.
    TlsCertificate,
    /// The peer ended the connection, with this alert.
    TlsAlert(u8, String),
    /// The host is not granted.
    Denied,
    /// There is no such method, or it may not be used.
    MethodInvalid,
    /// The request has no place to go.
    UriInvalid,
    /// The body has another length than was promised.
    BodySize(u64),
    /// The response ended before its end.
    ResponseIncomplete,
    /// The response has more fields than may be held.
    FieldsTooLong,
    /// The response has more trailers than may be held.
    TrailersTooLong,
    /// The response did not come in time.
    ResponseTimeout,
    /// The peer does not speak HTTP as it should.
    Protocol,
    /// Requests cannot be made here.
    Configuration,
    /// Something else, in words.
    Internal(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the request failed: {self:?}")
    }
}

impl std::error::Error for Failure {}

impl From<silica_wasi_host::Error> for Failure {
    fn from(error: silica_wasi_host::Error) -> Self {
        use silica_wasi_host::Error as E;
        match error {
            E::Access => Failure::Denied,
            E::Invalid => Failure::UriInvalid,
            E::NoEntry => Failure::NoSuchName,
            E::WouldBlock => Failure::NameTimeout,
            E::ConnectionRefused => Failure::ConnectionRefused,
            E::TimedOut => Failure::ConnectionTimeout,
            E::HostUnreachable | E::NetworkUnreachable | E::AddressNotAvailable => {
                Failure::AddressUnroutable
            }
            E::ConnectionReset | E::ConnectionAborted | E::BrokenPipe => {
                Failure::ConnectionTerminated
            }
            E::TooManyOpenFiles | E::TooManyOpenFilesInSystem => Failure::LimitReached,
            other => Failure::Internal(other.to_string()),
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        if let Some(failure) = own(&error) {
            return failure;
        }
        if error.is_timeout() {
            Failure::ResponseTimeout
        } else if error.is_parse() && error.to_string().contains("too large") {
            // It has no other way to say so.
            Failure::FieldsTooLong
        } else if error.is_incomplete_message() {
            Failure::ResponseIncomplete
        } else if error.is_closed() || error.is_canceled() {
            Failure::ConnectionTerminated
        } else {
            Failure::Protocol
        }
    }
}

/// What our own body gave hyper as the reason.
fn own(error: &hyper::Error) -> Option<Failure> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return Some(failure.clone());
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::UnexpectedEof
        {
            return Some(Failure::ResponseIncomplete);
        }
        source = error.source();
    }
    None
}
