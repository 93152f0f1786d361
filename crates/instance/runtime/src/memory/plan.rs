//! How much address space a memory gets.

use silica_contract::settings::MemoryStyle;
use silica_module::{IndexType, MemoryType};

use crate::{RuntimeConfig, RuntimeError};

/// Address space of one memory: first what may become accessible, then what never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryPlan {
    /// Bytes that the memory begins with.
    pub(crate) min_bytes: usize,
    /// Bytes that it may grow to: its maximum, or what is reserved unless it moves.
    pub(crate) max_bytes: usize,
    /// Bytes of address space before the guard.
    pub(crate) reservation: usize,
    /// Bytes after the reservation that fault.
    pub(crate) guard: usize,
    /// Whether it moves to a larger reservation when it outgrows this one.
    pub(crate) moves: bool,
    /// Base-two logarithm of its page's bytes.
    pub(crate) page_size_log2: u8,
}

/// The largest memory that an index type can address, in bytes.
fn addressable(index: IndexType) -> u128 {
    match index {
        IndexType::I32 => 1 << 32,
        IndexType::I64 => 1 << 64,
    }
}

impl MemoryPlan {
    /// The plan of a memory of type `ty` whose accesses are checked in this style.
    ///
    /// # Errors
    /// [`RuntimeError::MemoryTooLarge`] when its minimum cannot be had.
    pub(crate) fn new(
        config: &RuntimeConfig,
        ty: &MemoryType,
        style: MemoryStyle,
    ) -> Result<MemoryPlan, RuntimeError> {
        let bytes = |pages: u64| u128::from(pages) << ty.page_size_log2;
        let min = bytes(ty.min);
        let most = ty
            .max
            .map_or(addressable(ty.index), bytes)
            .min(addressable(ty.index));
        let (reservation, guard, moves) = match style {
            MemoryStyle::Reserved { guard } => (1_u128 << 32, guard, false),
            MemoryStyle::Checked { guard, moves } => {
                let wanted = match ty.index {
                    // What other threads use cannot move, so all that it may become is reserved.
                    IndexType::I32 if ty.shared => 1 << 32,
                    IndexType::I64 if !moves => config.memory64_reservation,
                    IndexType::I32 | IndexType::I64 => config.memory_reservation,
                };
                (most.min(u128::from(wanted)).max(min), guard, moves)
            }
        };
        let largest = if moves { ADDRESS_SPACE } else { reservation };
        let too_large = RuntimeError::MemoryTooLarge {
            bytes: min,
            limit: reservation.min(ADDRESS_SPACE) as u64,
        };
        if min > most || min > reservation || reservation > ADDRESS_SPACE {
            return Err(too_large);
        }
        let page = silica_os::page_size() as u128;
        let Ok(guard) = usize::try_from(guard.next_multiple_of(page as u64)) else {
            return Err(too_large);
        };
        Ok(MemoryPlan {
            min_bytes: min as usize,
            max_bytes: most.min(largest) as usize,
            reservation: reservation.next_multiple_of(page).max(page) as usize,
            guard,
            moves,
            page_size_log2: ty.page_size_log2,
        })
    }

    /// A plan with half of the reservation, if that still holds the minimum; for when address space is short.
    /// The reservation of code without checks is never less than it counts on.
    pub(crate) fn halved(mut self, style: MemoryStyle) -> Option<MemoryPlan> {
        match style {
            MemoryStyle::Reserved { .. } => None,
            MemoryStyle::Checked { .. } => {
                let half = (self.reservation / 2).next_multiple_of(silica_os::page_size());
                if half < self.min_bytes || half == self.reservation {
                    return None;
                }
                self.reservation = half;
                if !self.moves {
                    self.max_bytes = self.max_bytes.min(half);
                }
                Some(self)
            }
        }
    }

    /// The plan after moving, with room for `length` bytes: twice as much as before, for the next growths, unless that
    /// is more than it may grow to. `tight` asks for no more than is needed.
    pub(crate) fn moved(mut self, length: usize, tight: bool) -> MemoryPlan {
        let roomy = self.reservation.saturating_mul(2).min(self.max_bytes);
        let room = if tight { length } else { length.max(roomy) };
        self.reservation = room.next_multiple_of(silica_os::page_size());
        self
    }

    /// Whether code that checks accesses in this style is safe with a memory of this plan.
    pub(crate) fn suits(&self, style: MemoryStyle) -> bool {
        match style {
            MemoryStyle::Reserved { guard } => {
                self.reservation as u64 >= 1 << 32 && self.guard as u64 >= guard && !self.moves
            }
            MemoryStyle::Checked { guard, moves } => {
                self.guard as u64 >= guard && (moves || !self.moves)
            }
        }
    }
}

/// More than any program can have, with room for a guard: 2^46 bytes.
const ADDRESS_SPACE: u128 = 1 << 46;

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(index: IndexType, min: u64, max: Option<u64>) -> MemoryType {
        MemoryType {
            index,
            min,
            max,
            shared: false,
            page_size_log2: 16,
        }
    }

    const CHECKED: MemoryStyle = MemoryStyle::Checked {
        guard: 1 << 16,
        moves: false,
    };

    /// Regression class: a memory of 2^48 pages overflowed its maximum.
    #[test]
    fn the_largest_maximum_does_not_overflow() {
        let config = RuntimeConfig::default();
        let plan =
            MemoryPlan::new(&config, &memory(IndexType::I64, 0, Some(1 << 48)), CHECKED).unwrap();
        assert_eq!(plan.max_bytes as u64, config.memory64_reservation);
        let plan =
            MemoryPlan::new(&config, &memory(IndexType::I64, 0, Some(u64::MAX)), CHECKED).unwrap();
        assert_eq!(plan.max_bytes as u64, config.memory64_reservation);
        let refused = MemoryPlan::new(&config, &memory(IndexType::I64, 1 << 48, None), CHECKED);
        assert!(matches!(refused, Err(RuntimeError::MemoryTooLarge { .. })));
    }

    #[test]
    fn a_small_maximum_reserves_little() {
        let config = RuntimeConfig::default();
        let plan = MemoryPlan::new(&config, &memory(IndexType::I32, 1, Some(2)), CHECKED).unwrap();
        assert_eq!(
            (plan.min_bytes, plan.max_bytes, plan.reservation),
            (1 << 16, 2 << 16, 2 << 16)
        );
        assert!(!plan.suits(MemoryStyle::Reserved { guard: 0 }));
        let reserved = MemoryStyle::Reserved { guard: 2 << 30 };
        let plan = MemoryPlan::new(&config, &memory(IndexType::I32, 1, Some(2)), reserved).unwrap();
        assert!(plan.suits(reserved) && plan.suits(CHECKED));
        assert_eq!(plan.max_bytes, 2 << 16);
    }

    #[test]
    fn a_memory_that_moves_may_grow_to_its_maximum() {
        let config = RuntimeConfig {
            memory_reservation: 1 << 20,
            ..RuntimeConfig::default()
        };
        let style = MemoryStyle::Checked {
            guard: 1 << 16,
            moves: true,
        };
        for (index, max) in [(IndexType::I32, 1_usize << 32), (IndexType::I64, 1 << 46)] {
            let plan = MemoryPlan::new(&config, &memory(index, 1, None), style).unwrap();
            assert_eq!((plan.reservation, plan.max_bytes), (1 << 20, max));
            assert!(plan.suits(style) && !plan.suits(CHECKED));
            let moved = plan.moved(17 << 16, false);
            assert_eq!((moved.reservation, moved.max_bytes), (2 << 20, max));
            assert_eq!(plan.moved(17 << 16, true).reservation, 17 << 16);
            assert_eq!(plan.moved(3 << 20, false).reservation, 3 << 20);
        }
    }
}
