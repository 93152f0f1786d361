//! What only trees in memory do.

use super::*;

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
