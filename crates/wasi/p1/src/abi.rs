//! The numbers and layouts of both versions of the interface, each once.
//!
//! Every structure is written whole, padding as zeros, so that no byte of the
//! host reaches the guest.

use crate::Errno;
use bitflags::{Flags, bitflags};
use silica_wasi_host::{Advice, FileFlags, FileType, Metadata, SeekFrom, SetTime, Timestamp};

/// Which version of the interface a call came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abi {
    /// `wasi_snapshot_preview1`.
    Preview1,
    /// `wasi_unstable`, of 2019: other layouts of attributes and subscriptions,
    /// another numbering for seeking, no `sock_accept`.
    Unstable,
}

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident: $type:ty { $($flag:ident = $value:expr;)* }) => {
        bitflags! {
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub struct $name: $type {
                $(#[allow(missing_docs)] const $flag = $value;)*
            }
        }
    };
}

flags! {
    /// What may be done with a descriptor, in the specification's bits and names.
    Rights: u64 {
        FD_DATASYNC = 1 << 0;
        FD_READ = 1 << 1;
        FD_SEEK = 1 << 2;
        FD_FDSTAT_SET_FLAGS = 1 << 3;
        FD_SYNC = 1 << 4;
        FD_TELL = 1 << 5;
        FD_WRITE = 1 << 6;
        FD_ADVISE = 1 << 7;
        FD_ALLOCATE = 1 << 8;
        PATH_CREATE_DIRECTORY = 1 << 9;
        PATH_CREATE_FILE = 1 << 10;
        PATH_LINK_SOURCE = 1 << 11;
        PATH_LINK_TARGET = 1 << 12;
        PATH_OPEN = 1 << 13;
        FD_READDIR = 1 << 14;
        PATH_READLINK = 1 << 15;
        PATH_RENAME_SOURCE = 1 << 16;
        PATH_RENAME_TARGET = 1 << 17;
        PATH_FILESTAT_GET = 1 << 18;
        PATH_FILESTAT_SET_SIZE = 1 << 19;
        PATH_FILESTAT_SET_TIMES = 1 << 20;
        FD_FILESTAT_GET = 1 << 21;
        FD_FILESTAT_SET_SIZE = 1 << 22;
        FD_FILESTAT_SET_TIMES = 1 << 23;
        PATH_SYMLINK = 1 << 24;
        PATH_REMOVE_DIRECTORY = 1 << 25;
        PATH_UNLINK_FILE = 1 << 26;
        POLL_FD_READWRITE = 1 << 27;
        SOCK_SHUTDOWN = 1 << 28;
        SOCK_ACCEPT = 1 << 29;
    }
}

flags! {
    /// How an open file behaves (`fdflags`).
    FdFlags: u16 { APPEND = 1; DSYNC = 2; NONBLOCK = 4; RSYNC = 8; SYNC = 16; }
}

flags! {
    /// How a path is opened (`oflags`).
    OpenFlags: u16 { CREAT = 1; DIRECTORY = 2; EXCL = 4; TRUNC = 8; }
}

flags! {
    /// How a path is walked (`lookupflags`).
    LookupFlags: u32 { SYMLINK_FOLLOW = 1; }
}

flags! {
    /// Which times to set (`fstflags`).
    FileStatTimes: u16 { ATIM = 1; ATIM_NOW = 2; MTIM = 4; MTIM_NOW = 8; }
}

flags! {
    /// What else happened to a descriptor that was waited for (`eventrwflags`).
    EventReadWriteFlags: u16 { HANGUP = 1; }
}

flags! {
    /// How to receive (`riflags`).
    ReceiveInFlags: u16 { RECV_PEEK = 1; RECV_WAITALL = 2; }
}

flags! {
    /// Which directions to end (`sdflags`).
    ShutdownFlags: u8 { RD = 1; WR = 2; }
}

flags! {
    /// How a time to wait is meant (`subclockflags`).
    SubscriptionClockFlags: u16 { ABSTIME = 1; }
}

/// Reads flags from the 32 bits of a parameter: unknown bits are invalid.
pub(crate) fn parse_flags<F: Flags>(raw: u32) -> Result<F, Errno>
where
    F::Bits: TryFrom<u32>,
{
    let bits = F::Bits::try_from(raw).map_err(|_| Errno::Inval)?;
    F::from_bits(bits).ok_or(Errno::Inval)
}

impl From<FdFlags> for FileFlags {
    fn from(flags: FdFlags) -> Self {
        // The same bits, by the assertion below.
        Self::from_bits_truncate(flags.bits() as u8)
    }
}

impl From<FileFlags> for FdFlags {
    fn from(flags: FileFlags) -> Self {
        Self::from_bits_truncate(u16::from(flags.bits()))
    }
}

const _: () = assert!(
    FileFlags::APPEND.bits() as u16 == FdFlags::APPEND.bits()
        && FileFlags::DSYNC.bits() as u16 == FdFlags::DSYNC.bits()
        && FileFlags::NONBLOCK.bits() as u16 == FdFlags::NONBLOCK.bits()
        && FileFlags::RSYNC.bits() as u16 == FdFlags::RSYNC.bits()
        && FileFlags::SYNC.bits() as u16 == FdFlags::SYNC.bits()
);

/// The clocks that a guest can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockId {
    Realtime,
    Monotonic,
    ProcessCpuTime,
    ThreadCpuTime,
}

impl ClockId {
    pub(crate) fn parse(raw: u32) -> Result<Self, Errno> {
        Ok(match raw {
            0 => Self::Realtime,
            1 => Self::Monotonic,
            2 => Self::ProcessCpuTime,
            3 => Self::ThreadCpuTime,
            _ => return Err(Errno::Inval),
        })
    }
}

pub(crate) fn parse_advice(raw: u32) -> Result<Advice, Errno> {
    Ok(match raw {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    })
}

/// Where to seek to: `whence` is numbered differently in the two versions.
pub(crate) fn parse_seek(abi: Abi, offset: i64, whence: u32) -> Result<SeekFrom, Errno> {
    Ok(match (abi, whence) {
        (Abi::Preview1, 0) | (Abi::Unstable, 2) => {
            SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?)
        }
        (Abi::Preview1, 1) | (Abi::Unstable, 0) => SeekFrom::Current(offset),
        (Abi::Preview1, 2) | (Abi::Unstable, 1) => SeekFrom::End(offset),
        (Abi::Preview1 | Abi::Unstable, _) => return Err(Errno::Inval),
    })
}

/// The times to set: setting one and setting it to now exclude each other.
pub(crate) fn parse_times(
    accessed: u64,
    modified: u64,
    raw_flags: u32,
) -> Result<(SetTime, SetTime), Errno> {
    let flags: FileStatTimes = parse_flags(raw_flags)?;
    let choose = |at, now, time| match (flags.contains(at), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(SetTime::At(Timestamp::from_nanoseconds(time))),
        (false, true) => Ok(SetTime::Now),
        (false, false) => Ok(SetTime::Keep),
    };
    Ok((
        choose(FileStatTimes::ATIM, FileStatTimes::ATIM_NOW, accessed)?,
        choose(FileStatTimes::MTIM, FileStatTimes::MTIM_NOW, modified)?,
    ))
}

/// The number of a file type. Pipes have none of their own.
pub(crate) const fn file_type_code(file_type: FileType) -> u8 {
    match file_type {
        FileType::Unknown | FileType::Fifo => 0,
        FileType::BlockDevice => 1,
        FileType::CharacterDevice => 2,
        FileType::Directory => 3,
        FileType::RegularFile => 4,
        FileType::SocketDatagram => 5,
        FileType::SocketStream => 6,
        FileType::SymbolicLink => 7,
    }
}

/// A structure being laid out; what is not put stays zero.
struct Layout<const N: usize>([u8; N]);

impl<const N: usize> Layout<N> {
    const fn new() -> Self {
        Self([0; N])
    }

    fn put<const M: usize>(mut self, offset: usize, bytes: [u8; M]) -> Self {
        self.0[offset..offset + M].copy_from_slice(&bytes);
        self
    }
}

/// `filestat` of `wasi_snapshot_preview1`.
pub(crate) fn filestat(metadata: &Metadata) -> [u8; 64] {
    Layout::new()
        .put(0, metadata.device.to_le_bytes())
        .put(8, metadata.inode.to_le_bytes())
        .put(16, [file_type_code(metadata.file_type)])
        .put(24, metadata.links.to_le_bytes())
        .put(32, metadata.size.to_le_bytes())
        .put(40, time(metadata.accessed))
        .put(48, time(metadata.modified))
        .put(56, time(metadata.changed))
        .0
}

/// `filestat` of `wasi_unstable`, whose link count has 32 bits.
pub(crate) fn filestat_unstable(metadata: &Metadata) -> [u8; 56] {
    let links = u32::try_from(metadata.links).unwrap_or(u32::MAX);
    Layout::new()
        .put(0, metadata.device.to_le_bytes())
        .put(8, metadata.inode.to_le_bytes())
        .put(16, [file_type_code(metadata.file_type)])
        .put(20, links.to_le_bytes())
        .put(24, metadata.size.to_le_bytes())
        .put(32, time(metadata.accessed))
        .put(40, time(metadata.modified))
        .put(48, time(metadata.changed))
        .0
}

fn time(timestamp: Timestamp) -> [u8; 8] {
    timestamp.saturating_nanoseconds().to_le_bytes()
}

/// `fdstat`, the same in both versions.
pub(crate) fn fdstat(
    file_type: FileType,
    flags: FdFlags,
    base: Rights,
    inheriting: Rights,
) -> [u8; 24] {
    Layout::new()
        .put(0, [file_type_code(file_type)])
        .put(2, flags.bits().to_le_bytes())
        .put(8, base.bits().to_le_bytes())
        .put(16, inheriting.bits().to_le_bytes())
        .0
}

/// `prestat` of a directory whose name has this many bytes.
pub(crate) fn prestat(name_bytes: u32) -> [u8; 8] {
    Layout::new().put(4, name_bytes.to_le_bytes()).0
}

/// Bytes of a `dirent`, before its name.
pub(crate) const DIRENT_BYTES: usize = 24;

/// `dirent`, without its name.
pub(crate) fn dirent(
    next: u64,
    inode: u64,
    name_bytes: u32,
    file_type: FileType,
) -> [u8; DIRENT_BYTES] {
    Layout::new()
        .put(0, next.to_le_bytes())
        .put(8, inode.to_le_bytes())
        .put(16, name_bytes.to_le_bytes())
        .put(20, [file_type_code(file_type)])
        .0
}

/// What a subscription waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    Clock = 0,
    FdRead = 1,
    FdWrite = 2,
}

/// Bytes of an `event`.
pub(crate) const EVENT_BYTES: usize = 32;

/// `event`, the same in both versions.
pub(crate) fn event(
    user_data: u64,
    errno: Option<Errno>,
    event_type: EventType,
    bytes: u64,
    flags: EventReadWriteFlags,
) -> [u8; EVENT_BYTES] {
    Layout::new()
        .put(0, user_data.to_le_bytes())
        .put(8, errno.map_or(0, Errno::code).to_le_bytes())
        .put(10, [event_type as u8])
        .put(16, bytes.to_le_bytes())
        .put(24, flags.bits().to_le_bytes())
        .0
}

/// A subscription as the guest wrote it, its numbers not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawSubscription {
    pub(crate) user_data: u64,
    pub(crate) body: RawSubscriptionBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawSubscriptionBody {
    Clock { id: u32, timeout: u64, flags: u16 },
    FdRead { fd: u32 },
    FdWrite { fd: u32 },
}

impl Abi {
    /// Bytes of one subscription.
    pub(crate) const fn subscription_bytes(self) -> u32 {
        match self {
            Self::Preview1 => 48,
            Self::Unstable => 56,
        }
    }

    /// Where the members of a clock's subscription are: `wasi_unstable` has an
    /// identifier before them.
    const fn clock_offset(self) -> usize {
        match self {
            Self::Preview1 => 16,
            Self::Unstable => 24,
        }
    }

    /// Reads one subscription of [`subscription_bytes`](Self::subscription_bytes).
    pub(crate) fn parse_subscription(self, bytes: &[u8]) -> Result<RawSubscription, Errno> {
        let clock = self.clock_offset();
        let body = match bytes.get(8).ok_or(Errno::Fault)? {
            0 => RawSubscriptionBody::Clock {
                id: u32::from_le_bytes(member(bytes, clock)?),
                timeout: u64::from_le_bytes(member(bytes, clock + 8)?),
                flags: u16::from_le_bytes(member(bytes, clock + 24)?),
            },
            1 => RawSubscriptionBody::FdRead {
                fd: u32::from_le_bytes(member(bytes, 16)?),
            },
            2 => RawSubscriptionBody::FdWrite {
                fd: u32::from_le_bytes(member(bytes, 16)?),
            },
            _ => return Err(Errno::Inval),
        };
        Ok(RawSubscription {
            user_data: u64::from_le_bytes(member(bytes, 0)?),
            body,
        })
    }
}

fn member<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], Errno> {
    let found = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    found.copied().ok_or(Errno::Fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_zero() {
        let metadata = Metadata {
            device: u64::MAX,
            inode: u64::MAX,
            file_type: FileType::SymbolicLink,
            links: u64::MAX,
            size: u64::MAX,
            accessed: Timestamp::from_nanoseconds(u64::MAX),
            modified: Timestamp::from_nanoseconds(u64::MAX),
            changed: Timestamp::from_nanoseconds(u64::MAX),
        };
        assert_eq!(filestat(&metadata)[16..24], [7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(filestat_unstable(&metadata)[16..20], [7, 0, 0, 0]);
        let entry = dirent(u64::MAX, u64::MAX, u32::MAX, FileType::SymbolicLink);
        assert_eq!(entry[20..], [7, 0, 0, 0]);
        let stat = fdstat(
            FileType::SymbolicLink,
            FdFlags::all(),
            Rights::all(),
            Rights::all(),
        );
        assert_eq!(stat[..8], [7, 0, 31, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn seeking_is_numbered_by_version() {
        assert_eq!(parse_seek(Abi::Preview1, 5, 0), Ok(SeekFrom::Start(5)));
        assert_eq!(parse_seek(Abi::Unstable, 5, 0), Ok(SeekFrom::Current(5)));
        assert_eq!(parse_seek(Abi::Unstable, 5, 1), Ok(SeekFrom::End(5)));
        assert_eq!(parse_seek(Abi::Preview1, -5, 0), Err(Errno::Inval));
        assert_eq!(parse_seek(Abi::Preview1, 5, 3), Err(Errno::Inval));
    }

    #[test]
    fn unknown_flags_are_invalid() {
        assert_eq!(parse_flags::<FdFlags>(32), Err(Errno::Inval));
        assert_eq!(parse_flags::<FdFlags>(1 << 16), Err(Errno::Inval));
        assert_eq!(
            parse_flags::<FdFlags>(5),
            Ok(FdFlags::APPEND | FdFlags::NONBLOCK)
        );
        assert_eq!(parse_times(1, 2, 3), Err(Errno::Inval));
        assert_eq!(parse_times(1, 2, 12), Err(Errno::Inval));
    }
}
