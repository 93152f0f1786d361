//! `wasi:sockets`: TCP, UDP and names, as far as the context's network is granted.
//!
//! Every operation goes to the capability of `silica_wasi_host`, which checks what may be reached. Sockets never wait
//! there: a guest waits by pollables. Here are types, the order of operations that the standard has, and errors.

mod addresses;
mod code;
mod convert;
mod datagrams;
mod error;
mod lookup;
mod network;
mod stream;
mod tcp;
mod tcp_socket;
mod udp;
mod udp_socket;

pub use addresses::ResolveAddressStream;
pub use error::{SocketError, SocketResult};
pub use network::Network;
pub use tcp_socket::TcpSocket;
pub use udp_socket::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};

use silica_component::{Linker, Resource};
use silica_engine::Result;

use crate::bindings::wasi::sockets::{
    instance_network, ip_name_lookup, network as network_interface, tcp as tcp_interface,
    tcp_create_socket, udp as udp_interface, udp_create_socket,
};
use crate::view::{HasWasi, WasiContextView, WasiView};

/// Grants `wasi:sockets`: what of the network the context has.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    network_interface::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    instance_network::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    ip_name_lookup::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    tcp_interface::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    tcp_create_socket::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    udp_interface::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    udp_create_socket::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

impl network_interface::Host for WasiContextView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<network_interface::ErrorCode> {
        code::of(error)
    }
}

impl network_interface::HostNetwork for WasiContextView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for WasiContextView<'_> {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        Ok(self.table.push(Network::new())?)
    }
}
