//! Vector operators of one operand.

use super::convert::{demote, from_int, promote, truncate_saturating};
use super::float::{evaluate_float_unary, to_f64};
use super::lane::{self, expect_float, read};
use crate::{FloatType, FloatUnary, IntType, LaneShape, VectorUnary};

/// A vector operator of one operand. The relaxed truncations saturate.
///
/// # Panics
///
/// If an operator of float lanes is given a shape of integer lanes.
///
/// ```
/// use silica_operator::{LaneShape, VectorUnary, evaluate_vector_unary};
/// let negated = evaluate_vector_unary(VectorUnary::Neg(LaneShape::I32x4), 1);
/// assert_eq!(negated, 0xffff_ffff);
/// ```
#[must_use]
pub fn evaluate_vector_unary(operator: VectorUnary, operand: u128) -> u128 {
    match operator {
        VectorUnary::Not => !operand,
        VectorUnary::Abs(shape) => absolute(shape, operand),
        VectorUnary::Neg(shape) => negate(shape, operand),
        VectorUnary::Popcnt => lane::map(8, operand, |lane| u64::from(lane.count_ones())),
        VectorUnary::Ceil(shape) => map_float(FloatUnary::Ceil, shape, operand),
        VectorUnary::Floor(shape) => map_float(FloatUnary::Floor, shape, operand),
        VectorUnary::Trunc(shape) => map_float(FloatUnary::Trunc, shape, operand),
        VectorUnary::Nearest(shape) => map_float(FloatUnary::Nearest, shape, operand),
        VectorUnary::Sqrt(shape) => map_float(FloatUnary::Sqrt, shape, operand),
        VectorUnary::ExtAddPairwise { from, signed } => ext_add_pairwise(from, signed, operand),
        VectorUnary::Extend { from, high, signed } => extend(from, high, signed, operand),
        VectorUnary::TruncSatF32x4 { signed, relaxed: _ } => lane::map(32, operand, |lane| {
            truncate_i32(FloatType::F32, signed, lane)
        }),
        VectorUnary::TruncSatF64x2Zero { signed, relaxed: _ } => {
            low_half(|index| truncate_i32(FloatType::F64, signed, lane::get(operand, 64, index)))
        }
        VectorUnary::ConvertI32x4 { signed } => lane::map(32, operand, |lane| {
            from_int(lane, IntType::I32, FloatType::F32, signed)
        }),
        VectorUnary::ConvertLowI32x4 { signed } => lane::build(64, |index| {
            from_int(
                lane::get(operand, 32, index),
                IntType::I32,
                FloatType::F64,
                signed,
            )
        }),
        VectorUnary::DemoteF64x2Zero => low_half(|index| demote(lane::get(operand, 64, index))),
        VectorUnary::PromoteLowF32x4 => {
            lane::build(64, |index| promote(lane::get(operand, 32, index)))
        }
    }
}

/// The pairwise sums of lanes widened to twice their size.
pub(super) fn ext_add_pairwise(from: LaneShape, signed: bool, operand: u128) -> u128 {
    let bits = from.lane_bits();
    let wide = |index| read(lane::get(operand, bits, index), bits, signed);
    lane::build(bits * 2, |index| {
        (wide(2 * index) + wide(2 * index + 1)) as u64
    })
}

/// One half of the lanes, widened to twice their size.
pub(super) fn extend(from: LaneShape, high: bool, signed: bool, operand: u128) -> u128 {
    let bits = from.lane_bits();
    let first = if high { 64 / bits } else { 0 };
    lane::build(bits * 2, |index| {
        read(lane::get(operand, bits, first + index), bits, signed) as u64
    })
}

fn map_float(operator: FloatUnary, shape: LaneShape, operand: u128) -> u128 {
    let float = expect_float(shape);
    lane::map(shape.lane_bits(), operand, |lane| {
        evaluate_float_unary(operator, float, lane)
    })
}

fn absolute(shape: LaneShape, operand: u128) -> u128 {
    match lane::float_type(shape) {
        Some(_) => map_float(FloatUnary::Abs, shape, operand),
        None => lane::map(shape.lane_bits(), operand, |lane| {
            lane::sign_extend(lane, shape.lane_bits()).unsigned_abs()
        }),
    }
}

fn negate(shape: LaneShape, operand: u128) -> u128 {
    match lane::float_type(shape) {
        Some(_) => map_float(FloatUnary::Neg, shape, operand),
        None => lane::map(shape.lane_bits(), operand, u64::wrapping_neg),
    }
}

fn truncate_i32(from: FloatType, signed: bool, lane: u64) -> u64 {
    truncate_saturating(to_f64(from, lane), IntType::I32, signed)
}

/// Two lanes of 32 bits at the bottom, zeros above.
fn low_half(lane: impl Fn(u32) -> u64) -> u128 {
    lane::build(32, |index| if index < 2 { lane(index) } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use LaneShape::{F32x4, F64x2, I8x16, I16x8, I32x4, I64x2};

    #[test]
    fn the_least_integer_is_its_own_absolute_and_negative() {
        for (shape, least) in [
            (I8x16, 0x80),
            (I16x8, 0x8000),
            (I32x4, 1 << 31),
            (I64x2, 1 << 63),
        ] {
            assert_eq!(
                evaluate_vector_unary(VectorUnary::Abs(shape), least),
                least,
                "{shape:?}"
            );
            assert_eq!(
                evaluate_vector_unary(VectorUnary::Neg(shape), least),
                least,
                "{shape:?}"
            );
        }
    }

    #[test]
    fn negating_floats_flips_signs_of_zeros_too() {
        let signs = 1 << 127 | 1 << 63;
        assert_eq!(evaluate_vector_unary(VectorUnary::Neg(F64x2), 0), signs);
        assert_eq!(
            evaluate_vector_unary(VectorUnary::Abs(F64x2), u128::MAX),
            !signs
        );
        assert_eq!(
            evaluate_vector_unary(VectorUnary::Neg(F32x4), 0),
            signs | 1 << 95 | 1 << 31
        );
    }

    #[test]
    fn popcnt_counts_each_byte() {
        let counts = evaluate_vector_unary(VectorUnary::Popcnt, 0xff_01_80_00_f0);
        assert_eq!(counts, 0x08_01_01_00_04);
    }

    #[test]
    fn pairwise_sums_do_not_overflow() {
        let add = |from, signed| VectorUnary::ExtAddPairwise { from, signed };
        assert_eq!(evaluate_vector_unary(add(I8x16, false), 0xffff), 0x01fe);
        assert_eq!(evaluate_vector_unary(add(I8x16, true), 0x8080), 0xff00);
        assert_eq!(
            evaluate_vector_unary(add(I16x8, false), 0xffff_ffff),
            0x0001_fffe
        );
    }

    #[test]
    fn extending_high_takes_the_upper_lanes() {
        let vector = 0x80 << 64 | 0x7f;
        let extend = |high, signed| VectorUnary::Extend {
            from: I8x16,
            high,
            signed,
        };
        assert_eq!(evaluate_vector_unary(extend(true, true), vector), 0xff80);
        assert_eq!(evaluate_vector_unary(extend(true, false), vector), 0x80);
        assert_eq!(evaluate_vector_unary(extend(false, true), vector), 0x7f);
        let wide = VectorUnary::Extend {
            from: I32x4,
            high: false,
            signed: true,
        };
        assert_eq!(
            evaluate_vector_unary(wide, 0x8000_0000),
            0xffff_ffff_8000_0000
        );
    }

    #[test]
    fn conversions_of_two_lanes_leave_zeros_above() {
        let ones = u128::from(1f64.to_bits()) << 64 | u128::from(f64::NAN.to_bits());
        let trunc = VectorUnary::TruncSatF64x2Zero {
            signed: true,
            relaxed: true,
        };
        assert_eq!(evaluate_vector_unary(trunc, ones), 1 << 32);
        let demoted = evaluate_vector_unary(VectorUnary::DemoteF64x2Zero, ones);
        assert_eq!(demoted, u128::from(1f32.to_bits()) << 32 | 0x7fc0_0000);
        assert_eq!(
            evaluate_vector_unary(VectorUnary::PromoteLowF32x4, demoted),
            ones
        );
    }

    #[test]
    fn conversion_reads_lanes_with_the_sign_asked_for() {
        let convert = |signed| {
            evaluate_vector_unary(VectorUnary::ConvertI32x4 { signed }, 0xffff_ffff) as u32
        };
        assert_eq!(f32::from_bits(convert(true)), -1.0);
        assert_eq!(f32::from_bits(convert(false)), 4294967296.0);
        let low = VectorUnary::ConvertLowI32x4 { signed: false };
        assert_eq!(evaluate_vector_unary(low, 1 << 64), 0);
    }

    #[test]
    #[should_panic(expected = "I8x16")]
    fn rounding_integer_lanes_is_refused() {
        let _ = evaluate_vector_unary(VectorUnary::Ceil(I8x16), 0);
    }
}
