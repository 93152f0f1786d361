//! On Windows, names like `COM¹` open devices in any directory (GHSA-c2f5,
//! CVE-2024-51756). Elsewhere they are names like any other.

use silica_tests_regress::guest::{CREATE, Guest};
use silica_wasi_p1::host::is_windows_device_name;
use silica_wasi_p1::{DirPerms, Errno, FilePerms, Rights};

const DEVICES: [&str; 8] = [
    "COM1",
    "COM¹",
    "LPT²",
    "com³.txt",
    "NUL",
    "nul.tar.gz",
    "CON ",
    "AUX:stream",
];

#[test]
fn devices_cannot_be_opened_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = Guest::new(directory.path(), DirPerms::all(), FilePerms::all());
    for name in DEVICES {
        assert!(is_windows_device_name(name), "{name}");
        let opened = guest.open(name, CREATE, Rights::FD_WRITE);
        if cfg!(windows) {
            assert_eq!(opened, Err(Errno::NotCapable), "{name}");
        } else {
            opened.unwrap();
            assert!(directory.path().join(name).is_file(), "{name}");
        }
    }
}
