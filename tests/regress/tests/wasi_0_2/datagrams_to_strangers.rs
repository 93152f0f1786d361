//! Class 26 (GHSA-hmmr): connecting a UDP socket checked the right to send or the right to receive, not both.

use std::net::{Ipv4Addr, UdpSocket as Peer};

use silica_component::Resource;
use silica_wasi_p2::WasiContext;
use silica_wasi_p2::bindings::wasi::sockets::network::{
    Host as _, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
};
use silica_wasi_p2::bindings::wasi::sockets::udp::{
    HostIncomingDatagramStream as _, HostOutgoingDatagramStream as _, HostUdpSocket as _,
    OutgoingDatagram,
};
use silica_wasi_p2::bindings::wasi::sockets::udp_create_socket::Host as _;
use silica_wasi_p2::bindings::wasi::sockets::{instance_network::Host as _, network::ErrorCode};
use silica_wasi_p2::host::Quotas;
use silica_wasi_p2::sockets::{SocketResult, UdpSocket};

use crate::Host;

fn address(port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port,
        address: (127, 0, 0, 1),
    })
}

fn peer() -> (Peer, u16) {
    let peer = Peer::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = peer.local_addr().unwrap().port();
    peer.set_nonblocking(true).unwrap();
    (peer, port)
}

fn host(connect: &str, listen: &[&str]) -> Host {
    let network = crate::network(&[connect], listen, &Quotas::default());
    Host::new(WasiContext::builder().network(network))
}

/// A socket that is bound to some port.
fn bound(host: &mut Host) -> SocketResult<Resource<UdpSocket>> {
    let mut wasi = host.wasi();
    let socket = wasi.create_udp_socket(IpAddressFamily::Ipv4)?;
    let (rep, network) = (socket.rep(), wasi.instance_network().unwrap());
    wasi.start_bind(Resource::new_borrow(rep), network, address(0))?;
    wasi.finish_bind(Resource::new_borrow(rep))?;
    Ok(socket)
}

fn is_denied<T>(host: &mut Host, result: SocketResult<T>) -> bool {
    let Err(error) = result else {
        return false;
    };
    let code = host.wasi().convert_error_code(error).unwrap();
    matches!(code, ErrorCode::AccessDenied)
}

fn datagram(to: Option<u16>) -> Vec<OutgoingDatagram> {
    vec![OutgoingDatagram {
        data: b"x".to_vec(),
        remote_address: to.map(address),
    }]
}

#[test]
fn a_stranger_is_neither_connected_to_nor_sent_to() {
    let ((friend, known), (stranger, unknown)) = (peer(), peer());
    // Listening is granted for every address: that is no right to send.
    let mut host = host(&format!("udp:127.0.0.1:{known}"), &["udp:127.0.0.1"]);
    let socket = bound(&mut host).unwrap();
    let handle = || Resource::new_borrow(socket.rep());
    let connected = host.wasi().stream(handle(), Some(address(unknown)));
    assert!(is_denied(&mut host, connected));
    let (incoming, outgoing) = host.wasi().stream(handle(), None).unwrap();
    let (_, out) = (incoming.rep(), outgoing.rep());
    for (port, denied) in [(unknown, true), (known, false)] {
        host.wasi().check_send(Resource::new_borrow(out)).unwrap();
        let sent = host
            .wasi()
            .send(Resource::new_borrow(out), datagram(Some(port)));
        assert_eq!(is_denied(&mut host, sent), denied, "{port}");
    }
    let mut buffer = [0; 8];
    assert!(stranger.recv_from(&mut buffer).is_err());
    friend.set_nonblocking(false).unwrap();
    assert_eq!(friend.recv_from(&mut buffer).unwrap().0, 1);
}

#[test]
fn a_stranger_is_not_received_from() {
    let ((friend, known), (stranger, _)) = (peer(), peer());
    // Sending is granted to one: that is no right to receive from others.
    let mut host = host(&format!("udp:127.0.0.1:{known}"), &[]);
    let socket = host
        .wasi()
        .create_udp_socket(IpAddressFamily::Ipv4)
        .unwrap();
    let handle = || Resource::new_borrow(socket.rep());
    let network = host.wasi().instance_network().unwrap();
    // Binding is what it takes for anybody to reach it.
    let binding = host.wasi().start_bind(handle(), network, address(0));
    if is_denied(&mut host, binding) {
        return;
    }
    host.wasi().finish_bind(handle()).unwrap();
    let IpSocketAddress::Ipv4(local) = host.wasi().local_address(handle()).unwrap() else {
        panic!("it is of IPv4");
    };
    let (incoming, _outgoing) = host.wasi().stream(handle(), None).unwrap();
    let to = (Ipv4Addr::LOCALHOST, local.port);
    stranger.send_to(b"from a stranger", to).unwrap();
    friend.send_to(b"from a friend", to).unwrap();
    let received = host.wasi().receive(incoming, 16).unwrap();
    let texts: Vec<_> = received.iter().map(|datagram| &datagram.data[..]).collect();
    assert_eq!(texts, [b"from a friend"]);
}
