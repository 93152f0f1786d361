//! Sockets of WASI 0.1 by the extension that WasmEdge's library uses: the first argument says what to do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::FromRawFd;

#[repr(C)]
struct Address {
    buffer: *const u8,
    length: u32,
}

#[repr(C)]
struct Vector {
    buffer: *const u8,
    length: u32,
}

// SAFETY: what the host is given are references, which say what it may read and write.
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    safe fn sock_open(family: u8, kind: u8, fd: &mut u32) -> u32;
    safe fn sock_bind(fd: u32, address: &Address, port: u32) -> u32;
    safe fn sock_listen(fd: u32, backlog: u32) -> u32;
    safe fn sock_accept(fd: u32, accepted: &mut u32) -> u32;
    safe fn sock_connect(fd: u32, address: &Address, port: u32) -> u32;
    safe fn sock_getlocaladdr(fd: u32, address: &Address, version: &mut u32, port: &mut u32)
    -> u32;
    safe fn sock_recv_from(
        fd: u32,
        vectors: &Vector,
        count: u32,
        address: &Address,
        flags: u32,
        port: &mut u32,
        received: &mut u32,
        received_flags: &mut u32,
    ) -> u32;
    safe fn sock_send_to(
        fd: u32,
        vectors: &Vector,
        count: u32,
        address: &Address,
        port: u32,
        flags: u32,
        sent: &mut u32,
    ) -> u32;
}

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];
const DATAGRAM: u8 = 1;
const STREAM: u8 = 2;

/// Ends the program with the error number of what failed, after naming it.
fn check(what: &str, errno: u32) {
    if errno != 0 {
        eprintln!("{what} failed with {errno}");
        std::process::exit(errno as i32);
    }
}

fn loopback() -> Address {
    Address {
        buffer: LOOPBACK.as_ptr(),
        length: 4,
    }
}

fn open(kind: u8) -> u32 {
    let mut fd = 0;
    check("open", sock_open(1, kind, &mut fd));
    fd
}

fn bound(kind: u8, port: u32) -> u32 {
    let fd = open(kind);
    check("bind", sock_bind(fd, &loopback(), port));
    let mut room = [0_u8; 16];
    let address = Address {
        buffer: room.as_mut_ptr(),
        length: 16,
    };
    let (mut version, mut port) = (0, 0);
    check(
        "local address",
        sock_getlocaladdr(fd, &address, &mut version, &mut port),
    );
    println!("{port}");
    fd
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let port = arguments.get(2).map_or(0, |port| port.parse().unwrap());
    match arguments[1].as_str() {
        "tcp-server" => tcp_server(port),
        "tcp-client" => tcp_client(port),
        "udp-server" => udp_server(port),
        "udp-client" => udp_client(port),
        other => panic!("{other}"),
    }
}

/// Sends one connection's bytes back, in capitals.
fn tcp_server(port: u32) {
    let fd = bound(STREAM, port);
    check("listen", sock_listen(fd, 8));
    let mut accepted = 0;
    check("accept", sock_accept(fd, &mut accepted));
    // SAFETY: the descriptor was just made, and is nobody else's.
    let mut stream = unsafe { TcpStream::from_raw_fd(accepted as i32) };
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        buffer.make_ascii_uppercase();
        stream.write_all(&buffer[..count]).unwrap();
    }
}

fn tcp_client(port: u32) {
    let fd = open(STREAM);
    check("connect", sock_connect(fd, &loopback(), port));
    // SAFETY: the descriptor was just made, and is nobody else's.
    let mut stream = unsafe { TcpStream::from_raw_fd(fd as i32) };
    stream.write_all(b"hello over tcp").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    println!("{answer}");
}

/// Answers one datagram by itself, backwards.
fn udp_server(port: u32) {
    let fd = bound(DATAGRAM, port);
    let (mut text, length, from, port) = receive(fd);
    text[..length].reverse();
    send(fd, &text[..length], &from, port);
}

fn udp_client(port: u32) {
    let fd = open(DATAGRAM);
    send(fd, b"hello over udp", &LOOPBACK, port);
    let (text, length, _, from) = receive(fd);
    assert_eq!(from, port);
    println!("{}", String::from_utf8_lossy(&text[..length]));
}

fn receive(fd: u32) -> ([u8; 512], usize, [u8; 4], u32) {
    let mut buffer = [0_u8; 512];
    let mut from = [0_u8; 4];
    let vector = Vector {
        buffer: buffer.as_mut_ptr(),
        length: 512,
    };
    let address = Address {
        buffer: from.as_mut_ptr(),
        length: 4,
    };
    let (mut port, mut received, mut flags) = (0, 0, 0);
    check(
        "receive",
        sock_recv_from(
            fd,
            &vector,
            1,
            &address,
            0,
            &mut port,
            &mut received,
            &mut flags,
        ),
    );
    (buffer, received as usize, from, port)
}

fn send(fd: u32, text: &[u8], to: &[u8; 4], port: u32) {
    let vector = Vector {
        buffer: text.as_ptr(),
        length: text.len() as u32,
    };
    let address = Address {
        buffer: to.as_ptr(),
        length: 4,
    };
    let mut sent = 0;
    check(
        "send",
        sock_send_to(fd, &vector, 1, &address, port, 0, &mut sent),
    );
}
