//! `wasi:sockets/udp`, as the guest calls it: sockets. Their datagrams are in `datagrams`.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_host::FileFlags;

use super::convert;
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::udp_socket::{
    IncomingDatagramStream, OutgoingDatagramStream, Stage, Streams, UdpSocket,
};
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::udp::{Host, HostUdpSocket};
use crate::bindings::wasi::sockets::udp_create_socket;
use crate::io::Pollable;
use crate::view::WasiContextView;
use crate::waiter::{Readiness, Subscribe};

/// Binding, the only operation of a socket's own, never waits.
struct Ready;

impl Subscribe for Ready {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Now
    }
}

impl Host for WasiContextView<'_> {}

impl udp_create_socket::Host for WasiContextView<'_> {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        let socket = self.context.network.udp_socket(convert::family(family))?;
        socket.set_flags(FileFlags::NONBLOCK)?;
        Ok(self.table.push(UdpSocket::new(socket))?)
    }
}

impl WasiContextView<'_> {
    fn udp(&self, socket: &Resource<UdpSocket>) -> Result<UdpSocket> {
        Ok(self.table.get(socket)?.clone())
    }
}

impl HostUdpSocket for WasiContextView<'_> {
    fn start_bind(
        &mut self,
        socket: Resource<UdpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let socket = self.udp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::New {
            return Err(SocketError::InvalidState);
        }
        socket
            .socket
            .bind(convert::local(local, socket.socket.family())?)?;
        state.stage = Stage::Binding;
        Ok(())
    }

    fn finish_bind(&mut self, socket: Resource<UdpSocket>) -> SocketResult<()> {
        let socket = self.udp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::Binding {
            return Err(SocketError::NotInProgress);
        }
        state.stage = Stage::Bound;
        Ok(())
    }

    fn stream(
        &mut self,
        socket: Resource<UdpSocket>,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<(
        Resource<IncomingDatagramStream>,
        Resource<OutgoingDatagramStream>,
    )> {
        let socket = self.udp(&socket)?;
        let mut state = socket.state();
        // A pair that is still there would change its address unseen.
        if state.stage != Stage::Bound || state.streams.strong_count() > 0 {
            return Err(SocketError::InvalidState);
        }
        let family = socket.socket.family();
        let remote = remote
            .map(|remote| convert::remote(remote, family))
            .transpose()?;
        if remote.is_some() || socket.socket.remote().is_some() {
            socket.socket.connect(remote)?;
        }
        let streams = Arc::new(Streams {
            socket: Arc::clone(&socket.socket),
            is_connected: remote.is_some(),
        });
        state.streams = Arc::downgrade(&streams);
        let incoming = IncomingDatagramStream::new(Arc::clone(&streams));
        let incoming = self.table.push(incoming)?;
        Ok((
            incoming,
            self.table.push(OutgoingDatagramStream::new(streams))?,
        ))
    }

    fn local_address(&mut self, socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        let socket = self.udp(&socket)?;
        if socket.state().stage != Stage::Bound {
            return Err(SocketError::InvalidState);
        }
        Ok(convert::told_address(socket.socket.local_address()?))
    }

    fn remote_address(&mut self, socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        let remote = self.udp(&socket)?.socket.remote();
        Ok(convert::told_address(
            remote.ok_or(SocketError::InvalidState)?,
        ))
    }

    fn address_family(&mut self, socket: Resource<UdpSocket>) -> Result<IpAddressFamily> {
        Ok(convert::told_family(self.udp(&socket)?.socket.family()))
    }

    fn unicast_hop_limit(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u8> {
        Ok(self.udp(&socket)?.socket.options().hop_limit()?)
    }

    fn set_unicast_hop_limit(&mut self, socket: Resource<UdpSocket>, hops: u8) -> SocketResult<()> {
        Ok(self.udp(&socket)?.socket.options().set_hop_limit(hops)?)
    }

    fn receive_buffer_size(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u64> {
        Ok(self.udp(&socket)?.socket.options().receive_buffer_size()? as u64)
    }

    fn set_receive_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        bytes: u64,
    ) -> SocketResult<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(self
            .udp(&socket)?
            .socket
            .options()
            .set_receive_buffer_size(bytes)?)
    }

    fn send_buffer_size(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u64> {
        Ok(self.udp(&socket)?.socket.options().send_buffer_size()? as u64)
    }

    fn set_send_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        bytes: u64,
    ) -> SocketResult<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(self
            .udp(&socket)?
            .socket
            .options()
            .set_send_buffer_size(bytes)?)
    }

    fn subscribe(&mut self, _socket: Resource<UdpSocket>) -> Result<Resource<Pollable>> {
        Ok(self.table.push(Pollable::new(Arc::new(Ready)))?)
    }

    fn drop(&mut self, socket: Resource<UdpSocket>) -> Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
