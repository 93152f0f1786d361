//! The entries of a directory, a few at a time.

use std::collections::VecDeque;

use silica_wasi_host::{Error, FileType};

use super::descriptor::Descriptor;
use super::error::FsResult;

/// Entries that are kept until they are asked for.
const KEPT_MAX: usize = 128;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) file_type: FileType,
}

/// The resource `wasi:filesystem/types.directory-entry-stream`.
#[derive(Debug)]
pub struct DirectoryEntryStream {
    directory: Descriptor,
    /// Where to continue after what is kept.
    cookie: u64,
    /// Entries that were read; none for a name that is no Unicode.
    kept: VecDeque<Option<Entry>>,
    at_end: bool,
}

impl DirectoryEntryStream {
    /// The entries of `directory`, which is one.
    pub(super) fn new(directory: Descriptor) -> DirectoryEntryStream {
        DirectoryEntryStream {
            directory,
            cookie: 0,
            kept: VecDeque::new(),
            at_end: false,
        }
    }

    /// The next entry; none after the last.
    pub(super) fn next(&mut self) -> FsResult<Option<Entry>> {
        // A few entries may be read that are all left out.
        while self.kept.is_empty() && !self.at_end {
            self.fill()?;
        }
        match self.kept.pop_front() {
            Some(Some(entry)) => Ok(Some(entry)),
            Some(None) => Err(Error::IllegalByteSequence.into()),
            None => Ok(None),
        }
    }

    fn fill(&mut self) -> FsResult<()> {
        let Self {
            directory,
            cookie,
            kept,
            at_end,
        } = self;
        let before = *cookie;
        directory.directory()?.read_entries(before, &mut |entry| {
            *cookie = entry.next;
            // The interface leaves these two out.
            if !matches!(entry.name, b"." | b"..") {
                let name = std::str::from_utf8(entry.name).ok();
                kept.push_back(name.map(|name| Entry {
                    name: name.to_owned(),
                    file_type: entry.file_type,
                }));
            }
            kept.len() < KEPT_MAX
        })?;
        *at_end = kept.len() < KEPT_MAX;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use silica_wasi_host::{Clocks, MemoryTree, Permissions, Quotas};

    #[test]
    fn every_entry_comes_once_in_however_many_pieces() {
        let tree = MemoryTree::new(&Quotas::default(), Clocks::system());
        let root = tree.root(Permissions::ALL);
        for count in [0, 1, KEPT_MAX - 1, KEPT_MAX, 2 * KEPT_MAX + 3] {
            let name = format!("d{count}");
            root.create_directory_at(&name).unwrap();
            for file in 0..count {
                root.create_directory_at(&format!("{name}/{file}")).unwrap();
            }
            let silica_wasi_host::Opened::Directory(directory) = root
                .open_at(&name, &silica_wasi_host::OpenOptions::default())
                .unwrap()
            else {
                panic!("{name} is a directory");
            };
            let mut stream = DirectoryEntryStream::new(Descriptor::preopened(Arc::new(directory)));
            let mut names = std::collections::BTreeSet::new();
            while let Some(entry) = stream.next().unwrap() {
                assert!(names.insert(entry.name));
                assert!(stream.kept.len() <= KEPT_MAX);
            }
            assert_eq!(names.len(), count);
        }
    }
}
