//! Connections: a name to addresses, TCP, TLS, and the version of HTTP that both speak.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderValue};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName};
use silica_wasi_host::{Clocks, Interest, Network, Protocol, Wait, poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::request::{Body, Request};
use crate::failure::Failure;

/// The most header fields of a response.
const FIELDS_MAX: usize = 512;

/// A connection, by the version of HTTP that it speaks.
pub(super) enum Connection {
    One(http1::SendRequest<Body>),
    Two(http2::SendRequest<Body>),
}

impl Connection {
    pub(super) async fn send(
        &mut self,
        mut request: http::Request<Body>,
    ) -> hyper::Result<http::Response<Incoming>> {
        match self {
            Connection::One(sender) => {
                one_form(&mut request);
                sender.send_request(request).await
            }
            Connection::Two(sender) => sender.send_request(request).await,
        }
    }
}

/// What HTTP/1.1 says in a field and HTTP/2 does not.
fn one_form(request: &mut http::Request<Body>) {
    let uri = std::mem::take(request.uri_mut());
    if let Some(authority) = uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    let path = uri.path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| http::Uri::from_static("/"), http::Uri::from);
}

/// What makes connections secure, trusting what the system trusts and these certificates.
pub(super) fn connector(trusted: &[CertificateDer<'static>]) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    // What cannot be read is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(trusted.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::Configuration)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

pub(super) async fn connect(
    request: &Request,
    tls: Option<TlsConnector>,
    header_bytes_max: usize,
) -> Result<Connection, Failure> {
    let stream = reach(&request.network, &request.host, request.port).await?;
    let Some(tls) = tls else {
        return one(stream, header_bytes_max).await;
    };
    let bare = request.host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned());
    let name = name.map_err(|_| Failure::UriInvalid)?;
    let stream = tls
        .connect(name, stream)
        .await
        .map_err(|error| of_tls(&error))?;
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() == Some(b"h2") {
        two(stream, header_bytes_max).await
    } else {
        one(stream, header_bytes_max).await
    }
}

async fn one<S>(stream: S, header_bytes_max: usize) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_headers(FIELDS_MAX)
        // The least that hyper takes.
        .max_buf_size(header_bytes_max.max(8192))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Failure::from)?;
    // What goes wrong is told by the request.
    tokio::spawn(connection);
    Ok(Connection::One(sender))
}

async fn two<S>(stream: S, header_bytes_max: usize) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(u32::try_from(header_bytes_max).unwrap_or(u32::MAX))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Failure::from)?;
    tokio::spawn(connection);
    Ok(Connection::Two(sender))
}

/// Connects to the first address of a host that takes a connection, if its name is granted.
async fn reach(network: &Network, host: &str, port: u16) -> Result<TcpStream, Failure> {
    let (names, name) = (network.clone(), host.to_owned());
    let looked_up = tokio::task::spawn_blocking(move || {
        let lookup = names.lookup(&name)?;
        loop {
            if let Some(addresses) = lookup.addresses() {
                return addresses;
            }
            let wait = Wait {
                source: lookup.source(),
                interest: Interest::Readable,
            };
            poll(&[wait], None, &Clocks::system(), &|| true, &mut |_| ())?;
        }
    });
    let addresses = looked_up.await.map_err(|_| Failure::ConnectionTerminated)?;
    let mut failed = Failure::NotFound;
    for address in addresses.map_err(Failure::from)? {
        let address = SocketAddr::new(address, port);
        if network.check_connect(Protocol::Tcp, address).is_err() {
            failed = Failure::AddressProhibited;
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small pieces are sent at once; where that cannot be, they come later.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failed = silica_wasi_host::Error::from(error).into(),
        }
    }
    Err(failed)
}

fn of_tls(error: &std::io::Error) -> Failure {
    let source = error.get_ref().and_then(|error| error.downcast_ref());
    match source {
        Some(rustls::Error::InvalidCertificate(_)) => Failure::TlsCertificate,
        Some(rustls::Error::AlertReceived(alert)) => {
            Failure::TlsAlert(u8::from(*alert), format!("{alert:?}"))
        }
        Some(_) => Failure::TlsProtocol,
        None => silica_wasi_host::Error::from(std::io::Error::from(error.kind())).into(),
    }
}
