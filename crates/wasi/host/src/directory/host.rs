//! Directories of the host, walked by `cap-std`, so that no path leaves its
//! directory whatever links and races do.
//!
//! A single plain name needs no walk and goes straight to the system.
//! Permissions are not checked here: `Directory` has done it.

use super::entry::{Entry, OpenOptions};
use crate::{Error, FileFlags, FileType, Metadata, Result, SetTime, Timestamp, path, system};
use cap_fs_ext::{
    DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsMaybeDirExt,
    OpenOptionsSyncExt,
};
use cap_std::fs::{Dir, OpenOptionsExt};
use rustix::fs::OFlags;
use std::path::Path;

#[derive(Debug)]
pub(super) struct HostDirectory {
    dir: Dir,
}

impl HostDirectory {
    pub(super) fn open_ambient(path: &Path) -> Result<Self> {
        // Not `Dir::open_ambient_dir`, which may open a directory whose entries
        // cannot be read.
        let file = std::fs::File::open(path)?;
        if !file.metadata()?.is_dir() {
            return Err(Error::NotDirectory);
        }
        Ok(Self::from_file(file))
    }

    pub(super) fn from_file(file: std::fs::File) -> Self {
        Self {
            dir: Dir::from_std_file(file),
        }
    }

    /// Opens `path`, and says whether it is a directory.
    pub(super) fn open_at(
        &self,
        path: &str,
        options: &OpenOptions,
    ) -> Result<(std::fs::File, bool)> {
        let file = match self.dir.open_with(path, &convert(options)) {
            Ok(file) => file,
            // A file that is there and may not be written can still be opened
            // for reading, though the options say to make it where it is not.
            Err(_) if only_creates(options) => {
                let existing = OpenOptions {
                    create: false,
                    ..*options
                };
                let retried = self.dir.open_with(path, &convert(&existing));
                retried.or_else(|_| self.dir.open_with(path, &convert(options)))?
            }
            Err(error) => return Err(error.into()),
        };
        let file = file.into_std();
        let is_directory = system::metadata(&file)?.file_type == FileType::Directory;
        Ok((file, is_directory))
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        system::metadata(&self.dir)
    }

    pub(super) fn metadata_at(&self, path: &str, follow: bool) -> Result<Metadata> {
        if path::is_plain_name(path) {
            let metadata = system::metadata_of_name(&self.dir, path)?;
            if !follow || metadata.file_type != FileType::SymbolicLink {
                return Ok(metadata);
            }
        }
        // A slash behind a link asks for what it leads to, and a directory.
        let only_directory = path.ends_with('/');
        let metadata = if follow || only_directory {
            self.dir.metadata(path)?
        } else {
            self.dir.symlink_metadata(path)?
        };
        if only_directory && !metadata.is_dir() {
            return Err(Error::NotDirectory);
        }
        Ok(convert_metadata(&metadata))
    }

    pub(super) fn link_at(&self, path: &str, to: &Self, new_path: &str) -> Result<()> {
        Ok(self.dir.hard_link(path, &to.dir, new_path)?)
    }

    pub(super) fn rename_at(&self, path: &str, to: &Self, new_path: &str) -> Result<()> {
        // `cap-std` forgets a slash behind the new name.
        if path.ends_with('/') || new_path.ends_with('/') {
            let plain = path.trim_end_matches('/');
            if self.metadata_at(plain, false)?.file_type != FileType::Directory {
                return Err(Error::NotDirectory);
            }
        }
        Ok(self.dir.rename(path, &to.dir, new_path)?)
    }

    pub(super) fn symlink_at(&self, target: &str, path: &str) -> Result<()> {
        Ok(DirExt::symlink(&self.dir, target, path)?)
    }

    pub(super) fn read_link_at(&self, path: &str) -> Result<String> {
        let target = self.dir.read_link(path)?;
        let target = target.into_os_string().into_string();
        target.map_err(|_| Error::IllegalByteSequence)
    }

    pub(super) fn unlink_file_at(&self, path: &str) -> Result<()> {
        Ok(DirExt::remove_file_or_symlink(&self.dir, path)?)
    }

    pub(super) fn remove_directory_at(&self, path: &str) -> Result<()> {
        // `cap-std` takes a slash at the end for `/.`, which cannot be removed.
        Ok(self.dir.remove_dir(path.trim_end_matches('/'))?)
    }

    pub(super) fn create_directory_at(&self, path: &str) -> Result<()> {
        Ok(self.dir.create_dir(path)?)
    }

    pub(super) fn set_times_at(
        &self,
        path: &str,
        follow: bool,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<()> {
        if let Some((parent, name)) = path::split_plain_name(path) {
            let opened;
            let parent = match parent {
                "" => &self.dir,
                parent => {
                    opened = self.dir.open_dir(parent)?;
                    &opened
                }
            };
            let file_type = system::metadata_of_name(parent, name)?.file_type;
            if !follow || file_type != FileType::SymbolicLink {
                return system::set_times_of_name(parent, name, accessed, modified);
            }
        }
        // Not through `cap-fs-ext`, which panics for times before 1970.
        let options = OpenOptions {
            read: true,
            follow,
            flags: FileFlags::NONBLOCK,
            ..OpenOptions::default()
        };
        let (file, _) = match self.open_at(path, &options) {
            Err(Error::Access) => self.open_at(
                path,
                &OpenOptions {
                    read: false,
                    write: true,
                    ..options
                },
            )?,
            opened => opened?,
        };
        system::set_times(&file, accessed, modified)
    }

    pub(super) fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<()> {
        system::set_times(&self.dir, accessed, modified)
    }

    pub(super) fn read_entries(
        &self,
        cookie: u64,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<()> {
        system::read_directory(&self.dir, cookie, |entry| {
            let inode = if entry.name == b".." {
                self.metadata()?.inode
            } else {
                entry.inode
            };
            Ok(visit(Entry {
                name: entry.name,
                inode,
                file_type: self.type_of(entry.name, entry.file_type),
                next: entry.next,
            }))
        })
    }

    /// Some file systems do not say in a listing what an entry is.
    fn type_of(&self, name: &[u8], listed: FileType) -> FileType {
        match (listed, std::str::from_utf8(name)) {
            (FileType::Unknown, Ok(name)) => match system::metadata_of_name(&self.dir, name) {
                Ok(metadata) => metadata.file_type,
                // It is gone in the meantime.
                Err(_) => FileType::Unknown,
            },
            (known, _) => known,
        }
    }

    pub(super) fn sync(&self) -> Result<()> {
        system::sync(&self.dir)
    }

    pub(super) fn sync_data(&self) -> Result<()> {
        system::sync_data(&self.dir)
    }
}

/// The file must be writable for the host to make it, though it will not be
/// open for writing here.
fn only_creates(options: &OpenOptions) -> bool {
    options.create && !options.exclusive && !options.write && !options.truncate
}

fn convert(options: &OpenOptions) -> cap_std::fs::OpenOptions {
    let write = options.write || options.truncate || options.create;
    let mut custom = OFlags::NOCTTY;
    // Not through `append`, which excludes truncation.
    custom.set(OFlags::APPEND, options.flags.contains(FileFlags::APPEND));
    custom.set(OFlags::DIRECTORY, options.directory);
    let mut converted = cap_std::fs::OpenOptions::new();
    converted
        .read(options.read || !write)
        .write(write)
        .create(options.create)
        .create_new(options.create && options.exclusive)
        .truncate(options.truncate)
        .maybe_dir(!write)
        .sync(options.flags.intersects(FileFlags::SYNC | FileFlags::RSYNC))
        .dsync(options.flags.contains(FileFlags::DSYNC))
        .nonblock(options.flags.contains(FileFlags::NONBLOCK))
        .custom_flags(custom.bits() as i32)
        .follow(if options.follow {
            FollowSymlinks::Yes
        } else {
            FollowSymlinks::No
        });
    converted
}

fn convert_metadata(metadata: &cap_std::fs::Metadata) -> Metadata {
    use cap_std::fs::MetadataExt as UnixMetadataExt;
    let time = |seconds, nanoseconds: i64| Timestamp {
        seconds,
        nanoseconds: nanoseconds as u32,
    };
    Metadata {
        device: MetadataExt::dev(metadata),
        inode: MetadataExt::ino(metadata),
        file_type: convert_type(metadata.file_type()),
        links: MetadataExt::nlink(metadata),
        size: metadata.len(),
        accessed: time(
            UnixMetadataExt::atime(metadata),
            UnixMetadataExt::atime_nsec(metadata),
        ),
        modified: time(
            UnixMetadataExt::mtime(metadata),
            UnixMetadataExt::mtime_nsec(metadata),
        ),
        changed: time(
            UnixMetadataExt::ctime(metadata),
            UnixMetadataExt::ctime_nsec(metadata),
        ),
    }
}

fn convert_type(file_type: cap_std::fs::FileType) -> FileType {
    use cap_std::fs::FileTypeExt;
    if file_type.is_file() {
        FileType::RegularFile
    } else if file_type.is_dir() {
        FileType::Directory
    } else if file_type.is_symlink() {
        FileType::SymbolicLink
    } else if file_type.is_char_device() {
        FileType::CharacterDevice
    } else if file_type.is_block_device() {
        FileType::BlockDevice
    } else if file_type.is_fifo() {
        FileType::Fifo
    } else if file_type.is_socket() {
        FileType::SocketStream
    } else {
        FileType::Unknown
    }
}
