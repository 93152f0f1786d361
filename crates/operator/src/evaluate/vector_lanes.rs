//! Vector operators that move lanes without computing with them, and shifts.

use super::lane::{self, mask, read, sign_extend};
use crate::{LaneShape, VectorShift};

/// Every lane the scalar's low bits.
///
/// ```
/// use silica_operator::{LaneShape, evaluate_splat};
/// assert_eq!(evaluate_splat(LaneShape::I8x16, 0x1ab), u128::from_le_bytes([0xab; 16]));
/// ```
#[must_use]
pub fn evaluate_splat(shape: LaneShape, scalar: u64) -> u128 {
    lane::build(shape.lane_bits(), |_| scalar)
}

/// One lane as a scalar; lanes of 8 and 16 bits are widened to 32 as `signed` says.
///
/// # Panics
///
/// If the shape has no lane `index`, which validation excludes.
///
/// ```
/// use silica_operator::{LaneShape, evaluate_extract_lane};
/// assert_eq!(evaluate_extract_lane(LaneShape::I8x16, 1, true, 0x8000), 0xffff_ff80);
/// ```
#[must_use]
pub fn evaluate_extract_lane(shape: LaneShape, index: u8, signed: bool, vector: u128) -> u64 {
    assert!(index < shape.lanes(), "{shape:?} has no lane {index}");
    let bits = shape.lane_bits();
    let lane = lane::get(vector, bits, u32::from(index));
    if bits < 32 {
        read(lane, bits, signed) as u64 & mask(32)
    } else {
        lane
    }
}

/// The vector with the scalar's low bits in one lane.
///
/// # Panics
///
/// If the shape has no lane `index`, which validation excludes.
///
/// ```
/// use silica_operator::{LaneShape, evaluate_replace_lane};
/// assert_eq!(evaluate_replace_lane(LaneShape::I16x8, 1, 0, 0xf_1234), 0x1234_0000);
/// ```
#[must_use]
pub fn evaluate_replace_lane(shape: LaneShape, index: u8, vector: u128, scalar: u64) -> u128 {
    assert!(index < shape.lanes(), "{shape:?} has no lane {index}");
    let bits = shape.lane_bits();
    lane::build(bits, |lane| {
        if lane == u32::from(index) {
            scalar
        } else {
            lane::get(vector, bits, lane)
        }
    })
}

/// `i8x16.shuffle`: each byte of the result is chosen from the 32 of both operands.
///
/// # Panics
///
/// If a lane is 32 or more, which validation excludes.
///
/// ```
/// use silica_operator::evaluate_shuffle;
/// let swap = [16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7];
/// assert_eq!(evaluate_shuffle(swap, 1, 2), 1 << 64 | 2);
/// ```
#[must_use]
pub fn evaluate_shuffle(lanes: [u8; 16], left: u128, right: u128) -> u128 {
    u128::from_le_bytes(lanes.map(|lane| match lane {
        0..16 => left.to_le_bytes()[usize::from(lane)],
        16..32 => right.to_le_bytes()[usize::from(lane - 16)],
        32.. => panic!("i8x16.shuffle has no lane {lane}"),
    }))
}

/// Shifts every lane by the count modulo the lane's bits.
///
/// ```
/// use silica_operator::{LaneShape, VectorShift, evaluate_vector_shift};
/// let shifted = evaluate_vector_shift(VectorShift::ShrS, LaneShape::I16x8, 0x8000, 17);
/// assert_eq!(shifted, 0xc000);
/// ```
#[must_use]
pub fn evaluate_vector_shift(
    operator: VectorShift,
    shape: LaneShape,
    vector: u128,
    count: u32,
) -> u128 {
    let bits = shape.lane_bits();
    let count = count % bits;
    lane::map(bits, vector, |lane| match operator {
        VectorShift::Shl => lane << count,
        VectorShift::ShrS => (sign_extend(lane, bits) >> count) as u64,
        VectorShift::ShrU => lane >> count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_bits_do_not_reach_the_next_lane() {
        let ones = u128::MAX;
        let shl = evaluate_vector_shift(VectorShift::Shl, LaneShape::I8x16, ones, 9);
        assert_eq!(shl, u128::from_le_bytes([0xfe; 16]));
        let shr = evaluate_vector_shift(VectorShift::ShrU, LaneShape::I64x2, ones, 63);
        assert_eq!(shr, 1 << 64 | 1);
        let identity = evaluate_vector_shift(VectorShift::ShrS, LaneShape::I32x4, ones, 32);
        assert_eq!(identity, ones);
    }

    #[test]
    fn extracting_is_unsigned_unless_asked() {
        assert_eq!(
            evaluate_extract_lane(LaneShape::I16x8, 0, false, 0xffff),
            0xffff
        );
        assert_eq!(
            evaluate_extract_lane(LaneShape::I16x8, 0, true, 0xffff),
            0xffff_ffff
        );
        assert_eq!(
            evaluate_extract_lane(LaneShape::I64x2, 1, false, u128::MAX),
            u64::MAX
        );
        assert_eq!(
            evaluate_extract_lane(LaneShape::F32x4, 3, false, 7 << 96),
            7
        );
    }

    #[test]
    fn replacing_changes_one_lane_only() {
        let replaced = evaluate_replace_lane(LaneShape::F64x2, 1, u128::MAX, 0);
        assert_eq!(replaced, u128::from(u64::MAX));
    }

    #[test]
    #[should_panic(expected = "no lane 2")]
    fn a_lane_out_of_range_is_refused() {
        let _ = evaluate_extract_lane(LaneShape::I64x2, 2, false, 0);
    }
}
