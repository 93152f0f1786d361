//! Moves bytes through the system interface: `transfer files`, and `transfer tcp ADDRESS` or `transfer udp ADDRESS` with a
//! server that sends back what it gets.
//!
//! Each pass is made several times and prints its least time, in nanoseconds, on standard error. What arrived is compared
//! with what was sent.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Instant;

const LARGE: usize = 64 << 10;
const SMALL: usize = 64;
const PASSES: usize = 7;

/// Prints the least time of the pass.
fn measure(name: &str, mut pass: impl FnMut() -> Result<()>) -> Result<()> {
    let mut least = u128::MAX;
    for _ in 0..PASSES {
        let start = Instant::now();
        pass()?;
        least = least.min(start.elapsed().as_nanos());
    }
    eprintln!("{name} {least}");
    Ok(())
}

/// Copies the first bytes of one file over those of another.
fn copy(from: &mut File, to: &mut File, block: usize, count: usize) -> Result<()> {
    let mut buffer = vec![0; block];
    from.seek(SeekFrom::Start(0))?;
    to.seek(SeekFrom::Start(0))?;
    for _ in 0..count {
        from.read_exact(&mut buffer)?;
        to.write_all(&buffer)?;
    }
    Ok(())
}

fn open(name: &str) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    options.open(name)
}

fn files() -> Result<()> {
    let mut from = open("transfer.from")?;
    let mut to = open("transfer.to")?;
    let bytes: Vec<u8> = (0..LARGE).map(|index| (index % 251) as u8).collect();
    for _ in 0..512 {
        from.write_all(&bytes)?;
        to.write_all(&vec![0; LARGE])?;
    }
    measure("files_64k", || copy(&mut from, &mut to, LARGE, 512))?;
    measure("files_64", || copy(&mut from, &mut to, SMALL, 10_000))?;
    to.seek(SeekFrom::Start(0))?;
    let mut copied = vec![0; LARGE];
    to.read_exact(&mut copied)?;
    assert!(copied == bytes);
    drop((from, to));
    std::fs::remove_file("transfer.from")?;
    std::fs::remove_file("transfer.to")
}

fn tcp(server: &str) -> Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    for (name, block, count) in [("tcp_64k", LARGE, 1000), ("tcp_64", SMALL, 2000)] {
        let sent: Vec<u8> = (0..block).map(|index| (index % 251) as u8).collect();
        let mut received = vec![0; block];
        measure(name, || {
            for _ in 0..count {
                stream.write_all(&sent)?;
                stream.read_exact(&mut received)?;
            }
            Ok(())
        })?;
        assert!(received == sent);
    }
    Ok(())
}

fn udp(server: &str) -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    for (name, block, count) in [("udp_32k", 32 << 10, 1000), ("udp_64", SMALL, 2000)] {
        let sent: Vec<u8> = (0..block).map(|index| (index % 251) as u8).collect();
        let mut received = vec![0; block];
        measure(name, || {
            for _ in 0..count {
                socket.send(&sent)?;
                assert!(socket.recv(&mut received)? == block);
            }
            Ok(())
        })?;
        assert!(received == sent);
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments[1].as_str() {
        "files" => files(),
        "tcp" => tcp(&arguments[2]),
        "udp" => udp(&arguments[2]),
        other => panic!("{other}"),
    }
}
