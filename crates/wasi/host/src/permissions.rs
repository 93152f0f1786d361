//! What a directory is granted, for itself and for everything below it.
//!
//! A permission is never gained by a move: an object may be linked or renamed
//! only into a directory that grants no more than where it came from
//! ([`Permissions::covers`]).

use bitflags::bitflags;

bitflags! {
    /// What may be done with the names in a directory.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct DirPerms: u8 {
        /// List entries, look up names, read links and attributes.
        const READ = 1;
        /// Create, link, rename and remove names; change times.
        const MUTATE = 2;
    }

    /// What may be done with the contents of files.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FilePerms: u8 {
        /// Read contents.
        const READ = 1;
        /// Write, truncate and allocate contents; change times.
        const WRITE = 2;
    }
}

/// Both kinds of permission, which a directory hands down unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permissions {
    /// For this directory and those below it.
    pub directories: DirPerms,
    /// For the files below it.
    pub files: FilePerms,
}

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self {
        directories: DirPerms::all(),
        files: FilePerms::all(),
    };

    /// Looking and reading, and nothing that changes anything.
    pub const READ_ONLY: Self = Self {
        directories: DirPerms::READ,
        files: FilePerms::READ,
    };

    /// Whether everything that `other` grants is granted here too.
    ///
    /// ```
    /// use silica_wasi_host::Permissions;
    /// assert!(Permissions::ALL.covers(Permissions::READ_ONLY));
    /// assert!(!Permissions::READ_ONLY.covers(Permissions::ALL));
    /// ```
    pub const fn covers(self, other: Self) -> bool {
        self.directories.contains(other.directories) && self.files.contains(other.files)
    }
}
