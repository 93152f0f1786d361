//! `fd_renumber` panicked for numbers that are not open, and leaked what it
//! replaced until the process had no descriptors left (GHSA-fm79, GHSA-3p27).

use silica_tests_regress::guest::{CREATE, Guest};
use silica_wasi_p1::{DirPerms, Errno, FilePerms, Rights};

#[test]
fn numbers_that_are_not_open_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
    let numbers = [0, 3, 4, 1000, i32::MAX as u32, u32::MAX - 1, u32::MAX];
    for from in numbers {
        for to in numbers {
            let open = from <= 3 && to <= 3;
            let mut scratch = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
            let done = scratch.call(|context, memory| context.fd_renumber(memory, from, to));
            assert_eq!(
                done,
                if open { Ok(()) } else { Err(Errno::BadF) },
                "{from} {to}"
            );
        }
    }
    guest.open("file", CREATE, Rights::FD_READ).unwrap();
}

#[test]
fn what_is_replaced_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
    let target = guest.open("file", CREATE, Rights::FD_READ).unwrap();
    let before = open_descriptors();
    for _ in 0..2000 {
        let fd = guest.open("file", 0, Rights::FD_READ).unwrap();
        guest
            .call(|context, memory| context.fd_renumber(memory, fd, target))
            .unwrap();
    }
    // Other tests of this process come and go meanwhile.
    assert!(open_descriptors() < before + 500);
}

/// How many descriptors the process has; 0 where the system does not say.
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
