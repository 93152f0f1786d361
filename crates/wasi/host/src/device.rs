//! Devices that need no host: the null device and sources of bytes.

use crate::{IoSliceMut, Random, Result};

/// A synthetic character device.
#[derive(Debug, Clone)]
pub enum Device {
    /// Reads as empty; takes and forgets what is written (`/dev/null`).
    Null,
    /// Reads as zeros; takes and forgets what is written (`/dev/zero`).
    Zero,
    /// Reads as random bytes from a source (`/dev/urandom`).
    Random(Random),
}

impl Device {
    /// A random device that draws from `source`.
    pub fn random(source: Random) -> Self {
        Self::Random(source)
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Null => return Ok(0),
            Self::Zero => buffer.fill(0),
            Self::Random(source) => source.fill(buffer)?,
        }
        Ok(buffer.len())
    }

    pub(crate) fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let mut total = 0;
        for buffer in buffers {
            total += self.read(buffer)?;
        }
        Ok(total)
    }

    pub(crate) fn write(&self, bytes: usize) -> Result<usize> {
        match self {
            Self::Null | Self::Zero | Self::Random(_) => Ok(bytes),
        }
    }
}
