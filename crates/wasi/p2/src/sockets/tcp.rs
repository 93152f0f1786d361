//! `wasi:sockets/tcp`, as the guest calls it: binding, connecting and listening each begin and then finish.

use std::time::Duration;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_host::{Error, FileFlags};

use super::convert;
use super::error::{SocketError, SocketResult};
use super::network::Network;
use super::stream::sides;
use super::tcp_socket::{Stage, TcpSocket};
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::tcp::{Host, HostTcpSocket, ShutdownType};
use crate::bindings::wasi::sockets::tcp_create_socket;
use crate::io::{InputStream, OutputStream, Pollable};
use crate::view::WasiContextView;

impl Host for WasiContextView<'_> {}

impl tcp_create_socket::Host for WasiContextView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        let socket = self.context.network.tcp_socket(convert::family(family))?;
        let socket = TcpSocket::new(socket, Stage::New)?;
        Ok(self.table.push(socket)?)
    }
}

impl WasiContextView<'_> {
    fn tcp(&self, socket: &Resource<TcpSocket>) -> Result<TcpSocket> {
        Ok(self.table.get(socket)?.clone())
    }

    fn push_streams(
        &mut self,
        socket: &TcpSocket,
    ) -> SocketResult<(Resource<InputStream>, Resource<OutputStream>)> {
        let (input, output) = socket.streams();
        let input = self.table.push(input)?;
        Ok((input, self.table.push(output)?))
    }
}

macro_rules! options {
    ($($get:ident $set:ident: $type:ty, $host_get:ident $host_set:ident,
        |$told:ident| $tell:expr, |$asked:ident| $ask:expr;)*) => {
        $(
            fn $get(&mut self, socket: Resource<TcpSocket>) -> SocketResult<$type> {
                let $told = self.tcp(&socket)?.socket().options().$host_get()?;
                Ok($tell)
            }

            fn $set(&mut self, socket: Resource<TcpSocket>, $asked: $type) -> SocketResult<()> {
                Ok(self.tcp(&socket)?.socket().options().$host_set($ask)?)
            }
        )*
    };
}

/// A time that the host counts in seconds: at least one, and no more than fits.
fn seconds(nanoseconds: u64) -> SocketResult<Duration> {
    match nanoseconds {
        0 => Err(Error::Invalid.into()),
        nanoseconds => {
            let seconds = nanoseconds.div_ceil(1_000_000_000).min(i16::MAX as u64);
            Ok(Duration::from_secs(seconds))
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// A count of tests of a connection: at least one, and no more than the host takes.
fn tests(count: u32) -> SocketResult<u32> {
    match count {
        0 => Err(Error::Invalid.into()),
        count => Ok(count.min(127)),
    }
}

impl HostTcpSocket for WasiContextView<'_> {
    fn start_bind(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::New {
            return Err(SocketError::InvalidState);
        }
        let local = convert::local(local, socket.socket().family())?;
        socket.socket().bind(local)?;
        state.stage = Stage::Binding;
        Ok(())
    }

    fn finish_bind(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::Binding {
            return Err(SocketError::NotInProgress);
        }
        state.stage = Stage::Bound;
        Ok(())
    }

    fn start_connect(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        match state.stage {
            Stage::New | Stage::Bound => {}
            Stage::Connecting(_) => return Err(SocketError::ConcurrencyConflict),
            Stage::Binding
            | Stage::Connected
            | Stage::BeginsToListen
            | Stage::Listening
            | Stage::Closed => return Err(SocketError::InvalidState),
        }
        let remote = convert::remote(remote, socket.socket().family())?;
        state.stage = match socket.socket().connect(remote) {
            Ok(()) => Stage::Connecting(Some(Ok(()))),
            Err(Error::InProgress | Error::Interrupted) => Stage::Connecting(None),
            // What is refused here is told at once, and leaves the socket as it was.
            Err(error @ (Error::Access | Error::Invalid)) => return Err(error.into()),
            Err(error) => Stage::Connecting(Some(Err(error))),
        };
        Ok(())
    }

    fn finish_connect(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> SocketResult<(Resource<InputStream>, Resource<OutputStream>)> {
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        let ended = match state.stage {
            Stage::Connecting(Some(ended)) => ended,
            Stage::Connecting(None) => match socket.socket().finish_connect() {
                Ok(Some(())) => Ok(()),
                Ok(None) | Err(Error::Interrupted) => return Err(Error::WouldBlock.into()),
                Err(error) => Err(error),
            },
            Stage::New
            | Stage::Binding
            | Stage::Bound
            | Stage::Connected
            | Stage::BeginsToListen
            | Stage::Listening
            | Stage::Closed => return Err(SocketError::NotInProgress),
        };
        state.stage = match ended {
            Ok(()) => Stage::Connected,
            Err(_) => Stage::Closed,
        };
        drop(state);
        ended?;
        self.push_streams(&socket)
    }

    fn start_listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::Bound {
            return Err(SocketError::InvalidState);
        }
        socket.socket().listen(state.backlog)?;
        state.stage = Stage::BeginsToListen;
        Ok(())
    }

    fn finish_listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        let socket = self.tcp(&socket)?;
        let mut state = socket.state();
        if state.stage != Stage::BeginsToListen {
            return Err(SocketError::NotInProgress);
        }
        state.stage = Stage::Listening;
        Ok(())
    }

    fn accept(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> SocketResult<(
        Resource<TcpSocket>,
        Resource<InputStream>,
        Resource<OutputStream>,
    )> {
        let socket = self.tcp(&socket)?;
        if socket.state().stage != Stage::Listening {
            return Err(SocketError::InvalidState);
        }
        let accept = || socket.socket().accept(FileFlags::NONBLOCK);
        let accepted = self.context.waiter.insist(accept)?;
        let accepted = TcpSocket::new(accepted, Stage::Connected)?;
        let (input, output) = self.push_streams(&accepted)?;
        Ok((self.table.push(accepted)?, input, output))
    }

    fn local_address(&mut self, socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        let socket = self.tcp(&socket)?;
        match socket.state().stage {
            Stage::New | Stage::Binding | Stage::Closed => Err(SocketError::InvalidState),
            Stage::Bound
            | Stage::Connecting(_)
            | Stage::Connected
            | Stage::BeginsToListen
            | Stage::Listening => Ok(convert::told_address(socket.socket().local_address()?)),
        }
    }

    fn remote_address(&mut self, socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        let socket = self.tcp(&socket)?;
        if socket.state().stage != Stage::Connected {
            return Err(SocketError::InvalidState);
        }
        Ok(convert::told_address(socket.socket().remote_address()?))
    }

    fn is_listening(&mut self, socket: Resource<TcpSocket>) -> Result<bool> {
        Ok(self.tcp(&socket)?.state().stage == Stage::Listening)
    }

    fn address_family(&mut self, socket: Resource<TcpSocket>) -> Result<IpAddressFamily> {
        Ok(convert::told_family(self.tcp(&socket)?.socket().family()))
    }

    fn set_listen_backlog_size(
        &mut self,
        socket: Resource<TcpSocket>,
        count: u64,
    ) -> SocketResult<()> {
        let socket = self.tcp(&socket)?;
        if count == 0 {
            return Err(Error::Invalid.into());
        }
        let mut state = socket.state();
        match state.stage {
            Stage::New | Stage::Binding | Stage::Bound => {
                state.backlog = u32::try_from(count).unwrap_or(u32::MAX);
                Ok(())
            }
            Stage::BeginsToListen | Stage::Listening => Err(Error::NotSupported.into()),
            Stage::Connecting(_) | Stage::Connected | Stage::Closed => {
                Err(SocketError::InvalidState)
            }
        }
    }

    options! {
        keep_alive_enabled set_keep_alive_enabled: bool, keep_alive set_keep_alive,
            |told| told, |asked| asked;
        keep_alive_idle_time set_keep_alive_idle_time: u64, keep_alive_idle set_keep_alive_idle,
            |told| nanoseconds(told), |asked| seconds(asked)?;
        keep_alive_interval set_keep_alive_interval: u64,
            keep_alive_interval set_keep_alive_interval,
            |told| nanoseconds(told), |asked| seconds(asked)?;
        keep_alive_count set_keep_alive_count: u32, keep_alive_count set_keep_alive_count,
            |told| told, |asked| tests(asked)?;
        hop_limit set_hop_limit: u8, hop_limit set_hop_limit, |told| told, |asked| asked;
        receive_buffer_size set_receive_buffer_size: u64,
            receive_buffer_size set_receive_buffer_size, |told| told as u64, |asked| size(asked);
        send_buffer_size set_send_buffer_size: u64, send_buffer_size set_send_buffer_size,
            |told| told as u64, |asked| size(asked);
    }

    fn subscribe(&mut self, socket: Resource<TcpSocket>) -> Result<Resource<Pollable>> {
        let shared = self.tcp(&socket)?.subscribed();
        Ok(self.table.push(Pollable::new(shared))?)
    }

    fn shutdown(&mut self, socket: Resource<TcpSocket>, which: ShutdownType) -> SocketResult<()> {
        let socket = self.tcp(&socket)?;
        if socket.state().stage != Stage::Connected {
            return Err(SocketError::InvalidState);
        }
        let sides = match which {
            ShutdownType::Receive => sides(true, false),
            ShutdownType::Send => sides(false, true),
            ShutdownType::Both => sides(true, true),
        };
        match socket.socket().shutdown(sides) {
            // The peer was faster.
            Ok(()) | Err(Error::NotConnected) => Ok(()),
            Err(error) => Err(SocketError::from(error)),
        }
    }

    fn drop(&mut self, socket: Resource<TcpSocket>) -> Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
