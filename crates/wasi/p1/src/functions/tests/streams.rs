//! Streams, buffers and files as a guest reads and writes them.

use super::*;

#[test]
fn streams_pass_bytes_through() {
    let output = OutputPipe::bounded(100);
    let context = WasiP1Context::builder()
        .stdin(InputStream::Pipe(InputPipe::from_bytes(*b"some input")))
        .stdout(OutputStream::Pipe(output.clone()))
        .build();
    let mut guest = Guest::new(context);
    assert_eq!(guest.read(0, 4).unwrap(), b"some");
    assert_eq!(guest.read(0, 100).unwrap(), b" input");
    assert_eq!(guest.read(0, 100).unwrap(), b"");
    assert_eq!(guest.write(1, b"exactly\0this\n"), Ok(13));
    assert_eq!(output.contents(), b"exactly\0this\n");
    assert_eq!(guest.write(0, b"x"), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(1, 1), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(99, 1), Err(Errno::BadF.code()));
    assert_eq!(
        call!(guest, preview1::fd_seek(0, 0, 1, 0)),
        fails(Errno::Spipe)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(1, 1)),
        fails(Errno::NotSock)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(9, 1)),
        fails(Errno::BadF)
    );
}

#[test]
fn arguments_and_variables() {
    let context = WasiP1Context::builder()
        .arguments(["name", "", "two words"])
        .unwrap()
        .environment_variable("A", "1=2")
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    call!(guest, preview1::args_sizes_get(0, 4)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (3, 16));
    call!(guest, preview1::args_get(0, 100)).unwrap();
    assert_eq!(
        (guest.u32_at(0), guest.u32_at(4), guest.u32_at(8)),
        (100, 105, 106)
    );
    assert_eq!(&guest.bytes[100..117], b"name\0\0two words\0\xaa");
    call!(guest, preview1::environ_sizes_get(0, 4)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (1, 6));
    call!(guest, preview1::environ_get(0, 100)).unwrap();
    assert_eq!(&guest.bytes[100..106], b"A=1=2\0");
    assert_eq!(
        call!(guest, preview1::args_get(0, 65_535)),
        fails(Errno::Fault)
    );
    assert_eq!(
        call!(guest, preview1::args_get(u32::MAX, 0)),
        fails(Errno::Fault)
    );
}

#[test]
fn files_are_written_read_and_listed() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(guest.write(fd, b"hello"), Ok(5));
    call!(guest, preview1::fd_seek(fd, 1, 0, 0)).unwrap();
    assert_eq!(guest.read(fd, 10).unwrap(), b"ello");
    call!(guest, preview1::fd_tell(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(0), 5);
    assert_eq!(
        call!(guest, preview1::fd_seek(fd, -9, 1, 0)),
        fails(Errno::Inval)
    );
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(
        (guest.bytes[16], guest.u64_at(24), guest.u64_at(32)),
        (4, 1, 5)
    );
    call!(guest, unstable::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(
        (guest.bytes[16], guest.u32_at(20), guest.u64_at(24)),
        (4, 1, 5)
    );
    call!(guest, unstable::fd_seek(fd, 2, 2, 0)).unwrap();
    assert_eq!(
        guest.u64_at(0),
        2,
        "2 is from the start in the older version"
    );
    assert_eq!(
        std::fs::read(directory.path().join("file")).unwrap(),
        b"hello"
    );
    call!(guest, preview1::fd_close(fd)).unwrap();
    assert_eq!(call!(guest, preview1::fd_close(fd)), fails(Errno::BadF));
}

#[test]
fn many_buffers_move_in_one_call() {
    let (mut guest, _directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let (text, _) = guest.put(b"0123456789abcdef0123");
    let vectors: Vec<u8> = (0..20)
        .flat_map(|index| [text + index, 1])
        .flat_map(u32::to_le_bytes)
        .collect();
    let (vectors, _) = guest.put(&vectors);
    call!(guest, preview1::fd_write(fd, vectors, 20, 0)).unwrap();
    assert_eq!(guest.u32_at(0), 20);
    call!(guest, preview1::fd_pread(fd, vectors, 20, 10, 0)).unwrap();
    assert_eq!(guest.u32_at(0), 10);
    assert_eq!(&guest.bytes[text as usize..][..20], b"abcdef0123abcdef0123");
    call!(guest, preview1::fd_pwrite(fd, vectors, 20, 19, 0)).unwrap();
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(32), 39);
    let outside = u64::MAX;
    let result = call!(guest, preview1::fd_pwrite(fd, vectors, 20, outside, 0));
    assert_eq!(result, fails(Errno::Inval));
    let result = call!(guest, preview1::fd_write(fd, vectors, u32::MAX, 0));
    assert_eq!(result, fails(Errno::Inval));
}

#[test]
fn shared_memory_moves_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), vec![7; 100_000]).unwrap();
    let mut context = WasiP1Context::builder()
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let cells: Vec<std::sync::atomic::AtomicU8> = (0..200_000)
        .map(|_| std::sync::atomic::AtomicU8::new(0))
        .collect();
    let mut memory = GuestMemory::shared(&cells);
    memory.write(100, b"file").unwrap();
    let all = Rights::all().bits();
    let code = preview1::path_open(&mut context, &mut memory, 3, 0, 100, 4, 0, all, all, 0, 0);
    assert_eq!(code, 0);
    let fd = memory.read_u32(0).unwrap();
    memory.write(8, &2000_u32.to_le_bytes()).unwrap();
    memory.write(12, &150_000_u32.to_le_bytes()).unwrap();
    let mut total = 0;
    loop {
        assert_eq!(preview1::fd_read(&mut context, &mut memory, fd, 8, 1, 0), 0);
        match memory.read_u32(0).unwrap() {
            0 => break,
            count => total += count,
        }
    }
    assert_eq!(total, 100_000);
    assert_eq!(memory.read::<1>(2000).unwrap(), [7]);
}

#[test]
fn synthetic_devices_and_directory() {
    let quotas = Quotas {
        memory_bytes_max: 10_000,
        ..Quotas::default()
    };
    let context = WasiP1Context::builder()
        .quotas(quotas)
        .random(Random::seeded(1))
        .devices()
        .unwrap()
        .temporary_directory()
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    let null = guest.open(3, "null", CREAT | TRUNC, Rights::all()).unwrap();
    assert_eq!(guest.write(null, b"gone"), Ok(4));
    assert_eq!(guest.read(null, 4).unwrap(), b"");
    let random = guest.open(3, "urandom", 0, Rights::FD_READ).unwrap();
    assert_ne!(
        guest.read(random, 16).unwrap(),
        guest.read(random, 16).unwrap()
    );
    assert_eq!(
        guest.open(3, "new", CREAT, Rights::all()),
        Err(Errno::Rofs.code())
    );
    let file = guest.open(4, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(guest.write(file, &[1; 5_000]), Ok(5_000));
    assert_eq!(guest.write(file, &[1; 5_000]), Err(Errno::Dquot.code()));
    let (path, length) = guest.put(b"file");
    call!(guest, preview1::path_unlink_file(4, path, length)).unwrap();
}

#[test]
fn listing_leaks_no_padding_and_continues_from_cookies() {
    let (mut guest, directory) = writable();
    for number in 0..40 {
        std::fs::write(directory.path().join(format!("file{number}")), "").unwrap();
    }
    let (buffer, length) = (4096, 100);
    let (mut cookie, mut seen) = (0, std::collections::BTreeSet::new());
    loop {
        guest.bytes[buffer..buffer + length].fill(0xaa);
        call!(
            guest,
            preview1::fd_readdir(DIR, buffer as u32, length as u32, cookie, 0)
        )
        .unwrap();
        let used = guest.u32_at(0) as usize;
        assert!(
            guest.bytes[buffer + used..buffer + length]
                .iter()
                .all(|byte| *byte == 0xaa)
        );
        let mut at = buffer;
        while buffer + used >= at + 24 {
            let name_bytes = guest.u32_at(at + 16) as usize;
            assert_eq!(guest.bytes[at + 21..at + 24], [0; 3], "padding");
            if at + 24 + name_bytes > buffer + used {
                break;
            }
            cookie = guest.u64_at(at);
            let name = guest.bytes[at + 24..at + 24 + name_bytes].to_vec();
            assert!(seen.insert(String::from_utf8(name).unwrap()));
            at += 24 + name_bytes;
        }
        if used < length {
            break;
        }
    }
    assert_eq!(seen.len(), 42);
    let unknown = call!(guest, preview1::fd_readdir(DIR, 4096, 100, u64::MAX, 0));
    assert!(unknown.is_ok() || unknown == fails(Errno::Inval));
    let outside = call!(guest, preview1::fd_readdir(DIR, 65_500, 100, 0, 0));
    assert_eq!(outside, fails(Errno::Fault));
}
