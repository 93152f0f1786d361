//! What is granted is reached and nothing else is.

use super::*;
use crate::{Clocks, FileFlags, Interest, IoSlice, IoSliceMut, Wait, poll};
use std::net::Ipv4Addr;
use std::time::Duration;

fn network(connect: &[&str], listen: &[&str]) -> Network {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let grants = NetworkGrants {
        connect: parse(connect),
        listen: parse(listen),
    };
    Network::new(grants, &Quotas::default())
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn found(network: &Network, name: &str) -> Result<Vec<IpAddr>> {
    let lookup = network.lookup(name)?;
    let wait = Wait {
        source: lookup.source(),
        interest: Interest::Readable,
    };
    let clocks = Clocks::system();
    poll(&[wait], None, &clocks, &|| true, &mut |_| ())?;
    lookup.addresses().expect("the lookup has ended")
}

#[test]
fn nothing_is_granted_by_default() {
    let network = Network::default();
    assert_eq!(network.tcp_socket(IpFamily::V4).err(), Some(Error::Access));
    assert_eq!(network.udp_socket(IpFamily::V6).err(), Some(Error::Access));
    assert_eq!(network.lookup("example.com").err(), Some(Error::Access));
}

#[test]
fn a_connection_over_what_is_granted() {
    let server = network(&[], &["tcp:127.0.0.1"]);
    let listener = server.tcp_socket(IpFamily::V4).unwrap();
    assert_eq!(listener.listen(1), Err(Error::Invalid));
    listener.bind(loopback(0)).unwrap();
    listener.listen(8).unwrap();
    let address = listener.local_address().unwrap();
    let grant = format!("tcp:{address}");
    let client = network(&[&grant], &[]);
    let socket = client.tcp_socket(IpFamily::V4).unwrap();
    socket.connect(address).unwrap();
    assert_eq!(socket.connect(address), Err(Error::IsConnected));
    let accepted = listener.accept(FileFlags::empty()).unwrap();
    assert_eq!(socket.send(b"hello"), Ok(5));
    let mut buffer = [0; 8];
    assert_eq!(accepted.receive(&mut buffer, ReceiveFlags::PEEK), Ok(5));
    assert_eq!(accepted.receive(&mut buffer, ReceiveFlags::empty()), Ok(5));
    assert_eq!(&buffer[..5], b"hello");
    assert_eq!(accepted.remote_address(), socket.local_address());
}

#[test]
fn a_connection_without_waiting() {
    let listener = std::net::TcpListener::bind(loopback(0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = network(&["127.0.0.0/8"], &[])
        .tcp_socket(IpFamily::V4)
        .unwrap();
    socket.set_flags(FileFlags::NONBLOCK).unwrap();
    match socket.connect(address) {
        Err(Error::InProgress) => {
            while socket.finish_connect().unwrap().is_none() {
                std::thread::yield_now();
            }
        }
        done => done.unwrap(),
    }
    assert_eq!(socket.finish_connect(), Err(Error::Invalid));
    assert_eq!(socket.remote_address(), Ok(address));
    drop(listener);
    let refused = network(&["127.0.0.0/8"], &[])
        .tcp_socket(IpFamily::V4)
        .unwrap();
    assert_eq!(refused.connect(address), Err(Error::ConnectionRefused));
}

#[test]
fn addresses_that_are_not_granted() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let grants = NetworkGrants {
        connect: vec!["tcp:127.0.0.1:1-79".parse().unwrap()],
        listen: vec!["tcp:127.0.0.1:8080".parse().unwrap()],
    };
    let network = Network::observed(grants, &Quotas::default(), move |refusal| {
        sink.lock().unwrap().push(refusal.clone());
    });
    let socket = network.tcp_socket(IpFamily::V4).unwrap();
    assert_eq!(socket.connect(loopback(80)), Err(Error::Access));
    assert_eq!(socket.bind(loopback(80)), Err(Error::Access));
    // A port of the system's choice is for connecting, not for listening.
    socket.bind(loopback(0)).unwrap();
    let local = socket.local_address().unwrap();
    assert_eq!(socket.listen(1), Err(Error::Access));
    let expected = [
        Refusal::Connect(Protocol::Tcp, loopback(80)),
        Refusal::Listen(Protocol::Tcp, loopback(80)),
        Refusal::Listen(Protocol::Tcp, local),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn addresses_that_mean_others() {
    let network = network(&["*"], &["*"]);
    for text in ["0.0.0.0:80", "[::]:80", "[::ffff:127.0.0.1]:80"] {
        let address = text.parse().unwrap();
        assert_eq!(
            network.check_connect(Protocol::Tcp, address),
            Err(Error::Invalid)
        );
    }
    let socket = network.tcp_socket(IpFamily::V6).unwrap();
    let mapped = "[::ffff:127.0.0.1]:0".parse().unwrap();
    assert_eq!(socket.bind(mapped), Err(Error::Invalid));
    assert_eq!(socket.bind(loopback(0)), Err(Error::Invalid));
}

#[test]
fn names_are_looked_up_only_if_granted_and_open_their_ports_only() {
    let network = network(&["tcp:localhost:80"], &[]);
    assert_eq!(
        network.check_connect(Protocol::Tcp, loopback(80)),
        Err(Error::Access)
    );
    assert_eq!(
        network.lookup("localhost.example").err(),
        Some(Error::Access)
    );
    let addresses = found(&network, "LOCALHOST.").unwrap();
    assert!(addresses.contains(&loopback(0).ip()));
    assert_eq!(network.check_connect(Protocol::Tcp, loopback(80)), Ok(()));
    assert_eq!(
        network.check_connect(Protocol::Tcp, loopback(81)),
        Err(Error::Access)
    );
    assert_eq!(
        network.check_connect(Protocol::Udp, loopback(80)),
        Err(Error::Access)
    );
    assert_eq!(
        found(&network, "10.1.2.3").unwrap(),
        ["10.1.2.3".parse::<IpAddr>().unwrap()]
    );
    let literal = "10.1.2.3:80".parse().unwrap();
    assert_eq!(
        network.check_connect(Protocol::Tcp, literal),
        Err(Error::Access)
    );
}

/// Whoever answers for a name must not lead the program to services of this host.
#[test]
fn a_name_does_not_lead_to_this_host() {
    let by = ["tcp:rebound.example:80".parse().unwrap()];
    let network = network(&["tcp:rebound.example:80", "127.0.0.9"], &[]);
    let answer = |texts: &[&str]| {
        let addresses = texts.iter().map(|text| text.parse().unwrap()).collect();
        network.accept("rebound.example", &by, addresses)
    };
    for text in [
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
    ] {
        assert_eq!(answer(&[text]), Err(Error::Access), "{text}");
    }
    assert_eq!(answer(&[]), Err(Error::NoEntry));
    assert_eq!(answer(&["127.0.0.1", "192.0.2.1"]).unwrap().len(), 1);
    assert_eq!(answer(&["127.0.0.9"]).unwrap().len(), 1);
    assert_eq!(
        network.check_connect(Protocol::Tcp, loopback(80)),
        Err(Error::Access)
    );
    let named = "192.0.2.1:80".parse().unwrap();
    assert_eq!(network.check_connect(Protocol::Tcp, named), Ok(()));
}

fn receive(socket: &UdpSocket) -> Result<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; 16];
    let datagram = socket.receive(&mut [IoSliceMut::new(&mut buffer)], ReceiveFlags::empty())?;
    Ok((buffer[..datagram.bytes].to_vec(), datagram.from))
}

/// Connecting needs both to send and to receive, and no order of calls gets past that.
#[test]
fn datagrams_are_exchanged_only_with_whom_it_is_granted() {
    let server = network(&[], &["udp:127.0.0.1"]);
    let bound = server.udp_socket(IpFamily::V4).unwrap();
    bound.bind(loopback(0)).unwrap();
    let address = bound.local_address().unwrap();
    let client = network(&[&format!("udp:{address}")], &[]);
    let socket = client.udp_socket(IpFamily::V4).unwrap();
    socket.set_flags(FileFlags::NONBLOCK).unwrap();
    let stranger = std::net::UdpSocket::bind(loopback(0)).unwrap();
    let strange = stranger.local_addr().unwrap();
    assert_eq!(socket.connect(Some(strange)), Err(Error::Access));
    assert_eq!(
        bound.send(&[IoSlice::new(b"x")], Some(strange)),
        Err(Error::Access)
    );
    assert_eq!(
        socket.send(&[IoSlice::new(b"x")], None),
        Err(Error::NotConnected)
    );
    assert_eq!(socket.send(&[IoSlice::new(b"hello")], Some(address)), Ok(5));
    let (bytes, from) = receive(&bound).unwrap();
    assert_eq!(bytes, b"hello");
    // A stranger's datagram is not for the program, though it came first.
    let to = SocketAddr::new(loopback(0).ip(), from.port());
    stranger.send_to(b"strange", to).unwrap();
    assert_eq!(receive(&socket), Err(Error::WouldBlock));
    // Who asked may be answered.
    assert_eq!(bound.send(&[IoSlice::new(b"answer")], Some(from)), Ok(6));
    let wait = Wait {
        source: socket.source(),
        interest: Interest::Readable,
    };
    poll(
        &[wait],
        Some(Duration::from_secs(5)),
        &Clocks::system(),
        &|| true,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(receive(&socket), Ok((b"answer".to_vec(), address)));
    socket.connect(Some(address)).unwrap();
    assert_eq!(socket.remote(), Some(address));
    assert_eq!(socket.send(&[IoSlice::new(b"again")], None), Ok(5));
    assert_eq!(
        socket.send(&[IoSlice::new(b"x")], Some(strange)),
        Err(Error::Access)
    );
    socket.connect(None).unwrap();
    assert_eq!(socket.remote(), None);
}

#[test]
fn sockets_are_bounded() {
    let quotas = Quotas {
        sockets_max: 2,
        ..Quotas::default()
    };
    let grants = NetworkGrants {
        connect: vec!["*".parse().unwrap()],
        listen: Vec::new(),
    };
    let network = Network::new(grants, &quotas);
    let first = network.tcp_socket(IpFamily::V4).unwrap();
    let _second = network.udp_socket(IpFamily::V4).unwrap();
    assert_eq!(
        network.tcp_socket(IpFamily::V4).err(),
        Some(Error::TooManyOpenFiles)
    );
    drop(first);
    assert!(network.tcp_socket(IpFamily::V4).is_ok());
}

#[test]
fn options_are_kept() {
    let socket = network(&["*"], &[]).tcp_socket(IpFamily::V4).unwrap();
    let options = socket.options();
    options.set_keep_alive(true).unwrap();
    options.set_keep_alive_idle(Duration::from_secs(9)).unwrap();
    options.set_keep_alive_count(3).unwrap();
    options.set_hop_limit(7).unwrap();
    options.set_receive_buffer_size(8192).unwrap();
    assert_eq!(options.keep_alive(), Ok(true));
    assert_eq!(options.keep_alive_idle(), Ok(Duration::from_secs(9)));
    assert_eq!(
        (options.keep_alive_count(), options.hop_limit()),
        (Ok(3), Ok(7))
    );
    assert_eq!(options.receive_buffer_size(), Ok(8192));
    assert_eq!(options.set_hop_limit(0), Err(Error::Invalid));
    assert_eq!(options.set_send_buffer_size(0), Err(Error::Invalid));
    options.set_send_buffer_size(usize::MAX).unwrap();
    assert_eq!(options.take_error(), Ok(None));
}
