//! Code that escaped: it runs in the process, after the walls were put up, and asks the kernel
//! itself for what was not granted. Each case is a process of its own, since nothing is undone.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use silica_sandbox::{Enforced, Policy, Ports, Sockets, restrict_calls, restrict_files};
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

/// Which case the process is.
const CASE: &str = "SILICA_SANDBOX_CASE";
const FOLDER: &str = "SILICA_SANDBOX_FOLDER";

/// Runs `inside` in another process with a folder that has `open/file`, `read/file` and
/// `secret/file`. Says why the case was skipped where the kernel has no such thing.
fn case(name: &str, inside: fn(&Path)) {
    if std::env::var(CASE).as_deref() == Ok(name) {
        let folder = std::env::var_os(FOLDER).expect("it is given with the case");
        return inside(Path::new(&folder));
    }
    if std::env::var_os(CASE).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for part in ["open", "read", "secret"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        std::fs::write(folder.path().join(part).join("file"), part).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CASE, name)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let secret = std::fs::read_to_string(folder.path().join("secret/file")).unwrap();
    assert_eq!(secret, "secret");
    assert!(!folder.path().join("read/new").exists());
}

fn policy(folder: &Path) -> Policy {
    Policy {
        readable: vec![folder.join("read"), PathBuf::from("/no/such/place")],
        writable: vec![folder.join("open")],
        sockets: Sockets::default(),
    }
}

#[track_caller]
fn refused<T>(result: std::io::Result<T>) {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}"),
    }
}

/// Puts the first wall up; whether there is one.
fn files(policy: &Policy) -> bool {
    match restrict_files(policy).unwrap() {
        Enforced::Fully | Enforced::Partially => true,
        Enforced::Not => {
            eprintln!("skipped: this kernel has no Landlock");
            false
        }
    }
}

#[test]
fn files_that_were_not_granted() {
    case("files_that_were_not_granted", |folder| {
        // Opened before: it stays open.
        let before = std::fs::File::open(folder.join("secret")).unwrap();
        if !files(&policy(folder)) {
            return;
        }
        refused(std::fs::read(folder.join("secret/file")));
        refused(std::fs::write(folder.join("secret/file"), "x"));
        refused(std::fs::read_dir(folder.join("secret")));
        refused(std::fs::remove_file(folder.join("secret/file")));
        refused(std::fs::read("/etc/passwd"));
        let mode = rustix::fs::Mode::empty();
        let by_folder = rustix::fs::openat(&before, "file", rustix::fs::OFlags::RDONLY, mode);
        assert_eq!(by_folder.unwrap_err(), rustix::io::Errno::ACCESS);
        std::os::unix::fs::symlink(folder.join("secret/file"), folder.join("open/link")).unwrap();
        refused(std::fs::read(folder.join("open/link")));
        let linked = std::fs::hard_link(folder.join("secret/file"), folder.join("open/hard"));
        assert!(linked.is_err(), "a link would grant what it leads to");
        // Threads that are started now are behind the wall, too.
        let path = folder.join("secret/file");
        refused(std::thread::spawn(|| std::fs::read(path)).join().unwrap());
    });
}

#[test]
fn files_that_were_granted() {
    case("files_that_were_granted", |folder| {
        if !files(&policy(folder)) {
            return;
        }
        assert_eq!(std::fs::read(folder.join("read/file")).unwrap(), b"read");
        refused(std::fs::write(folder.join("read/new"), "x"));
        refused(std::fs::write(folder.join("read/file"), "x"));
        refused(std::fs::remove_file(folder.join("read/file")));
        std::fs::write(folder.join("open/new"), "x").unwrap();
        std::fs::create_dir(folder.join("open/sub")).unwrap();
        std::fs::rename(folder.join("open/new"), folder.join("open/sub/moved")).unwrap();
        std::fs::remove_file(folder.join("open/file")).unwrap();
        // A second wall takes away what the first one left.
        assert!(files(&Policy::default()));
        refused(std::fs::read(folder.join("open/sub/moved")));
    });
}

#[test]
fn programs_and_sockets() {
    case("programs_and_sockets", |folder| {
        let (ask, asked) = mpsc::channel::<()>();
        let before = std::thread::spawn(move || {
            let _ = asked.recv();
            (
                Command::new("/bin/true").status(),
                UdpSocket::bind("127.0.0.1:0"),
            )
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connected = TcpStream::connect(address).unwrap();
        if restrict_calls(&policy(folder)).unwrap() == Enforced::Not {
            eprintln!("skipped: this kernel has no seccomp");
            return;
        }
        refused(Command::new("/bin/true").status());
        refused(TcpStream::connect(address));
        refused(TcpListener::bind("127.0.0.1:0"));
        refused(std::os::unix::net::UnixStream::pair());
        refused(rustix::process::chroot(folder).map_err(Into::into));
        let init = rustix::process::Pid::from_raw(1).unwrap();
        refused(
            rustix::process::kill_process(init, rustix::process::Signal::CONT).map_err(Into::into),
        );
        // A thread that was there before is behind the wall, too.
        ask.send(()).unwrap();
        let (program, socket) = before.join().unwrap();
        refused(program);
        refused(socket);
        // What is open works on, and so do threads, time and memory.
        let (accepted, _) = listener.accept().unwrap();
        drop((connected, accepted));
        std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_millis(1)))
            .join()
            .unwrap();
        assert_eq!(vec![1_u8; 64 << 20].len(), 64 << 20);
        assert!(std::fs::read(folder.join("read/file")).is_ok());
    });
}

#[test]
fn ports_that_were_granted() {
    case("ports_that_were_granted", |folder| {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [granted, other] = [0, 1].map(|index: usize| listeners[index].local_addr().unwrap());
        let policy = Policy {
            sockets: Sockets {
                may_open: true,
                may_look_up: false,
                tcp_connect: Ports::Only(vec![granted.port()]),
                tcp_listen: Ports::Only(Vec::new()),
            },
            ..policy(folder)
        };
        let by_port = files(&policy);
        restrict_calls(&policy).unwrap();
        assert!(UdpSocket::bind("127.0.0.1:0").is_ok());
        refused(std::os::unix::net::UnixDatagram::unbound());
        if !by_port {
            return;
        }
        assert!(TcpStream::connect(granted).is_ok());
        match TcpStream::connect(other) {
            Ok(_) => eprintln!("skipped: this kernel knows no ports"),
            result => {
                refused(result);
                refused(TcpListener::bind("127.0.0.1:0"));
            }
        }
    });
}

#[test]
fn names_can_be_looked_up_where_they_may() {
    case("names_can_be_looked_up_where_they_may", |folder| {
        let policy = Policy {
            sockets: Sockets {
                may_open: true,
                may_look_up: true,
                ..Sockets::default()
            },
            ..policy(folder)
        };
        files(&policy);
        restrict_calls(&policy).unwrap();
        let found = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 80)).unwrap();
        assert!(found.into_iter().any(|address| address.ip().is_loopback()));
    });
}
