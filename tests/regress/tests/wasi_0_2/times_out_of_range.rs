//! Class 24 (GHSA-j2g9, GHSA-mr2v, GHSA-w4qr): times beyond what the host can tell panicked.

use silica_component::Resource;
use silica_wasi_p2::WasiContext;
use silica_wasi_p2::bindings::wasi::clocks::monotonic_clock::Host as _;
use silica_wasi_p2::bindings::wasi::clocks::wall_clock::Datetime;
use silica_wasi_p2::bindings::wasi::filesystem::preopens::Host as _;
use silica_wasi_p2::bindings::wasi::filesystem::types::{
    DescriptorFlags, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};
use silica_wasi_p2::bindings::wasi::io::poll::{Host as _, HostPollable as _};

use crate::Host;

#[test]
fn files_have_no_times_that_cannot_be_told() {
    let mut host = Host::new(WasiContext::builder().temporary_directory().unwrap());
    host.wasi().get_directories().unwrap();
    let (read, write) = (DescriptorFlags::READ, DescriptorFlags::WRITE);
    let opened = host.wasi().open_at(
        Resource::new_borrow(0),
        PathFlags::empty(),
        "file".to_owned(),
        OpenFlags::CREATE,
        read | write,
    );
    let file = opened.unwrap();
    for (seconds, nanoseconds) in [
        (u64::MAX, 0),
        (u64::MAX, u32::MAX),
        (0, 1_000_000_000),
        (i64::MAX as u64 + 1, 999_999_999),
    ] {
        let time = || {
            NewTimestamp::Timestamp(Datetime {
                seconds,
                nanoseconds,
            })
        };
        let set = host
            .wasi()
            .set_times(Resource::new_borrow(file.rep()), time(), time());
        // Whether it is refused or kept, what is told after it is a time.
        let stat = host.wasi().stat(Resource::new_borrow(file.rep())).unwrap();
        let told = stat.data_modification_timestamp.unwrap();
        assert!(told.nanoseconds < 1_000_000_000, "{set:?}: {told:?}");
    }
}

#[test]
fn waits_of_no_time_and_of_centuries() {
    let mut host = Host::new(WasiContext::builder());
    let forever = host.wasi().subscribe_duration(u64::MAX).unwrap();
    let never = host.wasi().subscribe_instant(u64::MAX).unwrap();
    let now = host.wasi().subscribe_duration(0).unwrap();
    let handles = [&forever, &now, &never].map(|it| Resource::new_borrow(it.rep()));
    assert_eq!(host.wasi().poll(handles.into()).unwrap(), [1]);
    let ready = host.wasi().ready(Resource::new_borrow(forever.rep()));
    assert!(!ready.unwrap());
}
