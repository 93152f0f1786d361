//! The folder of a cache: the user's own, closed to others, and reached by its descriptor once that was checked.

use std::{
    ffi::CStr,
    fs::File,
    io::{self, ErrorKind, Write as _},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// How names of files begin that are not finished.
pub(super) const UNFINISHED: &str = ".unfinished-";
/// The time of an entry's last use is noted again after so many seconds.
const USED_SECONDS: u64 = 3600;

/// A file of the folder.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

impl Found {
    pub(super) fn is_unfinished(&self) -> bool {
        self.name.starts_with(UNFINISHED)
    }

    pub(super) fn is_older_than(&self, seconds: u64) -> bool {
        is_older_than(self.modified, seconds)
    }
}

fn is_older_than(time: SystemTime, seconds: u64) -> bool {
    (time.elapsed()).is_ok_and(|elapsed| elapsed > Duration::from_secs(seconds))
}

fn refused(what: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, what)
}

/// A name that no other file being written has, in this process or another.
fn unfinished_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{UNFINISHED}{}-{number}", std::process::id())
}

#[cfg(unix)]
pub(super) use unix::Directory;

#[cfg(unix)]
mod unix {
    use std::os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt as _, MetadataExt as _},
    };

    use rustix::{
        fs::{self, AtFlags, Mode, OFlags},
        process::{Resource, getrlimit},
    };

    use super::*;

    /// Permissions of anybody but the owner.
    const OTHERS: u32 = 0o077;
    /// Permissions to write of anybody but the owner.
    const OTHERS_WRITE: u32 = 0o022;

    /// A folder that is the user's own, and closed to others.
    #[derive(Debug)]
    pub(in super::super) struct Directory(OwnedFd);

    impl Directory {
        /// The folder, if there is one.
        pub(in super::super) fn open(path: &Path) -> io::Result<Option<Directory>> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = match fs::open(path, flags, Mode::empty()) {
                Ok(opened) => File::from(opened),
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            };
            let metadata = opened.metadata()?;
            if metadata.uid() != rustix::process::geteuid().as_raw() {
                return Err(refused("the folder belongs to another user"));
            }
            if metadata.mode() & OTHERS != 0 {
                return Err(refused("the folder is open to other users"));
            }
            Ok(Some(Directory(opened.into())))
        }

        /// The folder, made if there is none.
        pub(in super::super) fn make(path: &Path) -> io::Result<Directory> {
            if let Some(directory) = Directory::open(path)? {
                return Ok(directory);
            }
            let made = std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path);
            // Another process may have made it just now.
            match (Directory::open(path)?, made) {
                (Some(directory), _) => Ok(directory),
                (None, Err(error)) => Err(error),
                (None, Ok(())) => Err(ErrorKind::NotFound.into()),
            }
        }

        /// A file that is the user's own, and that nobody else can write to. Notes that it was used.
        pub(in super::super) fn open_file(&self, name: &str) -> io::Result<Option<File>> {
            // Not to wait for whatever is no file.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let file = match fs::openat(&self.0, name, flags, Mode::empty()) {
                Ok(file) => File::from(file),
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            };
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(refused("the entry is no file"));
            }
            let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
            if !is_own || metadata.mode() & OTHERS_WRITE != 0 {
                return Err(refused("the entry can be written by other users"));
            }
            if (metadata.modified()).is_ok_and(|time| is_older_than(time, USED_SECONDS)) {
                // Where this cannot be noted, the entry is evicted sooner.
                let _ = file.set_modified(SystemTime::now());
            }
            Ok(Some(file))
        }

        /// Writes a file, which appears whole or not at all.
        pub(in super::super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
            let limit = getrlimit(Resource::Fsize).current;
            if limit.is_some_and(|limit| limit < bytes.len() as u64) {
                // To write beyond the limit ends the process.
                return Err(io::Error::new(
                    ErrorKind::FileTooLarge,
                    format!("{} bytes are more than a file may have here", bytes.len()),
                ));
            }
            let unfinished = unfinished_name();
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::RUSR | Mode::WUSR;
            let mut file = File::from(fs::openat(&self.0, &unfinished, flags, mode)?);
            let written = file.write_all(bytes).and_then(|()| {
                fs::renameat(&self.0, &unfinished, &self.0, name).map_err(io::Error::from)
            });
            if written.is_err() {
                let _ = self.remove(&unfinished);
            }
            written
        }

        /// Removes a file, if it is there.
        pub(in super::super) fn remove(&self, name: &str) -> io::Result<()> {
            match fs::unlinkat(&self.0, name, AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        }

        /// Its files, in no order.
        pub(in super::super) fn files(&self) -> io::Result<Vec<Found>> {
            let mut files = Vec::new();
            for entry in fs::Dir::read_from(&self.0)? {
                files.extend(self.found(entry?.file_name()));
            }
            Ok(files)
        }

        fn found(&self, name: &CStr) -> Option<Found> {
            // Another process may have removed it just now.
            let stat = fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let is_file = fs::FileType::from_raw_mode(stat.st_mode) == fs::FileType::RegularFile;
            let seconds = u64::try_from(stat.st_mtime).ok()?;
            is_file.then_some(Found {
                name: name.to_str().ok()?.to_owned(),
                bytes: u64::try_from(stat.st_size).ok()?,
                modified: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            })
        }
    }
}

/// Where it cannot be known who may write to a folder, there is no cache.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct Directory;

#[cfg(not(unix))]
impl Directory {
    pub(super) fn open(_: &Path) -> io::Result<Option<Directory>> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn make(_: &Path) -> io::Result<Directory> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn open_file(&self, _: &str) -> io::Result<Option<File>> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn write(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn remove(&self, _: &str) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn files(&self) -> io::Result<Vec<Found>> {
        Err(ErrorKind::Unsupported.into())
    }
}
