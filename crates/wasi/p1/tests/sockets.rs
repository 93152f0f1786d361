//! Sockets that the program opens itself, over the loopback: each call as a guest makes it, with
//! pointers into a memory.

#![forbid(unsafe_code)]

use silica_wasi_p1::host::{Network, NetworkGrants, Quotas};
use silica_wasi_p1::{Errno, GuestMemory, WasiP1Context};

const V4: u32 = 1;
const DATAGRAM: u32 = 1;
const STREAM: u32 = 2;

/// A guest: its memory, and where the next thing that is put there goes.
struct Guest {
    context: WasiP1Context,
    bytes: Vec<u8>,
    top: u32,
}

/// Calls a function with the guest's context and memory.
macro_rules! call {
    ($guest:expr, $name:ident($($argument:expr),*)) => {{
        let guest: &mut Guest = &mut $guest;
        let mut memory = GuestMemory::new(&mut guest.bytes);
        guest.context.$name(&mut memory, $($argument),*)
    }};
}

fn fails(errno: Errno) -> Result<(), Errno> {
    Err(errno)
}

fn guest(connect: &[&str], listen: &[&str]) -> Guest {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let grants = NetworkGrants {
        connect: parse(connect),
        listen: parse(listen),
    };
    let network = Network::new(grants, &Quotas::default());
    Guest {
        context: WasiP1Context::builder().network(network).build(),
        bytes: vec![0xaa; 1 << 16],
        top: 1024,
    }
}

impl Guest {
    fn put(&mut self, bytes: &[u8]) -> (u32, u32) {
        let pointer = self.top;
        self.bytes[pointer as usize..][..bytes.len()].copy_from_slice(bytes);
        self.top = (pointer + bytes.len() as u32).next_multiple_of(8);
        (pointer, bytes.len() as u32)
    }

    fn u32_at(&self, pointer: usize) -> u32 {
        u32::from_le_bytes(self.bytes[pointer..pointer + 4].try_into().unwrap())
    }

    fn vector(&mut self, pointer: u32, length: u32) -> u32 {
        let mut bytes = pointer.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        self.put(&bytes).0
    }

    fn write(&mut self, fd: u32, contents: &[u8]) -> Result<u32, Errno> {
        let (pointer, length) = self.put(contents);
        let vector = self.vector(pointer, length);
        call!(*self, fd_write(fd, vector, 1, 0))?;
        Ok(self.u32_at(0))
    }

    fn read(&mut self, fd: u32, length: u32) -> Result<Vec<u8>, Errno> {
        let (pointer, _) = self.put(&vec![0; length as usize]);
        let vector = self.vector(pointer, length);
        call!(*self, fd_read(fd, vector, 1, 0))?;
        let count = self.u32_at(0) as usize;
        Ok(self.bytes[pointer as usize..][..count].to_vec())
    }

    fn socket(&mut self, kind: u32) -> Result<u32, Errno> {
        call!(*self, sock_open(V4, kind, 0))?;
        Ok(self.u32_at(0))
    }

    /// A structure for the address 127.0.0.1 in a buffer of `bytes`.
    fn loopback(&mut self, bytes: u32) -> u32 {
        let mut buffer = vec![0; bytes as usize];
        let at = if bytes == 128 { 2 } else { 0 };
        buffer[0] = 1;
        buffer[at..at + 4].copy_from_slice(&[127, 0, 0, 1]);
        let (pointer, length) = self.put(&buffer);
        self.vector(pointer, length)
    }

    fn local_port(&mut self, fd: u32) -> u32 {
        let address = self.loopback(16);
        call!(*self, sock_getlocaladdr_older(fd, address, 8, 12)).unwrap();
        assert_eq!(self.u32_at(8), 4);
        self.u32_at(12)
    }
}

#[test]
fn a_stream_between_two_sockets() {
    let mut guest = guest(&["tcp:127.0.0.1"], &["tcp:127.0.0.1"]);
    let address = guest.loopback(4);
    let server = guest.socket(STREAM).unwrap();
    call!(guest, sock_bind(server, address, 0)).unwrap();
    call!(guest, sock_listen(server, 4)).unwrap();
    let port = guest.local_port(server);
    let client = guest.socket(STREAM).unwrap();
    let address = guest.loopback(128);
    call!(guest, sock_connect(client, address, port)).unwrap();
    call!(guest, sock_accept_older(server, 0)).unwrap();
    let accepted = guest.u32_at(0);
    assert_eq!(guest.write(client, b"hello"), Ok(5));
    assert_eq!(guest.read(accepted, 16).unwrap(), b"hello");
    let address = guest.loopback(128);
    call!(guest, sock_getpeeraddr(client, address, 12)).unwrap();
    assert_eq!(guest.u32_at(12), port);
    let peer = guest.u32_at(address as usize) as usize;
    assert_eq!(guest.bytes[peer..peer + 6], [1, 0, 127, 0, 0, 1]);
    let again = call!(guest, sock_connect(client, address, port));
    assert_eq!(again, fails(Errno::IsConn));
    assert_eq!(call!(guest, sock_listen(client, 1)), fails(Errno::Inval));
}

#[test]
fn datagrams_with_their_senders() {
    let mut guest = guest(&["udp:127.0.0.1"], &["udp:127.0.0.1"]);
    let (server, client) = (
        guest.socket(DATAGRAM).unwrap(),
        guest.socket(DATAGRAM).unwrap(),
    );
    for fd in [server, client] {
        let address = guest.loopback(4);
        call!(guest, sock_bind(fd, address, 0)).unwrap();
    }
    let (port, from) = (guest.local_port(server), guest.local_port(client));
    for older in [false, true] {
        let (pointer, length) = guest.put(b"question");
        let vector = guest.vector(pointer, length);
        let address = guest.loopback(16);
        // An IPv6 address is none for such a socket.
        let sent = call!(guest, sock_send_to(client, vector, 1, address, port, 0, 0));
        assert_eq!(sent, fails(Errno::Inval));
        let address = guest.loopback(4);
        call!(guest, sock_send_to(client, vector, 1, address, port, 0, 0)).unwrap();
        assert_eq!(guest.u32_at(0), length);
        let (pointer, _) = guest.put(&[0; 5]);
        let vector = guest.vector(pointer, 5);
        let structure = guest.loopback(16);
        if older {
            let call = call!(
                guest,
                sock_recv_from_older(server, vector, 1, structure, 0, 0, 4)
            );
            call.unwrap();
        } else {
            let call = call!(
                guest,
                sock_recv_from(server, vector, 1, structure, 0, 8, 0, 4)
            );
            call.unwrap();
            assert_eq!(guest.u32_at(8) & 0xffff, from);
        }
        assert_eq!((guest.u32_at(0), guest.bytes[4]), (5, 1), "it was cut off");
        assert_eq!(&guest.bytes[pointer as usize..][..5], b"quest");
        let told = guest.u32_at(structure as usize) as usize;
        if older {
            let [low, high] = (from as u16).to_le_bytes();
            assert_eq!(guest.bytes[told..told + 8], [2, 0, low, high, 127, 0, 0, 1]);
        } else {
            assert_eq!(guest.bytes[told..told + 4], [127, 0, 0, 1]);
        }
    }
}

#[test]
fn what_is_not_granted_is_refused() {
    let mut nothing = guest(&[], &[]);
    assert_eq!(nothing.socket(STREAM), Err(Errno::Acces));
    assert_eq!(nothing.socket(DATAGRAM), Err(Errno::Acces));
    let mut guest = guest(&["127.0.0.1:1"], &["127.0.0.1:1"]);
    let (stream, datagram) = (
        guest.socket(STREAM).unwrap(),
        guest.socket(DATAGRAM).unwrap(),
    );
    let address = guest.loopback(4);
    for fd in [stream, datagram] {
        let refused = fails(Errno::Acces);
        assert_eq!(call!(guest, sock_connect(fd, address, 2)), refused);
        assert_eq!(call!(guest, sock_bind(fd, address, 2)), refused);
    }
    let (node, length) = guest.put(b"example.com\0");
    let list = guest.put(&[0; 8]).0;
    let looked_up = call!(
        guest,
        sock_getaddrinfo(node, length, 0, 0, list, list, 1, 0)
    );
    assert_eq!(looked_up, fails(Errno::Acces));
}

#[test]
fn addresses_are_claims() {
    let mut guest = guest(&["*"], &["*"]);
    let fd = guest.socket(STREAM).unwrap();
    let outside = guest.vector(u32::MAX - 2, 4);
    assert_eq!(
        call!(guest, sock_connect(fd, outside, 1)),
        fails(Errno::Fault)
    );
    let odd = guest.vector(0, 5);
    assert_eq!(call!(guest, sock_connect(fd, odd, 1)), fails(Errno::Inval));
    let address = guest.loopback(4);
    assert_eq!(
        call!(guest, sock_connect(fd, address, 65536)),
        fails(Errno::Inval)
    );
    assert_eq!(
        call!(guest, sock_connect(1, address, 1)),
        fails(Errno::NotSock)
    );
    assert_eq!(
        call!(guest, sock_open(9, STREAM, 0)),
        fails(Errno::AfNoSupport)
    );
    assert_eq!(
        call!(guest, sock_open(V4, 9, 0)),
        fails(Errno::ProtoNoSupport)
    );
}

#[test]
fn options_in_the_extensions_layout() {
    let mut guest = guest(&["*"], &[]);
    let fd = guest.socket(STREAM).unwrap();
    let set = |guest: &mut Guest, name, value: &[u8]| {
        let (pointer, length) = guest.put(value);
        call!(*guest, sock_setsockopt(fd, 0, name, pointer, length))
    };
    let get = |guest: &mut Guest, name| {
        let (pointer, room) = guest.put(&[0; 16]);
        let length = guest.put(&room.to_le_bytes()).0;
        call!(*guest, sock_getsockopt(fd, 0, name, pointer, length))?;
        let length = guest.u32_at(length as usize) as usize;
        Ok::<_, Errno>(guest.bytes[pointer as usize..][..length].to_vec())
    };
    assert_eq!(get(&mut guest, 1), Ok(vec![2, 0, 0, 0]), "a stream");
    assert_eq!(get(&mut guest, 2), Ok(vec![0; 4]), "no error");
    set(&mut guest, 7, &[1, 0, 0, 0]).unwrap();
    assert_eq!(get(&mut guest, 7), Ok(vec![1, 0, 0, 0]), "kept alive");
    set(&mut guest, 9, &[1, 0, 0, 0, 3, 0, 0, 0]).unwrap();
    assert_eq!(
        get(&mut guest, 9),
        Ok(vec![1, 0, 0, 0, 3, 0, 0, 0]),
        "lingers"
    );
    let second = [[2, 0, 0, 0, 0, 0, 0, 0], [0; 8]].concat();
    set(&mut guest, 11, &second).unwrap();
    assert_eq!(get(&mut guest, 11), Ok(second), "waits two seconds");
    assert_eq!(set(&mut guest, 11, &[0xff; 16]), fails(Errno::Dom));
    assert_eq!(set(&mut guest, 11, &[0; 4]), fails(Errno::Inval));
    assert_eq!(set(&mut guest, 14, b"lo"), fails(Errno::Perm));
    assert_eq!(set(&mut guest, 99, &[0; 4]), fails(Errno::NoProtoOpt));
}

#[test]
fn names_are_looked_up_into_the_programs_list() {
    let mut guest = guest(&["tcp:localhost:80"], &[]);
    let data = guest.put(&[0; 26]).0;
    let structure = guest.put(&[&[0; 8][..], &data.to_le_bytes()].concat()).0;
    let mut element = vec![0; 28];
    element[12..16].copy_from_slice(&structure.to_le_bytes());
    let element = guest.put(&element).0;
    let list = guest.put(&element.to_le_bytes()).0;
    let mut hints = vec![0; 28];
    (hints[2], hints[3]) = (1, 2);
    let hints = guest.put(&hints).0;
    let (node, node_length) = guest.put(b"localhost\0");
    let (service, service_length) = guest.put(b"http");
    let look_up = call!(
        guest,
        sock_getaddrinfo(
            node,
            node_length,
            service,
            service_length,
            hints,
            list,
            1,
            0
        )
    );
    look_up.unwrap();
    assert_eq!(guest.u32_at(0), 1);
    assert_eq!(&guest.bytes[element as usize..][..5], [0, 0, 1, 2, 1]);
    assert_eq!(&guest.bytes[data as usize..][..6], [0, 80, 127, 0, 0, 1]);
    assert_eq!(guest.u32_at(structure as usize + 4), 14);
    guest.bytes[hints as usize + 2] = 7;
    let wrong = call!(
        guest,
        sock_getaddrinfo(
            node,
            node_length,
            service,
            service_length,
            hints,
            list,
            1,
            0
        )
    );
    assert_eq!(wrong, fails(Errno::AiFamily));
}
