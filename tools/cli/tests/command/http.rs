//! Requests of components by `wasi:http`, to a server of this test's own.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use silica_test_guests::{available, package};
use tokio_rustls::TlsAcceptor;

use crate::common::{self, Ended, Folder};

/// A server over TLS for `localhost` that speaks one version of HTTP. It ends with the test.
struct Server {
    port: u16,
    /// Its certificate, in PEM.
    certificate: String,
}

impl Server {
    fn start(protocol: &'static str) -> Server {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = certified.cert.pem();
        let chain = vec![certified.cert.der().clone()];
        let key = certified.signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(acceptor.clone(), stream, protocol));
                }
            });
        });
        Server { port, certificate }
    }
}

async fn serve(acceptor: TlsAcceptor, stream: tokio::net::TcpStream, protocol: &str) {
    // A client that does not trust us says so and goes.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let stream = TokioIo::new(stream);
    // What becomes of a connection is told by what the client gets.
    let _ = if protocol == "h2" {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(stream, service_fn(answer))
            .await
    } else {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(stream, service_fn(answer))
            .await
    };
}

/// Tells what arrived.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let field = |name: &str| {
        parts
            .headers
            .get(name)
            .map_or_else(String::new, |v| format!("{v:?}"))
    };
    let response = Response::builder()
        .status(if parts.uri.path() == "/none" {
            404
        } else {
            200
        })
        .header("x-method", parts.method.as_str())
        .header("x-path", parts.uri.path())
        .header("x-version", format!("{:?}", parts.version))
        .header("x-asked", field("x-asked"))
        .header("connection", "close");
    let response = match parts.uri.path() {
        "/long" => response.header("x-long", "x".repeat(200_000)),
        _ => response,
    };
    let received = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::from_static(b"a body without its end"),
    };
    let answer = match parts.uri.path() {
        "/large" => Bytes::from(vec![b'a'; 3_000_000]),
        _ => Bytes::from(format!("{} bytes arrived\n", received.len())),
    };
    Ok(response.body(Full::new(answer)).unwrap())
}

fn client() -> Option<PathBuf> {
    available(package("http-client"))
}

/// Runs the client with these flags and words, trusting what `server` has.
fn run(folder: &Folder, server: &Server, flags: &[&str], words: &[&str]) -> Option<Ended> {
    let client = client()?;
    folder.write("trusted.pem", &server.certificate);
    let mut command = folder.command(&[&["run"], flags].concat());
    command.arg(client).args(words);
    command.env("SSL_CERT_FILE", folder.path("trusted.pem"));
    Some(common::finish(common::start(&mut command)))
}

fn exchange(protocol: &'static str, version: &str) {
    let (folder, server) = (Folder::new(), Server::start(protocol));
    let url = |path: &str| format!("https://localhost:{}{path}", server.port);
    let grant = format!("--http=localhost:{}", server.port);
    let flags = [grant.as_str()];
    let get = ["GET", &url("/none?a=b")];
    let Some(ended) = run(&folder, &server, &flags, &get) else {
        return;
    };
    let expected = format!(
        "status 404\nx-method: GET\nx-path: /none\nx-version: {version}\nx-asked: \"by a guest\"\n0 bytes arrived\n"
    );
    assert_eq!(ended.expect(0).stdout, expected);
    let post = [
        "POST",
        &url("/there"),
        "a hundred and some bytes, a thousand times",
    ];
    let ended = run(&folder, &server, &flags, &post).unwrap().expect(0);
    assert!(
        ended.stdout.ends_with("\n42000 bytes arrived\n"),
        "{ended:?}"
    );
    let large = ["GET", &url("/large")];
    let ended = run(&folder, &server, &flags, &large).unwrap().expect(0);
    assert!(
        ended.stdout.ends_with(&"a".repeat(3_000_000)),
        "{}",
        ended.stdout.len()
    );
    // More fields than the program may make the host hold.
    let long = ["GET", &url("/long")];
    let ended = run(&folder, &server, &flags, &long).unwrap().expect(1);
    ended.says(&["failed: ErrorCode::Http"]);
}

#[test]
fn requests_over_tls_by_http_1() {
    exchange("http/1.1", "HTTP/1.1");
}

#[test]
fn requests_over_tls_by_http_2() {
    exchange("h2", "HTTP/2.0");
}

#[test]
fn hosts_that_are_not_granted_and_certificates_that_are_not_trusted() {
    let (folder, server, other) = (Folder::new(), Server::start("h2"), Server::start("h2"));
    let url = format!("https://localhost:{}/", server.port);
    let get = ["GET", url.as_str()];
    let flags = ["--trace", "--net=*", "--http=localhost:1,https://*.example"];
    let Some(ended) = run(&folder, &server, &flags, &get) else {
        return;
    };
    let flag = format!("`--http https://localhost:{}`", server.port);
    ended.expect(1).says(&["HttpRequestDenied", &flag]);
    let any = format!("--http=*:{}", server.port);
    let ended = run(&folder, &other, &[&any], &get).unwrap();
    ended.expect(1).says(&["TlsCertificateError"]);
    let plain = format!("http://localhost:{}/", server.port);
    let only_secure = format!("--http=https://localhost:{}", server.port);
    let ended = run(&folder, &server, &[&only_secure], &["GET", &plain]).unwrap();
    ended.expect(1).says(&["HttpRequestDenied"]);
}
