//! Trailing slashes, `..`, links, and renames in the middle of a walk led out of
//! the granted directory (GHSA-vqjp, GHSA-m9f7, CVE-2024-38358, CVE-2025-43853).

use silica_tests_regress::guest::{CREATE, DIRECTORY, Guest};
use silica_wasi_p1::{DirPerms, Errno, FilePerms, Rights};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

const OUT: [&str; 12] = [
    "..",
    "../",
    "../secret",
    "./../secret",
    "in/../../secret",
    "in//..//..//secret",
    "/secret",
    "//secret",
    "up/secret",
    "up/",
    "deep/../../../secret",
    "absolute/passwd",
];

/// `secret` beside the granted directory `granted`, which has links of all kinds.
fn grounds() -> (tempfile::TempDir, Guest) {
    let grounds = tempfile::tempdir().unwrap();
    std::fs::write(grounds.path().join("secret"), "secret").unwrap();
    let granted = grounds.path().join("granted");
    std::fs::create_dir_all(granted.join("in/below")).unwrap();
    symlink("..", granted.join("up")).unwrap();
    symlink("in/below", granted.join("deep")).unwrap();
    symlink("/etc", granted.join("absolute")).unwrap();
    let guest = Guest::new(&granted, DirPerms::all(), FilePerms::all());
    (grounds, guest)
}

#[test]
fn no_call_follows_a_path_out() {
    let (grounds, mut guest) = grounds();
    for path in OUT {
        for flags in [0, CREATE] {
            let opened = guest.open(path, flags, Rights::FD_READ);
            assert!(
                matches!(opened, Err(Errno::NotCapable | Errno::IsDir)),
                "{path}: {opened:?}"
            );
        }
        let (to, to_length) = guest.other_path("in/new");
        let (from, length) = guest.path(path);
        let results = [
            guest.call(|c, m| c.path_filestat_get(m, DIRECTORY, 1, from, length, 0)),
            guest.call(|c, m| c.path_unlink_file(m, DIRECTORY, from, length)),
            guest.call(|c, m| c.path_remove_directory(m, DIRECTORY, from, length)),
            guest.call(|c, m| c.path_create_directory(m, DIRECTORY, from, length)),
            guest.call(|c, m| c.path_readlink(m, DIRECTORY, from, length, 0, 8, 8)),
            guest.call(|c, m| c.path_symlink(m, to, to_length, DIRECTORY, from, length)),
            guest.call(|c, m| c.path_rename(m, DIRECTORY, from, length, DIRECTORY, to, to_length)),
            guest.call(|c, m| c.path_rename(m, DIRECTORY, to, to_length, DIRECTORY, from, length)),
            guest.call(|c, m| c.path_link(m, DIRECTORY, 0, from, length, DIRECTORY, to, to_length)),
            guest.call(|c, m| c.path_filestat_set_times(m, DIRECTORY, 1, from, length, 0, 0, 10)),
        ];
        for (index, result) in results.into_iter().enumerate() {
            assert!(result.is_err(), "{path}: call {index}");
        }
    }
    assert_eq!(
        std::fs::read(grounds.path().join("secret")).unwrap(),
        b"secret"
    );
    assert_eq!(std::fs::read_dir(grounds.path()).unwrap().count(), 2);
}

#[test]
fn links_out_cannot_be_made_to_absolute_paths() {
    let (_grounds, mut guest) = grounds();
    let (target, target_length) = guest.other_path("/etc/passwd");
    let (path, length) = guest.path("link");
    let made = guest.call(|context, memory| {
        context.path_symlink(memory, target, target_length, DIRECTORY, path, length)
    });
    assert_eq!(made, Err(Errno::NotCapable));
}

/// Another process replaces a directory by a link out, over and over, while the
/// guest opens through it. It may find the file inside or nothing, never the one outside.
#[test]
fn a_link_put_in_the_way_is_never_followed_out() {
    let grounds = tempfile::tempdir().unwrap();
    let granted = grounds.path().join("granted");
    let outside = grounds.path().join("outside");
    for (directory, contents) in [(granted.join("real"), "inside"), (outside, "outside")] {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("file"), contents).unwrap();
    }
    symlink("../outside", granted.join("link")).unwrap();
    symlink("real", granted.join("turn")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (turn, fresh) = (granted.join("turn"), granted.join("fresh"));
            while !stop.load(Ordering::Relaxed) {
                for target in ["../outside", "real"] {
                    // A turn that fails is only one turn less.
                    let _ = symlink(target, &fresh).and_then(|()| std::fs::rename(&fresh, &turn));
                }
            }
        });
        let mut guest = Guest::new(&granted, DirPerms::all(), FilePerms::all());
        for _ in 0..2000 {
            for path in ["turn/file", "turn/../turn/file"] {
                let Ok(fd) = guest.open(path, 0, Rights::FD_READ) else {
                    continue;
                };
                assert_eq!(guest.read(fd).unwrap(), b"inside");
                guest
                    .call(|context, memory| context.fd_close(memory, fd))
                    .unwrap();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}
