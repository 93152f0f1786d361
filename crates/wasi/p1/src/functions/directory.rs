//! Listing a directory.

use crate::abi::{self, DIRENT_BYTES};
use crate::{Errno, GuestMemory, Rights, WasiP1Context};

impl WasiP1Context {
    /// `fd_readdir`: entries from a cookie on, the last one cut off where the
    /// buffer ends. A buffer that is not full means the end.
    ///
    /// # Errors
    /// [`Errno::BadF`], [`Errno::NotDir`], [`Errno::NotCapable`], what the host
    /// reports.
    pub fn fd_readdir(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffer: u32,
        length: u32,
        cookie: u64,
        used: u32,
    ) -> Result<(), Errno> {
        let entry = self.table.get(fd)?;
        let directory = entry.directory(Rights::FD_READDIR)?;
        memory.range(buffer, length)?;
        memory.range(used, 4)?;
        let mut output = Output {
            memory,
            pointer: buffer,
            left: length,
            failure: None,
        };
        directory.read_entries(cookie, &mut |entry| {
            // Names have at most a few hundred bytes on every host.
            let name_bytes = u32::try_from(entry.name.len()).unwrap_or(u32::MAX);
            let header: [u8; DIRENT_BYTES] =
                abi::dirent(entry.next, entry.inode, name_bytes, entry.file_type);
            output.push(&header) && output.push(entry.name)
        })?;
        if let Some(errno) = output.failure {
            return Err(errno);
        }
        let left = output.left;
        memory.write_u32(used, length - left)
    }
}

/// A buffer of the guest that is being filled.
struct Output<'m, 'a> {
    memory: &'m mut GuestMemory<'a>,
    pointer: u32,
    left: u32,
    failure: Option<Errno>,
}

impl Output<'_, '_> {
    /// Writes as much as there is room for, and returns whether any room is left.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let now = bytes.len().min(self.left as usize);
        if let Err(errno) = self.memory.write(self.pointer, &bytes[..now]) {
            self.failure = Some(errno);
            return false;
        }
        // `now` is at most `left`, which fits, and the range was checked.
        self.pointer = self.pointer.wrapping_add(now as u32);
        self.left -= now as u32;
        self.left > 0
    }
}
