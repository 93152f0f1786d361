//! What becomes of NaNs, stated once for every float operator.

use super::lane;
use crate::{FloatType, LaneShape};

/// Positive canonical NaN of `f32`.
const CANONICAL_F32: u32 = 0x7fc0_0000;
/// Positive canonical NaN of `f64`.
const CANONICAL_F64: u64 = 0x7ff8_0000_0000_0000;

/// The bits of an `f32`, with the positive canonical NaN for any NaN.
///
/// ```
/// use silica_operator::canonicalize_f32;
/// assert_eq!(canonicalize_f32(0xffff_ffff), 0x7fc0_0000);
/// assert_eq!(canonicalize_f32(0x7f80_0000), 0x7f80_0000); // infinity stays
/// ```
#[must_use]
pub const fn canonicalize_f32(bits: u32) -> u32 {
    if f32::from_bits(bits).is_nan() {
        CANONICAL_F32
    } else {
        bits
    }
}

/// The bits of an `f64`, with the positive canonical NaN for any NaN.
///
/// ```
/// use silica_operator::canonicalize_f64;
/// assert_eq!(canonicalize_f64(u64::MAX), 0x7ff8_0000_0000_0000);
/// ```
#[must_use]
pub const fn canonicalize_f64(bits: u64) -> u64 {
    if f64::from_bits(bits).is_nan() {
        CANONICAL_F64
    } else {
        bits
    }
}

/// Each float lane canonicalized; a vector of integer lanes stays as it is.
#[must_use]
pub fn canonicalize_vector(shape: LaneShape, vector: u128) -> u128 {
    match lane::float_type(shape) {
        Some(float) => lane::map(shape.lane_bits(), vector, |bits| canonicalize(float, bits)),
        None => vector,
    }
}

fn canonicalize(float: FloatType, bits: u64) -> u64 {
    match float {
        FloatType::F32 => u64::from(canonicalize_f32(bits as u32)),
        FloatType::F64 => canonicalize_f64(bits),
    }
}

pub(super) const fn is_nan(float: FloatType, bits: u64) -> bool {
    match float {
        FloatType::F32 => f32::from_bits(bits as u32).is_nan(),
        FloatType::F64 => f64::from_bits(bits).is_nan(),
    }
}

/// A NaN made quiet, its sign and payload kept.
pub(super) const fn quiet(float: FloatType, bits: u64) -> u64 {
    match float {
        FloatType::F32 => bits | 1 << 22,
        FloatType::F64 => bits | 1 << 51,
    }
}

pub(super) const fn canonical(float: FloatType) -> u64 {
    match float {
        FloatType::F32 => CANONICAL_F32 as u64,
        FloatType::F64 => CANONICAL_F64,
    }
}

/// The NaN that an arithmetic operator gives because of its operands, if it does:
/// the first NaN among them, quiet.
pub(super) fn propagate<const N: usize>(float: FloatType, operands: [u64; N]) -> Option<u64> {
    let nan = operands.into_iter().find(|&bits| is_nan(float, bits))?;
    Some(quiet(float, nan))
}

/// A result that no NaN operand went into: a NaN then is the canonical one,
/// whatever sign the processor would give it.
pub(super) const fn settle(float: FloatType, bits: u64) -> u64 {
    if is_nan(float, bits) {
        canonical(float)
    } else {
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_lanes_that_look_like_nan_are_kept() {
        assert_eq!(canonicalize_vector(LaneShape::I32x4, u128::MAX), u128::MAX);
        let canonical = 0x7ff8_0000_0000_0000_7ff8_0000_0000_0000;
        assert_eq!(canonicalize_vector(LaneShape::F64x2, u128::MAX), canonical);
    }

    #[test]
    fn the_first_nan_wins_and_is_quiet() {
        let operands = [0x3f80_0000, 0xff80_0001, 0x7fc0_0123];
        assert_eq!(propagate(FloatType::F32, operands), Some(0xffc0_0001));
        assert_eq!(propagate(FloatType::F32, [0x7f80_0000]), None);
    }
}
