//! A directory that is granted, a secret beside it, and paths that try to get there.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use arbitrary::{Result, Unstructured};

/// What the secret says.
pub const SECRET: &[u8] = b"what no guest may read";

/// A folder with a granted directory and a secret beside it.
#[derive(Debug)]
pub struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// Makes it.
    ///
    /// # Panics
    /// Where no temporary directory can be made.
    #[must_use]
    pub fn new() -> World {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let at = |name: &str| folder.path().join(name);
        let made = (|| {
            fs::create_dir_all(at("outside/sub"))?;
            fs::write(at("outside/secret"), SECRET)?;
            fs::create_dir_all(at("granted/sub/deep"))?;
            fs::write(at("granted/file"), b"contents")?;
            fs::write(at("granted/sub/file"), b"contents")?;
            symlink("../outside", at("granted/out"))?;
            symlink("../outside/secret", at("granted/leak"))?;
            symlink(at("outside"), at("granted/absolute"))?;
            symlink("sub", at("granted/link"))?;
            symlink("../..", at("granted/sub/up"))?;
            symlink("loop", at("granted/loop"))
        })();
        made.expect("a temporary directory can be filled");
        World { folder }
    }

    /// The secret's inode.
    ///
    /// # Panics
    /// Where the secret is gone.
    #[must_use]
    pub fn secret(&self) -> u64 {
        let metadata = fs::metadata(self.folder.path().join("outside/secret"));
        metadata.expect("no one removes the secret").ino()
    }

    /// The directory to grant.
    #[must_use]
    pub fn granted(&self) -> PathBuf {
        self.folder.path().join("granted")
    }

    /// Everything below a folder (`granted` or `outside`) that a change would leave a trace in.
    #[must_use]
    pub fn snapshot(&self, folder: &str) -> Vec<String> {
        let mut lines = Vec::new();
        describe(&self.folder.path().join(folder), &mut lines);
        lines.sort();
        lines
    }
}

fn describe(path: &Path, lines: &mut Vec<String>) {
    let metadata = fs::symlink_metadata(path).expect("what is listed is there");
    lines.push(format!(
        "{} {:o} {} links {} bytes, modified {}.{}, changed {}.{}",
        path.display(),
        metadata.mode(),
        metadata.nlink(),
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec()
    ));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("a directory of ours can be listed") {
            describe(
                &entry.expect("a directory of ours can be listed").path(),
                lines,
            );
        }
    }
}

/// A path made of components that are likely to escape.
///
/// # Errors
/// Where the bytes do not suffice.
pub fn path(choices: &mut Unstructured<'_>) -> Result<String> {
    let components = [
        "file", "sub", "deep", "link", "out", "leak", "absolute", "up", "loop", "new", "..", "..",
        ".", "", "secret", "outside", "granted", "COM1", "a:b", "é", "a\0b", "..\\..",
    ];
    let mut path = String::new();
    if choices.ratio(1, 16)? {
        path.push('/');
    }
    for index in 0..choices.int_in_range(0..=5usize)? {
        if index > 0 {
            path.push('/');
        }
        path.push_str(choices.choose(&components)?);
    }
    if choices.ratio(1, 8)? {
        path.push('/');
    }
    if choices.ratio(1, 64)? {
        path = path.repeat(3000);
    }
    Ok(path)
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}
