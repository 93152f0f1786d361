//! Times before 1970, past what a clock counts, and waits of no time at all made
//! hosts panic (GHSA-j2g9, GHSA-mr2v, GHSA-w4qr).

use silica_tests_regress::guest::{CREATE, DIRECTORY, Guest};
use silica_wasi_p1::{DirPerms, FilePerms, Rights};
use std::time::{Duration, UNIX_EPOCH};

const TIMES: [u64; 7] = [
    0,
    1,
    999_999_999,
    i64::MAX as u64,
    i64::MAX as u64 + 1,
    u64::MAX - 1,
    u64::MAX,
];

#[test]
fn setting_and_reading_any_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
    let fd = guest.open("file", CREATE, Rights::all()).unwrap();
    let (path, length) = guest.path("./file");
    for time in TIMES {
        // Whether the file system can hold it is the file system's to say.
        for flags in [0, 1, 4, 5, 6, 9, 10] {
            let _ = guest.call(|c, m| c.fd_filestat_set_times(m, fd, time, time, flags));
            let _ = guest.call(|c, m| c.fd_filestat_set_times(m, DIRECTORY, time, time, flags));
            for lookup in [0, 1] {
                let _ = guest.call(|c, m| {
                    c.path_filestat_set_times(m, DIRECTORY, lookup, path, length, time, time, flags)
                });
            }
        }
        guest.call(|c, m| c.fd_filestat_get(m, fd, 0)).unwrap();
        guest
            .call(|c, m| c.path_filestat_get(m, DIRECTORY, 1, path, length, 0))
            .unwrap();
    }
}

#[test]
fn files_from_before_1970() {
    let directory = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(directory.path().join("file")).unwrap();
    file.set_modified(UNIX_EPOCH - Duration::from_secs(1 << 31))
        .unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::READ, FilePerms::READ);
    let (path, length) = guest.path("file");
    guest
        .call(|c, m| c.path_filestat_get(m, DIRECTORY, 0, path, length, 0))
        .unwrap();
    assert_eq!(guest.bytes[48..56], [0; 8], "the earliest time there is");
}

#[test]
fn waiting_no_time_and_past_all_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
    for clock in [0_u32, 1] {
        for (timeout, flags) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            // One that is over at once, and one that never is.
            guest.bytes[1024..1120].fill(0);
            for (at, timeout, flags) in [(1024, timeout, flags), (1072, u64::MAX, 0)] {
                guest.bytes[at + 16..at + 20].copy_from_slice(&clock.to_le_bytes());
                guest.bytes[at + 24..at + 32].copy_from_slice(&u64::to_le_bytes(timeout));
                guest.bytes[at + 40] = flags;
            }
            guest
                .call(|c, m| c.poll_oneoff(m, 1024, 2048, 2, 0))
                .unwrap();
            assert_eq!(guest.u32_at(0), 1);
        }
    }
}
