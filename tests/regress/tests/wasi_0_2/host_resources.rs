//! Classes 17 and 33 (GHSA-852m, GHSA-gqmc, GHSA-x84v, GHSA-c9gc, arXiv 2509.11242): handles, descriptors, sockets, lookups and
//! buffers of guests grew without bound, each by calls that looked harmless.

use silica_component::Resource;
use silica_wasi_p2::WasiContext;
use silica_wasi_p2::bindings::wasi::cli::stdin::Host as _;
use silica_wasi_p2::bindings::wasi::clocks::monotonic_clock::Host as _;
use silica_wasi_p2::bindings::wasi::filesystem::preopens::Host as _;
use silica_wasi_p2::bindings::wasi::filesystem::types::{
    self, DescriptorFlags, ErrorCode as FileCode, HostDescriptor, OpenFlags, PathFlags,
};
use silica_wasi_p2::bindings::wasi::io::streams::HostInputStream;
use silica_wasi_p2::bindings::wasi::random::random::Host as _;
use silica_wasi_p2::bindings::wasi::sockets::instance_network::Host as _;
use silica_wasi_p2::bindings::wasi::sockets::ip_name_lookup::Host as _;
use silica_wasi_p2::bindings::wasi::sockets::network::{self, ErrorCode, IpAddressFamily};
use silica_wasi_p2::bindings::wasi::sockets::tcp_create_socket::Host as _;
use silica_wasi_p2::bindings::wasi::sockets::udp_create_socket::Host as _;
use silica_wasi_p2::filesystem::{Descriptor, FsResult};
use silica_wasi_p2::host::{InputPipe, InputStream, Quotas};
use silica_wasi_p2::sockets::SocketResult;

use crate::Host;

fn quotas() -> Quotas {
    Quotas {
        descriptors_max: 20,
        sockets_max: 10,
        lookups_max: 2,
        ..Quotas::default()
    }
}

fn open(host: &mut Host, path: &str) -> FsResult<Resource<Descriptor>> {
    host.wasi().open_at(
        Resource::new_borrow(0),
        PathFlags::empty(),
        path.to_owned(),
        OpenFlags::CREATE,
        DescriptorFlags::READ | DescriptorFlags::WRITE,
    )
}

#[test]
fn descriptors_are_counted_though_their_handles_are_gone() {
    let grants = WasiContext::builder().quotas(quotas());
    let mut host = Host::new(grants.temporary_directory().unwrap());
    host.wasi().get_directories().unwrap();
    let mut streams = Vec::new();
    let refused = (0..100).find_map(|number| {
        let opened = match open(&mut host, &format!("f{number}")) {
            Ok(opened) => opened,
            Err(error) => return Some(error),
        };
        let borrowed = Resource::new_borrow(opened.rep());
        let stream = host.wasi().read_via_stream(borrowed, 0).unwrap();
        // The stream keeps the file open.
        HostDescriptor::drop(&mut host.wasi(), opened).unwrap();
        streams.push(stream);
        None
    });
    let code = types::Host::convert_error_code(&mut host.wasi(), refused.unwrap()).unwrap();
    assert!(matches!(code, FileCode::Quota), "{code:?}");
    assert!(streams.len() <= 20);
    let last = streams.pop().unwrap();
    HostInputStream::drop(&mut host.wasi(), last).unwrap();
    open(&mut host, "again").unwrap();
}

fn code<T>(host: &mut Host, result: SocketResult<T>) -> Option<ErrorCode> {
    let error = result.err()?;
    Some(network::Host::convert_error_code(&mut host.wasi(), error).unwrap())
}

#[test]
fn sockets_are_counted() {
    let quotas = quotas();
    let network = crate::network(&["*"], &[], &quotas);
    let mut host = Host::new(WasiContext::builder().network(network));
    for number in 0..100 {
        let tcp = host.wasi().create_tcp_socket(IpAddressFamily::Ipv4);
        let tcp = code(&mut host, tcp);
        let udp = host.wasi().create_udp_socket(IpAddressFamily::Ipv6);
        let udp = code(&mut host, udp);
        if number < 5 {
            assert!(tcp.is_none() && udp.is_none());
        } else {
            let codes = (tcp, udp);
            let limits = (ErrorCode::NewSocketLimit, ErrorCode::NewSocketLimit);
            assert_eq!(codes, (Some(limits.0), Some(limits.1)));
        }
    }
}

#[test]
fn names_are_no_longer_than_names_and_not_many_are_looked_up_at_once() {
    let quotas = quotas();
    let network = crate::network(&["*.invalid"], &[], &quotas);
    let mut host = Host::new(WasiContext::builder().network(network));
    let mut look_up = |name: &str| {
        let network = host.wasi().instance_network().unwrap();
        let looked_up = host.wasi().resolve_addresses(network, name.to_owned());
        code(&mut host, looked_up)
    };
    for name in [
        "a.invalid\0b",
        &format!("{}.invalid", "a".repeat(1 << 20)),
        "",
    ] {
        let refused = look_up(name);
        assert!(
            matches!(
                refused,
                Some(ErrorCode::InvalidArgument | ErrorCode::AccessDenied)
            ),
            "{:?}: {refused:?}",
            &name[..name.len().min(20)]
        );
    }
    // Whoever answers for such names, and however soon: all are answered, or those beyond the quota are refused at once.
    let codes: Vec<_> = (0..50)
        .filter_map(|n| look_up(&format!("n{n}.invalid")))
        .collect();
    let temporary = |code: &ErrorCode| *code == ErrorCode::TemporaryResolverFailure;
    assert!(codes.iter().all(temporary), "{codes:?}");
}

#[test]
fn lengths_are_what_is_there_and_not_what_is_asked_for() {
    let grants = WasiContext::builder().stdin(InputStream::Pipe(InputPipe::from_bytes(*b"abc")));
    let mut host = Host::new(grants);
    let stdin = host.wasi().get_stdin().unwrap();
    let read = HostInputStream::blocking_read(&mut host.wasi(), stdin, u64::MAX).unwrap();
    assert_eq!(read, b"abc");
    host.wasi().get_random_bytes(u64::MAX).unwrap_err();
}

#[test]
fn handles_are_counted() {
    let mut host = Host::new(WasiContext::builder());
    host.table.set_max_capacity(100);
    let made = (0..1000).take_while(|_| host.wasi().subscribe_duration(1).is_ok());
    assert_eq!(made.count(), 100);
}
