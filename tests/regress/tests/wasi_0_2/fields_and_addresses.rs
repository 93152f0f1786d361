//! Class 27 (GHSA-243v, GHSA-w36r, GHSA-r8xh, GHSA-9prg, GHSA-jxcf, GHSA-5qpp, GHSA-h4wp): header fields, long URLs, lengths of
//! bodies, and addresses that mean another host panicked, were sent as they were, or grew the host's memory.

use silica_component::Resource;
use silica_wasi_http::bindings::wasi::http::outgoing_handler::Host as _;
use silica_wasi_http::bindings::wasi::http::types::{
    ErrorCode, Host as _, HostFields, HostOutgoingRequest, Method, Scheme,
};
use silica_wasi_http::{Fields, OutgoingRequest};
use silica_wasi_p2::WasiContext;

use crate::Host;

fn host() -> Host {
    Host::new(WasiContext::builder())
}

fn fields(host: &mut Host, entries: &[(&str, &str)]) -> Option<Resource<Fields>> {
    let entry = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let entries = entries.iter().map(entry).collect();
    host.http().from_list(entries).unwrap().ok()
}

#[test]
fn fields_that_would_be_others_are_refused() {
    let mut host = host();
    for (name, value) in [
        ("a b", "1"),
        ("", "1"),
        ("a\r\nb", "1"),
        ("a:", "1"),
        ("x", "1\r\nhost: other"),
        ("x", "1\n2"),
        ("x", "\0"),
        ("Host", "other"),
        ("transfer-encoding", "chunked"),
        ("TE", "trailers"),
        ("Connection", "close"),
        ("keep-alive", "1"),
        ("proxy-authorization", "x"),
    ] {
        let made = fields(&mut host, &[(name, value)]);
        assert!(made.is_none(), "{name:?}: {value:?}");
    }
    assert!(fields(&mut host, &[("x", "\u{e9}\t ")]).is_some());
}

#[test]
fn fields_have_a_size() {
    let mut host = host();
    // More names than the map that holds them can have.
    let many: Vec<_> = (0..40_000)
        .map(|number| (format!("x-{number}"), b"1".to_vec()))
        .collect();
    host.http().from_list(many).unwrap_err();
    let made = HostFields::new(&mut host.http()).unwrap();
    let handle = || Resource::new_borrow(made.rep());
    let appended = (0..10_000).take_while(|_| {
        let value = vec![b'x'; 100];
        let appended = host.http().append(handle(), "same".to_owned(), value);
        appended.is_ok()
    });
    let count = appended.count();
    assert!((500..2000).contains(&count), "{count}");
}

fn request(host: &mut Host, entries: &[(&str, &str)]) -> Resource<OutgoingRequest> {
    let fields = fields(host, entries).unwrap();
    HostOutgoingRequest::new(&mut host.http(), fields).unwrap()
}

#[test]
fn addresses_and_paths_that_would_be_others_are_refused() {
    let mut host = host();
    let request = request(&mut host, &[]);
    let handle = || Resource::new_borrow(request.rep());
    for authority in [
        "",
        ":80",
        "user@localhost",
        "user:word@localhost",
        "localhost:99999",
        "localhost:-1",
        "localhost:+80",
        "localhost:80:80",
        "local host",
        "localhost/",
        "localhost\r\nx: y",
        "[::1",
    ] {
        let set = host
            .http()
            .set_authority(handle(), Some(authority.to_owned()));
        assert_eq!(set.unwrap(), Err(()), "{authority:?}");
    }
    let long = format!("/{}", "a".repeat(1 << 20));
    for path in [
        "http://other/",
        "other",
        "//other\r\n",
        "/a b",
        "/\0",
        long.as_str(),
    ] {
        let set = host
            .http()
            .set_path_with_query(handle(), Some(path.to_owned()));
        assert_eq!(set.unwrap(), Err(()), "{}", &path[..path.len().min(20)]);
    }
    for scheme in ["", "ht tp", "http:", &"h".repeat(1 << 20)] {
        let set = Some(Scheme::Other(scheme.to_owned()));
        let set = host.http().set_scheme(handle(), set).unwrap();
        assert_eq!(set, Err(()), "{:?}", &scheme[..scheme.len().min(20)]);
    }
    for method in ["", "G ET", "GET\r\n", &"G".repeat(1 << 20)] {
        let set = Method::Other(method.to_owned());
        let set = host.http().set_method(handle(), set).unwrap();
        assert_eq!(set, Err(()), "{:?}", &method[..method.len().min(20)]);
    }
}

/// What becomes of a request to this host, with these fields and no body.
fn handle(authority: &str, entries: &[(&str, &str)]) -> ErrorCode {
    let mut host = host();
    let request = request(&mut host, entries);
    let borrowed = Resource::new_borrow(request.rep());
    let told = Some(authority.to_owned());
    host.http().set_authority(borrowed, told).unwrap().unwrap();
    let error = host.http().handle(request, None).unwrap_err();
    host.http().convert_error_code(error).unwrap()
}

#[test]
fn a_length_is_one_number_and_that_of_the_body() {
    for lengths in [
        &["1"][..],
        &["18446744073709551616"],
        &["-1"],
        &["+0"],
        &["0x0"],
        &["0", "0"],
        &["0", "5"],
        &["0, 5"],
        &[""],
    ] {
        let entries: Vec<_> = lengths.iter().map(|it| ("content-length", *it)).collect();
        let code = handle("localhost", &entries);
        assert!(
            matches!(code, ErrorCode::HttpRequestBodySize(_)),
            "{lengths:?}: {code:?}"
        );
    }
}

#[test]
fn only_the_very_host_is_granted() {
    for authority in [
        "localhost.example",
        "LOCALHOST.example",
        "127.0.0.1",
        "[::1]",
        "[::1]:80",
        "0x7f.1",
    ] {
        let code = handle(authority, &[]);
        assert!(
            matches!(code, ErrorCode::HttpRequestDenied),
            "{authority}: {code:?}"
        );
    }
}
