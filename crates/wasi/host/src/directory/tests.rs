//! Directories as programs see them: the same checks on the host's file system
//! and in memory, so that the two cannot drift apart.

use super::*;
use crate::{Clocks, MemoryTree, SeekFrom, Timestamp};
use std::collections::BTreeSet;

const READ: OpenOptions = OpenOptions {
    read: true,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: false,
    flags: FileFlags::empty(),
};
const CREATE: OpenOptions = OpenOptions {
    write: true,
    create: true,
    ..READ
};

/// Runs a check on both kinds of directory.
fn both(check: impl Fn(&Directory)) {
    let host = tempfile::tempdir().unwrap();
    let quotas = Quotas::default();
    check(&Directory::open_ambient(host.path(), Permissions::ALL, &quotas).unwrap());
    let tree = MemoryTree::new(&quotas, Clocks::system());
    check(&tree.root(Permissions::ALL));
}

fn file(directory: &Directory, path: &str, options: OpenOptions) -> Result<File> {
    match directory.open_at(path, &options)? {
        Opened::File(file) => Ok(file),
        Opened::Directory(_) => panic!("{path} is a directory"),
    }
}

fn sub(directory: &Directory, path: &str) -> Result<Directory> {
    match directory.open_at(path, &READ)? {
        Opened::Directory(directory) => Ok(directory),
        Opened::File(_) => panic!("{path} is a file"),
    }
}

#[track_caller]
fn failure<T: std::fmt::Debug>(result: Result<T>) -> Error {
    result.unwrap_err()
}

fn names(directory: &Directory, mut cookie: u64, step: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    loop {
        let mut count = 0;
        let from = cookie;
        let mut visit = |entry: Entry<'_>| {
            names.insert(String::from_utf8(entry.name.to_vec()).unwrap());
            cookie = entry.next;
            count += 1;
            count < step
        };
        directory.read_entries(from, &mut visit).unwrap();
        if count == 0 {
            return names;
        }
    }
}

#[test]
fn contents_and_positions() {
    both(|directory| {
        let file = file(directory, "file", CREATE).unwrap();
        assert_eq!(file.write(b"hello world"), Ok(11));
        assert_eq!(file.seek(SeekFrom::Current(-5)), Ok(6));
        let mut buffer = [0; 16];
        assert_eq!(file.read(&mut buffer), Ok(5));
        assert_eq!(&buffer[..5], b"world");
        assert_eq!(file.tell(), Ok(11));
        assert_eq!(file.seek(SeekFrom::Current(-100)), Err(Error::Invalid));
        assert_eq!(file.seek(SeekFrom::Start(u64::MAX)), Err(Error::Invalid));
        assert_eq!(file.seek(SeekFrom::End(100)), Ok(111));
        assert_eq!(file.write(b"!"), Ok(1));
        assert_eq!(file.metadata().unwrap().size, 112);
        file.set_size(3).unwrap();
        file.allocate(0, 10).unwrap();
        file.allocate(2, 2).unwrap();
        assert_eq!(file.metadata().unwrap().size, 10);
        assert_eq!(file.allocate(0, 0), Err(Error::Invalid));
        assert_eq!(file.allocate(u64::MAX, 2), Err(Error::FileTooLarge));
    });
}

#[test]
fn appending_and_writing_at_an_offset() {
    both(|directory| {
        let options = OpenOptions {
            flags: FileFlags::APPEND,
            ..CREATE
        };
        let file = file(directory, "log", options).unwrap();
        file.write(b"one").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write(b"two").unwrap();
        assert_eq!(file.flags(), Ok(FileFlags::APPEND));
        file.write_at(&[crate::IoSlice::new(b"O")], 0).unwrap();
        let mut buffer = [0; 16];
        let count = file.read_at(&mut [crate::IoSliceMut::new(&mut buffer)], 0);
        assert_eq!(&buffer[..count.unwrap()], b"Onetwo");
        file.set_flags(FileFlags::empty()).unwrap();
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write(b"N").unwrap();
        assert_eq!(file.metadata().unwrap().size, 6);
    });
}

#[test]
fn no_path_leaves_its_directory() {
    both(|outer| {
        outer.create_directory_at("in").unwrap();
        file(outer, "secret", CREATE).unwrap();
        let inner = sub(outer, "in").unwrap();
        inner.create_directory_at("a").unwrap();
        inner.symlink_at("../secret", "out").unwrap();
        inner.symlink_at("a/../../secret", "through").unwrap();
        for path in [
            "../secret",
            "a/../../secret",
            "out/",
            "./../in/a",
            "/a",
            "..",
            "a/../..",
        ] {
            let followed = OpenOptions {
                follow: true,
                ..READ
            };
            assert_eq!(
                failure(inner.open_at(path, &followed)),
                Error::NotCapable,
                "{path}"
            );
        }
        for path in ["out", "through"] {
            let followed = OpenOptions {
                follow: true,
                ..READ
            };
            assert_eq!(
                failure(inner.open_at(path, &followed)),
                Error::NotCapable,
                "{path}"
            );
            assert_eq!(failure(inner.open_at(path, &READ)), Error::Loop, "{path}");
            assert_eq!(failure(inner.metadata_at(path, true)), Error::NotCapable);
            inner.metadata_at(path, false).unwrap();
        }
        assert_eq!(
            failure(inner.unlink_file_at("../secret")),
            Error::NotCapable
        );
        assert_eq!(
            failure(inner.create_directory_at("../b")),
            Error::NotCapable
        );
        assert_eq!(
            failure(inner.rename_at("a", &inner, "../b")),
            Error::NotCapable
        );
        assert_eq!(
            failure(inner.rename_at("../secret", &inner, "b")),
            Error::NotCapable
        );
        assert_eq!(
            failure(inner.link_at("../secret", &inner, "b")),
            Error::NotCapable
        );
        assert_eq!(failure(inner.symlink_at("/etc", "b")), Error::NotCapable);
        assert!(inner.open_at("a/../a/./", &READ).is_ok());
    });
}

#[test]
fn read_only_refuses_every_change_here_and_below() {
    let host = tempfile::tempdir().unwrap();
    let quotas = Quotas::default();
    let writable = Directory::open_ambient(host.path(), Permissions::ALL, &quotas).unwrap();
    let tree = MemoryTree::new(&quotas, Clocks::system());
    let read_only = Permissions::READ_ONLY;
    let pairs = [
        (
            Directory::open_ambient(host.path(), read_only, &quotas).unwrap(),
            writable,
        ),
        (tree.root(read_only), tree.root(Permissions::ALL)),
    ];
    for (top, writable) in pairs {
        writable.create_directory_at("d").unwrap();
        file(&writable, "d/f", CREATE).unwrap();
        writable.symlink_at("f", "d/l").unwrap();
        let below = sub(&top, "d").unwrap();
        for (directory, prefix) in [(&top, "d/"), (&below, "")] {
            let at = |name: &str| format!("{prefix}{name}");
            let refused = |result: Result<()>| assert_eq!(result, Err(Error::NotCapable));
            for options in [
                CREATE,
                OpenOptions {
                    create: true,
                    ..READ
                },
                OpenOptions {
                    write: true,
                    ..READ
                },
                OpenOptions {
                    truncate: true,
                    ..READ
                },
            ] {
                assert_eq!(
                    failure(directory.open_at(&at("f"), &options)),
                    Error::NotCapable
                );
                assert_eq!(
                    failure(directory.open_at(&at("new"), &options)),
                    Error::NotCapable
                );
            }
            refused(directory.link_at(&at("f"), directory, &at("new")));
            refused(directory.link_at(&at("f"), &writable, "new"));
            refused(writable.link_at("d/f", directory, &at("new")));
            refused(directory.rename_at(&at("f"), directory, &at("new")));
            refused(directory.rename_at(&at("f"), &writable, "new"));
            refused(writable.rename_at("d/f", directory, &at("new")));
            refused(directory.symlink_at("f", &at("new")));
            refused(directory.unlink_file_at(&at("f")));
            refused(directory.remove_directory_at(&at("x")));
            refused(directory.create_directory_at(&at("new")));
            refused(directory.set_times_at(&at("f"), true, SetTime::Now, SetTime::Now));
            refused(directory.set_times(SetTime::Now, SetTime::Now));
            let file = file(directory, &at("f"), READ).unwrap();
            refused(file.write(b"x").map(drop));
            refused(file.set_size(0));
            refused(file.allocate(0, 1));
            refused(file.set_times(SetTime::Now, SetTime::Now));
            assert_eq!(file.read(&mut [0; 4]), Ok(0));
            directory.read_link_at(&at("l")).unwrap();
            directory.metadata_at(&at("f"), true).unwrap();
        }
    }
}

#[test]
fn a_link_or_a_move_gains_no_permission() {
    let host = tempfile::tempdir().unwrap();
    let quotas = Quotas::default();
    let all = Directory::open_ambient(host.path(), Permissions::ALL, &quotas).unwrap();
    let names_only = Permissions {
        directories: DirPerms::all(),
        files: FilePerms::READ,
    };
    let names_only = Directory::open_ambient(host.path(), names_only, &quotas).unwrap();
    file(&all, "f", CREATE).unwrap();
    assert_eq!(
        failure(names_only.link_at("f", &all, "g")),
        Error::NotCapable
    );
    assert_eq!(
        failure(names_only.rename_at("f", &all, "g")),
        Error::NotCapable
    );
    all.link_at("f", &names_only, "g").unwrap();
    names_only.rename_at("g", &names_only, "h").unwrap();
    assert_eq!(failure(file(&names_only, "h", CREATE)), Error::NotCapable);
}

#[test]
fn slashes_at_the_end_ask_for_a_directory() {
    both(|directory| {
        directory.create_directory_at("d/").unwrap();
        file(directory, "f", CREATE).unwrap();
        assert_eq!(failure(directory.open_at("f/", &READ)), Error::NotDirectory);
        assert_eq!(
            failure(directory.open_at("f///", &READ)),
            Error::NotDirectory
        );
        directory.open_at("d///", &READ).unwrap();
        assert_eq!(failure(directory.unlink_file_at("f/")), Error::NotDirectory);
        assert_eq!(failure(directory.unlink_file_at("d/")), Error::IsDirectory);
        assert_eq!(failure(directory.unlink_file_at("d")), Error::IsDirectory);
        assert_eq!(
            failure(directory.remove_directory_at("f")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.remove_directory_at("f/")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.link_at("f", directory, "g/")),
            Error::NoEntry
        );
        assert_eq!(failure(directory.symlink_at("x", "g/")), Error::NoEntry);
        assert_eq!(failure(directory.symlink_at("x", "d/")), Error::Exists);
        let taken = failure(directory.symlink_at("x", "f/"));
        assert!(matches!(taken, Error::Exists | Error::NotDirectory));
        directory.rename_at("d/", directory, "e").unwrap();
        directory.rename_at("e", directory, "d/").unwrap();
        directory.rename_at("d/", directory, "e/").unwrap();
        assert_eq!(
            failure(directory.rename_at("f", directory, "g/")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.rename_at("f/", directory, "g")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.link_at("f/", directory, "g")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.metadata_at("f/", true)),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.metadata_at("f/", false)),
            Error::NotDirectory
        );
        directory.remove_directory_at("e/").unwrap();
    });
}

#[test]
fn links_and_loops() {
    both(|directory| {
        let followed = OpenOptions {
            follow: true,
            ..READ
        };
        directory.symlink_at("loop", "loop").unwrap();
        assert_eq!(failure(directory.open_at("loop", &followed)), Error::Loop);
        assert_eq!(failure(directory.open_at("loop/x", &followed)), Error::Loop);
        assert_eq!(directory.read_link_at("loop").unwrap(), "loop");
        directory.link_at("loop", directory, "again").unwrap();
        assert_eq!(directory.metadata_at("again", false).unwrap().links, 2);
        directory.create_directory_at("d").unwrap();
        assert_eq!(failure(directory.read_link_at("d")), Error::Invalid);
        assert_eq!(
            failure(directory.link_at("d", directory, "e")),
            Error::NotPermitted
        );
        directory.symlink_at("d", "to").unwrap();
        file(directory, "to/f", CREATE).unwrap();
        assert_eq!(
            directory.metadata_at("to", true).unwrap().file_type,
            FileType::Directory
        );
        assert_eq!(
            directory.metadata_at("to", false).unwrap().file_type,
            FileType::SymbolicLink
        );
        let exact = OpenOptions {
            directory: true,
            ..READ
        };
        assert!(matches!(
            failure(directory.open_at("to", &exact)),
            Error::NotDirectory | Error::Loop
        ));
        let exact = OpenOptions {
            directory: true,
            ..followed
        };
        directory.open_at("to", &exact).unwrap();
        directory.symlink_at("d/f", "file").unwrap();
        assert_eq!(
            failure(directory.open_at("file", &exact)),
            Error::NotDirectory
        );
        let exclusive = OpenOptions {
            exclusive: true,
            follow: true,
            ..CREATE
        };
        assert_eq!(
            failure(directory.open_at("file", &exclusive)),
            Error::Exists
        );
    });
}

#[test]
fn renames_replace_what_they_may() {
    both(|directory| {
        directory.create_directory_at("d").unwrap();
        directory.create_directory_at("e").unwrap();
        directory.rename_at("d", directory, "e").unwrap();
        file(directory, "e/f", CREATE).unwrap();
        directory.create_directory_at("d").unwrap();
        assert_eq!(
            failure(directory.rename_at("d", directory, "e")),
            Error::NotEmpty
        );
        assert_eq!(
            failure(directory.rename_at("d", directory, "e/f")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.rename_at("e/f", directory, "d")),
            Error::IsDirectory
        );
        assert_eq!(
            failure(directory.rename_at("e", directory, "e/g")),
            Error::Invalid
        );
        assert_eq!(
            failure(directory.rename_at("none", directory, "x")),
            Error::NoEntry
        );
        assert_eq!(failure(directory.remove_directory_at("e")), Error::NotEmpty);
        directory.rename_at("e/f", directory, "f").unwrap();
        directory.link_at("f", directory, "g").unwrap();
        directory.rename_at("f", directory, "g").unwrap();
        assert!(
            directory.metadata_at("f", false).is_ok(),
            "the same file stays"
        );
        directory.remove_directory_at("e").unwrap();
    });
}

#[test]
fn listings_continue_from_any_cookie() {
    both(|directory| {
        directory.create_directory_at("d").unwrap();
        let inner = sub(directory, "d").unwrap();
        let mut expected = BTreeSet::from([".".to_owned(), "..".to_owned()]);
        for number in 0..300 {
            file(&inner, &format!("file.{number}"), CREATE).unwrap();
            expected.insert(format!("file.{number}"));
        }
        assert_eq!(names(&inner, 0, 1), expected);
        assert_eq!(names(&inner, 0, 7), expected);
        assert_eq!(names(&inner, 0, usize::MAX), expected);
        let own = inner.metadata().unwrap().inode;
        let mut dots = 0;
        let mut visit = |entry: Entry<'_>| {
            if entry.name == b"." || entry.name == b".." {
                assert_eq!((entry.inode, entry.file_type), (own, FileType::Directory));
                dots += 1;
            } else {
                assert_eq!(entry.file_type, FileType::RegularFile);
            }
            true
        };
        inner.read_entries(0, &mut visit).unwrap();
        assert_eq!(dots, 2);
    });
}

#[test]
fn times_of_every_size() {
    both(|directory| {
        let opened = file(directory, "f", CREATE).unwrap();
        let at = |nanoseconds| SetTime::At(Timestamp::from_nanoseconds(nanoseconds));
        opened.set_times(SetTime::Keep, at(5_000_000_007)).unwrap();
        let metadata = directory.metadata_at("f", false).unwrap();
        assert_eq!(
            metadata.modified,
            Timestamp {
                seconds: 5,
                nanoseconds: 7
            }
        );
        // File systems clamp what they cannot hold; nothing here may panic.
        let far = Timestamp {
            seconds: i64::MAX,
            nanoseconds: 999_999_999,
        };
        let long_ago = Timestamp {
            seconds: i64::MIN,
            nanoseconds: 0,
        };
        for time in [SetTime::At(far), SetTime::At(long_ago), at(u64::MAX)] {
            let _ = opened.set_times(time, time);
            for path in ["f", "./f"] {
                let _ = directory.set_times_at(path, true, time, time);
                let _ = directory.set_times_at(path, false, time, time);
            }
            let _ = directory.set_times(time, time);
            directory
                .metadata_at("f", true)
                .unwrap()
                .modified
                .saturating_nanoseconds();
        }
        directory.symlink_at("f", "l").unwrap();
        directory.set_times_at("l", false, at(1), at(2)).unwrap();
        directory.set_times_at("l", true, at(3), at(4)).unwrap();
        let seen = |follow| directory.metadata_at("l", follow).unwrap().modified;
        assert_eq!(seen(false), Timestamp::from_nanoseconds(2));
        assert_eq!(seen(true), Timestamp::from_nanoseconds(4));
    });
}

#[test]
fn paths_that_are_none() {
    both(|directory| {
        let long = "x".repeat(300);
        assert_eq!(failure(directory.open_at("", &READ)), Error::NoEntry);
        assert_eq!(failure(directory.open_at("a\0", &READ)), Error::Invalid);
        assert_eq!(failure(directory.open_at(&long, &READ)), Error::NameTooLong);
        let longer = "x/".repeat(3000);
        assert_eq!(
            failure(directory.open_at(&longer, &READ)),
            Error::NameTooLong
        );
        assert_eq!(failure(directory.open_at("none", &READ)), Error::NoEntry);
        let truncated = OpenOptions {
            truncate: true,
            ..READ
        };
        assert_eq!(
            failure(directory.open_at(".", &truncated)),
            Error::IsDirectory
        );
        let written = OpenOptions {
            write: true,
            directory: true,
            ..READ
        };
        assert_eq!(
            failure(directory.open_at(".", &written)),
            Error::IsDirectory
        );
        let both = OpenOptions {
            directory: true,
            ..CREATE
        };
        assert_eq!(failure(directory.open_at("x", &both)), Error::Invalid);
    });
}

#[test]
fn a_file_made_without_write_access_can_be_opened_again() {
    both(|directory| {
        let only_created = OpenOptions {
            create: true,
            ..READ
        };
        let first = file(directory, "f", only_created).unwrap();
        assert_eq!(first.write(b"x"), Err(Error::NotCapable));
        file(directory, "f", only_created).unwrap();
    });
}

#[test]
fn a_tree_in_memory_stays_within_its_quota() {
    let quotas = Quotas {
        memory_bytes_max: 4096,
        memory_nodes_max: 4,
        ..Quotas::default()
    };
    let tree = MemoryTree::new(&quotas, Clocks::system());
    let root = tree.root(Permissions::ALL);
    let empty = tree.bytes_used();
    let opened = file(&root, "f", CREATE).unwrap();
    assert_eq!(opened.set_size(1 << 40), Err(Error::QuotaExceeded));
    assert_eq!(opened.write(&[1; 5000]), Err(Error::QuotaExceeded));
    assert_eq!(opened.write(&[1; 3000]), Ok(3000));
    root.create_directory_at("d").unwrap();
    assert_eq!(
        failure(root.symlink_at(&"x".repeat(500), "l")),
        Error::QuotaExceeded
    );
    opened.set_size(0).unwrap();
    root.symlink_at("x", "l").unwrap();
    assert_eq!(failure(root.create_directory_at("e")), Error::QuotaExceeded);
    root.unlink_file_at("f").unwrap();
    opened.seek(SeekFrom::Start(0)).unwrap();
    assert_eq!(
        opened.write(&[1; 100]),
        Ok(100),
        "an open file outlives its name"
    );
    drop(opened);
    root.unlink_file_at("l").unwrap();
    let inner = sub(&root, "d").unwrap();
    root.remove_directory_at("d").unwrap();
    assert_eq!(failure(inner.create_directory_at("e")), Error::NoEntry);
    drop(inner);
    assert_eq!(tree.bytes_used(), empty);
}

#[test]
fn trees_and_disks_do_not_mix() {
    let host = tempfile::tempdir().unwrap();
    let quotas = Quotas::default();
    let disk = Directory::open_ambient(host.path(), Permissions::ALL, &quotas).unwrap();
    let root = MemoryTree::new(&quotas, Clocks::system()).root(Permissions::ALL);
    let other = MemoryTree::new(&quotas, Clocks::system()).root(Permissions::ALL);
    file(&root, "f", CREATE).unwrap();
    assert_eq!(
        failure(root.rename_at("f", &disk, "f")),
        Error::CrossesDevices
    );
    assert_eq!(
        failure(root.link_at("f", &other, "f")),
        Error::CrossesDevices
    );
}
