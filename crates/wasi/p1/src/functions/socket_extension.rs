//! Sockets that the program opens, by the extension of `wasi_snapshot_preview1` that
//! WasmEdge made and its libraries for Rust and C use, in both of its forms.
//!
//! An address is a structure `{pointer: u32, bytes: u32}` of a buffer: 4 bytes for IPv4, 16 for
//! IPv6, or 128 that begin with the family as 16 bits. Ports are in the program's byte order.

use super::socket::{receive_flags, stream};
use crate::abi::{self, ReceiveInFlags};
use crate::table::{Descriptor, Entry};
use crate::vectors::Vectors;
use crate::{Errno, GuestMemory, Rights, WasiP1Context};
use silica_wasi_host::{IoSlice, IpFamily, UdpSocket};
use std::net::{IpAddr, SocketAddr};

const FAMILY_V4: u8 = 1;
const FAMILY_V6: u8 = 2;

/// Kinds of sockets.
pub(super) const KIND_DATAGRAM: u8 = 1;
pub(super) const KIND_STREAM: u8 = 2;

/// The family of a Linux socket address, which an older form of receiving tells.
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// The flag that a datagram did not fit.
const DATA_TRUNCATED: u16 = 1;

/// Bytes of an address with its family before it.
const STORAGE_BYTES: u32 = 128;

pub(super) fn family_code(family: IpFamily) -> u8 {
    match family {
        IpFamily::V4 => FAMILY_V4,
        IpFamily::V6 => FAMILY_V6,
    }
}

pub(super) fn family(code: u8) -> Result<IpFamily, Errno> {
    match code {
        FAMILY_V4 => Ok(IpFamily::V4),
        FAMILY_V6 => Ok(IpFamily::V6),
        _ => Err(Errno::AfNoSupport),
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Where a program has an address.
#[derive(Debug, Clone, Copy)]
struct AddressBuffer {
    pointer: u32,
    bytes: u32,
}

impl AddressBuffer {
    fn new(memory: &GuestMemory<'_>, structure: u32) -> Result<Self, Errno> {
        let both = memory.read_u64(structure)?;
        let (pointer, bytes) = (both as u32, (both >> 32) as u32);
        if !matches!(bytes, 4 | 16 | STORAGE_BYTES) {
            return Err(Errno::Inval);
        }
        memory.range(pointer, bytes)?;
        Ok(Self { pointer, bytes })
    }

    fn read(self, memory: &GuestMemory<'_>, port: u32) -> Result<SocketAddr, Errno> {
        let port = u16::try_from(port).map_err(|_| Errno::Inval)?;
        let v4 = |pointer| memory.read::<4>(pointer).map(IpAddr::from);
        let v6 = |pointer| memory.read::<16>(pointer).map(IpAddr::from);
        let address = match self.bytes {
            4 => v4(self.pointer)?,
            16 => v6(self.pointer)?,
            _ => {
                let [low, high]: [u8; 2] = memory.read(self.pointer)?;
                // Inside the range checked above.
                let address = self.pointer.wrapping_add(2);
                match family(if high == 0 { low } else { u8::MAX })? {
                    IpFamily::V4 => v4(address)?,
                    IpFamily::V6 => v6(address)?,
                }
            }
        };
        Ok(SocketAddr::new(address, port))
    }

    /// Checks that an address of this family fits.
    fn check_room(self, family: IpFamily) -> Result<(), Errno> {
        match (family, self.bytes) {
            (IpFamily::V6, 4) => Err(Errno::Inval),
            (IpFamily::V4 | IpFamily::V6, _) => Ok(()),
        }
    }

    fn write(self, memory: &mut GuestMemory<'_>, address: IpAddr) -> Result<(), Errno> {
        self.check_room(IpFamily::of(address))?;
        let mut bytes = Vec::new();
        if self.bytes == STORAGE_BYTES {
            bytes.extend([family_code(IpFamily::of(address)), 0]);
        }
        bytes.extend(octets(address));
        memory.write(self.pointer, &bytes)
    }
}

impl WasiP1Context {
    /// `sock_open`: makes a socket.
    ///
    /// # Errors
    /// [`Errno::Acces`] where nothing is granted; [`Errno::AfNoSupport`], [`Errno::Mfile`];
    /// what the host reports.
    pub fn sock_open(
        &mut self,
        memory: &mut GuestMemory<'_>,
        family: u32,
        kind: u32,
        opened: u32,
    ) -> Result<(), Errno> {
        let family = self::family(u8::try_from(family).unwrap_or(u8::MAX))?;
        memory.range(opened, 4)?;
        let room = self.table.reserve()?;
        let kind = u8::try_from(kind).unwrap_or(u8::MAX);
        let descriptor = match kind {
            KIND_STREAM => Descriptor::Tcp(self.network.tcp_socket(family)?),
            KIND_DATAGRAM => Descriptor::Udp(self.network.udp_socket(family)?),
            _ => return Err(Errno::ProtoNoSupport),
        };
        memory.write_u32(opened, room.fill(Entry::socket(descriptor)))
    }

    /// `sock_bind`: gives a socket an address.
    ///
    /// # Errors
    /// [`Errno::Acces`] where it is not granted; [`Errno::BadF`], [`Errno::NotSock`],
    /// [`Errno::Inval`]; what the host reports.
    pub fn sock_bind(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let local = AddressBuffer::new(memory, address)?.read(memory, port)?;
        match entry.descriptor() {
            Descriptor::Udp(socket) => Ok(socket.bind(local)?),
            other => Ok(stream(other)?.bind(local)?),
        }
    }

    /// `sock_connect`: connects to an address.
    ///
    /// # Errors
    /// [`Errno::Acces`] where it is not granted; [`Errno::InProgress`] where the socket does
    /// not wait; [`Errno::BadF`], [`Errno::NotSock`], [`Errno::Inval`]; what the host reports.
    pub fn sock_connect(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let remote = AddressBuffer::new(memory, address)?.read(memory, port)?;
        match entry.descriptor() {
            Descriptor::Udp(socket) => Ok(socket.connect(Some(remote))?),
            other => Ok(stream(other)?.connect(remote)?),
        }
    }

    /// `sock_listen`: starts accepting connections.
    ///
    /// # Errors
    /// [`Errno::Acces`] where it is not granted; [`Errno::BadF`], [`Errno::NotSock`],
    /// [`Errno::Inval`]; what the host reports.
    pub fn sock_listen(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        backlog: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        Ok(stream(entry.descriptor())?.listen(backlog)?)
    }

    /// `sock_accept` as it was before the specification had it: without flags.
    ///
    /// # Errors
    /// As [`sock_accept`](Self::sock_accept).
    pub fn sock_accept_older(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        accepted: u32,
    ) -> Result<(), Errno> {
        self.sock_accept(memory, fd, 0, accepted)
    }

    /// Receives, and tells from whom where the socket is one for datagrams.
    pub(super) fn receive_datagram(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        (vectors, vectors_count): (u32, u32),
        flags: u32,
        (received, received_flags): (u32, u32),
    ) -> Result<SocketAddr, Errno> {
        let entry = self.table.get(fd)?;
        let socket = datagram_socket(&entry)?;
        entry.require(Rights::FD_READ)?;
        let flags: ReceiveInFlags = abi::parse_flags(flags)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(received, 4)?;
        memory.range(received_flags, 2)?;
        let mut datagram = None;
        let count = vectors.read_into(memory, false, |slices, _| {
            let got = socket.receive(slices, receive_flags(flags))?;
            datagram = Some(got);
            Ok(got.bytes)
        })?;
        let datagram = datagram.ok_or(Errno::Inval)?;
        memory.write_u32(received, count)?;
        let told = if datagram.truncated {
            DATA_TRUNCATED
        } else {
            0
        };
        memory.write(received_flags, &told.to_le_bytes())?;
        Ok(datagram.from)
    }

    /// `sock_recv_from`: receives a datagram, and tells from whom.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotCapable`], [`Errno::Inval`]; what the
    /// host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn sock_recv_from(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        address: u32,
        flags: u32,
        port: u32,
        received: u32,
        received_flags: u32,
    ) -> Result<(), Errno> {
        let buffer = AddressBuffer::new(memory, address)?;
        memory.range(port, 2)?;
        let family = datagram_socket(&self.table.get(fd)?)?.family();
        buffer.check_room(family)?;
        let (vectors, results) = ((vectors, vectors_count), (received, received_flags));
        let from = self.receive_datagram(memory, fd, vectors, flags, results)?;
        buffer.write(memory, from.ip())?;
        // Sixteen bits, though libraries give room for more.
        memory.write(port, &from.port().to_le_bytes())
    }

    /// `sock_recv_from` in its older form, which tells the family, the port and the address
    /// of IPv4 in the buffer for the address.
    ///
    /// # Errors
    /// As [`sock_recv_from`](Self::sock_recv_from).
    #[allow(clippy::too_many_arguments)]
    pub fn sock_recv_from_older(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        address: u32,
        flags: u32,
        received: u32,
        received_flags: u32,
    ) -> Result<(), Errno> {
        let buffer = AddressBuffer::new(memory, address)?;
        let (vectors, results) = ((vectors, vectors_count), (received, received_flags));
        let from = self.receive_datagram(memory, fd, vectors, flags, results)?;
        let family = if from.is_ipv4() { AF_INET } else { AF_INET6 };
        let mut bytes = family.to_le_bytes().to_vec();
        bytes.extend(from.port().to_le_bytes());
        bytes.extend(octets(from.ip()));
        bytes.truncate(buffer.bytes as usize);
        memory.write(buffer.pointer, &bytes)
    }

    /// `sock_send_to`: sends a datagram to an address.
    ///
    /// # Errors
    /// [`Errno::Acces`] where the address is not granted; [`Errno::BadF`], [`Errno::NotSock`],
    /// [`Errno::NotCapable`]; [`Errno::Inval`] for any flag, there are none; what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn sock_send_to(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        address: u32,
        port: u32,
        flags: u32,
        sent: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let socket = datagram_socket(&entry)?;
        entry.require(Rights::FD_WRITE)?;
        if flags != 0 {
            return Err(Errno::Inval);
        }
        let remote = AddressBuffer::new(memory, address)?.read(memory, port)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(sent, 4)?;
        let datagram = vectors.datagram(memory)?;
        let count = socket.send(&[IoSlice::new(&datagram)], Some(remote))?;
        // A datagram is shorter than 64 KiB.
        memory.write_u32(sent, count as u32)
    }

    /// `sock_getlocaladdr`: the address that a socket has.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::Inval`]; what the host reports.
    pub fn sock_getlocaladdr(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let local = self.local_address(fd)?;
        tell_address(memory, local, address, port)
    }

    /// `sock_getlocaladdr` in its older form, which tells the version of IP, too.
    ///
    /// # Errors
    /// As [`sock_getlocaladdr`](Self::sock_getlocaladdr).
    pub fn sock_getlocaladdr_older(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        version: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let local = self.local_address(fd)?;
        memory.range(version, 4)?;
        tell_address(memory, local, address, port)?;
        memory.write_u32(version, ip_version(local))
    }

    fn local_address(&self, fd: u32) -> Result<SocketAddr, Errno> {
        let entry = self.table.get(fd)?;
        Ok(match entry.descriptor() {
            Descriptor::Udp(socket) => socket.local_address()?,
            other => stream(other)?.local_address()?,
        })
    }

    /// `sock_getpeeraddr`: the address that a socket is connected to.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotConn`], [`Errno::Inval`]; what the
    /// host reports.
    pub fn sock_getpeeraddr(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let remote = self.remote_address(fd)?;
        tell_address(memory, remote, address, port)
    }

    /// `sock_getpeeraddr` in its older form, which tells the version of IP, too.
    ///
    /// # Errors
    /// As [`sock_getpeeraddr`](Self::sock_getpeeraddr).
    pub fn sock_getpeeraddr_older(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        address: u32,
        version: u32,
        port: u32,
    ) -> Result<(), Errno> {
        let remote = self.remote_address(fd)?;
        memory.range(version, 4)?;
        tell_address(memory, remote, address, port)?;
        memory.write_u32(version, ip_version(remote))
    }

    fn remote_address(&self, fd: u32) -> Result<SocketAddr, Errno> {
        let entry = self.table.get(fd)?;
        match entry.descriptor() {
            Descriptor::Udp(socket) => socket.remote().ok_or(Errno::NotConn),
            other => Ok(stream(other)?.remote_address()?),
        }
    }
}

fn datagram_socket(entry: &Entry) -> Result<&UdpSocket, Errno> {
    match entry.descriptor() {
        Descriptor::Udp(socket) => Ok(socket),
        other => stream(other).and(Err(Errno::NotSup)),
    }
}

fn ip_version(address: SocketAddr) -> u32 {
    if address.is_ipv4() { 4 } else { 6 }
}

fn tell_address(
    memory: &mut GuestMemory<'_>,
    told: SocketAddr,
    address: u32,
    port: u32,
) -> Result<(), Errno> {
    let buffer = AddressBuffer::new(memory, address)?;
    memory.range(port, 4)?;
    buffer.write(memory, told.ip())?;
    memory.write_u32(port, told.port().into())
}
