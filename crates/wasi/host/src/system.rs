//! The system calls that this crate makes, each in our own types.
//!
//! Everything that differs between systems is here. Paths are not: they go
//! through `cap-std`, except single plain names, which cannot lead anywhere.

use crate::{
    Advice, Error, FileFlags, FileType, IoSlice, IoSliceMut, Metadata, Result, SeekFrom, SetTime,
    Timestamp,
};
use rustix::fd::AsFd;
use rustix::fs::{self, AtFlags, OFlags, Timespec, Timestamps};
use rustix::io;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn read(fd: impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    Ok(io::read(fd, buffer)?)
}

pub(crate) fn write(fd: impl AsFd, buffer: &[u8]) -> Result<usize> {
    Ok(io::write(fd, buffer)?)
}

/// One buffer is the common case, and cheaper by the plain call.
pub(crate) fn read_vectored(fd: impl AsFd, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
    match buffers {
        [buffer] => read(fd, buffer),
        buffers => Ok(io::readv(fd, buffers)?),
    }
}

/// One buffer is the common case, and cheaper by the plain call.
pub(crate) fn write_vectored(fd: impl AsFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
    match buffers {
        [buffer] => write(fd, buffer),
        buffers => Ok(io::writev(fd, buffers)?),
    }
}

pub(crate) fn read_at(fd: impl AsFd, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
    check_offset(offset)?;
    match buffers {
        [buffer] => Ok(io::pread(fd, &mut **buffer, offset)?),
        buffers => Ok(io::preadv(fd, buffers, offset)?),
    }
}

/// Reads into a vector that is not written before.
pub(crate) fn read_bytes(fd: impl AsFd, bytes_max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(bytes_max);
    io::read(fd, rustix::buffer::spare_capacity(&mut bytes))?;
    Ok(bytes)
}

/// Reads at `offset` into a vector that is not written before.
pub(crate) fn read_bytes_at(fd: impl AsFd, offset: u64, bytes_max: usize) -> Result<Vec<u8>> {
    check_offset(offset)?;
    let mut bytes = Vec::with_capacity(bytes_max);
    io::pread(fd, rustix::buffer::spare_capacity(&mut bytes), offset)?;
    Ok(bytes)
}

/// Writes at the end of a file, whether or not it is open for appending.
pub(crate) fn append(fd: impl AsFd, buffer: &[u8]) -> Result<usize> {
    #[cfg(target_os = "linux")]
    match io::pwritev2(&fd, &[IoSlice::new(buffer)], 0, io::ReadWriteFlags::APPEND) {
        Err(io::Errno::OPNOTSUPP | io::Errno::INVAL | io::Errno::NOSYS | io::Errno::SPIPE) => {}
        done => return Ok(done?),
    }
    if flags(&fd)?.contains(FileFlags::APPEND) {
        return write(fd, buffer);
    }
    let end = metadata(&fd)?.size;
    write_at(fd, &[IoSlice::new(buffer)], end)
}

/// Writes at `offset` even where the file is open for appending: Linux alone
/// appends then, against POSIX, unless it is told not to.
pub(crate) fn write_at(fd: impl AsFd, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
    check_offset(offset)?;
    #[cfg(target_os = "linux")]
    if !NO_APPEND_IS_UNKNOWN.load(Ordering::Relaxed) {
        // `RWF_NOAPPEND`
        let no_append = io::ReadWriteFlags::from_bits_retain(0x20);
        match io::pwritev2(&fd, buffers, offset, no_append) {
            Err(io::Errno::OPNOTSUPP | io::Errno::NOSYS) => {
                NO_APPEND_IS_UNKNOWN.store(true, Ordering::Relaxed);
            }
            done => return Ok(done?),
        }
    }
    Ok(io::pwritev(fd, buffers, offset)?)
}

/// Whether this is a Linux before 6.9, where nothing can be done about it.
#[cfg(target_os = "linux")]
static NO_APPEND_IS_UNKNOWN: AtomicBool = AtomicBool::new(false);

/// Offsets are signed in the system's interface, and -1 has a meaning of its own.
fn check_offset(offset: u64) -> Result<()> {
    match i64::try_from(offset) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::Invalid),
    }
}

pub(crate) fn seek(fd: impl AsFd, position: SeekFrom) -> Result<u64> {
    let position = match position {
        SeekFrom::Start(offset) => {
            check_offset(offset)?;
            fs::SeekFrom::Start(offset)
        }
        SeekFrom::End(offset) => fs::SeekFrom::End(offset),
        SeekFrom::Current(offset) => fs::SeekFrom::Current(offset),
    };
    Ok(fs::seek(fd, position)?)
}

pub(crate) fn set_size(fd: impl AsFd, size: u64) -> Result<()> {
    if i64::try_from(size).is_err() {
        return Err(Error::FileTooLarge);
    }
    Ok(fs::ftruncate(fd, size)?)
}

pub(crate) fn allocate(fd: impl AsFd, offset: u64, length: u64) -> Result<()> {
    if length == 0 {
        return Err(Error::Invalid);
    }
    match offset.checked_add(length).map(i64::try_from) {
        Some(Ok(_)) => {}
        Some(Err(_)) | None => return Err(Error::FileTooLarge),
    }
    Ok(fs::fallocate(
        fd,
        fs::FallocateFlags::empty(),
        offset,
        length,
    )?)
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn advise(fd: impl AsFd, offset: u64, length: u64, advice: Advice) -> Result<()> {
    check_offset(offset)?;
    check_offset(length)?;
    let advice = match advice {
        Advice::Normal => fs::Advice::Normal,
        Advice::Sequential => fs::Advice::Sequential,
        Advice::Random => fs::Advice::Random,
        Advice::WillNeed => fs::Advice::WillNeed,
        Advice::DontNeed => fs::Advice::DontNeed,
        Advice::NoReuse => fs::Advice::NoReuse,
    };
    Ok(fs::fadvise(
        fd,
        offset,
        std::num::NonZeroU64::new(length),
        advice,
    )?)
}

/// Advice changes nothing that can be observed, and this system takes none.
#[cfg(target_vendor = "apple")]
pub(crate) fn advise(_fd: impl AsFd, offset: u64, length: u64, _advice: Advice) -> Result<()> {
    check_offset(offset)?;
    check_offset(length)
}

pub(crate) fn sync(fd: impl AsFd) -> Result<()> {
    Ok(fs::fsync(fd)?)
}

pub(crate) fn sync_data(fd: impl AsFd) -> Result<()> {
    #[cfg(target_vendor = "apple")]
    return sync(fd);
    #[cfg(not(target_vendor = "apple"))]
    Ok(fs::fdatasync(fd)?)
}

pub(crate) fn flags(fd: impl AsFd) -> Result<FileFlags> {
    let system = fs::fcntl_getfl(fd)?;
    let mut flags = FileFlags::empty();
    flags.set(FileFlags::APPEND, system.contains(OFlags::APPEND));
    flags.set(FileFlags::NONBLOCK, system.contains(OFlags::NONBLOCK));
    flags.set(FileFlags::DSYNC, system.contains(OFlags::DSYNC));
    #[cfg(target_os = "linux")]
    flags.set(FileFlags::RSYNC, system.contains(OFlags::RSYNC));
    flags.set(FileFlags::SYNC, system.contains(OFlags::SYNC));
    Ok(flags)
}

/// Sets what a system can change on an open file: appending and not waiting.
///
/// # Errors
/// [`Error::NotSupported`] where a kind of synchronisation would change.
pub(crate) fn set_flags(fd: impl AsFd, wanted: FileFlags) -> Result<()> {
    let changeable = FileFlags::APPEND | FileFlags::NONBLOCK;
    let system = fs::fcntl_getfl(&fd)?;
    let current = flags(&fd)?;
    // What is already stronger than wanted needs no change.
    let added = wanted.difference(current).difference(changeable);
    if !added.is_empty() {
        return Err(Error::NotSupported);
    }
    let mut new = system.difference(OFlags::APPEND | OFlags::NONBLOCK);
    new.set(OFlags::APPEND, wanted.contains(FileFlags::APPEND));
    new.set(OFlags::NONBLOCK, wanted.contains(FileFlags::NONBLOCK));
    Ok(fs::fcntl_setfl(fd, new)?)
}

pub(crate) fn metadata(fd: impl AsFd) -> Result<Metadata> {
    Ok(convert_metadata(&fs::fstat(fd)?))
}

/// The attributes of a plain name in a directory, of the link itself if it is one.
pub(crate) fn metadata_of_name(directory: impl AsFd, name: &str) -> Result<Metadata> {
    let stat = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(convert_metadata(&stat))
}

// The fields differ in type from one processor to the next.
#[allow(clippy::unnecessary_cast)]
fn convert_metadata(stat: &fs::Stat) -> Metadata {
    let time = |seconds, nanoseconds| Timestamp {
        seconds,
        nanoseconds,
    };
    Metadata {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        file_type: convert_type(fs::FileType::from_raw_mode(stat.st_mode as _)),
        links: stat.st_nlink as u64,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        accessed: time(stat.st_atime as i64, stat.st_atime_nsec as u32),
        modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as u32),
    }
}

fn convert_type(file_type: fs::FileType) -> FileType {
    match file_type {
        fs::FileType::RegularFile => FileType::RegularFile,
        fs::FileType::Directory => FileType::Directory,
        fs::FileType::Symlink => FileType::SymbolicLink,
        fs::FileType::Fifo => FileType::Fifo,
        fs::FileType::Socket => FileType::SocketStream,
        fs::FileType::CharacterDevice => FileType::CharacterDevice,
        fs::FileType::BlockDevice => FileType::BlockDevice,
        fs::FileType::Unknown => FileType::Unknown,
    }
}

pub(crate) fn set_times(fd: impl AsFd, accessed: SetTime, modified: SetTime) -> Result<()> {
    Ok(fs::futimens(fd, &convert_times(accessed, modified)?)?)
}

/// Sets the times of a plain name in a directory, of the link itself if it is one.
pub(crate) fn set_times_of_name(
    directory: impl AsFd,
    name: &str,
    accessed: SetTime,
    modified: SetTime,
) -> Result<()> {
    let times = convert_times(accessed, modified)?;
    Ok(fs::utimensat(
        directory,
        name,
        &times,
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

fn convert_times(accessed: SetTime, modified: SetTime) -> Result<Timestamps> {
    Ok(Timestamps {
        last_access: convert_time(accessed)?,
        last_modification: convert_time(modified)?,
    })
}

fn convert_time(time: SetTime) -> Result<Timespec> {
    Ok(match time {
        SetTime::Keep => Timespec {
            tv_sec: 0,
            tv_nsec: fs::UTIME_OMIT as _,
        },
        SetTime::Now => Timespec {
            tv_sec: 0,
            tv_nsec: fs::UTIME_NOW as _,
        },
        SetTime::At(at) if at.nanoseconds >= 1_000_000_000 => return Err(Error::Invalid),
        SetTime::At(at) => Timespec {
            tv_sec: at.seconds,
            tv_nsec: at.nanoseconds as _,
        },
    })
}

/// An entry as the system reports it.
pub(crate) struct RawEntry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
    /// Where to continue after this entry.
    pub(crate) next: u64,
}

/// Calls `visit` with the entries from `cookie` on, until it returns false or
/// none are left. Keeps nothing between calls: the cookie is the file system's.
#[cfg(target_os = "linux")]
pub(crate) fn read_directory(
    fd: impl AsFd,
    cookie: u64,
    mut visit: impl FnMut(RawEntry<'_>) -> Result<bool>,
) -> Result<()> {
    // Room for at least 29 names of the greatest length, 255 bytes.
    const BUFFER_BYTES: usize = 8 << 10;
    seek(&fd, SeekFrom::Start(cookie))?;
    let mut buffer = [std::mem::MaybeUninit::<u8>::uninit(); BUFFER_BYTES];
    let mut entries = fs::RawDir::new(&fd, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let more = visit(RawEntry {
            name: entry.file_name().to_bytes(),
            inode: entry.ino(),
            file_type: convert_type(entry.file_type()),
            next: entry.next_entry_cookie(),
        })?;
        if !more {
            break;
        }
    }
    Ok(())
}

/// As above, where the system has no cookies of its own that outlive a reader:
/// a cookie is the number of entries before.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_directory(
    fd: impl AsFd,
    cookie: u64,
    mut visit: impl FnMut(RawEntry<'_>) -> Result<bool>,
) -> Result<()> {
    let mut entries = fs::Dir::read_from(fd)?;
    entries.rewind();
    let mut index = 0;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        index += 1;
        if index <= cookie {
            continue;
        }
        let more = visit(RawEntry {
            name: entry.file_name().to_bytes(),
            inode: entry.ino(),
            file_type: convert_type(entry.file_type()),
            next: index,
        })?;
        if !more {
            break;
        }
    }
    Ok(())
}

pub(crate) fn is_terminal(fd: impl AsFd) -> bool {
    rustix::termios::isatty(fd)
}

/// Bytes that can be read without waiting, as far as the system tells.
pub(crate) fn bytes_available(fd: impl AsFd) -> u64 {
    io::ioctl_fionread(fd).unwrap_or(0)
}
