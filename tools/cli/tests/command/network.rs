//! What of the network is granted by the command's flags, and what is said of the rest.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use silica_test_guests::{available, guest};

use crate::common::{self, Ended, Folder};

/// `EACCES` of WASI 0.1, with which the guest ends.
const REFUSED: i32 = 2;

/// Starts a guest that listens, and returns the port that it has told.
fn start_server(folder: &Folder, arguments: &[&str]) -> (Child, u16) {
    let mut child = common::start(&mut folder.command(arguments));
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).unwrap();
    match line.trim().parse() {
        Ok(port) => (child, port),
        Err(_) => panic!("{:?} told no port: {line:?}", common::finish(child)),
    }
}

/// A server and a client, each a program with just the grant that it needs.
fn exchange(protocol: &str) -> Option<Ended> {
    let sockets = available(guest("sockets"))?;
    let sockets = sockets.to_str().expect("the path is Unicode");
    let folder = Folder::new();
    let listen = format!("--listen={protocol}:127.0.0.1");
    let server = format!("{protocol}-server");
    let (child, port) = start_server(&folder, &["run", &listen, sockets, &server]);
    let net = format!("--net={protocol}:127.0.0.1:{port}");
    let client = format!("{protocol}-client");
    let ended = folder.silica(&["run", &net, sockets, &client, &port.to_string()]);
    common::finish(child).expect(0);
    Some(ended.expect(0))
}

#[test]
fn streams_between_two_programs() {
    if let Some(ended) = exchange("tcp") {
        assert_eq!(ended.stdout, "HELLO OVER TCP\n");
    }
}

#[test]
fn datagrams_between_two_programs() {
    if let Some(ended) = exchange("udp") {
        assert_eq!(ended.stdout, "pdu revo olleh\n");
    }
}

/// A component that listens, and the port that it has told.
fn component_server(folder: &Folder, listen: &str, what: &str) -> Option<(Child, u16, String)> {
    let network = available(guest("components/network"))?;
    let network = network.to_str().expect("the path is Unicode").to_owned();
    let listen = format!("--listen={listen}");
    let (child, port) = start_server(folder, &["run", &listen, &network, what]);
    Some((child, port, network))
}

#[test]
fn components_have_streams() {
    let folder = Folder::new();
    let Some((child, port, network)) = component_server(&folder, "tcp:127.0.0.1", "tcp-server")
    else {
        return;
    };
    let server = format!("localhost:{port}");
    let client = [network.as_str(), "tcp-client", &server];
    let refused = folder.silica(&[&["run", "--trace"], &client[..]].concat());
    refused
        .expect(1)
        .says(&["PermissionDenied", "`--net localhost`"]);
    let net = format!("--net=tcp:localhost:{port}");
    let ended = folder
        .silica(&[&["run", &net], &client[..]].concat())
        .expect(0);
    assert_eq!(ended.stdout, "1000000 bytes came back\n");
    common::finish(child).expect(0);
}

#[test]
fn components_have_datagrams() {
    let folder = Folder::new();
    let Some((child, port, network)) = component_server(&folder, "udp:127.0.0.1", "name-server")
    else {
        return;
    };
    let server = format!("127.0.0.1:{port}");
    let net = format!("--net=udp:{server}");
    for (name, answer) in [
        ("known.example", "known.example is 192.0.2.7\n"),
        ("other.example", "other.example: error 3\n"),
    ] {
        let asked = ["run", &net, &network, "look-up", &server, name];
        assert_eq!(folder.silica(&asked).expect(0).stdout, answer);
    }
    common::finish(child).expect(0);
    let refused = folder.silica(&["run", "--net=tcp:*", &network, "look-up", &server, "a.b"]);
    refused.expect(1).says(&["PermissionDenied"]);
}

#[test]
fn what_is_not_granted_is_refused_and_the_trace_names_the_flag() {
    let Some(sockets) = available(guest("sockets")) else {
        return;
    };
    let sockets = sockets.to_str().expect("the path is Unicode");
    let folder = Folder::new();
    let client = [sockets, "tcp-client", "4321"];
    let run =
        |flags: &[&str], program: &[&str]| folder.silica(&[&["run"], flags, program].concat());
    run(&[], &client)
        .expect(REFUSED)
        .says(&["open failed with 2"]);
    run(&["--trace"], &client)
        .expect(REFUSED)
        .says(&["--net tcp:HOST:PORT", "sock_open(1, 2) = ACCES"]);
    let flags = [
        "--trace",
        "--net=tcp:127.0.0.1:1-99,udp:127.0.0.1,tcp:10.0.0.0/8",
    ];
    run(&flags, &client).expect(REFUSED).says(&[
        "`--net tcp:127.0.0.1:4321`",
        "sock_connect(3, 127.0.0.1, 4321) = ACCES",
    ]);
    let server = [sockets, "tcp-server", "4321"];
    run(&["--trace", "--net=*", "--listen=udp:*"], &server)
        .expect(REFUSED)
        .says(&["`--listen tcp:127.0.0.1:4321`"]);
    let server = [sockets, "udp-server", "4321"];
    run(&["--trace", "--net=*", "--listen=tcp:*"], &server)
        .expect(REFUSED)
        .says(&["`--listen udp:127.0.0.1:4321`"]);
    run(&["--net=10.0.0.1/8"], &client)
        .expect(2)
        .says(&["10.0.0.0/8 is the block"]);
}

#[test]
fn a_file_grants_what_it_says() {
    let Some(sockets) = available(guest("sockets")) else {
        return;
    };
    let sockets = sockets.to_str().expect("the path is Unicode");
    let folder = Folder::with(
        "grants/app.toml",
        "net = [\"tcp:127.0.0.1\"]\ntimeout = \"1min\"",
    );
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = refused.local_addr().unwrap().port().to_string();
    drop(refused);
    let client = [
        "run",
        "--grant-file",
        "grants/app.toml",
        sockets,
        "tcp-client",
        &port,
    ];
    // Nobody listens there, which the program learns only if it may ask.
    folder
        .silica(&client)
        .expect(14)
        .says(&["connect failed with 14"]);
    folder.write("grants/app.toml", "nett = []");
    folder
        .silica(&client)
        .expect(2)
        .says(&["app.toml", "`nett` is none of dir"]);
}

#[test]
fn the_trace_names_the_flag_for_a_directory() {
    let module = r#"(module
        (import "wasi_snapshot_preview1" "path_unlink_file"
            (func $unlink (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "file")
        (func (export "_start")
            (call $exit (call $unlink (i32.const 3) (i32.const 0) (i32.const 4)))))"#;
    let folder = Folder::with("unlink.wat", module);
    folder.write("data/file", "kept");
    folder
        .silica(&["run", "--trace", "--dir-ro=data::/in", "unlink.wat"])
        .expect(76)
        .says(&["`--dir HOST::/in`"]);
    assert_eq!(folder.read("data/file"), b"kept");
}

/// A program that waits on the network ends when its time is over.
#[test]
fn waiting_ends_with_the_time() {
    let Some(sockets) = available(guest("sockets")) else {
        return;
    };
    let folder = Folder::new();
    let mut command: Command = folder.command(&["run", "--listen=127.0.0.1", "--timeout=300ms"]);
    command.arg(sockets).arg("tcp-server").stdin(Stdio::null());
    common::finish(common::start(&mut command)).expect(124);
}
