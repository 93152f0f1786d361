//! Rights, read-only directories, and paths that lead out.

use super::*;

#[test]
fn a_read_only_directory_refuses_every_change() {
    let (mut guest, directory) = with_directory(DirPerms::READ, FilePerms::READ);
    std::fs::write(directory.path().join("file"), "contents").unwrap();
    std::fs::create_dir(directory.path().join("below")).unwrap();
    let refused = fails(Errno::NotCapable);
    let refused_open = Err(Errno::NotCapable.code());
    let read = Rights::FD_READ;
    for (flags, rights) in [
        (CREAT, read),
        (TRUNC, read),
        (CREAT | TRUNC, Rights::empty()),
        (0, Rights::FD_WRITE),
        (0, read | Rights::FD_WRITE),
    ] {
        assert_eq!(guest.open(DIR, "file", flags, rights), refused_open);
    }
    let fd = guest
        .open(DIR, "file", 0, Rights::all() - Rights::FD_WRITE)
        .unwrap();
    assert_eq!(guest.read(fd, 3).unwrap(), b"con");
    assert_eq!(guest.write(fd, b"x"), refused_open);
    assert_eq!(call!(guest, preview1::fd_filestat_set_size(fd, 0)), refused);
    assert_eq!(call!(guest, preview1::fd_allocate(fd, 0, 100)), refused);
    assert_eq!(
        call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 10)),
        refused
    );
    let (file, below) = (guest.put(b"file"), guest.put(b"below"));
    let new = guest.put(b"new");
    let sub = guest
        .open(DIR, "below", DIRECTORY, Rights::all() - Rights::FD_WRITE)
        .unwrap();
    for fd in [DIR, sub] {
        let mkdir = call!(guest, preview1::path_create_directory(fd, new.0, new.1));
        let link = call!(
            guest,
            preview1::path_link(fd, 0, file.0, file.1, fd, new.0, new.1)
        );
        let rename = call!(
            guest,
            preview1::path_rename(fd, file.0, file.1, fd, new.0, new.1)
        );
        let symlink = call!(
            guest,
            preview1::path_symlink(file.0, file.1, fd, new.0, new.1)
        );
        let unlink = call!(guest, preview1::path_unlink_file(fd, file.0, file.1));
        let rmdir = call!(guest, preview1::path_remove_directory(fd, below.0, below.1));
        let times = call!(
            guest,
            preview1::path_filestat_set_times(fd, 0, file.0, file.1, 0, 0, 10)
        );
        let own_times = call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 10));
        let all = [
            mkdir, link, rename, symlink, unlink, rmdir, times, own_times,
        ];
        assert_eq!(all, [refused; 8]);
    }
    assert_eq!(
        std::fs::read(directory.path().join("file")).unwrap(),
        b"contents"
    );
}

#[test]
fn rights_are_given_up_for_good() {
    let (mut guest, _directory) = writable();
    let rights = Rights::FD_READ | Rights::FD_WRITE | Rights::FD_SEEK;
    let fd = guest.open(DIR, "file", CREAT, rights).unwrap();
    guest.write(fd, b"x").unwrap();
    let seek = Rights::FD_SEEK.bits();
    call!(guest, preview1::fd_fdstat_set_rights(fd, seek, 0)).unwrap();
    assert_eq!(guest.write(fd, b"x"), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(fd, 1), Err(Errno::NotCapable.code()));
    call!(guest, preview1::fd_fdstat_get(fd, 0)).unwrap();
    assert_eq!((guest.u64_at(8), guest.u64_at(16)), (seek, 0));
    for base in [rights.bits(), u64::MAX] {
        let regained = call!(guest, preview1::fd_fdstat_set_rights(fd, base, 0));
        assert_eq!(regained, fails(Errno::NotCapable));
    }
    // What a directory no longer hands down, nothing below it gets.
    let inheriting = (Rights::all() - Rights::FD_WRITE).bits();
    call!(guest, preview1::fd_fdstat_get(DIR, 0)).unwrap();
    let (base, held) = (guest.u64_at(8), guest.u64_at(16));
    call!(
        guest,
        preview1::fd_fdstat_set_rights(DIR, base, held & inheriting)
    )
    .unwrap();
    let written = guest.open(DIR, "file", 0, Rights::FD_WRITE);
    assert_eq!(written, Err(Errno::NotCapable.code()));
}

#[test]
fn a_move_into_another_directory_gains_no_right() {
    let (mut guest, _directory) = writable();
    let (name, new) = (guest.put(b"d"), guest.put(b"file"));
    call!(guest, preview1::path_create_directory(DIR, name.0, name.1)).unwrap();
    guest.open(DIR, "d/file", CREAT, Rights::empty()).unwrap();
    let base = Rights::all() - Rights::FD_WRITE;
    let inheriting = Rights::FD_READ;
    let sub = guest
        .open_with(DIR, "d", DIRECTORY, base, inheriting)
        .unwrap();
    let renamed = call!(
        guest,
        preview1::path_rename(sub, new.0, new.1, DIR, new.0, new.1)
    );
    assert_eq!(renamed, fails(Errno::NotCapable));
    let linked = call!(
        guest,
        preview1::path_link(sub, 0, new.0, new.1, DIR, new.0, new.1)
    );
    assert_eq!(linked, fails(Errno::NotCapable));
}

#[test]
fn no_path_of_a_guest_leaves_its_directory() {
    let (mut guest, directory) = writable();
    std::os::unix::fs::symlink("/etc", directory.path().join("absolute")).unwrap();
    std::os::unix::fs::symlink("..", directory.path().join("up")).unwrap();
    for path in [
        "/etc/passwd",
        "../x",
        "up/x",
        "absolute/passwd",
        "./../x",
        "up",
        "absolute",
    ] {
        let opened = guest.open(DIR, path, 0, Rights::FD_READ);
        assert_eq!(opened, Err(Errno::NotCapable.code()), "{path}");
    }
    assert_eq!(
        guest.open(DIR, "a\0b", 0, Rights::FD_READ),
        Err(Errno::Inval.code())
    );
    assert_eq!(
        guest.open(DIR, "", 0, Rights::FD_READ),
        Err(Errno::NoEnt.code())
    );
    let long = "x".repeat(5000);
    assert_eq!(
        guest.open(DIR, &long, 0, Rights::FD_READ),
        Err(Errno::NameTooLong.code())
    );
    let (path, length) = guest.put(b"\xff\xfe");
    let opened = call!(
        guest,
        preview1::path_open(DIR, 0, path, length, 0, 0, 0, 0, 0)
    );
    assert_eq!(opened, fails(Errno::Ilseq));
    let file = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(
        guest.open(file, "x", 0, Rights::FD_READ),
        Err(Errno::NotDir.code())
    );
}
