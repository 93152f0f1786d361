//! An open directory: the only way to a path.
//!
//! Each operation checks the directory's [`Permissions`] first and then walks the
//! path below it. What is opened below inherits the permissions; nothing gains
//! any. Where a path is walked: `host` for the host's file system, the crate's
//! `memory` for trees in memory.

mod entry;
mod host;
mod refusal;

use crate::memory::{MemoryDirectory, MemoryTree};
use crate::{
    Access, DirPerms, Error, File, FilePerms, Metadata, Permissions, Quotas, Result, SetTime, path,
};
pub use entry::{Entry, OpenOptions};
use host::HostDirectory;
pub use refusal::DirectoryRefusal;
use refusal::OnRefused;
use std::path::Path;

/// An open directory.
#[derive(Debug)]
pub struct Directory {
    backing: Backing,
    permissions: Permissions,
    path_bytes_max: usize,
    on_refused: Option<OnRefused>,
}

#[derive(Debug)]
enum Backing {
    Host(HostDirectory),
    Memory(MemoryDirectory),
}

/// What [`Directory::open_at`] found or made.
#[derive(Debug)]
pub enum Opened {
    /// Anything but a directory.
    File(File),
    /// A directory.
    Directory(Directory),
}

impl MemoryTree {
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
        let (root, path_bytes_max) = self.open_root();
        Directory::memory(root, permissions, path_bytes_max)
    }
}

impl Directory {
    /// Grants a directory of the host and what is below it.
    ///
    /// # Errors
    /// What the host reports, [`Error::NotDirectory`] for anything else.
    pub fn open_ambient(
        path: impl AsRef<Path>,
        permissions: Permissions,
        quotas: &Quotas,
    ) -> Result<Self> {
        Ok(Self {
            backing: Backing::Host(HostDirectory::open_ambient(path.as_ref())?),
            permissions,
            path_bytes_max: quotas.path_bytes_max,
            on_refused: None,
        })
    }

    /// The same directory; `on_refused` is told, for a person, of what was asked of it or of what is below it and is not
    /// granted.
    ///
    /// ```
    /// use silica_wasi_host::{Clocks, DirectoryRefusal, MemoryTree, Permissions, Quotas};
    /// let tree = MemoryTree::new(&Quotas::default(), Clocks::system());
    /// let root = tree.root(Permissions::READ_ONLY).observed(|refusal| {
    ///     assert_eq!(*refusal, DirectoryRefusal::Change);
    /// });
    /// assert!(root.create_directory_at("a").is_err());
    /// ```
    #[must_use]
    pub fn observed(
        mut self,
        on_refused: impl Fn(&DirectoryRefusal) + Send + Sync + 'static,
    ) -> Self {
        self.on_refused = Some(OnRefused::new(on_refused));
        self
    }

    fn refuse<R>(&self, refusal: DirectoryRefusal) -> Result<R> {
        if let Some(on_refused) = &self.on_refused {
            on_refused.tell(&refusal);
        }
        Err(Error::NotCapable)
    }

    /// What walking a path gave: the way out of the directory is refused.
    fn walked<R>(&self, result: Result<R>) -> Result<R> {
        match result {
            Err(Error::NotCapable) => self.refuse(DirectoryRefusal::Outside),
            other => other,
        }
    }

    fn memory(directory: MemoryDirectory, permissions: Permissions, path_bytes_max: usize) -> Self {
        Self {
            backing: Backing::Memory(directory),
            permissions,
            path_bytes_max,
            on_refused: None,
        }
    }

    /// What this directory grants.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Opens, and where asked makes, what `path` names.
    ///
    /// # Errors
    /// [`Error::NotCapable`] where the path leads out of the directory, or
    /// reading, writing, creating or truncating is not granted;
    /// [`Error::IsDirectory`] for a directory to be written, [`Error::Loop`] for a
    /// link that may not be followed, [`Error::Invalid`] for options that exclude
    /// each other; what the host reports.
    pub fn open_at(&self, path: &str, options: &OpenOptions) -> Result<Opened> {
        path::check(path, self.path_bytes_max)?;
        self.check_open(options)?;
        match &self.backing {
            Backing::Host(directory) => {
                let (file, is_directory) = self.walked(directory.open_at(path, options))?;
                if is_directory {
                    let directory = Backing::Host(HostDirectory::from_file(file));
                    self.opened_directory(directory, options)
                } else {
                    let access = self.access_of(options);
                    Ok(Opened::File(File::from_std(file, access)))
                }
            }
            Backing::Memory(directory) => match self.walked(directory.open_at(path, options))? {
                crate::memory::Node::Directory(directory) => {
                    self.opened_directory(Backing::Memory(directory), options)
                }
                crate::memory::Node::File(file) => {
                    Ok(Opened::File(File::memory(file, self.access_of(options))))
                }
                crate::memory::Node::Device(device) => Ok(Opened::File(File::device_with(
                    device,
                    self.access_of(options),
                ))),
            },
        }
    }

    fn check_open(&self, options: &OpenOptions) -> Result<()> {
        if options.create && options.directory {
            return Err(Error::Invalid);
        }
        let mut files = FilePerms::empty();
        files.set(FilePerms::READ, options.read && !options.directory);
        files.set(FilePerms::WRITE, options.write || options.truncate);
        if options.create {
            self.require(DirPerms::MUTATE)?;
        }
        self.require_files(files)
    }

    fn opened_directory(&self, backing: Backing, options: &OpenOptions) -> Result<Opened> {
        if options.write || options.truncate {
            return Err(Error::IsDirectory);
        }
        self.require(DirPerms::READ)?;
        Ok(Opened::Directory(Self {
            backing,
            permissions: self.permissions,
            path_bytes_max: self.path_bytes_max,
            on_refused: self.on_refused.clone(),
        }))
    }

    fn access_of(&self, options: &OpenOptions) -> Access {
        let mut access = Access::empty();
        access.set(Access::READ, options.read);
        access.set(Access::WRITE, options.write);
        let changeable = self.permissions.files.contains(FilePerms::WRITE);
        access.set(Access::TIMES, changeable);
        access
    }

    /// Checks that the directory gives `needed`.
    ///
    /// # Errors
    /// [`Error::NotCapable`].
    pub fn require(&self, needed: DirPerms) -> Result<()> {
        let granted = self.permissions.directories;
        if granted.contains(needed) {
            Ok(())
        } else if needed.difference(granted).contains(DirPerms::MUTATE) {
            self.refuse(DirectoryRefusal::Change)
        } else {
            self.refuse(DirectoryRefusal::Read)
        }
    }

    fn require_files(&self, needed: FilePerms) -> Result<()> {
        let granted = self.permissions.files;
        if granted.contains(needed) {
            Ok(())
        } else if needed.difference(granted).contains(FilePerms::WRITE) {
            self.refuse(DirectoryRefusal::Change)
        } else {
            self.refuse(DirectoryRefusal::Read)
        }
    }

    /// Checks that `path` may be used and the directory gives `needed`.
    fn check(&self, path: &str, needed: DirPerms) -> Result<()> {
        self.require(needed)?;
        path::check(path, self.path_bytes_max)
    }

    /// The attributes of this directory.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::READ`]; what the host reports.
    pub fn metadata(&self) -> Result<Metadata> {
        self.require(DirPerms::READ)?;
        match &self.backing {
            Backing::Host(directory) => directory.metadata(),
            Backing::Memory(directory) => directory.metadata(),
        }
    }

    /// The attributes of what `path` names, or of the link itself without `follow`.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::READ`] or where the path leads
    /// out; what the host reports.
    pub fn metadata_at(&self, path: &str, follow: bool) -> Result<Metadata> {
        self.check(path, DirPerms::READ)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.metadata_at(path, follow),
            Backing::Memory(directory) => directory.metadata_at(path, follow),
        })
    }

    /// Gives the object at `path` another name, `new_path` in `new_directory`. A
    /// symbolic link is linked itself.
    ///
    /// # Errors
    /// [`Error::NotCapable`] unless both directories may be changed and the new
    /// one grants no more than this one, or where a path leads out;
    /// [`Error::Exists`]; [`Error::NotPermitted`] for a directory; what the host
    /// reports.
    pub fn link_at(&self, path: &str, new_directory: &Self, new_path: &str) -> Result<()> {
        self.check_move(path, new_directory, new_path)?;
        self.walked(match (&self.backing, &new_directory.backing) {
            (Backing::Host(from), Backing::Host(to)) => from.link_at(path, to, new_path),
            (Backing::Memory(from), Backing::Memory(to)) => from.link_at(path, to, new_path),
            (Backing::Host(_), Backing::Memory(_)) | (Backing::Memory(_), Backing::Host(_)) => {
                Err(Error::CrossesDevices)
            }
        })
    }

    /// Renames `path` to `new_path` in `new_directory`, replacing what may be replaced.
    ///
    /// # Errors
    /// As [`link_at`](Self::link_at); [`Error::NotEmpty`],
    /// [`Error::IsDirectory`] or [`Error::NotDirectory`] where what is there
    /// cannot be replaced.
    pub fn rename_at(&self, path: &str, new_directory: &Self, new_path: &str) -> Result<()> {
        self.check_move(path, new_directory, new_path)?;
        self.walked(match (&self.backing, &new_directory.backing) {
            (Backing::Host(from), Backing::Host(to)) => from.rename_at(path, to, new_path),
            (Backing::Memory(from), Backing::Memory(to)) => from.rename_at(path, to, new_path),
            (Backing::Host(_), Backing::Memory(_)) | (Backing::Memory(_), Backing::Host(_)) => {
                Err(Error::CrossesDevices)
            }
        })
    }

    fn check_move(&self, path: &str, new_directory: &Self, new_path: &str) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        new_directory.check(new_path, DirPerms::MUTATE)?;
        if self.permissions.covers(new_directory.permissions) {
            Ok(())
        } else {
            self.refuse(DirectoryRefusal::Change)
        }
    }

    /// Makes a symbolic link at `path` with the contents `target`.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`], for an absolute target,
    /// or where the path leads out; what the host reports.
    pub fn symlink_at(&self, target: &str, path: &str) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        path::check(target, self.path_bytes_max)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.symlink_at(target, path),
            Backing::Memory(directory) => directory.symlink_at(target, path),
        })
    }

    /// The contents of the symbolic link at `path`.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::READ`], where the path leads out
    /// or the contents are an absolute path of the host; [`Error::Invalid`] where
    /// it is no link; what the host reports.
    pub fn read_link_at(&self, path: &str) -> Result<String> {
        self.check(path, DirPerms::READ)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.read_link_at(path),
            Backing::Memory(directory) => directory.read_link_at(path),
        })
    }

    /// Removes the name of anything but a directory.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`] or where the path leads
    /// out; [`Error::IsDirectory`]; [`Error::NotDirectory`] for a file with a
    /// slash behind it; what the host reports.
    pub fn unlink_file_at(&self, path: &str) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.unlink_file_at(path),
            Backing::Memory(directory) => directory.unlink_file_at(path),
        })
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`] or where the path leads
    /// out; [`Error::NotDirectory`]; [`Error::NotEmpty`]; what the host reports.
    pub fn remove_directory_at(&self, path: &str) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.remove_directory_at(path),
            Backing::Memory(directory) => directory.remove_directory_at(path),
        })
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`] or where the path leads
    /// out; [`Error::Exists`]; what the host reports.
    pub fn create_directory_at(&self, path: &str) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.create_directory_at(path),
            Backing::Memory(directory) => directory.create_directory_at(path),
        })
    }

    /// Changes the times of what `path` names, or of the link itself without `follow`.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`] and
    /// [`FilePerms::WRITE`], or where the path leads out; what the host reports.
    pub fn set_times_at(
        &self,
        path: &str,
        follow: bool,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<()> {
        self.check(path, DirPerms::MUTATE)?;
        self.require_files(FilePerms::WRITE)?;
        self.walked(match &self.backing {
            Backing::Host(directory) => directory.set_times_at(path, follow, accessed, modified),
            Backing::Memory(directory) => directory.set_times_at(path, follow, accessed, modified),
        })
    }

    /// Changes the times of this directory.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::MUTATE`]; what the host reports.
    pub fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<()> {
        self.require(DirPerms::MUTATE)?;
        match &self.backing {
            Backing::Host(directory) => directory.set_times(accessed, modified),
            Backing::Memory(directory) => directory.set_times(accessed, modified),
        }
    }

    /// Calls `visit` with the entries after `cookie` (0: from the start), `.` and
    /// `..` included, until it returns false or none are left. Cookies stay valid
    /// while names come and go; nothing is kept between calls.
    ///
    /// # Errors
    /// [`Error::NotCapable`] without [`DirPerms::READ`]; [`Error::Invalid`] for a
    /// cookie that no entry gave, where that can be told; what the host reports.
    pub fn read_entries(
        &self,
        cookie: u64,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<()> {
        self.require(DirPerms::READ)?;
        match &self.backing {
            Backing::Host(directory) => directory.read_entries(cookie, visit),
            Backing::Memory(directory) => directory.read_entries(cookie, visit),
        }
    }

    /// Waits until contents and attributes are on the device.
    ///
    /// # Errors
    /// What the host reports.
    pub fn sync(&self) -> Result<()> {
        match &self.backing {
            Backing::Host(directory) => directory.sync(),
            Backing::Memory(_) => Ok(()),
        }
    }

    /// Waits until contents are on the device.
    ///
    /// # Errors
    /// What the host reports.
    pub fn sync_data(&self) -> Result<()> {
        match &self.backing {
            Backing::Host(directory) => directory.sync_data(),
            Backing::Memory(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
