//! Guests used up the host's descriptors, inodes and memory through calls that
//! each looked harmless (GHSA-852m, GHSA-c9gc, arXiv 2509.11242).

use silica_tests_regress::guest::{CREATE, DIRECTORY, Guest};
use silica_wasi_p1::host::{InputPipe, OutputPipe, OutputStream};
use silica_wasi_p1::{DirPerms, Errno, FilePerms, GuestMemory, Quotas, Rights, WasiP1Context};

#[test]
fn descriptors_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let quotas = Quotas {
        descriptors_max: 50,
        ..Quotas::default()
    };
    let all = (DirPerms::all(), FilePerms::all());
    let mut guest = Guest::with_quotas(directory.path(), all.0, all.1, quotas);
    for _ in 4..50 {
        guest.open("file", CREATE, Rights::FD_READ).unwrap();
    }
    for number in 0..1000 {
        let opened = guest.open(&format!("new{number}"), CREATE, Rights::FD_READ);
        assert_eq!(opened, Err(Errno::Mfile));
    }
    let made = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(made, 1, "what could not be opened was not made either");
    guest
        .call(|context, memory| context.fd_close(memory, 20))
        .unwrap();
    assert_eq!(guest.open("file", 0, Rights::FD_READ), Ok(20));
}

#[test]
fn a_temporary_directory_has_a_size_and_a_number_of_files() {
    let quotas = Quotas {
        memory_bytes_max: 100_000,
        memory_nodes_max: 100,
        ..Quotas::default()
    };
    let context = WasiP1Context::builder()
        .quotas(quotas)
        .temporary_directory()
        .unwrap()
        .build();
    let mut guest = Guest {
        context,
        bytes: vec![0; 1 << 16],
    };
    let fd = guest.open("file", CREATE, Rights::all()).unwrap();
    for size in [100_001, 1 << 32, u64::MAX / 2, u64::MAX] {
        let grown = guest.call(|context, memory| context.fd_filestat_set_size(memory, fd, size));
        assert!(
            matches!(grown, Err(Errno::Dquot | Errno::Fbig)),
            "{size}: {grown:?}"
        );
        let made = guest.call(|context, memory| context.fd_allocate(memory, fd, size, size));
        assert!(
            matches!(made, Err(Errno::Dquot | Errno::Fbig)),
            "{size}: {made:?}"
        );
    }
    let mut written = 0;
    while let Ok(count) = guest.write(fd, 4096) {
        written += count;
        assert!(written <= 100_000);
    }
    guest
        .call(|context, memory| context.fd_filestat_set_size(memory, fd, 0))
        .unwrap();
    let made = (0..1000)
        .take_while(|number| {
            let (path, length) = guest.path(&format!("d{number}"));
            guest
                .call(|context, memory| {
                    context.path_create_directory(memory, DIRECTORY, path, length)
                })
                .is_ok()
        })
        .count();
    assert!(made < 100, "{made}");
}

#[test]
fn streams_in_memory_are_bounded() {
    let output = OutputPipe::bounded(10_000);
    let context = WasiP1Context::builder()
        .stdout(OutputStream::Pipe(output.clone()))
        .build();
    let mut guest = Guest {
        context,
        bytes: vec![0; 1 << 16],
    };
    let written: u32 = std::iter::from_fn(|| guest.write(1, 4096).ok()).sum();
    assert_eq!(written, 10_000);
    assert_eq!(output.take().len(), 10_000);
    assert_eq!(guest.write(1, 4096), Ok(4096), "taking makes room");
    let input = InputPipe::bounded(5);
    assert_eq!(input.provide(b"0123456789"), Ok(5));
    assert_eq!(input.provide(b"0123456789"), Ok(0));
}

#[test]
fn counts_beyond_the_quotas_are_refused_before_anything_is_made() {
    let mut context = WasiP1Context::builder().build();
    let mut bytes = vec![0; 1 << 16];
    let mut memory = GuestMemory::new(&mut bytes);
    for count in [1_025, 1 << 20, u32::MAX] {
        assert!(context.fd_write(&mut memory, 1, 0, count, 0).is_err());
        assert!(context.fd_read(&mut memory, 0, 0, count, 0).is_err());
    }
    for count in [0, 4_097, u32::MAX] {
        assert!(context.poll_oneoff(&mut memory, 0, 0, count, 0).is_err());
    }
}
