//! The buffers of vectored reads and writes, straight in the guest's memory.
//!
//! Up to [`BATCH`] buffers go into one operation of the host and need no
//! allocation; more are done in several operations.

use crate::Errno;
use crate::memory::{Form, GuestMemory, load, store};
use silica_wasi_host::{IoSlice, IoSliceMut};
use std::array;
use std::ops::Range;

/// Buffers of one operation of the host.
const BATCH: usize = 8;

/// Bytes of one `iovec` or `ciovec`.
const VECTOR_BYTES: u32 = 8;

/// Bytes of the longest datagram.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

/// Bytes that one operation moves in or out of a shared memory.
const SHARED_BYTES_MAX: usize = 64 << 10;

/// A guest's array of buffers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vectors {
    pointer: u32,
    count: u32,
}

/// The next buffers that are not empty, checked.
struct Batch {
    ranges: [Range<usize>; BATCH],
    used: usize,
    bytes: usize,
}

impl Batch {
    fn ranges(&self) -> &[Range<usize>] {
        &self.ranges[..self.used]
    }
}

impl Vectors {
    /// Checks the array itself; each buffer is checked when it is its turn.
    pub(crate) fn new(
        memory: &GuestMemory<'_>,
        pointer: u32,
        count: u32,
        count_max: usize,
    ) -> Result<Self, Errno> {
        if count as usize > count_max {
            return Err(Errno::Inval);
        }
        let bytes = count.checked_mul(VECTOR_BYTES).ok_or(Errno::Fault)?;
        memory.range(pointer, bytes)?;
        Ok(Self { pointer, count })
    }

    /// Takes the next buffers. All of one batch lie inside the memory and hold
    /// fewer than 2^31 bytes together.
    fn next_batch(&mut self, memory: &GuestMemory<'_>) -> Result<Batch, Errno> {
        let mut batch = Batch {
            ranges: array::from_fn(|_| 0..0),
            used: 0,
            bytes: 0,
        };
        while self.count > 0 && batch.used < BATCH {
            let vector = memory.read_u64(self.pointer)?;
            let range = memory.range(vector as u32, (vector >> 32) as u32)?;
            let bytes = batch.bytes + range.len();
            if bytes > i32::MAX as usize && batch.used > 0 {
                break;
            }
            let range = range.start..range.start + range.len().min(i32::MAX as usize);
            self.pointer += VECTOR_BYTES;
            self.count -= 1;
            if !range.is_empty() {
                batch.bytes += range.len();
                batch.ranges[batch.used] = range;
                batch.used += 1;
            }
        }
        Ok(batch)
    }

    /// Writes the buffers by `write`, until one operation takes less than it was
    /// given. Returns the number of bytes, an error only if there were none.
    pub(crate) fn write_from(
        mut self,
        memory: &mut GuestMemory<'_>,
        mut write: impl FnMut(&[IoSlice<'_>], u64) -> Result<usize, Errno>,
    ) -> Result<u32, Errno> {
        let mut total = 0_u32;
        loop {
            let batch = match self.next_batch(memory) {
                Ok(batch) => batch,
                Err(errno) if total == 0 => return Err(errno),
                Err(_) => return Ok(total),
            };
            let written = match memory.form() {
                Form::Owned(bytes) => write_owned(bytes, batch.ranges(), |slices| {
                    write(slices, u64::from(total))
                }),
                Form::Shared(cells) => {
                    let mut copy = [0; 1024];
                    gather(cells, &batch, &mut copy, |bytes| {
                        write(&[IoSlice::new(bytes)], u64::from(total))
                    })
                }
            };
            match settle(&mut total, written, batch.bytes)? {
                // An empty write is still one: it may fail.
                Next::More if self.count > 0 => {}
                Next::More | Next::Enough => return Ok(total),
            }
        }
    }

    /// All of the buffers together, as one datagram, which the system sends whole or not at all.
    pub(crate) fn datagram(mut self, memory: &mut GuestMemory<'_>) -> Result<Vec<u8>, Errno> {
        let mut datagram = Vec::new();
        while self.count > 0 {
            let batch = self.next_batch(memory)?;
            if datagram.len() + batch.bytes > DATAGRAM_BYTES_MAX {
                return Err(Errno::MsgSize);
            }
            for range in batch.ranges() {
                // A memory of 4 GiB has no longer range.
                let (pointer, length) = (range.start as u32, range.len() as u32);
                datagram.extend_from_slice(&memory.bytes(pointer, length)?);
            }
        }
        Ok(datagram)
    }

    /// Reads into the buffers by `read`, until one operation gives less than it
    /// could; with `greedy` over more than one operation, which may wait.
    pub(crate) fn read_into(
        mut self,
        memory: &mut GuestMemory<'_>,
        greedy: bool,
        mut read: impl FnMut(&mut [IoSliceMut<'_>], u64) -> Result<usize, Errno>,
    ) -> Result<u32, Errno> {
        let mut total = 0_u32;
        loop {
            let batch = match self.next_batch(memory) {
                Ok(batch) => batch,
                Err(errno) if total == 0 => return Err(errno),
                Err(_) => return Ok(total),
            };
            let taken = match memory.form() {
                Form::Owned(bytes) => read_owned(bytes, batch.ranges(), |slices| {
                    read(slices, u64::from(total))
                }),
                Form::Shared(cells) => scatter(cells, &batch, |bytes| {
                    read(&mut [IoSliceMut::new(bytes)], u64::from(total))
                }),
            };
            match settle(&mut total, taken, batch.bytes)? {
                Next::More if self.count > 0 && greedy => {}
                Next::More | Next::Enough => return Ok(total),
            }
        }
    }
}

enum Next {
    More,
    Enough,
}

/// Adds what one operation did; an error after some success is left for the next call.
fn settle(total: &mut u32, done: Result<usize, Errno>, asked: usize) -> Result<Next, Errno> {
    let done = match done {
        Ok(done) => done,
        Err(errno) if *total == 0 => return Err(errno),
        Err(_) => return Ok(Next::Enough),
    };
    // A batch holds fewer than 2^31 bytes, and no more than was asked is done.
    *total = total.saturating_add(done as u32);
    if done < asked || *total >= i32::MAX as u32 {
        Ok(Next::Enough)
    } else {
        Ok(Next::More)
    }
}

fn write_owned(
    bytes: &[u8],
    ranges: &[Range<usize>],
    write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    if let [range] = ranges {
        return write(&[IoSlice::new(&bytes[range.clone()])]);
    }
    let mut slices = [IoSlice::new(&[]); BATCH];
    for (slice, range) in slices.iter_mut().zip(ranges) {
        *slice = IoSlice::new(&bytes[range.clone()]);
    }
    write(&slices[..ranges.len()])
}

/// The buffers of one read must not overlap; if they do, only the first is filled,
/// as the contract of a vectored read allows.
fn read_owned(
    bytes: &mut [u8],
    ranges: &[Range<usize>],
    read: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    macro_rules! by_count {
        ($($count:literal)*) => {
            match ranges.len() {
                $($count => match disjoint::<$count>(bytes, ranges) {
                    Some(mut slices) => return read(&mut slices),
                    None => {}
                },)*
                _ => {}
            }
        };
    }
    by_count!(0 1 2 3 4 5 6 7 8);
    let first = ranges.first().cloned().unwrap_or_default();
    read(&mut [IoSliceMut::new(&mut bytes[first])])
}

fn disjoint<'a, const N: usize>(
    bytes: &'a mut [u8],
    ranges: &[Range<usize>],
) -> Option<[IoSliceMut<'a>; N]> {
    let ranges: &[Range<usize>; N] = ranges.try_into().ok()?;
    let slices = bytes.get_disjoint_mut(ranges.clone()).ok()?;
    Some(slices.map(IoSliceMut::new))
}

/// Copies the buffers of a shared memory together and writes them at once.
fn gather(
    cells: &[std::sync::atomic::AtomicU8],
    batch: &Batch,
    small: &mut [u8],
    write: impl FnOnce(&[u8]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let length = batch.bytes.min(SHARED_BYTES_MAX);
    let mut large = Vec::new();
    let copy = if length <= small.len() {
        &mut small[..length]
    } else {
        large.resize(length, 0);
        &mut large[..]
    };
    let mut filled = 0;
    for range in batch.ranges() {
        let now = range.len().min(length - filled);
        let from = &cells[range.start..range.start + now];
        load(from, &mut copy[filled..filled + now]);
        filled += now;
    }
    write(copy)
}

/// Reads at once and copies to the buffers of a shared memory.
fn scatter(
    cells: &[std::sync::atomic::AtomicU8],
    batch: &Batch,
    read: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let length = batch.bytes.min(SHARED_BYTES_MAX);
    let mut small = [0; 1024];
    let mut large = Vec::new();
    let copy = if length <= small.len() {
        &mut small[..length]
    } else {
        large.resize(length, 0);
        &mut large[..]
    };
    let count = read(copy)?.min(length);
    let mut taken = 0;
    for range in batch.ranges() {
        let now = range.len().min(count - taken);
        store(
            &cells[range.start..range.start + now],
            &copy[taken..taken + now],
        );
        taken += now;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU8;

    /// A memory with `vectors` at 0 and 100 as further contents.
    fn memory_with(vectors: &[(u32, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 1000];
        for (index, (pointer, length)) in vectors.iter().enumerate() {
            bytes[index * 8..][..4].copy_from_slice(&pointer.to_le_bytes());
            bytes[index * 8 + 4..][..4].copy_from_slice(&length.to_le_bytes());
        }
        bytes
    }

    fn read_all(memory: &mut GuestMemory<'_>, count: u32) -> Result<u32, Errno> {
        let mut next = 0;
        Vectors::new(memory, 0, count, 64)?.read_into(memory, true, |slices, _| {
            let mut done = 0;
            for slice in slices {
                for byte in &mut **slice {
                    next += 1;
                    *byte = next;
                    done += 1;
                }
            }
            Ok(done)
        })
    }

    fn write_all(memory: &mut GuestMemory<'_>, count: u32) -> Result<Vec<u8>, Errno> {
        let mut written = Vec::new();
        let total = Vectors::new(memory, 0, count, 64)?.write_from(memory, |slices, offset| {
            assert_eq!(offset, written.len() as u64);
            let before = written.len();
            for slice in slices {
                written.extend_from_slice(slice);
            }
            Ok(written.len() - before)
        })?;
        assert_eq!(total as usize, written.len());
        Ok(written)
    }

    #[test]
    fn buffers_are_filled_in_order_in_both_forms() {
        let vectors: Vec<_> = (0..20).map(|index| (900 - index * 10, index % 4)).collect();
        let mut bytes = memory_with(&vectors);
        let total: u32 = vectors.iter().map(|(_, length)| length).sum();
        let cells: Vec<AtomicU8> = bytes.iter().copied().map(AtomicU8::new).collect();
        for mut memory in [GuestMemory::new(&mut bytes), GuestMemory::shared(&cells)] {
            assert_eq!(read_all(&mut memory, 20), Ok(total));
            let expected: Vec<u8> = (1..=total as u8).collect();
            assert_eq!(write_all(&mut memory, 20), Ok(expected));
        }
    }

    #[test]
    fn overlapping_buffers_give_a_short_read() {
        let mut bytes = memory_with(&[(500, 10), (505, 10)]);
        let mut memory = GuestMemory::new(&mut bytes);
        assert_eq!(read_all(&mut memory, 2), Ok(10));
        assert_eq!(write_all(&mut memory, 2).unwrap().len(), 20);
    }

    #[test]
    fn buffers_outside_the_memory() {
        let mut bytes = memory_with(&[(990, 11)]);
        let mut memory = GuestMemory::new(&mut bytes);
        assert_eq!(read_all(&mut memory, 1), Err(Errno::Fault));
        assert_eq!(write_all(&mut memory, 1), Err(Errno::Fault));
        assert_eq!(read_all(&mut memory, 65), Err(Errno::Inval));
        let outside = Vectors::new(&memory, 999, 1, 64);
        assert_eq!(outside.map(drop), Err(Errno::Fault));
        let many = Vectors::new(&memory, 0, u32::MAX, usize::MAX);
        assert_eq!(many.map(drop), Err(Errno::Fault));
    }
}
