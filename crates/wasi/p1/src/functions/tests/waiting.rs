//! Polling, and connections.

use super::*;

/// A subscription to a clock, as bytes of the newer version.
fn timer(user_data: u64, clock: u32, timeout: u64, flags: u16) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0..8].copy_from_slice(&user_data.to_le_bytes());
    bytes[16..20].copy_from_slice(&clock.to_le_bytes());
    bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
    bytes[40..42].copy_from_slice(&flags.to_le_bytes());
    bytes
}

/// A subscription to a descriptor.
fn descriptor(user_data: u64, event_type: u8, fd: u32) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0..8].copy_from_slice(&user_data.to_le_bytes());
    bytes[8] = event_type;
    bytes[16..20].copy_from_slice(&fd.to_le_bytes());
    bytes
}

/// The user data and error of each event.
fn poll(guest: &mut Guest, subscriptions: &[Vec<u8>]) -> Result<Vec<(u64, u16)>, u16> {
    let (pointer, _) = guest.put(&subscriptions.concat());
    let count = subscriptions.len() as u32;
    call!(*guest, preview1::poll_oneoff(pointer, 32_768, count, 0))?;
    let stored = guest.u32_at(0) as usize;
    let mut events: Vec<_> = (0..stored)
        .map(|index| {
            let at = 32_768 + index * 32;
            assert_eq!(guest.bytes[at + 11..at + 16], [0; 5], "padding");
            let errno = u16::from_le_bytes([guest.bytes[at + 8], guest.bytes[at + 9]]);
            (guest.u64_at(at), errno)
        })
        .collect();
    events.sort_unstable();
    Ok(events)
}

#[test]
fn polling_times_of_every_size() {
    let clock = ManualClock::new(Timestamp::from_nanoseconds(5_000_000_000));
    let context = WasiP1Context::builder()
        .clocks(Clocks::custom(clock))
        .build();
    let mut guest = Guest::new(context);
    assert_eq!(poll(&mut guest, &[]), Err(Errno::Inval.code()));
    assert_eq!(poll(&mut guest, &[timer(1, 1, 0, 0)]), Ok(vec![(1, 0)]));
    assert_eq!(
        poll(&mut guest, &[timer(1, 0, 7, 1)]),
        Ok(vec![(1, 0)]),
        "long ago"
    );
    let first = [
        timer(1, 1, 1_000, 0),
        timer(2, 0, 2_000, 0),
        timer(3, 1, u64::MAX, 0),
    ];
    assert_eq!(poll(&mut guest, &first), Ok(vec![(1, 0)]));
    assert_eq!(guest.context.time(crate::abi::ClockId::Monotonic), 1_000);
    let invalid = Errno::Inval.code();
    let wrong = [
        timer(1, 9, 0, 0),
        timer(2, 2, 0, 0),
        timer(3, 1, 0, 2),
        timer(4, 1, 50, 0),
    ];
    assert_eq!(
        poll(&mut guest, &wrong),
        Ok(vec![(1, invalid), (2, invalid), (3, invalid)])
    );
    assert_eq!(
        poll(&mut guest, &[timer(3, 1, u64::MAX, 0)]),
        Ok(vec![(3, 0)])
    );
    assert_eq!(
        poll(&mut guest, &[timer(3, 1, u64::MAX, 1)]),
        Ok(vec![(3, 0)])
    );
}

#[test]
fn polling_descriptors() {
    let (input, output) = (InputPipe::bounded(10), OutputPipe::bounded(10));
    let directory = tempfile::tempdir().unwrap();
    let context = WasiP1Context::builder()
        .stdin(InputStream::Pipe(input.clone()))
        .stdout(OutputStream::Pipe(output))
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    let waited = [descriptor(1, 1, 0), timer(2, 1, 3_000_000, 0)];
    assert_eq!(poll(&mut guest, &waited), Ok(vec![(2, 0)]));
    input.provide(b"abc").unwrap();
    let long = timer(2, 1, 3_600_000_000_000, 0);
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 1, 0), long.clone()]),
        Ok(vec![(1, 0)])
    );
    assert_eq!(guest.u64_at(32_768 + 16), 3, "bytes that can be read");
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 2, 1), long]),
        Ok(vec![(1, 0)])
    );
    let wrong = [
        descriptor(1, 1, 99),
        descriptor(2, 1, DIR),
        descriptor(3, 2, 1),
    ];
    let expected = vec![
        (1, Errno::BadF.code()),
        (2, Errno::NotCapable.code()),
        (3, 0),
    ];
    assert_eq!(poll(&mut guest, &wrong), Ok(expected));
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 3, 0)]),
        Err(Errno::Inval.code())
    );
    let many = vec![timer(1, 1, 0, 0); 5000];
    guest.bytes = vec![0; 1 << 20];
    assert_eq!(poll(&mut guest, &many), Err(Errno::Inval.code()));
    guest.bytes.truncate(1 << 15);
    let outside = call!(guest, preview1::poll_oneoff(1024, u32::MAX - 31, 1, 0));
    assert_eq!(outside, fails(Errno::Fault));
}

#[test]
fn connections_through_a_preopened_listener() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let context = WasiP1Context::builder()
        .preopened_listener(listener)
        .build();
    let mut guest = Guest::new(context);
    let mut client = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(
        call!(guest, preview1::fd_prestat_get(3, 0)),
        fails(Errno::BadF)
    );
    assert_eq!(poll(&mut guest, &[descriptor(1, 1, 3)]), Ok(vec![(1, 0)]));
    call!(guest, preview1::sock_accept(3, 0, 0)).unwrap();
    let fd = guest.u32_at(0);
    client.write_all(b"question").unwrap();
    assert_eq!(poll(&mut guest, &[descriptor(1, 1, fd)]), Ok(vec![(1, 0)]));
    let vector = guest.vector(2000, 8);
    for (flags, vectors) in [(1, 1), (2, 1)] {
        call!(guest, preview1::sock_recv(fd, vector, vectors, flags, 0, 4)).unwrap();
        assert_eq!(guest.u32_at(0), 8);
        assert_eq!(&guest.bytes[2000..2008], b"question");
    }
    call!(guest, preview1::sock_send(fd, vector, 1, 0, 0)).unwrap();
    assert_eq!(guest.write(fd, b"!"), Ok(1));
    assert_eq!(
        call!(guest, preview1::sock_send(fd, vector, 1, 1, 0)),
        fails(Errno::Inval)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(fd, 0)),
        fails(Errno::Inval)
    );
    call!(guest, preview1::sock_shutdown(fd, 2)).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"question!");
    assert_eq!(guest.write(fd, b"!"), Err(Errno::Pipe.code()));
    drop(client);
    assert_eq!(guest.read(fd, 10).unwrap(), b"");
    call!(guest, preview1::fd_fdstat_set_flags(3, 4)).unwrap();
    assert_eq!(
        call!(guest, preview1::sock_accept(3, 0, 0)),
        fails(Errno::Again)
    );
    call!(guest, preview1::fd_fdstat_get(3, 0)).unwrap();
    assert_eq!((guest.bytes[0], guest.bytes[2]), (6, 4));
}
