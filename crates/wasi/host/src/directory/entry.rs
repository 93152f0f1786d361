//! What a directory is asked and what it tells: how to open a path, and one name of a listing.

use crate::{FileFlags, FileType};

/// How to open a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Open for reading contents.
    pub read: bool,
    /// Open for writing contents.
    pub write: bool,
    /// Make the file if there is none.
    pub create: bool,
    /// With `create`: fail if there is something.
    pub exclusive: bool,
    /// Empty the file.
    pub truncate: bool,
    /// Fail unless it is a directory.
    pub directory: bool,
    /// Follow a symbolic link in the last component.
    pub follow: bool,
    /// How the open file behaves.
    pub flags: FileFlags,
}

/// One name in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, which a host may allow to be no UTF-8.
    pub name: &'a [u8],
    /// Identifies the object within its file system. That of `..` is never told:
    /// it is given as the directory's own.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// The cookie to continue from, after this entry.
    pub next: u64,
}
