//! A program of WASI 0.1 without its code: a context, a memory, and calls.

use silica_wasi_p1::{DirPerms, Errno, FilePerms, GuestMemory, Quotas, Rights, WasiP1Context};
use std::path::Path;

/// The descriptor of the directory that [`Guest::new`] grants.
pub const DIRECTORY: u32 = 3;

/// `oflags` that make a file.
pub const CREATE: u32 = 1;

/// `oflags` that empty a file.
pub const TRUNCATE: u32 = 8;

/// A guest with one directory.
#[derive(Debug)]
pub struct Guest {
    /// What it was granted.
    pub context: WasiP1Context,
    /// Its memory. Results go to 0, paths to 1024 and 8192, buffers to 16384.
    pub bytes: Vec<u8>,
}

impl Guest {
    /// A guest with `directory` at `/`.
    pub fn new(directory: &Path, directories: DirPerms, files: FilePerms) -> Self {
        Self::with_quotas(directory, directories, files, Quotas::default())
    }

    /// The same, with quotas.
    pub fn with_quotas(
        directory: &Path,
        directories: DirPerms,
        files: FilePerms,
        quotas: Quotas,
    ) -> Self {
        let context = WasiP1Context::builder()
            .quotas(quotas)
            .preopened_dir(directory, "/", directories, files)
            .expect("the directory is there")
            .build();
        Self {
            context,
            bytes: vec![0; 1 << 16],
        }
    }

    /// Makes a call with the memory.
    ///
    /// # Errors
    /// The call's.
    pub fn call(
        &mut self,
        call: impl FnOnce(&mut WasiP1Context, &mut GuestMemory<'_>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        call(&mut self.context, &mut GuestMemory::new(&mut self.bytes))
    }

    /// Puts a path at 1024, and returns where it is.
    pub fn path(&mut self, path: &str) -> (u32, u32) {
        self.put(1024, path.as_bytes())
    }

    /// Puts a second path at 8192.
    pub fn other_path(&mut self, path: &str) -> (u32, u32) {
        self.put(8192, path.as_bytes())
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> (u32, u32) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        (at as u32, bytes.len() as u32)
    }

    /// The 32 bits at an address.
    pub fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes([
            self.bytes[at],
            self.bytes[at + 1],
            self.bytes[at + 2],
            self.bytes[at + 3],
        ])
    }

    /// Opens a path, following links, and returns the descriptor.
    ///
    /// # Errors
    /// The call's.
    pub fn open(&mut self, path: &str, flags: u32, rights: Rights) -> Result<u32, Errno> {
        let (pointer, length) = self.path(path);
        let (base, inheriting) = (rights.bits(), rights.bits());
        self.call(|context, memory| {
            context.path_open(
                memory, DIRECTORY, 1, pointer, length, flags, base, inheriting, 0, 0,
            )
        })?;
        Ok(self.u32_at(0))
    }

    /// Reads up to 4096 bytes.
    ///
    /// # Errors
    /// The call's.
    pub fn read(&mut self, fd: u32) -> Result<Vec<u8>, Errno> {
        self.buffer(16_384, 4096);
        self.call(|context, memory| context.fd_read(memory, fd, 16, 1, 0))?;
        let count = self.u32_at(0) as usize;
        Ok(self.bytes[16_384..16_384 + count].to_vec())
    }

    /// Writes `length` bytes.
    ///
    /// # Errors
    /// The call's.
    pub fn write(&mut self, fd: u32, length: u32) -> Result<u32, Errno> {
        self.buffer(16_384, length);
        self.call(|context, memory| context.fd_write(memory, fd, 16, 1, 0))?;
        Ok(self.u32_at(0))
    }

    /// Puts a buffer's address and length at 16.
    fn buffer(&mut self, pointer: u32, length: u32) {
        self.put(16, &pointer.to_le_bytes());
        self.put(20, &length.to_le_bytes());
    }
}
