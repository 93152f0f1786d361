//! Datagrams in and out of a UDP socket, as the guest calls for them.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_host::{Error, Interest, IoSlice, IoSliceMut, ReceiveFlags};

use super::convert;
use super::error::{SocketError, SocketResult};
use super::udp_socket::{IncomingDatagramStream, OutgoingDatagramStream, Streams};
use crate::bindings::wasi::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, IncomingDatagram, OutgoingDatagram,
};
use crate::io::Pollable;
use crate::view::WasiContextView;
use crate::waiter::Subscribe;

/// Datagrams of one call: what a guest can make the host hold for it.
const COUNT_MAX: u64 = 16;

/// Bytes of the longest datagram.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

impl HostIncomingDatagramStream for WasiContextView<'_> {
    fn receive(
        &mut self,
        stream: Resource<IncomingDatagramStream>,
        count_max: u64,
    ) -> SocketResult<Vec<IncomingDatagram>> {
        let stream = self.table.get_mut(&stream)?;
        let (socket, buffer) = (&stream.streams.socket, &mut stream.buffer);
        buffer.resize(DATAGRAM_BYTES_MAX, 0);
        let mut received = Vec::new();
        while (received.len() as u64) < count_max.min(COUNT_MAX) {
            let slices = &mut [IoSliceMut::new(buffer)];
            let datagram = match socket.receive(slices, ReceiveFlags::empty()) {
                Ok(datagram) => datagram,
                // After an interruption, or many that were a stranger's: what there is comes with the next call.
                Err(Error::WouldBlock | Error::Interrupted) => break,
                Err(error) if received.is_empty() => return Err(error.into()),
                Err(_) => break,
            };
            received.push(IncomingDatagram {
                data: buffer[..datagram.bytes].to_vec(),
                remote_address: convert::told_address(datagram.from),
            });
        }
        Ok(received)
    }

    fn subscribe(
        &mut self,
        stream: Resource<IncomingDatagramStream>,
    ) -> Result<Resource<Pollable>> {
        let direction = self
            .table
            .get(&stream)?
            .streams
            .direction(Interest::Readable);
        Ok(self.table.push(Pollable::new(Arc::new(direction)))?)
    }

    fn drop(&mut self, stream: Resource<IncomingDatagramStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl HostOutgoingDatagramStream for WasiContextView<'_> {
    fn check_send(&mut self, stream: Resource<OutgoingDatagramStream>) -> SocketResult<u64> {
        let stream = self.table.get_mut(&stream)?;
        if stream.is_full {
            let direction = stream.streams.direction(Interest::Writable);
            stream.is_full = !self.context.waiter.is_ready(direction.readiness())?;
        }
        stream.permit = if stream.is_full { 0 } else { COUNT_MAX };
        Ok(stream.permit)
    }

    fn send(
        &mut self,
        stream: Resource<OutgoingDatagramStream>,
        datagrams: Vec<OutgoingDatagram>,
    ) -> SocketResult<u64> {
        let stream = self.table.get_mut(&stream)?;
        let left = stream.permit.checked_sub(datagrams.len() as u64);
        stream.permit = left.ok_or_else(|| {
            let message = "more datagrams are sent than `check-send` permitted";
            SocketError::Trap(silica_engine::Error::msg(message))
        })?;
        let mut sent = 0;
        for datagram in datagrams {
            match send_one(&stream.streams, datagram) {
                Ok(()) => sent += 1,
                Err(SocketError::Failed(Error::WouldBlock)) => {
                    stream.is_full = true;
                    break;
                }
                Err(SocketError::Failed(_)) if sent > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    fn subscribe(
        &mut self,
        stream: Resource<OutgoingDatagramStream>,
    ) -> Result<Resource<Pollable>> {
        let direction = self
            .table
            .get(&stream)?
            .streams
            .direction(Interest::Writable);
        Ok(self.table.push(Pollable::new(Arc::new(direction)))?)
    }

    fn drop(&mut self, stream: Resource<OutgoingDatagramStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

fn send_one(streams: &Streams, datagram: OutgoingDatagram) -> SocketResult<()> {
    let socket = &streams.socket;
    let told = datagram.remote_address;
    let remote = told
        .map(|remote| convert::remote(remote, socket.family()))
        .transpose()?;
    let is_right = match remote {
        Some(remote) => !streams.is_connected || socket.remote() == Some(remote),
        None => streams.is_connected,
    };
    if !is_right {
        return Err(Error::Invalid.into());
    }
    socket.send(&[IoSlice::new(&datagram.data)], remote)?;
    Ok(())
}
