//! How large a heap is and may become.

use silica_contract::object::heap;

use super::space::{END_MAX, GRAIN};

/// A full collection is not worth it below that many bytes of old objects.
const FULL_MIN: u32 = 16 << 20;

/// Sizes of a heap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeapConfig {
    /// Bytes at most, young and old.
    pub(crate) bytes_max: u64,
    pub(crate) nursery_bytes: u32,
    /// Collect whenever code asks for an object, and verify the heap afterwards.
    pub(crate) stress: bool,
    /// Values of the host at most.
    pub(crate) host_values_max: u32,
    /// Bytes of old objects below which no full collection is worth it.
    pub(crate) full_min: u32,
}

impl HeapConfig {
    pub(crate) fn new(bytes_max: u64, nursery_bytes: u32) -> HeapConfig {
        HeapConfig {
            bytes_max,
            nursery_bytes: nursery_bytes.clamp(GRAIN, 64 << 20).next_multiple_of(GRAIN),
            stress: false,
            host_values_max: u32::MAX,
            full_min: FULL_MIN,
        }
    }

    /// Where the last object ends at most.
    pub(super) fn end_max(&self) -> u32 {
        let end = u64::from(heap::INACCESSIBLE) + self.bytes_max;
        let end = end.min(u64::from(END_MAX)) as u32;
        end / GRAIN * GRAIN
    }
}
