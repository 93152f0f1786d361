//! `fd_readdir` copied the padding of its entries, which nobody had written, from
//! the host's stack to the guest (GHSA-96f6).

use silica_tests_regress::guest::{DIRECTORY, Guest};
use silica_wasi_p1::{DirPerms, FilePerms};

#[test]
fn every_byte_of_an_entry_is_written() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "bcd", "efghijk"] {
        std::fs::write(directory.path().join(name), name).unwrap();
    }
    let mut guest = Guest::new(directory.path(), DirPerms::READ, FilePerms::READ);
    // Whatever the buffer held, and wherever it ends, entries are the same.
    let mut listings = Vec::new();
    for (fill, length) in [(0x00, 4096), (0xff, 4096), (0xff, 100), (0x00, 100)] {
        guest.bytes[16_384..20_480].fill(fill);
        guest
            .call(|context, memory| context.fd_readdir(memory, DIRECTORY, 16_384, length, 0, 0))
            .unwrap();
        let used = guest.u32_at(0) as usize;
        assert!(
            guest.bytes[16_384 + used..20_480]
                .iter()
                .all(|byte| *byte == fill)
        );
        let entries = guest.bytes[16_384..16_384 + used].to_vec();
        assert_eq!(entries[21..24], [0; 3]);
        listings.push(entries);
    }
    assert_eq!(listings[0], listings[1]);
    assert_eq!(listings[2], listings[3]);
    assert_eq!(listings[0][..100], listings[2][..]);
}
