//! Buckets in files: what is kept, what is bounded, and what several do with one at once.

#![forbid(unsafe_code)]

use std::process::Command;

use silica_wasi_keyvalue::{Bucket, Error};
use silica_wasi_sqlite::SqliteBucket;

const PLENTY: u64 = 1 << 24;

#[test]
fn values_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bucket.db");
    {
        let bucket = SqliteBucket::open(&path, PLENTY).unwrap();
        bucket.set("a", b"1").unwrap();
        bucket.set("a", b"\0\xff").unwrap();
        bucket.set("", b"").unwrap();
        bucket.delete("b").unwrap();
        assert_eq!(bucket.increment("n", 5).unwrap(), 5);
        let pairs = ["x", "y"].map(|key| (key.to_owned(), vec![0; 3]));
        bucket.set_many(&pairs).unwrap();
    }
    let bucket = SqliteBucket::open(&path, PLENTY).unwrap();
    assert_eq!(bucket.get("a").unwrap().unwrap(), b"\0\xff");
    assert_eq!(bucket.get("").unwrap().unwrap(), b"");
    assert!(!bucket.exists("b").unwrap() && bucket.exists("x").unwrap());
    bucket
        .delete_many(&["x".to_owned(), "z".to_owned()])
        .unwrap();
    assert_eq!(bucket.get("x").unwrap(), None);
    assert_eq!(bucket.increment("n", 7).unwrap(), 12);
    assert!(bucket.increment("n", u64::MAX).is_err() && bucket.increment("a", 1).is_err());
    assert_eq!(bucket.keys(None).unwrap().keys, ["a", "", "n", "y"]);
    let mut there: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    there.sort();
    assert_eq!(there, SqliteBucket::files(&path));
}

#[test]
fn a_bucket_has_a_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bucket.db");
    let bucket = SqliteBucket::open(&path, 1 << 20).unwrap();
    let full = Error::Other("the store is full".to_owned());
    assert_eq!(bucket.set("big", &vec![1; 2 << 20]), Err(full.clone()));
    let set = (0..1000).map(|n| bucket.set(&n.to_string(), &[1; 10_000]));
    let kept = set.take_while(Result::is_ok).count();
    assert!((50..105).contains(&kept), "{kept}");
    assert_eq!(bucket.set("more", &[1; 10_000]), Err(full));
    assert!(std::fs::metadata(&path).unwrap().len() <= 1 << 20);
    bucket.delete("0").unwrap();
    bucket.set("more", &[1; 5000]).unwrap();
}

#[test]
fn lists_continue_where_they_ended_whatever_changed() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = SqliteBucket::open(folder.path().join("b"), PLENTY).unwrap();
    let pairs: Vec<_> = (0..2001).map(|n| (format!("k{n}"), Vec::new())).collect();
    bucket.set_many(&pairs).unwrap();
    let mut keys = bucket.keys(None).unwrap();
    let mut all = keys.keys;
    bucket.delete("k0").unwrap();
    while let Some(cursor) = keys.cursor {
        keys = bucket.keys(Some(cursor)).unwrap();
        assert!(!keys.keys.is_empty());
        all.extend(keys.keys);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2001);
    assert!(bucket.keys(Some(u64::MAX)).unwrap().keys.is_empty());
}

#[test]
fn what_is_no_bucket_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(
        &path,
        "no bucket, but as long as one would be at least: ".repeat(100),
    )
    .unwrap();
    let error = SqliteBucket::open(&path, PLENTY).unwrap_err();
    assert_eq!(error, Error::Other("the file is no store".to_owned()));
    let error = SqliteBucket::open(folder.path().join("none/b"), PLENTY).unwrap_err();
    assert_eq!(error, Error::Other("the file cannot be opened".to_owned()));
}

/// Adds to a number in the bucket that the environment names; else has two processes do so at once.
#[test]
fn processes_that_add_to_one_number_lose_nothing() {
    const ADDITIONS: u64 = 100;
    if let Some(path) = std::env::var_os("SILICA_TEST_BUCKET") {
        let bucket = SqliteBucket::open(path, PLENTY).unwrap();
        for _ in 0..ADDITIONS {
            bucket.increment("n", 1).unwrap();
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bucket.db");
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes_that_add_to_one_number_lose_nothing"])
            .env("SILICA_TEST_BUCKET", &path)
            .spawn()
            .unwrap()
    };
    let both = [start(), start()];
    for mut child in both {
        assert!(child.wait().unwrap().success());
    }
    let bucket = SqliteBucket::open(&path, PLENTY).unwrap();
    assert_eq!(bucket.increment("n", 0).unwrap(), 2 * ADDITIONS);
}
