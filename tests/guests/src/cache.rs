//! Where what was built and fetched is kept: below the build's target directory, one folder for each kind, under names
//! that carry a hash of what they were made from. Two test processes that want the same thing make it once.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The folder for what tests build and fetch, below the target directory that this very program runs from.
pub(crate) fn directory() -> PathBuf {
    target_directory().join("guests")
}

fn target_directory() -> PathBuf {
    let from_program = std::env::current_exe().ok().and_then(|program| {
        program
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").is_file())
            .map(Path::to_path_buf)
    });
    from_program
        .or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(|| repository().join("target"))
}

/// Runs `make` with the folder's path unless `name` is already there in the cache, and returns where it is.
///
/// `make` is given a path to write to (a file or a folder), which takes the final name only when `make` succeeds, so that
/// nothing half done is ever found. A lock beside it lets only one process make it.
pub(crate) fn entry<E>(
    name: &str,
    make: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let directory = directory();
    let path = directory.join(name);
    let folder = path.parent().unwrap_or(&directory);
    created(fs::create_dir_all(folder), folder);
    if path.exists() {
        return Ok(path);
    }
    let _lock = Lock::take(&path.with_added_extension("lock"));
    if path.exists() {
        return Ok(path);
    }
    let unfinished = path.with_added_extension("part");
    // What an interrupted run left; that there is none is the usual case.
    let _ = fs::remove_dir_all(&unfinished);
    let _ = fs::remove_file(&unfinished);
    make(&unfinished)?;
    created(fs::rename(&unfinished, &path), &path);
    Ok(path)
}

fn created(result: std::io::Result<()>, path: &Path) {
    if let Err(error) = result {
        panic!(
            "{}: {error}; the tests keep what they build there",
            path.display()
        );
    }
}

/// An exclusive lock on a file, let go when dropped.
struct Lock(#[expect(dead_code, reason = "held for its drop")] fs::File);

impl Lock {
    fn take(path: &Path) -> Self {
        let file = fs::File::create(path).and_then(|file| file.lock().map(|()| file));
        Self(file.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }
}

/// The SHA-256 of `parts`, each preceded by its length so that no two lists give the same, in hexadecimal.
pub(crate) fn hash_of(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hexadecimal(&hasher.finalize())
}

/// The SHA-256 of a file's bytes, in hexadecimal.
pub(crate) fn hash_of_file(path: &Path) -> std::io::Result<String> {
    fs::read(path).map(|bytes| hexadecimal(&Sha256::digest(bytes)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_separate_their_parts() {
        assert_ne!(hash_of(&[b"ab", b"c"]), hash_of(&[b"a", b"bc"]));
    }

    #[test]
    fn a_file_has_the_hash_that_everyone_knows() {
        let path = entry::<()>("test-empty-file", |path| {
            fs::write(path, "").expect("the folder was just made");
            Ok(())
        });
        let hash = hash_of_file(&path.expect("making it cannot fail")).expect("it was just made");
        assert_eq!(
            hash,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn what_failed_leaves_nothing_behind() {
        let failed = entry("test-never-made", |path| {
            fs::write(path, "half").expect("the folder was just made");
            Err("refused")
        });
        assert_eq!(failed, Err("refused"));
        assert!(!directory().join("test-never-made").exists());
    }
}
