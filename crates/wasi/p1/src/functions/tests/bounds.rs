//! Numbers, pointers and times of every size.

use super::*;

#[test]
fn descriptors_are_bounded_and_renumbered_without_leaks() {
    let directory = tempfile::tempdir().unwrap();
    let quotas = Quotas {
        descriptors_max: 8,
        ..Quotas::default()
    };
    let context = WasiP1Context::builder()
        .quotas(quotas)
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    for _ in 0..4 {
        guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    }
    let full = guest.open(DIR, "other", CREAT, Rights::all());
    assert_eq!(full, Err(Errno::Mfile.code()));
    assert!(
        !directory.path().join("other").exists(),
        "nothing is made without a number"
    );
    for (from, to) in [(4, 400), (400, 4), (u32::MAX, 0), (0, u32::MAX)] {
        assert_eq!(
            call!(guest, preview1::fd_renumber(from, to)),
            fails(Errno::BadF)
        );
    }
    for round in 0..1000 {
        call!(guest, preview1::fd_renumber(7, 4)).unwrap();
        assert_eq!(
            guest.open(DIR, "file", 0, Rights::all()),
            Ok(7),
            "round {round}"
        );
    }
    assert_eq!(guest.context.table.open_count(), 8);
    call!(guest, preview1::fd_renumber(DIR, DIR)).unwrap();
    call!(guest, preview1::fd_prestat_get(DIR, 0)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (0, 1));
}

#[test]
fn times_out_of_range_never_panic() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let path = guest.put(b"file");
    for time in [
        0,
        1,
        u64::MAX,
        u64::MAX / 2,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
    ] {
        let _ = call!(guest, preview1::fd_filestat_set_times(fd, time, time, 5));
        let (name, length) = path;
        for lookup in [0, 1] {
            let _ = call!(
                guest,
                preview1::path_filestat_set_times(DIR, lookup, name, length, time, time, 5)
            );
        }
        call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    }
    for flags in [3, 12, 15, 16, u32::MAX] {
        let result = call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, flags));
        assert_eq!(result, fails(Errno::Inval));
    }
    // What the host holds may be before 1970 and after 2554.
    let file = std::fs::File::options()
        .write(true)
        .open(directory.path().join("file"))
        .unwrap();
    let early = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1000);
    file.set_modified(early).unwrap();
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(48), 0);
}

#[test]
fn pointers_outside_the_memory_change_nothing() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let end = guest.bytes.len() as u32;
    let (path, length) = guest.put(b"new");
    let all = Rights::all().bits();
    let opened = call!(
        guest,
        preview1::path_open(DIR, 0, path, length, CREAT, all, all, 0, end)
    );
    assert_eq!(opened, fails(Errno::Fault));
    assert!(!directory.path().join("new").exists());
    let vector = guest.vector(path, length);
    for (vectors, written) in [(vector, end), (end - 4, 0), (vector, u32::MAX)] {
        let result = call!(guest, preview1::fd_write(fd, vectors, 1, written));
        assert_eq!(result, fails(Errno::Fault));
    }
    assert_eq!(directory.path().join("file").metadata().unwrap().len(), 0);
    assert_eq!(
        call!(guest, preview1::random_get(end - 1, 2)),
        fails(Errno::Fault)
    );
    call!(guest, preview1::random_get(end, 0)).unwrap();
    assert_eq!(
        call!(guest, preview1::clock_time_get(7, 0, 0)),
        fails(Errno::Inval)
    );
    assert_eq!(
        call!(guest, preview1::clock_time_get(1, 0, end)),
        fails(Errno::Fault)
    );
    assert_eq!(
        call!(guest, preview1::fd_advise(fd, 0, 0, 6)),
        fails(Errno::Inval)
    );
    assert_eq!(call!(guest, preview1::proc_raise(6)), fails(Errno::NotSup));
}
