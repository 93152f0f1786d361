//! Vector comparisons, and tests of a whole vector.

use super::float::evaluate_float_compare;
use super::lane::{self, mask, sign_extend};
use crate::{FloatCompare, FloatType, LaneShape, VectorCompare, VectorReduce};

/// Lanes of all ones where the comparison holds, of 0 where not. With a float shape
/// the two forms of an ordering mean the same.
///
/// ```
/// use silica_operator::{LaneShape, VectorCompare, evaluate_vector_compare};
/// let less = evaluate_vector_compare(VectorCompare::LtS, LaneShape::I64x2, u128::MAX, 0);
/// assert_eq!(less, u128::MAX);
/// ```
#[must_use]
pub fn evaluate_vector_compare(
    operator: VectorCompare,
    shape: LaneShape,
    left: u128,
    right: u128,
) -> u128 {
    let bits = shape.lane_bits();
    lane::zip(bits, left, right, |left, right| {
        let holds = match lane::float_type(shape) {
            Some(float) => compare_float(operator, float, left, right),
            None => compare_int(operator, bits, left, right),
        };
        if holds { mask(bits) } else { 0 }
    })
}

/// A vector summed up in one `i32`.
///
/// ```
/// use silica_operator::{LaneShape, VectorReduce, evaluate_vector_reduce};
/// let bitmask = VectorReduce::Bitmask(LaneShape::I32x4);
/// assert_eq!(evaluate_vector_reduce(bitmask, 1 << 127 | 1 << 31 | 1), 0b1001);
/// ```
#[must_use]
pub fn evaluate_vector_reduce(operator: VectorReduce, vector: u128) -> u32 {
    let lanes = |shape: LaneShape| {
        let bits = shape.lane_bits();
        (0..u32::from(shape.lanes())).map(move |index| (index, lane::get(vector, bits, index)))
    };
    match operator {
        VectorReduce::AnyTrue => u32::from(vector != 0),
        VectorReduce::AllTrue(shape) => u32::from(lanes(shape).all(|(_, lane)| lane != 0)),
        VectorReduce::Bitmask(shape) => lanes(shape).fold(0, |bitmask, (index, lane)| {
            bitmask | ((lane >> (shape.lane_bits() - 1)) as u32) << index
        }),
    }
}

fn compare_int(operator: VectorCompare, bits: u32, left: u64, right: u64) -> bool {
    let unsigned = left.cmp(&right);
    let signed = sign_extend(left, bits).cmp(&sign_extend(right, bits));
    match operator {
        VectorCompare::Eq => unsigned.is_eq(),
        VectorCompare::Ne => unsigned.is_ne(),
        VectorCompare::LtS => signed.is_lt(),
        VectorCompare::LtU => unsigned.is_lt(),
        VectorCompare::GtS => signed.is_gt(),
        VectorCompare::GtU => unsigned.is_gt(),
        VectorCompare::LeS => signed.is_le(),
        VectorCompare::LeU => unsigned.is_le(),
        VectorCompare::GeS => signed.is_ge(),
        VectorCompare::GeU => unsigned.is_ge(),
    }
}

fn compare_float(operator: VectorCompare, float: FloatType, left: u64, right: u64) -> bool {
    let operator = match operator {
        VectorCompare::Eq => FloatCompare::Eq,
        VectorCompare::Ne => FloatCompare::Ne,
        VectorCompare::LtS | VectorCompare::LtU => FloatCompare::Lt,
        VectorCompare::GtS | VectorCompare::GtU => FloatCompare::Gt,
        VectorCompare::LeS | VectorCompare::LeU => FloatCompare::Le,
        VectorCompare::GeS | VectorCompare::GeU => FloatCompare::Ge,
    };
    evaluate_float_compare(operator, float, left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_compared_with_the_sign_asked_for() {
        let compare = |operator| evaluate_vector_compare(operator, LaneShape::I8x16, 0x80, 0x7f);
        let others = u128::MAX << 8;
        assert_eq!(compare(VectorCompare::LtS), 0xff);
        assert_eq!(compare(VectorCompare::LtU), 0);
        assert_eq!(compare(VectorCompare::GeU), u128::MAX);
        assert_eq!(compare(VectorCompare::GeS), others);
        assert_eq!(compare(VectorCompare::Eq), others);
    }

    #[test]
    fn float_lanes_compare_as_floats() {
        let minus_zero = 1 << 63;
        let equal = evaluate_vector_compare(VectorCompare::Eq, LaneShape::F64x2, minus_zero, 0);
        assert_eq!(equal, u128::MAX);
        let nan = u128::from(f64::NAN.to_bits());
        let different = evaluate_vector_compare(VectorCompare::Ne, LaneShape::F64x2, nan, nan);
        assert_eq!(different, u128::from(u64::MAX));
    }

    #[test]
    fn all_true_wants_every_lane_and_any_true_any_bit() {
        let all = |shape, vector| evaluate_vector_reduce(VectorReduce::AllTrue(shape), vector);
        assert_eq!(all(LaneShape::I64x2, 1 << 64 | 1), 1);
        assert_eq!(all(LaneShape::I32x4, 1 << 64 | 1), 0);
        assert_eq!(evaluate_vector_reduce(VectorReduce::AnyTrue, 1 << 100), 1);
        assert_eq!(evaluate_vector_reduce(VectorReduce::AnyTrue, 0), 0);
    }

    #[test]
    fn bitmask_has_one_bit_for_each_lane() {
        let bitmask = |shape| evaluate_vector_reduce(VectorReduce::Bitmask(shape), u128::MAX);
        assert_eq!(bitmask(LaneShape::I8x16), 0xffff);
        assert_eq!(bitmask(LaneShape::I16x8), 0xff);
        assert_eq!(bitmask(LaneShape::I64x2), 3);
    }
}
