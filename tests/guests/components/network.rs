//! Sockets of WASI 0.2, by Rust's own library: the first argument says what to do.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

/// What the name server knows.
const KNOWN: &str = "known.example";
const ADDRESS: [u8; 4] = [192, 0, 2, 7];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |index: usize| arguments[index].as_str();
    let result = match argument(1) {
        "tcp-server" => tcp_server(),
        "tcp-client" => tcp_client(argument(2)),
        "name-server" => name_server(),
        "look-up" => look_up(argument(2), argument(3)),
        other => panic!("{other}"),
    };
    if let Err(error) = result {
        eprintln!("{:?}: {error}", error.kind());
        std::process::exit(1);
    }
}

/// Sends one connection's bytes back, until their end.
fn tcp_server() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let (mut stream, peer) = listener.accept()?;
    assert_eq!(stream.peer_addr()?, peer);
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

/// Sends a megabyte in pieces that come back before the next, and says how much came back.
fn tcp_client(server: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    let sent: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    let mut total = 0;
    for _ in 0..10 {
        stream.write_all(&sent)?;
        let mut received = vec![0; sent.len()];
        stream.read_exact(&mut received)?;
        assert!(received == sent);
        total += received.len();
    }
    stream.shutdown(Shutdown::Write)?;
    assert_eq!(stream.read(&mut [0; 1])?, 0);
    println!("{total} bytes came back");
    Ok(())
}

/// Answers two questions for an address, as name servers do.
fn name_server() -> std::io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    println!("{}", socket.local_addr()?.port());
    for _ in 0..2 {
        let mut query = [0; 512];
        let (length, from) = socket.recv_from(&mut query)?;
        socket.send_to(&answer(&query[..length]), from)?;
    }
    Ok(())
}

/// The answer to a query with one question.
fn answer(query: &[u8]) -> Vec<u8> {
    let is_known = name_of(&query[12..]) == KNOWN;
    let mut answer = query.to_vec();
    // An answer of an authority; no error, or no such name.
    answer[2] = 0x84;
    answer[3] = if is_known { 0 } else { 3 };
    answer[7] = u8::from(is_known);
    if is_known {
        // The name of the question, an address, the Internet, a minute, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(ADDRESS);
    }
    answer
}

fn name_of(mut labels: &[u8]) -> String {
    let mut name = Vec::new();
    while let [length, rest @ ..] = labels {
        if *length == 0 {
            break;
        }
        let (label, rest) = rest.split_at(usize::from(*length));
        name.push(String::from_utf8_lossy(label).into_owned());
        labels = rest;
    }
    name.join(".")
}

/// Asks a name server.
fn look_up(server: &str, name: &str) -> std::io::Result<()> {
    let server: SocketAddr = server.to_socket_addrs()?.next().expect("it has an address");
    let mut query = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend(label.bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.send_to(&query, server)?;
    let mut response = [0; 512];
    let (length, from) = socket.recv_from(&mut response)?;
    assert_eq!(from, server);
    match (response[3] & 15, &response[length - 4..length]) {
        (0, [a, b, c, d]) => println!("{name} is {a}.{b}.{c}.{d}"),
        (code, _) => println!("{name}: error {code}"),
    }
    Ok(())
}
