//! Compiled code that is kept from one process to the next.
//!
//! An entry is an image in a file, named by what it was made from ([`CacheKey`]). Entries are written beside their place and then
//! moved to it, never changed, and removed when all together take too many bytes, those first that were not used for longest.
//! Any number of processes may do all of this at once.
//!
//! Code from a cache is run. So the folder must be the user's own, and closed to all others: what is not is not used
//! (`directory`). Nothing about a cache ever stops a program: what fails is told, and the caller compiles.

mod directory;
mod key;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use directory::Directory;

pub use key::CacheKey;

/// Bytes that all entries take at most unless told otherwise.
const BYTES_MAX: u64 = 1 << 30;
/// What of a crashed process's writing is older than so many seconds is removed.
const UNFINISHED_SECONDS: u64 = 3600;

/// A folder of compiled code. Cloning it gives the same.
///
/// ```no_run
/// let cache = silica_pipeline::Cache::new("/var/tmp/mine");
/// assert_eq!(cache.entries()?.len(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    directory: PathBuf,
    bytes_max: u64,
}

/// Compiled code of one module, in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The BLAKE3 hash of the module's bytes, in hexadecimal.
    pub module: String,
    /// Bytes that it takes.
    pub bytes: u64,
    /// When it was made or last used, to the hour.
    pub used: SystemTime,
}

impl Cache {
    /// A cache in this folder, which is made when something is first kept. It must be the user's own, and its permissions
    /// must close it to everybody else.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Cache {
        Cache {
            directory: directory.into(),
            bytes_max: BYTES_MAX,
        }
    }

    /// The cache of the user who runs this process: `silica` in `$XDG_CACHE_HOME` or in `~/.cache`. None where neither is known.
    #[must_use]
    pub fn of_user() -> Option<Cache> {
        let absolute = |name| {
            let path = PathBuf::from(std::env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        Some(Cache::new(base?.join("silica")))
    }

    /// Bytes that all entries take at most: 1 GiB unless this is said.
    #[must_use]
    pub fn bytes_max(mut self, bytes: u64) -> Cache {
        self.bytes_max = bytes;
        self
    }

    /// The folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it holds, the entry that was used last first.
    ///
    /// # Errors
    /// If the folder cannot be read, or others can write to it.
    pub fn entries(&self) -> io::Result<Vec<CacheEntry>> {
        let Some(directory) = Directory::open(&self.directory)? else {
            return Ok(Vec::new());
        };
        let mut entries: Vec<CacheEntry> = (directory.files()?.into_iter())
            .filter_map(|file| {
                Some(CacheEntry {
                    module: key::module_of(&file.name)?.to_owned(),
                    bytes: file.bytes,
                    used: file.modified,
                })
            })
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        Ok(entries)
    }

    /// Removes all entries; says how many there were.
    ///
    /// # Errors
    /// If the folder cannot be read or changed.
    pub fn clear(&self) -> io::Result<usize> {
        let Some(directory) = Directory::open(&self.directory)? else {
            return Ok(0);
        };
        let mut removed = 0;
        for file in directory.files()? {
            let is_entry = key::module_of(&file.name).is_some();
            if is_entry || file.is_unfinished() {
                directory.remove(&file.name)?;
                removed += usize::from(is_entry);
            }
        }
        Ok(removed)
    }

    /// The image that was kept under this key, if there is one: as a file that nobody changes.
    ///
    /// # Errors
    /// If the folder or the file cannot be read, or others can write to it.
    pub fn find(&self, key: &CacheKey) -> io::Result<Option<File>> {
        match Directory::open(&self.directory)? {
            Some(directory) => directory.open_file(key.name()),
            None => Ok(None),
        }
    }

    /// Keeps an image under a key, and removes what is then too much.
    ///
    /// # Errors
    /// If the folder cannot be made or written, others can write to it, or the image alone is too much.
    pub fn keep(&self, key: &CacheKey, image: &[u8]) -> io::Result<()> {
        if image.len() as u64 > self.bytes_max {
            let message = format!(
                "{} bytes are more than the cache may hold, {}",
                image.len(),
                self.bytes_max
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let directory = Directory::make(&self.directory)?;
        directory.write(key.name(), image)?;
        self.evict(&directory, key)
    }

    /// Removes an entry, if it is there: one that turned out to be damaged.
    ///
    /// # Errors
    /// If the folder cannot be changed.
    pub fn remove(&self, key: &CacheKey) -> io::Result<()> {
        match Directory::open(&self.directory)? {
            Some(directory) => directory.remove(key.name()),
            None => Ok(()),
        }
    }

    /// Removes what is too much, but not what was just kept, and what other processes have left unfinished.
    fn evict(&self, directory: &Directory, kept: &CacheKey) -> io::Result<()> {
        let mut entries = Vec::new();
        for file in directory.files()? {
            if key::module_of(&file.name).is_some() {
                entries.push(file);
            } else if file.is_unfinished() && file.is_older_than(UNFINISHED_SECONDS) {
                directory.remove(&file.name)?;
            }
        }
        let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        entries.sort_by_key(|entry| entry.modified);
        for entry in entries.iter().filter(|entry| entry.name != kept.name()) {
            if bytes <= self.bytes_max {
                break;
            }
            directory.remove(&entry.name)?;
            bytes -= entry.bytes;
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        io::Read as _,
        os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
        time::Duration,
    };

    use silica_contract::settings::{ProcessorFeatures, Settings};
    use silica_module::Features;

    use super::*;

    fn key(module: &[u8]) -> CacheKey {
        let processor = ProcessorFeatures::baseline(silica_contract::settings::Architecture::HOST);
        CacheKey::new(module, &Settings::new(processor), &Features::default()).unwrap()
    }

    /// A cache in a folder that does not exist yet.
    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("a/b"));
        (folder, cache)
    }

    fn found(cache: &Cache, key: &CacheKey) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        cache.find(key).unwrap()?.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn what_is_kept_is_found_until_it_is_removed() {
        let (_folder, cache) = cache();
        let (one, two) = (key(b"one"), key(b"two"));
        assert!(cache.entries().unwrap().is_empty() && found(&cache, &one).is_none());
        cache.keep(&one, b"first").unwrap();
        cache.keep(&one, b"again").unwrap();
        assert_eq!(found(&cache, &one).unwrap(), b"again");
        assert!(found(&cache, &two).is_none());
        cache.keep(&two, b"second").unwrap();
        cache.remove(&one).unwrap();
        cache.remove(&one).unwrap();
        let entries = cache.entries().unwrap();
        let expected = blake3::hash(b"two").to_hex().to_string();
        assert_eq!((entries.len(), &entries[0].module), (1, &expected));
        assert_eq!(cache.clear().unwrap(), 1);
        assert!(cache.entries().unwrap().is_empty());
    }

    #[test]
    fn keys_differ_by_settings() {
        let mut settings = Settings::new(ProcessorFeatures::baseline(
            silica_contract::settings::Architecture::HOST,
        ));
        let mut features = Features::default();
        let mut names = vec![key(b"m").name().to_owned()];
        features.disable(silica_module::Feature::Simd);
        names.push(
            CacheKey::new(b"m", &settings, &features)
                .unwrap()
                .name()
                .to_owned(),
        );
        settings.fuel = true;
        names.push(
            CacheKey::new(b"m", &settings, &features)
                .unwrap()
                .name()
                .to_owned(),
        );
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn the_least_recently_used_makes_room() {
        let (_folder, cache) = cache();
        let cache = cache.bytes_max(250);
        let keys: Vec<CacheKey> = (0..4_u8).map(|n| key(&[n])).collect();
        for (age, key) in [(30, &keys[0]), (10, &keys[1])] {
            cache.keep(key, &[0; 100]).unwrap();
            let file = File::options()
                .write(true)
                .open(cache.directory().join(key.name()))
                .unwrap();
            let then = SystemTime::now() - Duration::from_secs(age * 24 * 3600);
            file.set_modified(then).unwrap();
        }
        // Used, and so younger than the other.
        assert!(found(&cache, &keys[0]).is_some());
        cache.keep(&keys[2], &[0; 100]).unwrap();
        assert!(found(&cache, &keys[0]).is_some() && found(&cache, &keys[1]).is_none());
        cache.keep(&keys[3], &[0; 240]).unwrap();
        assert_eq!(cache.entries().unwrap().len(), 1);
        let error = cache.keep(&keys[0], &[0; 251]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_used() {
        let (folder, _) = cache();
        let path = folder.path().join("shared");
        let key = key(b"m");
        let cache = Cache::new(&path);
        cache.keep(&key, b"image").unwrap();
        for mode in [0o770, 0o707, 0o777, 0o750] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = cache.find(&key).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{mode:o}");
            assert!(cache.keep(&key, b"other").is_err() && cache.entries().is_err());
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::set_permissions(
            path.join(key.name()),
            std::fs::Permissions::from_mode(0o620),
        )
        .unwrap();
        assert!(cache.find(&key).is_err());
    }

    #[test]
    fn links_are_not_followed() {
        let (folder, _) = cache();
        let key = key(b"m");
        let elsewhere = folder.path().join("elsewhere");
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&elsewhere)
            .unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert!(Cache::new(&link).keep(&key, b"image").is_err());
        std::fs::write(folder.path().join("file"), "contents").unwrap();
        std::os::unix::fs::symlink("../file", elsewhere.join(key.name())).unwrap();
        assert!(Cache::new(&elsewhere).find(&key).is_err());
    }

    #[test]
    fn what_a_crash_left_is_removed_in_time() {
        let (_folder, cache) = cache();
        cache.keep(&key(b"m"), b"image").unwrap();
        let left = cache
            .directory()
            .join(directory::UNFINISHED.to_owned() + "1-2");
        let foreign = cache.directory().join("notes");
        std::fs::write(&left, "half").unwrap();
        std::fs::write(&foreign, "mine").unwrap();
        cache.keep(&key(b"n"), b"image").unwrap();
        assert!(left.exists());
        let then = SystemTime::now() - Duration::from_secs(2 * UNFINISHED_SECONDS);
        File::options()
            .write(true)
            .open(&left)
            .unwrap()
            .set_modified(then)
            .unwrap();
        cache.keep(&key(b"o"), b"image").unwrap();
        assert!(!left.exists() && foreign.exists());
        assert_eq!(cache.clear().unwrap(), 3);
        assert!(foreign.exists());
    }
}
