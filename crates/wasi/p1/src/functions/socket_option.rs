//! The options of sockets, in the extension's numbers and layouts.

use super::socket::stream;
use super::socket_extension::{KIND_DATAGRAM, KIND_STREAM};
use crate::table::{Descriptor, Entry};
use crate::{Errno, GuestMemory, WasiP1Context};
use silica_wasi_host::{SocketOptions, Timeout};
use std::time::Duration;

/// The only level of options.
const LEVEL_SOCKET: u32 = 0;

const REUSE_ADDRESS: u32 = 0;
const TYPE: u32 = 1;
const ERROR: u32 = 2;
const BROADCAST: u32 = 4;
const SEND_BUFFER: u32 = 5;
const RECEIVE_BUFFER: u32 = 6;
const KEEP_ALIVE: u32 = 7;
const OUT_OF_BAND_INLINE: u32 = 8;
const LINGER: u32 = 9;
const RECEIVE_TIMEOUT: u32 = 11;
const SEND_TIMEOUT: u32 = 12;
const IS_LISTENING: u32 = 13;
const BIND_TO_DEVICE: u32 = 14;

/// The bytes of an option's value.
fn value_of(entry: &Entry, name: u32) -> Result<Vec<u8>, Errno> {
    let options = options(entry.descriptor())?;
    let flag = |is_on: bool| i32::from(is_on);
    let number = match name {
        REUSE_ADDRESS => flag(options.reuse_address()?),
        TYPE => match entry.descriptor() {
            Descriptor::Udp(_) => KIND_DATAGRAM.into(),
            _ => KIND_STREAM.into(),
        },
        ERROR => {
            let error = options.take_error()?;
            error.map_or(0, |error| Errno::from(error).code().into())
        }
        BROADCAST => flag(options.broadcast()?),
        SEND_BUFFER => i32::try_from(options.send_buffer_size()?).unwrap_or(i32::MAX),
        RECEIVE_BUFFER => i32::try_from(options.receive_buffer_size()?).unwrap_or(i32::MAX),
        KEEP_ALIVE => flag(options.keep_alive()?),
        OUT_OF_BAND_INLINE => flag(options.out_of_band_inline()?),
        IS_LISTENING => match entry.descriptor() {
            Descriptor::Udp(_) => 0,
            other => flag(stream(other)?.is_listening()?),
        },
        LINGER => {
            let linger = options.linger()?;
            let seconds = linger.map_or(0, |linger| linger.as_secs().min(i32::MAX as u64));
            let mut bytes = i32::from(linger.is_some()).to_le_bytes().to_vec();
            bytes.extend((seconds as i32).to_le_bytes());
            return Ok(bytes);
        }
        RECEIVE_TIMEOUT => return Ok(time_value(options.timeout(Timeout::Receive)?)),
        SEND_TIMEOUT => return Ok(time_value(options.timeout(Timeout::Send)?)),
        BIND_TO_DEVICE => return Err(Errno::Perm),
        _ => return Err(Errno::NoProtoOpt),
    };
    Ok(number.to_le_bytes().to_vec())
}

/// A `timeval`: seconds, then microseconds; zero for no end.
fn time_value(timeout: Option<Duration>) -> Vec<u8> {
    let timeout = timeout.unwrap_or_default();
    let mut bytes = timeout.as_secs().to_le_bytes().to_vec();
    bytes.extend(u64::from(timeout.subsec_micros()).to_le_bytes());
    bytes
}

fn read_time_value(bytes: &[u8]) -> Result<Option<Duration>, Errno> {
    let seconds = bytes.first_chunk().ok_or(Errno::Inval)?;
    let micros = bytes.get(8..).and_then(|rest| rest.first_chunk());
    let (seconds, micros) = (
        i64::from_le_bytes(*seconds),
        i32::from_le_bytes(*micros.ok_or(Errno::Inval)?),
    );
    let seconds = u64::try_from(seconds).map_err(|_| Errno::Dom)?;
    let micros = u32::try_from(micros).map_err(|_| Errno::Dom)?;
    if micros >= 1_000_000 {
        return Err(Errno::Dom);
    }
    let timeout = Duration::new(seconds, micros * 1000);
    Ok((!timeout.is_zero()).then_some(timeout))
}

fn set_value(entry: &Entry, name: u32, bytes: &[u8]) -> Result<(), Errno> {
    let options = options(entry.descriptor())?;
    let number = || {
        let number = bytes.first_chunk().ok_or(Errno::Inval)?;
        Ok::<_, Errno>(i32::from_le_bytes(*number))
    };
    let size = || usize::try_from(number()?).map_err(|_| Errno::Inval);
    match name {
        REUSE_ADDRESS => options.set_reuse_address(number()? != 0)?,
        BROADCAST => options.set_broadcast(number()? != 0)?,
        SEND_BUFFER => options.set_send_buffer_size(size()?)?,
        RECEIVE_BUFFER => options.set_receive_buffer_size(size()?)?,
        KEEP_ALIVE => options.set_keep_alive(number()? != 0)?,
        OUT_OF_BAND_INLINE => options.set_out_of_band_inline(number()? != 0)?,
        LINGER => {
            let seconds = bytes.get(4..).and_then(|rest| rest.first_chunk());
            let seconds = i32::from_le_bytes(*seconds.ok_or(Errno::Inval)?);
            let seconds = u16::try_from(seconds).map_err(|_| Errno::Dom)?;
            let linger = Duration::from_secs(seconds.into());
            options.set_linger((number()? != 0).then_some(linger))?;
        }
        RECEIVE_TIMEOUT => options.set_timeout(Timeout::Receive, read_time_value(bytes)?)?,
        SEND_TIMEOUT => options.set_timeout(Timeout::Send, read_time_value(bytes)?)?,
        BIND_TO_DEVICE => return Err(Errno::Perm),
        _ => return Err(Errno::NoProtoOpt),
    }
    Ok(())
}

fn options(descriptor: &Descriptor) -> Result<SocketOptions<'_>, Errno> {
    match descriptor {
        Descriptor::Udp(socket) => Ok(socket.options()),
        other => Ok(stream(other)?.options()),
    }
}

/// Bytes of the longest value.
const VALUE_BYTES_MAX: u32 = 64;

impl WasiP1Context {
    /// `sock_getsockopt`: the value of an option. `length` is the room for it, then its length.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotSock`]; [`Errno::NoProtoOpt`] for options that there are
    /// not, [`Errno::Perm`] for the device; [`Errno::Inval`] where there is too little room;
    /// what the host reports.
    pub fn sock_getsockopt(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        level: u32,
        name: u32,
        value: u32,
        length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        if level != LEVEL_SOCKET {
            return Err(Errno::NoProtoOpt);
        }
        let room = memory.read_u32(length)?;
        memory.range(value, room)?;
        let bytes = value_of(&entry, name)?;
        if room < bytes.len() as u32 {
            return Err(Errno::Inval);
        }
        memory.write(value, &bytes)?;
        memory.write_u32(length, bytes.len() as u32)
    }

    /// `sock_setsockopt`: sets an option.
    ///
    /// # Errors
    /// As [`sock_getsockopt`](Self::sock_getsockopt); [`Errno::Dom`] for times that are none.
    pub fn sock_setsockopt(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        level: u32,
        name: u32,
        value: u32,
        length: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        if level != LEVEL_SOCKET {
            return Err(Errno::NoProtoOpt);
        }
        memory.range(value, length)?;
        let bytes = memory.bytes(value, length.min(VALUE_BYTES_MAX))?;
        set_value(&entry, name, &bytes)
    }
}
