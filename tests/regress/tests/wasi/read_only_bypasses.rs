//! Read-only directories were written through: truncating while opening for
//! reading, linking or renaming a file into a writable place (GHSA-2r75,
//! GHSA-4ch3).

use silica_tests_regress::guest::{CREATE, DIRECTORY, Guest, TRUNCATE};
use silica_wasi_p1::{DirPerms, Errno, FilePerms, Rights, WasiP1Context};

/// The writable directory of [`two_directories`].
const WRITABLE: u32 = 4;

/// The same directory of the host, granted for reading at 3 and for all at 4.
fn two_directories() -> (tempfile::TempDir, Guest) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("read")).unwrap();
    std::fs::create_dir(directory.path().join("write")).unwrap();
    std::fs::write(directory.path().join("read/file"), "contents").unwrap();
    let context = WasiP1Context::builder()
        .preopened_dir(
            directory.path().join("read"),
            "/r",
            DirPerms::READ,
            FilePerms::READ,
        )
        .unwrap()
        .preopened_dir(
            directory.path().join("write"),
            "/w",
            DirPerms::all(),
            FilePerms::all(),
        )
        .unwrap()
        .build();
    let guest = Guest {
        context,
        bytes: vec![0; 1 << 16],
    };
    (directory, guest)
}

#[test]
fn opening_for_reading_truncates_nothing() {
    let (directory, mut guest) = two_directories();
    for flags in [TRUNCATE, CREATE | TRUNCATE, CREATE] {
        for rights in [
            Rights::empty(),
            Rights::FD_READ,
            Rights::FD_WRITE,
            Rights::all(),
        ] {
            assert_eq!(guest.open("file", flags, rights), Err(Errno::NotCapable));
        }
    }
    let contents = std::fs::read(directory.path().join("read/file")).unwrap();
    assert_eq!(contents, b"contents");
}

#[test]
fn no_move_makes_a_file_writable() {
    let (directory, mut guest) = two_directories();
    let (from, length) = guest.path("file");
    for (source, target) in [
        (DIRECTORY, WRITABLE),
        (DIRECTORY, DIRECTORY),
        (WRITABLE, DIRECTORY),
    ] {
        let (to, to_length) = guest.other_path("new");
        let linked =
            guest.call(|c, m| c.path_link(m, source, 0, from, length, target, to, to_length));
        assert_eq!(linked, Err(Errno::NotCapable));
        let renamed =
            guest.call(|c, m| c.path_rename(m, source, from, length, target, to, to_length));
        assert_eq!(renamed, Err(Errno::NotCapable));
    }
    assert!(directory.path().join("read/file").is_file());
    assert_eq!(
        std::fs::read_dir(directory.path().join("write"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn an_open_file_stays_read_only() {
    let (directory, mut guest) = two_directories();
    let rights = Rights::all() - Rights::FD_WRITE;
    let fd = guest.open("file", 0, rights).unwrap();
    let before = std::fs::metadata(directory.path().join("read/file")).unwrap();
    let results = [
        guest.call(|context, memory| context.fd_filestat_set_size(memory, fd, 0)),
        guest.call(|context, memory| context.fd_allocate(memory, fd, 0, 100)),
        guest.call(|context, memory| context.fd_filestat_set_times(memory, fd, 0, 0, 5)),
        guest.write(fd, 10).map(drop),
        guest.call(|context, memory| {
            let all = Rights::all().bits();
            context.fd_fdstat_set_rights(memory, fd, all, all)
        }),
    ];
    assert_eq!(results, [Err(Errno::NotCapable); 5]);
    let after = std::fs::metadata(directory.path().join("read/file")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(guest.read(fd).unwrap(), b"contents");
}
