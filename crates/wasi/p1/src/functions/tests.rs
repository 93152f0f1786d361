//! Calls as a guest makes them, with pointers into a memory, through the same
//! functions that the linker defines.

use crate::calls::{preview1, unstable};
use crate::host::{
    Clocks, InputPipe, InputStream, ManualClock, OutputPipe, OutputStream, Random, Timestamp,
};
use crate::{DirPerms, Errno, FilePerms, GuestMemory, Quotas, Rights, WasiP1Context};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

const CREAT: u32 = 1;
const DIRECTORY: u32 = 2;
const TRUNC: u32 = 8;

/// The first preopened directory.
const DIR: u32 = 3;

/// A guest: its memory, and where the next thing that is put there goes.
struct Guest {
    context: WasiP1Context,
    bytes: Vec<u8>,
    top: u32,
}

type Outcome = Result<(), u16>;

fn outcome(code: i32) -> Outcome {
    match code {
        0 => Ok(()),
        code => Err(code as u16),
    }
}

fn fails(errno: Errno) -> Outcome {
    Err(errno.code())
}

/// Calls a function of one version with the guest's context and memory.
macro_rules! call {
    ($guest:expr, $abi:ident::$name:ident($($argument:expr),*)) => {{
        let guest: &mut Guest = &mut $guest;
        let mut memory = GuestMemory::new(&mut guest.bytes);
        outcome($abi::$name(&mut guest.context, &mut memory, $($argument),*))
    }};
}

impl Guest {
    fn new(context: WasiP1Context) -> Self {
        Self {
            context,
            bytes: vec![0xaa; 1 << 16],
            top: 1024,
        }
    }

    fn put(&mut self, bytes: &[u8]) -> (u32, u32) {
        let pointer = self.top;
        self.bytes[pointer as usize..][..bytes.len()].copy_from_slice(bytes);
        self.top = (pointer + bytes.len() as u32).next_multiple_of(8);
        (pointer, bytes.len() as u32)
    }

    fn u32_at(&self, pointer: usize) -> u32 {
        u32::from_le_bytes(self.bytes[pointer..pointer + 4].try_into().unwrap())
    }

    fn u64_at(&self, pointer: usize) -> u64 {
        u64::from_le_bytes(self.bytes[pointer..pointer + 8].try_into().unwrap())
    }

    fn open(&mut self, fd: u32, path: &str, flags: u32, rights: Rights) -> Result<u32, u16> {
        self.open_with(fd, path, flags, rights, Rights::all())
    }

    fn open_with(
        &mut self,
        fd: u32,
        path: &str,
        flags: u32,
        base: Rights,
        inheriting: Rights,
    ) -> Result<u32, u16> {
        let (path, length) = self.put(path.as_bytes());
        let (base, inheriting) = (base.bits(), inheriting.bits());
        call!(
            *self,
            preview1::path_open(fd, 1, path, length, flags, base, inheriting, 0, 0)
        )?;
        Ok(self.u32_at(0))
    }

    fn vector(&mut self, pointer: u32, length: u32) -> u32 {
        let mut bytes = pointer.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        self.put(&bytes).0
    }

    fn write(&mut self, fd: u32, contents: &[u8]) -> Result<u32, u16> {
        let (pointer, length) = self.put(contents);
        let vector = self.vector(pointer, length);
        call!(*self, preview1::fd_write(fd, vector, 1, 0))?;
        Ok(self.u32_at(0))
    }

    fn read(&mut self, fd: u32, length: u32) -> Result<Vec<u8>, u16> {
        let (pointer, _) = self.put(&vec![0; length as usize]);
        let vector = self.vector(pointer, length);
        call!(*self, preview1::fd_read(fd, vector, 1, 0))?;
        let count = self.u32_at(0) as usize;
        Ok(self.bytes[pointer as usize..][..count].to_vec())
    }
}

/// A guest with one directory at `/`, which is kept as long as the second value.
fn with_directory(directories: DirPerms, files: FilePerms) -> (Guest, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let context = WasiP1Context::builder()
        .preopened_dir(directory.path(), "/", directories, files)
        .unwrap()
        .build();
    (Guest::new(context), directory)
}

fn writable() -> (Guest, tempfile::TempDir) {
    with_directory(DirPerms::all(), FilePerms::all())
}

#[test]
fn streams_pass_bytes_through() {
    let output = OutputPipe::bounded(100);
    let context = WasiP1Context::builder()
        .stdin(InputStream::Pipe(InputPipe::from_bytes(*b"some input")))
        .stdout(OutputStream::Pipe(output.clone()))
        .build();
    let mut guest = Guest::new(context);
    assert_eq!(guest.read(0, 4).unwrap(), b"some");
    assert_eq!(guest.read(0, 100).unwrap(), b" input");
    assert_eq!(guest.read(0, 100).unwrap(), b"");
    assert_eq!(guest.write(1, b"exactly\0this\n"), Ok(13));
    assert_eq!(output.contents(), b"exactly\0this\n");
    assert_eq!(guest.write(0, b"x"), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(1, 1), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(99, 1), Err(Errno::BadF.code()));
    assert_eq!(
        call!(guest, preview1::fd_seek(0, 0, 1, 0)),
        fails(Errno::Spipe)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(1, 1)),
        fails(Errno::NotSock)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(9, 1)),
        fails(Errno::BadF)
    );
}

#[test]
fn arguments_and_variables() {
    let context = WasiP1Context::builder()
        .arguments(["name", "", "two words"])
        .unwrap()
        .environment_variable("A", "1=2")
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    call!(guest, preview1::args_sizes_get(0, 4)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (3, 16));
    call!(guest, preview1::args_get(0, 100)).unwrap();
    assert_eq!(
        (guest.u32_at(0), guest.u32_at(4), guest.u32_at(8)),
        (100, 105, 106)
    );
    assert_eq!(&guest.bytes[100..117], b"name\0\0two words\0\xaa");
    call!(guest, preview1::environ_sizes_get(0, 4)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (1, 6));
    call!(guest, preview1::environ_get(0, 100)).unwrap();
    assert_eq!(&guest.bytes[100..106], b"A=1=2\0");
    assert_eq!(
        call!(guest, preview1::args_get(0, 65_535)),
        fails(Errno::Fault)
    );
    assert_eq!(
        call!(guest, preview1::args_get(u32::MAX, 0)),
        fails(Errno::Fault)
    );
}

#[test]
fn files_are_written_read_and_listed() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(guest.write(fd, b"hello"), Ok(5));
    call!(guest, preview1::fd_seek(fd, 1, 0, 0)).unwrap();
    assert_eq!(guest.read(fd, 10).unwrap(), b"ello");
    call!(guest, preview1::fd_tell(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(0), 5);
    assert_eq!(
        call!(guest, preview1::fd_seek(fd, -9, 1, 0)),
        fails(Errno::Inval)
    );
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(
        (guest.bytes[16], guest.u64_at(24), guest.u64_at(32)),
        (4, 1, 5)
    );
    call!(guest, unstable::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(
        (guest.bytes[16], guest.u32_at(20), guest.u64_at(24)),
        (4, 1, 5)
    );
    call!(guest, unstable::fd_seek(fd, 2, 2, 0)).unwrap();
    assert_eq!(
        guest.u64_at(0),
        2,
        "2 is from the start in the older version"
    );
    assert_eq!(
        std::fs::read(directory.path().join("file")).unwrap(),
        b"hello"
    );
    call!(guest, preview1::fd_close(fd)).unwrap();
    assert_eq!(call!(guest, preview1::fd_close(fd)), fails(Errno::BadF));
}

#[test]
fn many_buffers_move_in_one_call() {
    let (mut guest, _directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let (text, _) = guest.put(b"0123456789abcdef0123");
    let vectors: Vec<u8> = (0..20)
        .flat_map(|index| [text + index, 1])
        .flat_map(u32::to_le_bytes)
        .collect();
    let (vectors, _) = guest.put(&vectors);
    call!(guest, preview1::fd_write(fd, vectors, 20, 0)).unwrap();
    assert_eq!(guest.u32_at(0), 20);
    call!(guest, preview1::fd_pread(fd, vectors, 20, 10, 0)).unwrap();
    assert_eq!(guest.u32_at(0), 10);
    assert_eq!(&guest.bytes[text as usize..][..20], b"abcdef0123abcdef0123");
    call!(guest, preview1::fd_pwrite(fd, vectors, 20, 19, 0)).unwrap();
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(32), 39);
    let outside = u64::MAX;
    let result = call!(guest, preview1::fd_pwrite(fd, vectors, 20, outside, 0));
    assert_eq!(result, fails(Errno::Inval));
    let result = call!(guest, preview1::fd_write(fd, vectors, u32::MAX, 0));
    assert_eq!(result, fails(Errno::Inval));
}

#[test]
fn a_read_only_directory_refuses_every_change() {
    let (mut guest, directory) = with_directory(DirPerms::READ, FilePerms::READ);
    std::fs::write(directory.path().join("file"), "contents").unwrap();
    std::fs::create_dir(directory.path().join("below")).unwrap();
    let refused = fails(Errno::NotCapable);
    let refused_open = Err(Errno::NotCapable.code());
    let read = Rights::FD_READ;
    for (flags, rights) in [
        (CREAT, read),
        (TRUNC, read),
        (CREAT | TRUNC, Rights::empty()),
        (0, Rights::FD_WRITE),
        (0, read | Rights::FD_WRITE),
    ] {
        assert_eq!(guest.open(DIR, "file", flags, rights), refused_open);
    }
    let fd = guest
        .open(DIR, "file", 0, Rights::all() - Rights::FD_WRITE)
        .unwrap();
    assert_eq!(guest.read(fd, 3).unwrap(), b"con");
    assert_eq!(guest.write(fd, b"x"), refused_open);
    assert_eq!(call!(guest, preview1::fd_filestat_set_size(fd, 0)), refused);
    assert_eq!(call!(guest, preview1::fd_allocate(fd, 0, 100)), refused);
    assert_eq!(
        call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 10)),
        refused
    );
    let (file, below) = (guest.put(b"file"), guest.put(b"below"));
    let new = guest.put(b"new");
    let sub = guest
        .open(DIR, "below", DIRECTORY, Rights::all() - Rights::FD_WRITE)
        .unwrap();
    for fd in [DIR, sub] {
        let mkdir = call!(guest, preview1::path_create_directory(fd, new.0, new.1));
        let link = call!(
            guest,
            preview1::path_link(fd, 0, file.0, file.1, fd, new.0, new.1)
        );
        let rename = call!(
            guest,
            preview1::path_rename(fd, file.0, file.1, fd, new.0, new.1)
        );
        let symlink = call!(
            guest,
            preview1::path_symlink(file.0, file.1, fd, new.0, new.1)
        );
        let unlink = call!(guest, preview1::path_unlink_file(fd, file.0, file.1));
        let rmdir = call!(guest, preview1::path_remove_directory(fd, below.0, below.1));
        let times = call!(
            guest,
            preview1::path_filestat_set_times(fd, 0, file.0, file.1, 0, 0, 10)
        );
        let own_times = call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 10));
        let all = [
            mkdir, link, rename, symlink, unlink, rmdir, times, own_times,
        ];
        assert_eq!(all, [refused; 8]);
    }
    assert_eq!(
        std::fs::read(directory.path().join("file")).unwrap(),
        b"contents"
    );
}

#[test]
fn rights_are_given_up_for_good() {
    let (mut guest, _directory) = writable();
    let rights = Rights::FD_READ | Rights::FD_WRITE | Rights::FD_SEEK;
    let fd = guest.open(DIR, "file", CREAT, rights).unwrap();
    guest.write(fd, b"x").unwrap();
    let seek = Rights::FD_SEEK.bits();
    call!(guest, preview1::fd_fdstat_set_rights(fd, seek, 0)).unwrap();
    assert_eq!(guest.write(fd, b"x"), Err(Errno::NotCapable.code()));
    assert_eq!(guest.read(fd, 1), Err(Errno::NotCapable.code()));
    call!(guest, preview1::fd_fdstat_get(fd, 0)).unwrap();
    assert_eq!((guest.u64_at(8), guest.u64_at(16)), (seek, 0));
    for base in [rights.bits(), u64::MAX] {
        let regained = call!(guest, preview1::fd_fdstat_set_rights(fd, base, 0));
        assert_eq!(regained, fails(Errno::NotCapable));
    }
    // What a directory no longer hands down, nothing below it gets.
    let inheriting = (Rights::all() - Rights::FD_WRITE).bits();
    call!(guest, preview1::fd_fdstat_get(DIR, 0)).unwrap();
    let (base, held) = (guest.u64_at(8), guest.u64_at(16));
    call!(
        guest,
        preview1::fd_fdstat_set_rights(DIR, base, held & inheriting)
    )
    .unwrap();
    let written = guest.open(DIR, "file", 0, Rights::FD_WRITE);
    assert_eq!(written, Err(Errno::NotCapable.code()));
}

#[test]
fn a_move_into_another_directory_gains_no_right() {
    let (mut guest, _directory) = writable();
    let (name, new) = (guest.put(b"d"), guest.put(b"file"));
    call!(guest, preview1::path_create_directory(DIR, name.0, name.1)).unwrap();
    guest.open(DIR, "d/file", CREAT, Rights::empty()).unwrap();
    let base = Rights::all() - Rights::FD_WRITE;
    let inheriting = Rights::FD_READ;
    let sub = guest
        .open_with(DIR, "d", DIRECTORY, base, inheriting)
        .unwrap();
    let renamed = call!(
        guest,
        preview1::path_rename(sub, new.0, new.1, DIR, new.0, new.1)
    );
    assert_eq!(renamed, fails(Errno::NotCapable));
    let linked = call!(
        guest,
        preview1::path_link(sub, 0, new.0, new.1, DIR, new.0, new.1)
    );
    assert_eq!(linked, fails(Errno::NotCapable));
}

#[test]
fn no_path_of_a_guest_leaves_its_directory() {
    let (mut guest, directory) = writable();
    std::os::unix::fs::symlink("/etc", directory.path().join("absolute")).unwrap();
    std::os::unix::fs::symlink("..", directory.path().join("up")).unwrap();
    for path in [
        "/etc/passwd",
        "../x",
        "up/x",
        "absolute/passwd",
        "./../x",
        "up",
        "absolute",
    ] {
        let opened = guest.open(DIR, path, 0, Rights::FD_READ);
        assert_eq!(opened, Err(Errno::NotCapable.code()), "{path}");
    }
    assert_eq!(
        guest.open(DIR, "a\0b", 0, Rights::FD_READ),
        Err(Errno::Inval.code())
    );
    assert_eq!(
        guest.open(DIR, "", 0, Rights::FD_READ),
        Err(Errno::NoEnt.code())
    );
    let long = "x".repeat(5000);
    assert_eq!(
        guest.open(DIR, &long, 0, Rights::FD_READ),
        Err(Errno::NameTooLong.code())
    );
    let (path, length) = guest.put(b"\xff\xfe");
    let opened = call!(
        guest,
        preview1::path_open(DIR, 0, path, length, 0, 0, 0, 0, 0)
    );
    assert_eq!(opened, fails(Errno::Ilseq));
    let file = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(
        guest.open(file, "x", 0, Rights::FD_READ),
        Err(Errno::NotDir.code())
    );
}

#[test]
fn listing_leaks_no_padding_and_continues_from_cookies() {
    let (mut guest, directory) = writable();
    for number in 0..40 {
        std::fs::write(directory.path().join(format!("file{number}")), "").unwrap();
    }
    let (buffer, length) = (4096, 100);
    let (mut cookie, mut seen) = (0, std::collections::BTreeSet::new());
    loop {
        guest.bytes[buffer..buffer + length].fill(0xaa);
        call!(
            guest,
            preview1::fd_readdir(DIR, buffer as u32, length as u32, cookie, 0)
        )
        .unwrap();
        let used = guest.u32_at(0) as usize;
        assert!(
            guest.bytes[buffer + used..buffer + length]
                .iter()
                .all(|byte| *byte == 0xaa)
        );
        let mut at = buffer;
        while buffer + used >= at + 24 {
            let name_bytes = guest.u32_at(at + 16) as usize;
            assert_eq!(guest.bytes[at + 21..at + 24], [0; 3], "padding");
            if at + 24 + name_bytes > buffer + used {
                break;
            }
            cookie = guest.u64_at(at);
            let name = guest.bytes[at + 24..at + 24 + name_bytes].to_vec();
            assert!(seen.insert(String::from_utf8(name).unwrap()));
            at += 24 + name_bytes;
        }
        if used < length {
            break;
        }
    }
    assert_eq!(seen.len(), 42);
    let unknown = call!(guest, preview1::fd_readdir(DIR, 4096, 100, u64::MAX, 0));
    assert!(unknown.is_ok() || unknown == fails(Errno::Inval));
    let outside = call!(guest, preview1::fd_readdir(DIR, 65_500, 100, 0, 0));
    assert_eq!(outside, fails(Errno::Fault));
}

#[test]
fn descriptors_are_bounded_and_renumbered_without_leaks() {
    let directory = tempfile::tempdir().unwrap();
    let quotas = Quotas {
        descriptors_max: 8,
        ..Quotas::default()
    };
    let context = WasiP1Context::builder()
        .quotas(quotas)
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    for _ in 0..4 {
        guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    }
    let full = guest.open(DIR, "other", CREAT, Rights::all());
    assert_eq!(full, Err(Errno::Mfile.code()));
    assert!(
        !directory.path().join("other").exists(),
        "nothing is made without a number"
    );
    for (from, to) in [(4, 400), (400, 4), (u32::MAX, 0), (0, u32::MAX)] {
        assert_eq!(
            call!(guest, preview1::fd_renumber(from, to)),
            fails(Errno::BadF)
        );
    }
    for round in 0..1000 {
        call!(guest, preview1::fd_renumber(7, 4)).unwrap();
        assert_eq!(
            guest.open(DIR, "file", 0, Rights::all()),
            Ok(7),
            "round {round}"
        );
    }
    assert_eq!(guest.context.table.open_count(), 8);
    call!(guest, preview1::fd_renumber(DIR, DIR)).unwrap();
    call!(guest, preview1::fd_prestat_get(DIR, 0)).unwrap();
    assert_eq!((guest.u32_at(0), guest.u32_at(4)), (0, 1));
}

#[test]
fn times_out_of_range_never_panic() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let path = guest.put(b"file");
    for time in [
        0,
        1,
        u64::MAX,
        u64::MAX / 2,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
    ] {
        let _ = call!(guest, preview1::fd_filestat_set_times(fd, time, time, 5));
        let (name, length) = path;
        for lookup in [0, 1] {
            let _ = call!(
                guest,
                preview1::path_filestat_set_times(DIR, lookup, name, length, time, time, 5)
            );
        }
        call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    }
    for flags in [3, 12, 15, 16, u32::MAX] {
        let result = call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, flags));
        assert_eq!(result, fails(Errno::Inval));
    }
    // What the host holds may be before 1970 and after 2554.
    let file = std::fs::File::options()
        .write(true)
        .open(directory.path().join("file"))
        .unwrap();
    let early = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1000);
    file.set_modified(early).unwrap();
    call!(guest, preview1::fd_filestat_get(fd, 0)).unwrap();
    assert_eq!(guest.u64_at(48), 0);
}

/// A subscription to a clock, as bytes of the newer version.
fn timer(user_data: u64, clock: u32, timeout: u64, flags: u16) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0..8].copy_from_slice(&user_data.to_le_bytes());
    bytes[16..20].copy_from_slice(&clock.to_le_bytes());
    bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
    bytes[40..42].copy_from_slice(&flags.to_le_bytes());
    bytes
}

/// A subscription to a descriptor.
fn descriptor(user_data: u64, event_type: u8, fd: u32) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0..8].copy_from_slice(&user_data.to_le_bytes());
    bytes[8] = event_type;
    bytes[16..20].copy_from_slice(&fd.to_le_bytes());
    bytes
}

/// The user data and error of each event.
fn poll(guest: &mut Guest, subscriptions: &[Vec<u8>]) -> Result<Vec<(u64, u16)>, u16> {
    let (pointer, _) = guest.put(&subscriptions.concat());
    let count = subscriptions.len() as u32;
    call!(*guest, preview1::poll_oneoff(pointer, 32_768, count, 0))?;
    let stored = guest.u32_at(0) as usize;
    let mut events: Vec<_> = (0..stored)
        .map(|index| {
            let at = 32_768 + index * 32;
            assert_eq!(guest.bytes[at + 11..at + 16], [0; 5], "padding");
            let errno = u16::from_le_bytes([guest.bytes[at + 8], guest.bytes[at + 9]]);
            (guest.u64_at(at), errno)
        })
        .collect();
    events.sort_unstable();
    Ok(events)
}

#[test]
fn polling_times_of_every_size() {
    let clock = ManualClock::new(Timestamp::from_nanoseconds(5_000_000_000));
    let context = WasiP1Context::builder()
        .clocks(Clocks::custom(clock))
        .build();
    let mut guest = Guest::new(context);
    assert_eq!(poll(&mut guest, &[]), Err(Errno::Inval.code()));
    assert_eq!(poll(&mut guest, &[timer(1, 1, 0, 0)]), Ok(vec![(1, 0)]));
    assert_eq!(
        poll(&mut guest, &[timer(1, 0, 7, 1)]),
        Ok(vec![(1, 0)]),
        "long ago"
    );
    let first = [
        timer(1, 1, 1_000, 0),
        timer(2, 0, 2_000, 0),
        timer(3, 1, u64::MAX, 0),
    ];
    assert_eq!(poll(&mut guest, &first), Ok(vec![(1, 0)]));
    assert_eq!(guest.context.time(crate::abi::ClockId::Monotonic), 1_000);
    let invalid = Errno::Inval.code();
    let wrong = [
        timer(1, 9, 0, 0),
        timer(2, 2, 0, 0),
        timer(3, 1, 0, 2),
        timer(4, 1, 50, 0),
    ];
    assert_eq!(
        poll(&mut guest, &wrong),
        Ok(vec![(1, invalid), (2, invalid), (3, invalid)])
    );
    assert_eq!(
        poll(&mut guest, &[timer(3, 1, u64::MAX, 0)]),
        Ok(vec![(3, 0)])
    );
    assert_eq!(
        poll(&mut guest, &[timer(3, 1, u64::MAX, 1)]),
        Ok(vec![(3, 0)])
    );
}

#[test]
fn polling_descriptors() {
    let (input, output) = (InputPipe::bounded(10), OutputPipe::bounded(10));
    let directory = tempfile::tempdir().unwrap();
    let context = WasiP1Context::builder()
        .stdin(InputStream::Pipe(input.clone()))
        .stdout(OutputStream::Pipe(output))
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    let waited = [descriptor(1, 1, 0), timer(2, 1, 3_000_000, 0)];
    assert_eq!(poll(&mut guest, &waited), Ok(vec![(2, 0)]));
    input.provide(b"abc").unwrap();
    let long = timer(2, 1, 3_600_000_000_000, 0);
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 1, 0), long.clone()]),
        Ok(vec![(1, 0)])
    );
    assert_eq!(guest.u64_at(32_768 + 16), 3, "bytes that can be read");
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 2, 1), long]),
        Ok(vec![(1, 0)])
    );
    let wrong = [
        descriptor(1, 1, 99),
        descriptor(2, 1, DIR),
        descriptor(3, 2, 1),
    ];
    let expected = vec![
        (1, Errno::BadF.code()),
        (2, Errno::NotCapable.code()),
        (3, 0),
    ];
    assert_eq!(poll(&mut guest, &wrong), Ok(expected));
    assert_eq!(
        poll(&mut guest, &[descriptor(1, 3, 0)]),
        Err(Errno::Inval.code())
    );
    let many = vec![timer(1, 1, 0, 0); 5000];
    guest.bytes = vec![0; 1 << 20];
    assert_eq!(poll(&mut guest, &many), Err(Errno::Inval.code()));
    guest.bytes.truncate(1 << 15);
    let outside = call!(guest, preview1::poll_oneoff(1024, u32::MAX - 31, 1, 0));
    assert_eq!(outside, fails(Errno::Fault));
}

#[test]
fn connections_through_a_preopened_listener() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let context = WasiP1Context::builder()
        .preopened_listener(listener)
        .build();
    let mut guest = Guest::new(context);
    let mut client = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(
        call!(guest, preview1::fd_prestat_get(3, 0)),
        fails(Errno::BadF)
    );
    assert_eq!(poll(&mut guest, &[descriptor(1, 1, 3)]), Ok(vec![(1, 0)]));
    call!(guest, preview1::sock_accept(3, 0, 0)).unwrap();
    let fd = guest.u32_at(0);
    client.write_all(b"question").unwrap();
    assert_eq!(poll(&mut guest, &[descriptor(1, 1, fd)]), Ok(vec![(1, 0)]));
    let vector = guest.vector(2000, 8);
    for (flags, vectors) in [(1, 1), (2, 1)] {
        call!(guest, preview1::sock_recv(fd, vector, vectors, flags, 0, 4)).unwrap();
        assert_eq!(guest.u32_at(0), 8);
        assert_eq!(&guest.bytes[2000..2008], b"question");
    }
    call!(guest, preview1::sock_send(fd, vector, 1, 0, 0)).unwrap();
    assert_eq!(guest.write(fd, b"!"), Ok(1));
    assert_eq!(
        call!(guest, preview1::sock_send(fd, vector, 1, 1, 0)),
        fails(Errno::Inval)
    );
    assert_eq!(
        call!(guest, preview1::sock_shutdown(fd, 0)),
        fails(Errno::Inval)
    );
    call!(guest, preview1::sock_shutdown(fd, 2)).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"question!");
    assert_eq!(guest.write(fd, b"!"), Err(Errno::Pipe.code()));
    drop(client);
    assert_eq!(guest.read(fd, 10).unwrap(), b"");
    call!(guest, preview1::fd_fdstat_set_flags(3, 4)).unwrap();
    assert_eq!(
        call!(guest, preview1::sock_accept(3, 0, 0)),
        fails(Errno::Again)
    );
    call!(guest, preview1::fd_fdstat_get(3, 0)).unwrap();
    assert_eq!((guest.bytes[0], guest.bytes[2]), (6, 4));
}

#[test]
fn synthetic_devices_and_directory() {
    let quotas = Quotas {
        memory_bytes_max: 10_000,
        ..Quotas::default()
    };
    let context = WasiP1Context::builder()
        .quotas(quotas)
        .random(Random::seeded(1))
        .devices()
        .unwrap()
        .temporary_directory()
        .unwrap()
        .build();
    let mut guest = Guest::new(context);
    let null = guest.open(3, "null", CREAT | TRUNC, Rights::all()).unwrap();
    assert_eq!(guest.write(null, b"gone"), Ok(4));
    assert_eq!(guest.read(null, 4).unwrap(), b"");
    let random = guest.open(3, "urandom", 0, Rights::FD_READ).unwrap();
    assert_ne!(
        guest.read(random, 16).unwrap(),
        guest.read(random, 16).unwrap()
    );
    assert_eq!(
        guest.open(3, "new", CREAT, Rights::all()),
        Err(Errno::Rofs.code())
    );
    let file = guest.open(4, "file", CREAT, Rights::all()).unwrap();
    assert_eq!(guest.write(file, &[1; 5_000]), Ok(5_000));
    assert_eq!(guest.write(file, &[1; 5_000]), Err(Errno::Dquot.code()));
    let (path, length) = guest.put(b"file");
    call!(guest, preview1::path_unlink_file(4, path, length)).unwrap();
}

#[test]
fn pointers_outside_the_memory_change_nothing() {
    let (mut guest, directory) = writable();
    let fd = guest.open(DIR, "file", CREAT, Rights::all()).unwrap();
    let end = guest.bytes.len() as u32;
    let (path, length) = guest.put(b"new");
    let all = Rights::all().bits();
    let opened = call!(
        guest,
        preview1::path_open(DIR, 0, path, length, CREAT, all, all, 0, end)
    );
    assert_eq!(opened, fails(Errno::Fault));
    assert!(!directory.path().join("new").exists());
    let vector = guest.vector(path, length);
    for (vectors, written) in [(vector, end), (end - 4, 0), (vector, u32::MAX)] {
        let result = call!(guest, preview1::fd_write(fd, vectors, 1, written));
        assert_eq!(result, fails(Errno::Fault));
    }
    assert_eq!(directory.path().join("file").metadata().unwrap().len(), 0);
    assert_eq!(
        call!(guest, preview1::random_get(end - 1, 2)),
        fails(Errno::Fault)
    );
    call!(guest, preview1::random_get(end, 0)).unwrap();
    assert_eq!(
        call!(guest, preview1::clock_time_get(7, 0, 0)),
        fails(Errno::Inval)
    );
    assert_eq!(
        call!(guest, preview1::clock_time_get(1, 0, end)),
        fails(Errno::Fault)
    );
    assert_eq!(
        call!(guest, preview1::fd_advise(fd, 0, 0, 6)),
        fails(Errno::Inval)
    );
    assert_eq!(call!(guest, preview1::proc_raise(6)), fails(Errno::NotSup));
}

#[test]
fn shared_memory_moves_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), vec![7; 100_000]).unwrap();
    let mut context = WasiP1Context::builder()
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .build();
    let cells: Vec<std::sync::atomic::AtomicU8> = (0..200_000)
        .map(|_| std::sync::atomic::AtomicU8::new(0))
        .collect();
    let mut memory = GuestMemory::shared(&cells);
    memory.write(100, b"file").unwrap();
    let all = Rights::all().bits();
    let code = preview1::path_open(&mut context, &mut memory, 3, 0, 100, 4, 0, all, all, 0, 0);
    assert_eq!(code, 0);
    let fd = memory.read_u32(0).unwrap();
    memory.write(8, &2000_u32.to_le_bytes()).unwrap();
    memory.write(12, &150_000_u32.to_le_bytes()).unwrap();
    let mut total = 0;
    loop {
        assert_eq!(preview1::fd_read(&mut context, &mut memory, fd, 8, 1, 0), 0);
        match memory.read_u32(0).unwrap() {
            0 => break,
            count => total += count,
        }
    }
    assert_eq!(total, 100_000);
    assert_eq!(memory.read::<1>(2000).unwrap(), [7]);
}

#[test]
fn a_trace_reads_like_strace() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let directory = tempfile::tempdir().unwrap();
    let context = WasiP1Context::builder()
        .stdout(OutputStream::Null)
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .trace(move |record| sink.lock().unwrap().push(record.to_string()))
        .build();
    let mut guest = Guest::new(context);
    guest.write(1, b"hello\n").unwrap();
    let rights = Rights::FD_READ | Rights::FD_WRITE;
    let fd = guest
        .open_with(DIR, "a", CREAT | TRUNC, rights, Rights::empty())
        .unwrap();
    guest.write(fd, &[b'x'; 100]).unwrap();
    guest
        .open_with(DIR, "none", 0, rights, Rights::empty())
        .unwrap_err();
    call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 8)).unwrap_err();
    call!(guest, preview1::fd_prestat_get(DIR, 0)).unwrap();
    call!(guest, preview1::fd_prestat_dir_name(DIR, 0, 1)).unwrap();
    let _ = crate::calls::proc_exit(&mut guest.context, 3);
    let cut = format!("fd_write(4, [\"{}\"...]) = 100", "x".repeat(64));
    let expected = [
        "fd_write(1, [\"hello\\n\"]) = 6",
        "path_open(3, SYMLINK_FOLLOW, \"a\", CREAT|TRUNC, FD_READ|FD_WRITE, 0, 0) = 4",
        cut.as_str(),
        "path_open(3, SYMLINK_FOLLOW, \"none\", 0, FD_READ|FD_WRITE, 0, 0) = \
         NOENT (no such file or directory)",
        "fd_filestat_set_times(4, 0, 0, MTIM_NOW) = NOTCAPABLE (capabilities insufficient)",
        "fd_prestat_get(3) = {dir, name_len=1}",
        "fd_prestat_dir_name(3) = \"/\"",
        "proc_exit(3) = ?",
    ];
    assert_eq!(*lines.lock().unwrap(), expected);
}
