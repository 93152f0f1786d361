//! Makes requests by `wasi:http`: METHOD URL [BODY]. Prints the status, the fields that begin with `x-`, and the body. With
//! `TIMEOUT_MS` in the environment nothing may take longer; with `TRAILER`, its value is sent after the body.

use std::io::Write as _;

use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasi::io::streams::StreamError;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let body = arguments.get(3).map(String::as_str);
    if let Err(code) = request(&arguments[1], &arguments[2], body) {
        eprintln!("failed: {code:?}");
        std::process::exit(1);
    }
}

/// How long everything may take, if that is said.
fn options() -> Option<RequestOptions> {
    let time = std::env::var("TIMEOUT_MS").ok()?;
    let nanoseconds = time.parse::<u64>().expect("it is a number") * 1_000_000;
    let options = RequestOptions::new();
    options.set_connect_timeout(Some(nanoseconds)).unwrap();
    options.set_first_byte_timeout(Some(nanoseconds)).unwrap();
    options.set_between_bytes_timeout(Some(nanoseconds)).unwrap();
    Some(options)
}

fn request(method: &str, url: &str, body: Option<&str>) -> Result<(), ErrorCode> {
    let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let fields = Fields::from_list(&[("x-asked".to_owned(), b"by a guest".to_vec())]).unwrap();
    // What is about the connection is the host's.
    assert!(fields.append(&"Transfer-Encoding".to_owned(), &b"chunked".to_vec()).is_err());
    assert!(fields.append(&"x-bad".to_owned(), &b"a\r\nb: c".to_vec()).is_err());
    let trailer = std::env::var("TRAILER").ok();
    if trailer.is_some() {
        fields.append(&"trailer".to_owned(), &b"x-after".to_vec()).unwrap();
    }
    let request = OutgoingRequest::new(fields);
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    };
    request.set_method(&method).unwrap();
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(path)).unwrap();
    let outgoing = body.map(|body| (request.body().unwrap(), body.repeat(1000)));
    let response = handle(request, options())?;
    if let Some((outgoing, body)) = outgoing {
        let stream = outgoing.write().unwrap();
        for piece in body.as_bytes().chunks(4096) {
            stream.blocking_write_and_flush(piece).unwrap();
        }
        drop(stream);
        let after = trailer.map(|value| {
            Fields::from_list(&[("x-after".to_owned(), value.into_bytes())]).unwrap()
        });
        OutgoingBody::finish(outgoing, after)?;
    }
    response.subscribe().block();
    let response = response.get().unwrap().unwrap()?;
    println!("status {}", response.status());
    for (name, value) in response.headers().entries() {
        if name.starts_with("x-") {
            println!("{name}: {}", String::from_utf8_lossy(&value));
        }
    }
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut received = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(bytes) => received.extend(bytes),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasi::http::types::http_error_code(&error);
                return Err(code.expect("it is one of HTTP"));
            }
        }
    }
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    if let Some(trailers) = trailers.get().unwrap().unwrap()? {
        for (name, value) in trailers.entries() {
            println!("trailer {name}: {}", String::from_utf8_lossy(&value));
        }
    }
    std::io::stdout().write_all(&received).unwrap();
    Ok(())
}
