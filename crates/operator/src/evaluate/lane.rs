//! Cutting 128 bits into lanes and putting them together, for the vector operators.

use crate::{FloatType, LaneShape};

/// The low `bits` bits, 1 to 64 of them.
pub(super) const fn mask(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

/// The low `bits` bits of `value` read as two's complement.
pub(super) const fn sign_extend(value: u64, bits: u32) -> i64 {
    (value << (64 - bits)) as i64 >> (64 - bits)
}

/// The low `bits` bits of `value` (at most 32) as a number, signed or not.
pub(super) const fn read(value: u64, bits: u32, signed: bool) -> i64 {
    if signed {
        sign_extend(value, bits)
    } else {
        (value & mask(bits)) as i64
    }
}

/// `value` brought into what `bits` bits (at most 32) can hold.
pub(super) fn saturate(value: i64, bits: u32, signed: bool) -> u64 {
    let (least, most) = if signed {
        (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1)
    } else {
        (0, (1i64 << bits) - 1)
    };
    value.clamp(least, most) as u64 & mask(bits)
}

/// Lane `index` of a vector cut into lanes of `bits` bits.
pub(super) const fn get(vector: u128, bits: u32, index: u32) -> u64 {
    (vector >> (bits * index)) as u64 & mask(bits)
}

/// A vector of lanes of `bits` bits, each given by its index.
pub(super) fn build(bits: u32, lane: impl Fn(u32) -> u64) -> u128 {
    (0..128 / bits).fold(0, |vector, index| {
        vector | u128::from(lane(index) & mask(bits)) << (bits * index)
    })
}

/// Each lane by itself.
pub(super) fn map(bits: u32, vector: u128, operator: impl Fn(u64) -> u64) -> u128 {
    build(bits, |index| operator(get(vector, bits, index)))
}

/// Lane by lane of two vectors.
pub(super) fn zip(bits: u32, left: u128, right: u128, operator: impl Fn(u64, u64) -> u64) -> u128 {
    build(bits, |index| {
        operator(get(left, bits, index), get(right, bits, index))
    })
}

/// The float type of a shape, where it has one.
pub(super) const fn float_type(shape: LaneShape) -> Option<FloatType> {
    match shape {
        LaneShape::F32x4 => Some(FloatType::F32),
        LaneShape::F64x2 => Some(FloatType::F64),
        LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 | LaneShape::I64x2 => None,
    }
}

/// The float type of a shape that an operator of floats was given.
///
/// # Panics
///
/// Where the shape has integer lanes: no such operator exists, so validation let
/// something through that it should not have.
pub(super) fn expect_float(shape: LaneShape) -> FloatType {
    match float_type(shape) {
        Some(float) => float,
        None => panic!("{shape:?} given to an operator of float lanes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lane_zero_is_the_lowest_bits() {
        let vector = build(8, u64::from);
        assert_eq!(
            vector.to_le_bytes(),
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
        );
        assert_eq!(get(vector, 64, 1), 0x0f0e_0d0c_0b0a_0908);
    }

    #[test]
    fn saturation_keeps_both_ends() {
        assert_eq!(saturate(-129, 8, true), 0x80);
        assert_eq!(saturate(128, 8, true), 0x7f);
        assert_eq!(saturate(-1, 16, false), 0);
        assert_eq!(saturate(1 << 40, 32, false), 0xffff_ffff);
    }
}
