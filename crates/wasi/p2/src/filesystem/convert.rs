//! The interface's types from and to the host's.

use silica_wasi_host::{
    Access, Advice, DirPerms, Error, FileFlags, FileType, Metadata, OpenOptions, Permissions,
    SetTime, Timestamp,
};
use xxhash_rust::xxh3::xxh3_128;

use super::entries::Entry;
use super::error::FsResult;
use crate::bindings::wasi::filesystem::types;
use crate::bindings::wasi::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use crate::clocks::datetime;

pub(super) fn descriptor_type(file_type: FileType) -> DescriptorType {
    match file_type {
        FileType::Unknown => DescriptorType::Unknown,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Directory => DescriptorType::Directory,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::SocketDatagram | FileType::SocketStream => DescriptorType::Socket,
        FileType::SymbolicLink => DescriptorType::SymbolicLink,
    }
}

pub(super) fn entry(entry: Entry) -> DirectoryEntry {
    DirectoryEntry {
        type_: descriptor_type(entry.file_type),
        name: entry.name,
    }
}

pub(super) fn stat(metadata: &Metadata) -> DescriptorStat {
    DescriptorStat {
        type_: descriptor_type(metadata.file_type),
        link_count: metadata.links,
        size: metadata.size,
        data_access_timestamp: Some(datetime(metadata.accessed)),
        data_modification_timestamp: Some(datetime(metadata.modified)),
        status_change_timestamp: Some(datetime(metadata.changed)),
    }
}

/// The same for the same object, whatever happens to it, and nothing that says where it is.
pub(super) fn metadata_hash(metadata: &Metadata) -> MetadataHashValue {
    let mut identity = [0; 16];
    identity[..8].copy_from_slice(&metadata.device.to_le_bytes());
    identity[8..].copy_from_slice(&metadata.inode.to_le_bytes());
    let hash = xxh3_128(&identity);
    MetadataHashValue {
        lower: hash as u64,
        upper: (hash >> 64) as u64,
    }
}

pub(super) fn set_time(time: NewTimestamp) -> FsResult<SetTime> {
    match time {
        NewTimestamp::NoChange => Ok(SetTime::Keep),
        NewTimestamp::Now => Ok(SetTime::Now),
        NewTimestamp::Timestamp(at) => {
            let seconds = i64::try_from(at.seconds).map_err(|_| Error::Overflow)?;
            if at.nanoseconds >= 1_000_000_000 {
                return Err(Error::Invalid.into());
            }
            Ok(SetTime::At(Timestamp {
                seconds,
                nanoseconds: at.nanoseconds,
            }))
        }
    }
}

pub(super) fn advice(advice: types::Advice) -> Advice {
    match advice {
        types::Advice::Normal => Advice::Normal,
        types::Advice::Sequential => Advice::Sequential,
        types::Advice::Random => Advice::Random,
        types::Advice::WillNeed => Advice::WillNeed,
        types::Advice::DontNeed => Advice::DontNeed,
        types::Advice::NoReuse => Advice::NoReuse,
    }
}

pub(super) fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

/// How to open what the guest asks for. That it may is checked where it is opened.
pub(super) fn open_options(
    path: PathFlags,
    open: OpenFlags,
    flags: DescriptorFlags,
) -> OpenOptions {
    let mut behaviour = FileFlags::empty();
    let synchronised = [
        (DescriptorFlags::FILE_INTEGRITY_SYNC, FileFlags::SYNC),
        (DescriptorFlags::DATA_INTEGRITY_SYNC, FileFlags::DSYNC),
        (DescriptorFlags::REQUESTED_WRITE_SYNC, FileFlags::RSYNC),
    ];
    for (flag, means) in synchronised {
        behaviour.set(means, flags.contains(flag));
    }
    OpenOptions {
        read: flags.contains(DescriptorFlags::READ),
        write: flags.contains(DescriptorFlags::WRITE),
        create: open.contains(OpenFlags::CREATE),
        exclusive: open.contains(OpenFlags::EXCLUSIVE),
        truncate: open.contains(OpenFlags::TRUNCATE),
        directory: open.contains(OpenFlags::DIRECTORY),
        follow: follows(path),
        flags: behaviour,
    }
}

pub(super) fn file_flags(access: Access, behaviour: FileFlags) -> DescriptorFlags {
    let held = [
        (access.contains(Access::READ), DescriptorFlags::READ),
        (access.contains(Access::WRITE), DescriptorFlags::WRITE),
        (
            behaviour.contains(FileFlags::SYNC),
            DescriptorFlags::FILE_INTEGRITY_SYNC,
        ),
        (
            behaviour.contains(FileFlags::DSYNC),
            DescriptorFlags::DATA_INTEGRITY_SYNC,
        ),
        (
            behaviour.contains(FileFlags::RSYNC),
            DescriptorFlags::REQUESTED_WRITE_SYNC,
        ),
    ];
    union(&held)
}

pub(super) fn directory_flags(permissions: Permissions) -> DescriptorFlags {
    let directories = permissions.directories;
    union(&[
        (directories.contains(DirPerms::READ), DescriptorFlags::READ),
        (
            directories.contains(DirPerms::MUTATE),
            DescriptorFlags::MUTATE_DIRECTORY,
        ),
    ])
}

fn union(held: &[(bool, DescriptorFlags)]) -> DescriptorFlags {
    let held = held.iter().filter(|(is_held, _)| *is_held);
    held.fold(DescriptorFlags::empty(), |all, (_, flag)| all | *flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::wasi::clocks::wall_clock::Datetime;
    use crate::filesystem::FsError;

    fn at(seconds: u64, nanoseconds: u32) -> FsResult<SetTime> {
        set_time(NewTimestamp::Timestamp(Datetime {
            seconds,
            nanoseconds,
        }))
    }

    #[test]
    fn timestamps_out_of_range_are_errors() {
        let refused = |seconds, nanoseconds| match at(seconds, nanoseconds) {
            Err(FsError::Failed(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(u64::MAX, 0), Error::Overflow);
        assert_eq!(refused(1 << 63, 0), Error::Overflow);
        assert_eq!(refused(0, 1_000_000_000), Error::Invalid);
        assert!(at(i64::MAX as u64, 999_999_999).is_ok());
    }

    #[test]
    fn hashes_tell_objects_apart() {
        let mut one = Metadata::of_kind(FileType::RegularFile);
        let hash = |metadata: &Metadata| {
            let MetadataHashValue { lower, upper } = metadata_hash(metadata);
            (lower, upper)
        };
        let other = Metadata { inode: 1, ..one };
        assert_ne!(hash(&one), hash(&other));
        let before = hash(&one);
        one.size = 7;
        assert_eq!(hash(&one), before);
    }
}
