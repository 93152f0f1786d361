//! `silica-bench transfers`: bytes through WASI 0.2, by files, TCP and UDP, in large pieces and in small ones.
//!
//! One program (`programs/rust/src/micro/transfer.rs`) is built natively and for `wasm32-wasip2`. It copies a file, and sends to a
//! server that sends back what it gets: a thread of this process, so that it is the same for everybody.

use crate::build::{self, Guest};
use crate::engines::{Engine, Kind, find};
use crate::options::Options;
use crate::paths::{self, Paths};
use crate::process::{self, field};
use crate::results::median_of;
use crate::table::{Grid, aligned, piped};
use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

/// What is measured: the field that the program prints, and how many operations its time is of.
const ROWS: [(&str, &str, u32); 6] = [
    ("files", "files_64k", 512),
    ("files", "files_64", 10_000),
    ("tcp", "tcp_64k", 1000),
    ("tcp", "tcp_64", 2000),
    ("udp", "udp_32k", 1000),
    ("udp", "udp_64", 2000),
];

/// Measures all in every engine that has components, and shows the table.
///
/// # Errors
/// The program cannot be built, or fails.
pub(crate) fn run(paths: &Paths, options: &Options) -> Result<ExitCode> {
    let has_components = |engine: &Engine| {
        matches!(
            engine.kind,
            Kind::Native | Kind::Silica | Kind::Baseline | Kind::Wasmtime
        )
    };
    let mut engines = find(paths, options)?;
    engines.retain(has_components);
    build::build_rust(paths, &[Guest::Component])?;
    let folder = paths.out.join("transfers");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let (tcp, udp) = (tcp_server()?, udp_server()?);
    let mut times = vec![vec![Vec::new(); engines.len()]; ROWS.len()];
    for _ in 0..options.runs {
        for (column, engine) in engines.iter().enumerate() {
            for (what, server) in [("files", None), ("tcp", Some(tcp)), ("udp", Some(udp))] {
                let mut command = command(paths, engine, &folder)?;
                command.arg(what);
                command.args(server.map(|server| server.to_string()));
                let timeout = Duration::from_secs(options.timeout);
                let run = process::run(&mut command, timeout)
                    .with_context(|| format!("{what} in {}", engine.label))?;
                for (row, (_, name, count)) in (0..).zip(ROWS).filter(|row| row.1.0 == what) {
                    let nanoseconds = field(&run.stderr, name)
                        .with_context(|| format!("it did not print {name}"))?;
                    let each = nanoseconds as f64 / 1e3 / f64::from(count);
                    times[row][column].push(each);
                }
            }
        }
    }
    let grid = grid(&engines, &times);
    println!("{}", aligned(&grid));
    paths::write(&options.markdown, || piped(&grid))?;
    Ok(ExitCode::SUCCESS)
}

/// The program in an engine, with the folder and the network.
fn command(paths: &Paths, engine: &Engine, folder: &Path) -> Result<Command> {
    let guest = build::rust_guest(paths, "transfer", Guest::Component);
    let mut command = Command::new(&engine.program);
    match engine.kind {
        Kind::Native => command = Command::new(build::rust_native(paths, "transfer")),
        Kind::Silica | Kind::Baseline => {
            command.args(["run", "--dir=.", "--net=127.0.0.1", "--listen=127.0.0.1"]);
            if engine.kind == Kind::Baseline {
                command.args(["--tier", "baseline"]);
            }
            command.arg(guest);
        }
        Kind::Wasmtime => {
            command.args(["run", "--dir=.", "-S", "inherit-network"]);
            command.arg(guest);
        }
        Kind::Node | Kind::Wasmer | Kind::Wasmedge | Kind::Wamr | Kind::Wazero => {
            bail!("{} runs no components here", engine.label)
        }
    }
    command.current_dir(folder);
    Ok(command)
}

/// Microseconds of an operation, with multiples of the first column's.
fn grid(engines: &[Engine], times: &[Vec<Vec<f64>>]) -> Grid {
    let mut head = vec!["µs for one".to_owned()];
    head.extend(engines.iter().map(|engine| engine.label.clone()));
    let mut grid = vec![head];
    for ((_, name, _), times) in ROWS.iter().zip(times) {
        let medians: Vec<f64> = times.iter().map(|times| median_of(times)).collect();
        let told = medians.iter().enumerate().map(|(column, median)| {
            if column == 0 {
                format!("{median:.1}")
            } else {
                format!("{median:.1} ({:.2})", median / medians[0])
            }
        });
        let name = std::iter::once((*name).to_owned());
        grid.push(name.chain(told).collect());
    }
    grid
}

fn tcp_server() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no TCP here")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || echo(stream));
        }
    });
    Ok(address)
}

/// Ends with the connection.
fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    if stream.set_nodelay(true).is_err() {
        return;
    }
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

fn udp_server() -> Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no UDP here")?;
    let address = socket.local_addr()?;
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            // A client that is gone misses nothing.
            let _ = socket.send_to(&buffer[..count], from);
        }
    });
    Ok(address)
}
