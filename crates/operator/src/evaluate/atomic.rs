//! What an atomic operator leaves in memory. That it happens at once is the machine's part.

use super::lane::mask;
use crate::{AtomicRmw, AtomicWidth};

/// What a read-modify-write operator stores, given what was in memory.
///
/// ```
/// use silica_operator::{AtomicRmw, AtomicWidth, evaluate_atomic_rmw};
/// assert_eq!(evaluate_atomic_rmw(AtomicRmw::Add, AtomicWidth::B1, 0xff, 2), 1);
/// ```
#[must_use]
pub const fn evaluate_atomic_rmw(
    operator: AtomicRmw,
    width: AtomicWidth,
    before: u64,
    operand: u64,
) -> u64 {
    let after = match operator {
        AtomicRmw::Add => before.wrapping_add(operand),
        AtomicRmw::Sub => before.wrapping_sub(operand),
        AtomicRmw::And => before & operand,
        AtomicRmw::Or => before | operand,
        AtomicRmw::Xor => before ^ operand,
        AtomicRmw::Xchg => operand,
    };
    after & mask(width.bytes() * 8)
}

/// What a compare-exchange stores, given what was in memory. `expected` and
/// `replacement` are first wrapped to the width.
///
/// ```
/// use silica_operator::{AtomicWidth, evaluate_atomic_compare_exchange};
/// assert_eq!(evaluate_atomic_compare_exchange(AtomicWidth::B1, 0x11, 0x111, 0x222), 0x22);
/// assert_eq!(evaluate_atomic_compare_exchange(AtomicWidth::B1, 0x11, 0x12, 0x22), 0x11);
/// ```
#[must_use]
pub const fn evaluate_atomic_compare_exchange(
    width: AtomicWidth,
    before: u64,
    expected: u64,
    replacement: u64,
) -> u64 {
    let mask = mask(width.bytes() * 8);
    if before & mask == expected & mask {
        replacement & mask
    } else {
        before & mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_operator_does_not_reach_its_neighbours() {
        let rmw = |operator, width| evaluate_atomic_rmw(operator, width, 0, u64::MAX);
        assert_eq!(rmw(AtomicRmw::Xchg, AtomicWidth::B1), 0xff);
        assert_eq!(rmw(AtomicRmw::Add, AtomicWidth::B2), 0xffff);
        assert_eq!(rmw(AtomicRmw::Or, AtomicWidth::B4), 0xffff_ffff);
        assert_eq!(rmw(AtomicRmw::Sub, AtomicWidth::B8), 1);
        assert_eq!(rmw(AtomicRmw::Sub, AtomicWidth::B4), 1);
    }
}
