//! Directories as programs see them: the same checks on the host's file system
//! and in memory, so that the two cannot drift apart.

mod contents;
mod memory;
mod names;
mod permissions;

use super::*;
use crate::{Clocks, FileFlags, FileType, MemoryTree, SeekFrom, Timestamp};
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
