//! What is not granted, and what no path reaches.

use super::*;

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
