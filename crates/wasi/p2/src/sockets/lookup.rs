//! `wasi:sockets/ip-name-lookup`: the addresses of names that are granted.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_host::Error;

use super::addresses::ResolveAddressStream;
use super::convert;
use super::error::{SocketError, SocketResult};
use super::network::Network;
use crate::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use crate::bindings::wasi::sockets::network::IpAddress;
use crate::io::Pollable;
use crate::view::WasiContextView;

impl Host for WasiContextView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        self.table.get(&network)?;
        let lookup = self
            .context
            .network
            .lookup(&name)
            .map_err(SocketError::Unresolved)?;
        Ok(self.table.push(ResolveAddressStream::new(lookup))?)
    }
}

impl HostResolveAddressStream for WasiContextView<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        let stream = self.table.get_mut(&stream)?;
        match stream.lookup.0.addresses() {
            None => Err(Error::WouldBlock.into()),
            Some(Err(error)) => Err(SocketError::Unresolved(error)),
            Some(Ok(addresses)) => {
                let next = addresses.get(stream.told).copied();
                stream.told += usize::from(next.is_some());
                Ok(next.map(convert::told_ip))
            }
        }
    }

    fn subscribe(&mut self, stream: Resource<ResolveAddressStream>) -> Result<Resource<Pollable>> {
        let lookup = Arc::clone(&self.table.get(&stream)?.lookup);
        Ok(self.table.push(Pollable::new(lookup))?)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
