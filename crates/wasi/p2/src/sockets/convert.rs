//! Addresses and families, between the interface's types and the host's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use silica_wasi_host::{Error, IpFamily};

use super::error::SocketResult;
use crate::bindings::wasi::sockets::network::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

pub(super) fn family(family: IpAddressFamily) -> IpFamily {
    match family {
        IpAddressFamily::Ipv4 => IpFamily::V4,
        IpAddressFamily::Ipv6 => IpFamily::V6,
    }
}

pub(super) fn told_family(family: IpFamily) -> IpAddressFamily {
    match family {
        IpFamily::V4 => IpAddressFamily::Ipv4,
        IpFamily::V6 => IpAddressFamily::Ipv6,
    }
}

pub(super) fn address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => {
            let (a, b, c, d) = v4.address;
            SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), v4.port).into()
        }
        IpSocketAddress::Ipv6(v6) => {
            let (a, b, c, d, e, f, g, h) = v6.address;
            let address = Ipv6Addr::new(a, b, c, d, e, f, g, h);
            SocketAddrV6::new(address, v6.port, v6.flow_info, v6.scope_id).into()
        }
    }
}

pub(super) fn told_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: v4.port(),
            address: octets(*v4.ip()),
        }),
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: segments(*v6.ip()),
            scope_id: v6.scope_id(),
        }),
    }
}

pub(super) fn told_ip(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(v4) => IpAddress::Ipv4(octets(v4)),
        IpAddr::V6(v6) => IpAddress::Ipv6(segments(v6)),
    }
}

fn octets(address: Ipv4Addr) -> (u8, u8, u8, u8) {
    let [a, b, c, d] = address.octets();
    (a, b, c, d)
}

fn segments(address: Ipv6Addr) -> (u16, u16, u16, u16, u16, u16, u16, u16) {
    let [a, b, c, d, e, f, g, h] = address.segments();
    (a, b, c, d, e, f, g, h)
}

/// An address for a socket of this family, which must be one host's.
pub(super) fn local(told: IpSocketAddress, of: IpFamily) -> SocketResult<SocketAddr> {
    let address = address(told);
    let ip = address.ip();
    let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    let is_mapped = matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    if IpFamily::of(ip) != of || ip.is_multicast() || is_broadcast || is_mapped {
        return Err(Error::Invalid.into());
    }
    Ok(address)
}

/// As [`local`], of something to reach.
pub(super) fn remote(told: IpSocketAddress, of: IpFamily) -> SocketResult<SocketAddr> {
    let address = local(told, of)?;
    if address.ip().is_unspecified() || address.port() == 0 {
        return Err(Error::Invalid.into());
    }
    Ok(address)
}
