//! The functions on sockets that the specification has: accepting, receiving, sending, ending.
//! Opening sockets is in `socket_extension`.

use crate::abi::{self, FdFlags, ReceiveInFlags, ShutdownFlags};
use crate::table::{Descriptor, Entry, SOCKET_RIGHTS};
use crate::vectors::Vectors;
use crate::{Errno, GuestMemory, Rights, WasiP1Context};
use silica_wasi_host::{IoSlice, IoSliceMut, ReceiveFlags, ShutdownSides, TcpSocket};

impl WasiP1Context {
    /// `sock_accept`: waits for a connection.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotCapable`],
    /// [`Errno::Mfile`], what the host reports.
    pub fn sock_accept(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        flags: u32,
        accepted: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let listener = stream(entry.descriptor())?;
        entry.require(Rights::SOCK_ACCEPT)?;
        let flags: FdFlags = abi::parse_flags(flags)?;
        memory.range(accepted, 4)?;
        let room = self.table.reserve()?;
        let stream = listener.accept(flags.into())?;
        let base = SOCKET_RIGHTS & entry.inheriting;
        let new = Entry::new(Descriptor::Tcp(stream), base, Rights::empty());
        memory.write_u32(accepted, room.fill(new))
    }

    /// `sock_recv`: receives from a connection.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotConn`],
    /// [`Errno::NotCapable`], what the host reports.
    #[allow(clippy::too_many_arguments)]
    pub fn sock_recv(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        flags: u32,
        received: u32,
        received_flags: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        if let Descriptor::Udp(_) = entry.descriptor() {
            let (vectors, results) = ((vectors, vectors_count), (received, received_flags));
            return self
                .receive_datagram(memory, fd, vectors, flags, results)
                .map(drop);
        }
        let stream = stream(entry.descriptor())?;
        entry.require(Rights::FD_READ)?;
        let flags: ReceiveInFlags = abi::parse_flags(flags)?;
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(received, 4)?;
        memory.range(received_flags, 2)?;
        let count = if flags.is_empty() {
            vectors.read_into(memory, false, |slices, _| {
                Ok(stream.receive_vectored(slices)?)
            })?
        } else {
            let flags = receive_flags(flags);
            vectors.read_into(memory, false, |slices, _| receive(stream, slices, flags))?
        };
        memory.write_u32(received, count)?;
        // Streams never truncate.
        memory.write(received_flags, &[0, 0])
    }

    /// `sock_send`: sends on a connection.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotConn`],
    /// [`Errno::NotCapable`]; [`Errno::Inval`] for any flag, there are none; what
    /// the host reports.
    pub fn sock_send(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        vectors: u32,
        vectors_count: u32,
        flags: u32,
        sent: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        if let Descriptor::Udp(socket) = entry.descriptor() {
            entry.require(Rights::FD_WRITE)?;
            let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
            memory.range(sent, 4)?;
            let datagram = vectors.datagram(memory)?;
            let count = socket.send(&[IoSlice::new(&datagram)], None)?;
            // A datagram is shorter than 64 KiB.
            return memory.write_u32(sent, count as u32);
        }
        let stream = stream(entry.descriptor())?;
        entry.require(Rights::FD_WRITE)?;
        if flags != 0 {
            return Err(Errno::Inval);
        }
        let vectors = Vectors::new(memory, vectors, vectors_count, self.quotas.vectors_max)?;
        memory.range(sent, 4)?;
        let count = vectors.write_from(memory, |slices, _| Ok(stream.send_vectored(slices)?))?;
        memory.write_u32(sent, count)
    }

    /// `sock_shutdown`: ends one or both directions of a connection.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`], [`Errno::NotConn`],
    /// [`Errno::NotCapable`], what the host reports.
    pub fn sock_shutdown(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        how: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let stream = stream(entry.descriptor())?;
        entry.require(Rights::SOCK_SHUTDOWN)?;
        let how: ShutdownFlags = abi::parse_flags(how)?;
        let mut sides = ShutdownSides::empty();
        sides.set(ShutdownSides::RECEIVE, how.contains(ShutdownFlags::RD));
        sides.set(ShutdownSides::SEND, how.contains(ShutdownFlags::WR));
        Ok(stream.shutdown(sides)?)
    }
}

/// A TCP socket; whether it is one that listens, the system says.
pub(super) fn stream(descriptor: &Descriptor) -> Result<&TcpSocket, Errno> {
    match descriptor {
        Descriptor::Tcp(socket) => Ok(socket),
        Descriptor::Udp(_) => Err(Errno::NotSup),
        Descriptor::Input(_)
        | Descriptor::Output(_)
        | Descriptor::File(_)
        | Descriptor::Directory(_) => Err(Errno::NotSock),
    }
}

pub(super) fn receive_flags(flags: ReceiveInFlags) -> ReceiveFlags {
    let mut converted = ReceiveFlags::empty();
    converted.set(
        ReceiveFlags::PEEK,
        flags.contains(ReceiveInFlags::RECV_PEEK),
    );
    converted.set(
        ReceiveFlags::WAIT_ALL,
        flags.contains(ReceiveInFlags::RECV_WAITALL),
    );
    converted
}

/// With flags, the system receives into one buffer at a time. What is only looked
/// at stays there, so a second buffer would get the same bytes.
fn receive(
    stream: &TcpSocket,
    slices: &mut [IoSliceMut<'_>],
    flags: ReceiveFlags,
) -> Result<usize, Errno> {
    let mut total = 0;
    for slice in slices {
        let asked = slice.len();
        let received = match stream.receive(slice, flags) {
            Ok(received) => received,
            Err(error) if total == 0 => return Err(error.into()),
            Err(_) => break,
        };
        total += received;
        if flags.contains(ReceiveFlags::PEEK) || received < asked {
            break;
        }
    }
    Ok(total)
}
