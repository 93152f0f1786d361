//! Calls as a guest makes them, with pointers into a memory, through the same
//! functions that the linker defines.

mod bounds;
mod rights;
mod streams;
mod trace;
mod waiting;

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

use call;

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
