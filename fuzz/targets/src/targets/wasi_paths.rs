//! Whatever a guest does with paths, nothing outside of the granted directory is read or changed.
//!
//! The bytes become operations of a [`Directory`] on names that are likely to escape: `..`, links that lead out (made
//! by the host, or by the guest itself), absolute paths, trailing slashes, renames in between. Beside the granted
//! directory lies a secret. No operation may show its contents or its inode, and in the end it
//! and all around it must be as they were; with read-only permissions the granted directory too.

use arbitrary::{Result, Unstructured};
use silica_wasi_host::{
    Clocks, Directory, File, FileFlags, MemoryTree, Metadata, OpenOptions, Opened, Permissions,
    Quotas, SetTime, Timestamp,
};

use crate::world::{self, SECRET, World};

/// Operations of one run.
const OPERATIONS_MAX: usize = 40;
/// Directories and files that a run keeps open.
const OPEN_MAX: usize = 8;

/// Does what the bytes say, on the host's file system and on one in memory.
pub(super) fn run(bytes: &[u8]) {
    let world = World::new();
    let mut choices = Unstructured::new(bytes);
    let read_only = choices.arbitrary().unwrap_or(false);
    let permissions = if read_only {
        Permissions::READ_ONLY
    } else {
        Permissions::ALL
    };
    let quotas = Quotas::default();
    let granted = world.granted();
    let (outside, inside) = (world.snapshot("outside"), world.snapshot("granted"));
    let root = Directory::open_ambient(&granted, permissions, &quotas)
        .expect("the directory was just made");
    let mut guest = Guest {
        choices,
        directories: vec![root],
        files: Vec::new(),
        secret: Some(world.secret()),
    };
    // Running out of bytes ends the run.
    let _ = guest.operations();
    assert_eq!(
        world.snapshot("outside"),
        outside,
        "changed outside of the grant"
    );
    if read_only {
        assert_eq!(
            world.snapshot("granted"),
            inside,
            "changed though read-only"
        );
    }
    drop(guest);

    let root = MemoryTree::new(&quotas, Clocks::system()).root(permissions);
    let mut guest = Guest {
        choices: Unstructured::new(bytes),
        directories: vec![root],
        files: Vec::new(),
        secret: None,
    };
    let _ = guest.operations();
}

/// What the guest holds and does.
struct Guest<'a> {
    choices: Unstructured<'a>,
    directories: Vec<Directory>,
    files: Vec<File>,
    /// Inode of the secret, where there is one.
    secret: Option<u64>,
}

impl Guest<'_> {
    fn operations(&mut self) -> Result<()> {
        for _ in 0..OPERATIONS_MAX {
            if self.choices.is_empty() {
                break;
            }
            match self.choices.int_in_range(0..=11u8)? {
                0..=2 => self.open()?,
                3 => self.look()?,
                4 => self.read_link()?,
                5 => self.make_link()?,
                6 => self.make_symbolic_link()?,
                7 => self.rename()?,
                8 => self.remove()?,
                9 => self.touch()?,
                10 => self.list()?,
                _ => self.write()?,
            }
        }
        Ok(())
    }

    fn directory(&mut self) -> Result<usize> {
        self.choices.choose_index(self.directories.len())
    }

    fn path(&mut self) -> Result<String> {
        world::path(&mut self.choices)
    }

    fn open(&mut self) -> Result<()> {
        let (directory, path) = (self.directory()?, self.path()?);
        let options = OpenOptions {
            read: self.choices.arbitrary()?,
            write: self.choices.arbitrary()?,
            create: self.choices.arbitrary()?,
            exclusive: self.choices.ratio(1, 8)?,
            truncate: self.choices.arbitrary()?,
            directory: self.choices.ratio(1, 3)?,
            follow: self.choices.ratio(3, 4)?,
            flags: FileFlags::default(),
        };
        match self.directories[directory].open_at(&path, &options) {
            Ok(Opened::Directory(found)) if self.directories.len() < OPEN_MAX => {
                self.saw(found.metadata().ok());
                self.directories.push(found);
            }
            Ok(Opened::File(found)) => {
                self.saw(found.metadata().ok());
                let mut contents = [0; 64];
                let length = found.read(&mut contents).unwrap_or(0);
                assert_ne!(
                    &contents[..length],
                    SECRET,
                    "the secret was read at {path:?}"
                );
                if self.files.len() < OPEN_MAX {
                    self.files.push(found);
                }
            }
            Ok(Opened::Directory(_)) | Err(_) => {}
        }
        Ok(())
    }

    /// Nothing that the guest saw may be the secret.
    fn saw(&self, metadata: Option<Metadata>) {
        if let (Some(metadata), Some(secret)) = (metadata, self.secret) {
            assert_ne!(metadata.inode, secret, "the secret was found");
        }
    }

    fn look(&mut self) -> Result<()> {
        let (directory, path) = (self.directory()?, self.path()?);
        let follow = self.choices.arbitrary()?;
        self.saw(self.directories[directory].metadata_at(&path, follow).ok());
        Ok(())
    }

    fn read_link(&mut self) -> Result<()> {
        let (directory, path) = (self.directory()?, self.path()?);
        if let Ok(target) = self.directories[directory].read_link_at(&path) {
            assert!(
                !target.starts_with('/'),
                "a path of the host was told: {target}"
            );
        }
        Ok(())
    }

    fn make_link(&mut self) -> Result<()> {
        let (from, to) = (self.directory()?, self.directory()?);
        let (path, new_path) = (self.path()?, self.path()?);
        let _ = self.directories[from].link_at(&path, &self.directories[to], &new_path);
        Ok(())
    }

    fn make_symbolic_link(&mut self) -> Result<()> {
        let (directory, target, path) = (self.directory()?, self.path()?, self.path()?);
        let _ = self.directories[directory].symlink_at(&target, &path);
        Ok(())
    }

    fn rename(&mut self) -> Result<()> {
        let (from, to) = (self.directory()?, self.directory()?);
        let (path, new_path) = (self.path()?, self.path()?);
        let _ = self.directories[from].rename_at(&path, &self.directories[to], &new_path);
        Ok(())
    }

    fn remove(&mut self) -> Result<()> {
        let (directory, path) = (self.directory()?, self.path()?);
        let directory = &self.directories[directory];
        let _ = match self.choices.int_in_range(0..=2u8)? {
            0 => directory.unlink_file_at(&path),
            1 => directory.remove_directory_at(&path),
            _ => directory.create_directory_at(&path),
        };
        Ok(())
    }

    fn touch(&mut self) -> Result<()> {
        let (directory, path) = (self.directory()?, self.path()?);
        let time = SetTime::At(Timestamp {
            seconds: self.choices.arbitrary()?,
            nanoseconds: self.choices.arbitrary()?,
        });
        let follow = self.choices.arbitrary()?;
        let _ = self.directories[directory].set_times_at(&path, follow, time, SetTime::Now);
        Ok(())
    }

    fn list(&mut self) -> Result<()> {
        let directory = self.directory()?;
        let secret = self.secret;
        let cookie = if self.choices.ratio(3, 4)? {
            0
        } else {
            self.choices.arbitrary()?
        };
        let _ = self.directories[directory].read_entries(cookie, &mut |entry| {
            assert_ne!(Some(entry.inode), secret, "the secret was listed");
            true
        });
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        if self.files.is_empty() {
            return Ok(());
        }
        let file = &self.files[self.choices.choose_index(self.files.len())?];
        let _ = match self.choices.int_in_range(0..=2u8)? {
            0 => file.write(b"written").map(drop),
            1 => file.set_size(self.choices.int_in_range(0..=1000)?),
            _ => file.set_times(SetTime::Now, SetTime::Now),
        };
        Ok(())
    }
}
