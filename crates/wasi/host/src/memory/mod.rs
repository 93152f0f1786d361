//! Directory trees in memory, with a quota: a `/tmp` that touches no disk and
//! that only this program sees.
//!
//! `tree` holds the nodes and changes them, `walk` finds a node by its path,
//! `file` and `directory` are open handles. `shared` is the one lock that guards a tree.

mod directory;
mod file;
mod shared;
mod tree;
mod walk;

pub(crate) use directory::{MemoryDirectory, Node};
pub(crate) use file::MemoryFile;

use crate::{Clocks, Device, Quotas, Result};
use shared::Shared;
use tree::Content;

/// A tree of directories in memory. Clones and every directory opened from it
/// share the contents.
#[derive(Debug, Clone)]
pub struct MemoryTree {
    shared: Shared,
    path_bytes_max: usize,
}

impl MemoryTree {
    /// An empty tree that holds at most what `quotas` says and takes its times
    /// from `clocks`.
    pub fn new(quotas: &Quotas, clocks: Clocks) -> Self {
        Self {
            shared: Shared::new(quotas, clocks),
            path_bytes_max: quotas.path_bytes_max,
        }
    }

    /// The root directory, and how long a path in it may be.
    pub(crate) fn open_root(&self) -> (MemoryDirectory, usize) {
        self.shared.lock().open(tree::ROOT);
        let root = MemoryDirectory::counted(self.shared.clone(), tree::ROOT);
        (root, self.path_bytes_max)
    }

    /// Puts a device into the root directory.
    ///
    /// # Errors
    /// [`Error::Exists`](crate::Error); a quota's.
    pub fn add_device(&self, name: &str, device: Device) -> Result<()> {
        let content = Content::Device(device);
        self.shared
            .lock()
            .create(tree::ROOT, name, content)
            .map(drop)
    }

    /// From now on no name and no time changes. What exists can still be opened
    /// by options that would otherwise make it, as programs open `/dev/null`.
    pub fn freeze(&self) {
        self.shared.lock().freeze();
    }

    /// How many bytes of contents, names and links the tree holds.
    pub fn bytes_used(&self) -> u64 {
        self.shared.lock().bytes_used()
    }
}
