//! `sock_getaddrinfo`: names to addresses, into a list that the program has made.
//!
//! An element is 28 bytes: flags (16 bits), family, kind and protocol (8 bits each), then 32 bits
//! each from offset 8 on: the length of the address, pointers to the address and to the canonical
//! name, that one's length, and a pointer to the next element. An address is 12 bytes: the family
//! (8 bits), the length and a pointer to the data, which is what `sockaddr` has after its family.

use super::socket_extension::{self as extension, KIND_DATAGRAM, KIND_STREAM};
use crate::{Errno, GuestMemory, WasiP1Context};
use silica_wasi_host::{Error, Interest, IpFamily, Wait, poll};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Flags that there are.
const FLAGS: u16 = 0x7f;
/// Addresses to listen on are wanted.
const PASSIVE: u16 = 1;
/// The node is an address, and no name.
const NUMERIC_HOST: u16 = 4;
/// The service is a number, and no name.
const NUMERIC_SERVICE: u16 = 8;

const PROTOCOL_TCP: u8 = 1;
const PROTOCOL_UDP: u8 = 2;

const ELEMENT_BYTES: u32 = 28;
const ADDRESS_BYTES: u32 = 12;

/// Bytes of a service's name.
const SERVICE_BYTES_MAX: usize = 64;
/// Bytes of a host's name, and the NUL behind it.
const NODE_BYTES_MAX: usize = 256;

/// What is wanted.
struct Hints {
    flags: u16,
    family: Option<IpFamily>,
    /// Kinds with their protocols.
    kinds: Vec<(u8, u8)>,
}

impl Hints {
    fn read(memory: &GuestMemory<'_>, pointer: u32) -> Result<Self, Errno> {
        let hints: [u8; ELEMENT_BYTES as usize] = memory.read(pointer)?;
        let flags = u16::from_le_bytes([hints[0], hints[1]]);
        if flags & !FLAGS != 0 {
            return Err(Errno::AiBadFlag);
        }
        let family = match hints[2] {
            0 => None,
            code => Some(extension::family(code).map_err(|_| Errno::AiFamily)?),
        };
        let (kind, protocol) = (hints[3], hints[4]);
        let mut kinds = vec![(KIND_STREAM, PROTOCOL_TCP), (KIND_DATAGRAM, PROTOCOL_UDP)];
        kinds.retain(|known| [0, known.0].contains(&kind) && [0, known.1].contains(&protocol));
        if kinds.is_empty() {
            return Err(Errno::NoSys);
        }
        Ok(Self {
            flags,
            family,
            kinds,
        })
    }
}

impl WasiP1Context {
    /// `sock_getaddrinfo`: looks a name up, if it is granted.
    ///
    /// # Errors
    /// [`Errno::Acces`] where the name is not granted; [`Errno::AiNoName`],
    /// [`Errno::AiService`], [`Errno::AiAgain`], [`Errno::AiFamily`], [`Errno::AiBadFlag`],
    /// [`Errno::AiMemory`] where there is room for no result; [`Errno::Fault`].
    #[allow(clippy::too_many_arguments)]
    pub fn sock_getaddrinfo(
        &mut self,
        memory: &mut GuestMemory<'_>,
        node: u32,
        node_length: u32,
        service: u32,
        service_length: u32,
        hints: u32,
        list: u32,
        count_max: u32,
        count: u32,
    ) -> Result<(), Errno> {
        let node = text(memory, node, node_length, NODE_BYTES_MAX)?;
        let service = text(memory, service, service_length, SERVICE_BYTES_MAX)?;
        let hints = Hints::read(memory, hints)?;
        let first = memory.read_u32(list)?;
        memory.range(count, 4)?;
        if node.is_empty() && service.is_empty() {
            return Err(Errno::AiNoName);
        }
        if count_max == 0 {
            return Err(Errno::AiMemory);
        }
        let port = port(&service, hints.flags & NUMERIC_SERVICE != 0)?;
        let mut addresses = match node.as_str() {
            "" if hints.flags & PASSIVE != 0 => {
                vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
            }
            "" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            node if hints.flags & NUMERIC_HOST != 0 => {
                vec![node.parse().map_err(|_| Errno::AiNoName)?]
            }
            node => self.addresses_of(node)?,
        };
        addresses.retain(|address| {
            let family = IpFamily::of(*address);
            hints.family.is_none_or(|wanted| wanted == family)
        });
        if addresses.is_empty() {
            return Err(Errno::AiNoName);
        }
        let results = addresses
            .iter()
            .flat_map(|address| hints.kinds.iter().map(|kind| (*address, *kind)));
        let mut element = first;
        let mut written = 0;
        for (address, kind) in results.take(count_max as usize) {
            element = write_element(memory, element, address, port, kind)?;
            written += 1;
        }
        memory.write_u32(count, written)
    }

    /// Waits for the addresses of a name. An interruption ends the waiting.
    fn addresses_of(&self, name: &str) -> Result<Vec<IpAddr>, Errno> {
        let lookup = self.network.lookup(name)?;
        loop {
            match lookup.addresses() {
                Some(Ok(addresses)) => return Ok(addresses),
                Some(Err(Error::NoEntry)) => return Err(Errno::AiNoName),
                Some(Err(Error::WouldBlock)) => return Err(Errno::AiAgain),
                Some(Err(error)) => return Err(error.into()),
                None => {}
            }
            let wait = Wait {
                source: lookup.source(),
                interest: Interest::Readable,
            };
            poll(
                &[wait],
                None,
                &silica_wasi_host::Clocks::system(),
                &|| self.goes_on(),
                &mut |_| (),
            )?;
        }
    }
}

/// A text of the program's, without the NUL that ends it.
fn text(
    memory: &GuestMemory<'_>,
    pointer: u32,
    length: u32,
    bytes_max: usize,
) -> Result<String, Errno> {
    let text = memory.path(pointer, length, bytes_max)?;
    Ok(text.trim_end_matches('\0').to_owned())
}

fn port(service: &str, is_number: bool) -> Result<u16, Errno> {
    match (service, is_number) {
        ("", _) => Ok(0),
        ("http", false) => Ok(80),
        ("https", false) => Ok(443),
        ("domain", false) => Ok(53),
        (number, _) => number.parse().map_err(|_| Errno::AiService),
    }
}

/// Fills one element, and returns the next one's place.
fn write_element(
    memory: &mut GuestMemory<'_>,
    element: u32,
    address: IpAddr,
    port: u16,
    (kind, protocol): (u8, u8),
) -> Result<u32, Errno> {
    let known: [u8; ELEMENT_BYTES as usize] = memory.read(element)?;
    let at = |offset: usize| {
        let bytes = known[offset..].first_chunk();
        // The offsets below are inside the element.
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let (structure, next) = (at(12), at(24));
    let parts: [u8; ADDRESS_BYTES as usize] = memory.read(structure)?;
    let data = u32::from_le_bytes([parts[8], parts[9], parts[10], parts[11]]);
    let family = extension::family_code(IpFamily::of(address));
    let mut bytes = port.to_be_bytes().to_vec();
    match address {
        IpAddr::V4(address) => {
            bytes.extend(address.octets());
            bytes.resize(14, 0);
        }
        IpAddr::V6(address) => {
            bytes.extend([0; 4]);
            bytes.extend(address.octets());
            bytes.extend([0; 4]);
        }
    }
    memory.write(data, &bytes)?;
    memory.write(structure, &[family, 0, 0, 0])?;
    // Inside the structure, which was read whole.
    memory.write_u32(structure.wrapping_add(4), bytes.len() as u32)?;
    memory.write(element, &[0, 0, family, kind, protocol, 0, 0, 0])?;
    memory.write_u32(element.wrapping_add(8), bytes.len() as u32 + 2)?;
    memory.write_u32(element.wrapping_add(20), 0)?;
    Ok(next)
}
