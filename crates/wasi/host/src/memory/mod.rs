//! Directory trees in memory, with a quota: a `/tmp` that touches no disk and
//! that only this program sees.
//!
//! `tree` holds the nodes and changes them, `walk` finds a node by its path,
//! `file` and `directory` are open handles. One lock guards a tree.

mod directory;
mod file;
mod tree;
mod walk;

pub(crate) use directory::MemoryDirectory;
pub(crate) use file::MemoryFile;

use crate::{Clocks, Device, Directory, Permissions, Quotas, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tree::{Content, Tree};

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
            shared: Shared(Arc::new(Mutex::new(Tree::new(quotas, clocks)))),
            path_bytes_max: quotas.path_bytes_max,
        }
    }

    /// Opens the root directory.
    ///
    /// ```
    /// use silica_wasi_host::{Clocks, MemoryTree, Permissions, Quotas, Result};
    /// let tree = MemoryTree::new(&Quotas::default(), Clocks::system());
    /// let root = tree.root(Permissions::ALL);
    /// root.create_directory_at("a")?;
    /// assert_eq!(root.metadata_at("a", true)?.size, 0);
    /// # Ok::<(), silica_wasi_host::Error>(())
    /// ```
    pub fn root(&self, permissions: Permissions) -> Directory {
        self.shared.lock().open(tree::ROOT);
        let root = MemoryDirectory::counted(self.shared.clone(), tree::ROOT);
        Directory::memory(root, permissions, self.path_bytes_max)
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

/// What opening a path of a tree gives.
#[derive(Debug)]
pub(crate) enum Node {
    File(MemoryFile),
    Directory(MemoryDirectory),
    Device(Device),
}

/// The lock around a tree.
#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<Tree>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Tree> {
        // Every change of a tree checks first and then cannot fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
