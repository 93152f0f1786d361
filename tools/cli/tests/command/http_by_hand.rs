//! Requests of components to servers that do what others do not: say nothing, stop in the middle, send fields after the body.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use silica_test_guests::{available, package};

use crate::common::{Ended, Folder, finish, start};

/// Takes one connection, waits for the end of what is asked (`until`), answers with `answer`, and then says nothing until the
/// client is gone. Gives what was asked.
fn server(until: &'static str, answer: &'static str) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        let mut buffer = [0; 4096];
        while !asked.ends_with(until) {
            match received(&mut stream, &mut buffer) {
                0 => return asked,
                count => asked += &String::from_utf8_lossy(&buffer[..count]),
            }
        }
        // A client that is gone already wants no answer.
        let _ = stream.write_all(answer.as_bytes());
        while received(&mut stream, &mut buffer) > 0 {}
        asked
    });
    (port, serving)
}

fn received(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    stream.read(buffer).unwrap_or(0)
}

fn run(port: u16, url: &str, variable: &str, words: &[&str]) -> Option<Ended> {
    let client = available(package("http-client"))?;
    let folder = Folder::new();
    let grant = format!("--http=localhost:{port}");
    let mut command = folder.command(&["run", &grant, "--env", variable]);
    let url = url.replace("PORT", &port.to_string());
    command.arg(client).arg(words[0]).arg(url).args(&words[1..]);
    Some(finish(start(&mut command)))
}

/// Nothing may take longer than this.
const SHORT: &str = "TIMEOUT_MS=300";

#[test]
fn a_server_that_says_nothing_is_waited_for_as_long_as_was_said() {
    let (port, serving) = server("\r\n\r\n", "");
    let Some(ended) = run(port, "http://localhost:PORT/", SHORT, &["GET"]) else {
        return;
    };
    ended.expect(1).says(&["ErrorCode::ConnectionReadTimeout"]);
    assert!(serving.join().unwrap().starts_with("GET / HTTP/1.1\r\n"));
}

#[test]
fn a_connection_that_does_not_become_secure_is_waited_for_as_long_as_was_said() {
    let (port, serving) = server("nothing ends so", "");
    let Some(ended) = run(port, "https://localhost:PORT/", SHORT, &["GET"]) else {
        return;
    };
    ended.expect(1).says(&["ErrorCode::ConnectionTimeout"]);
    serving.join().unwrap();
}

#[test]
fn a_body_that_stops_is_waited_for_as_long_as_was_said() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome";
    let (port, serving) = server("\r\n\r\n", answer);
    let Some(ended) = run(port, "http://localhost:PORT/", SHORT, &["GET"]) else {
        return;
    };
    let ended = ended.expect(1).says(&["ErrorCode::ConnectionReadTimeout"]);
    assert_eq!(ended.stdout, "status 200\n");
    serving.join().unwrap();
}

#[test]
fn fields_after_a_body_arrive_in_both_directions() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
                  4\r\nbody\r\n0\r\nx-sum: 7\r\n\r\n";
    let (port, serving) = server("\r\n0\r\nx-after: all\r\n\r\n", answer);
    let words = ["POST", "a piece "];
    let Some(ended) = run(port, "http://localhost:PORT/", "TRAILER=all", &words) else {
        return;
    };
    assert_eq!(ended.expect(0).stdout, "status 200\ntrailer x-sum: 7\nbody");
    let asked = serving.join().unwrap();
    assert!(asked.contains("trailer: x-after\r\n"), "{asked}");
}
