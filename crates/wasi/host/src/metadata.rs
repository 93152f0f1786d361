//! What is known about a file, directory or link.

use bitflags::bitflags;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// None of the others, or the host does not say.
    Unknown,
    /// A block device.
    BlockDevice,
    /// A character device, terminals included.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A pipe.
    Fifo,
    /// A regular file.
    RegularFile,
    /// A datagram socket.
    SocketDatagram,
    /// A stream socket.
    SocketStream,
    /// A symbolic link.
    SymbolicLink,
}

/// A point in time: seconds since 1970-01-01T00:00:00Z, negative before it, and
/// nanoseconds after that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Whole seconds.
    pub seconds: i64,
    /// Always below 1,000,000,000.
    pub nanoseconds: u32,
}

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

impl Timestamp {
    /// From nanoseconds since 1970: every value is a valid point in time.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self {
            seconds: (nanoseconds / NANOSECONDS_PER_SECOND) as i64,
            nanoseconds: (nanoseconds % NANOSECONDS_PER_SECOND) as u32,
        }
    }

    /// Nanoseconds since 1970: 0 for what is earlier, `u64::MAX` for what is
    /// later than the year 2554.
    ///
    /// ```
    /// use silica_wasi_host::Timestamp;
    /// assert_eq!(Timestamp { seconds: -1, nanoseconds: 5 }.saturating_nanoseconds(), 0);
    /// assert_eq!(Timestamp { seconds: i64::MAX, nanoseconds: 0 }.saturating_nanoseconds(), u64::MAX);
    /// assert_eq!(Timestamp::from_nanoseconds(u64::MAX).saturating_nanoseconds(), u64::MAX);
    /// ```
    pub const fn saturating_nanoseconds(self) -> u64 {
        if self.seconds < 0 {
            return 0;
        }
        (self.seconds as u64)
            .saturating_mul(NANOSECONDS_PER_SECOND)
            .saturating_add(self.nanoseconds as u64)
    }
}

/// A time to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetTime {
    /// Leave it.
    Keep,
    /// The time of the host's clock.
    Now,
    /// This time.
    At(Timestamp),
}

/// The attributes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Identifies the file system, together with `inode` the object.
    pub device: u64,
    /// Identifies the object within its file system.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// The number of names that it has.
    pub links: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Last access.
    pub accessed: Timestamp,
    /// Last change of contents.
    pub modified: Timestamp,
    /// Last change of attributes.
    pub changed: Timestamp,
}

impl Metadata {
    /// For an object that has a kind and nothing else: a stream, a device.
    pub const fn of_kind(file_type: FileType) -> Self {
        Self {
            device: 0,
            inode: 0,
            file_type,
            links: 1,
            size: 0,
            accessed: Timestamp::from_nanoseconds(0),
            modified: Timestamp::from_nanoseconds(0),
            changed: Timestamp::from_nanoseconds(0),
        }
    }
}

bitflags! {
    /// How an open file behaves.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct FileFlags: u8 {
        /// Every write goes to the end.
        const APPEND = 1;
        /// A write returns when its data is on the device.
        const DSYNC = 2;
        /// Nothing waits.
        const NONBLOCK = 4;
        /// A read returns when the data's attributes are on the device.
        const RSYNC = 8;
        /// A write returns when data and attributes are on the device.
        const SYNC = 16;
    }
}

/// How a part of a file is going to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// No particular way.
    Normal,
    /// From low to high offsets.
    Sequential,
    /// In no order.
    Random,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}
