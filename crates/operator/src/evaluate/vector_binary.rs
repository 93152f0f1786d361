//! Vector operators of two operands.

use super::float::{evaluate_float_binary, evaluate_float_compare};
use super::lane::{self, expect_float, mask, read, saturate, sign_extend};
use super::vector_unary::extend;
use crate::{FloatBinary, FloatCompare, LaneShape, VectorBinary};

/// A vector operator of two operands. The relaxed forms do what the plain ones do, and
/// the relaxed dot product reads both operands as signed and saturates the sum of a pair.
///
/// # Panics
///
/// If an operator of float lanes is given a shape of integer lanes.
///
/// ```
/// use silica_operator::{LaneShape, VectorBinary, evaluate_vector_binary};
/// let add = VectorBinary::AddSat { shape: LaneShape::I8x16, signed: false };
/// assert_eq!(evaluate_vector_binary(add, 0x01ff, 0x0101), 0x02ff);
/// ```
#[must_use]
pub fn evaluate_vector_binary(operator: VectorBinary, left: u128, right: u128) -> u128 {
    match operator {
        VectorBinary::And => left & right,
        VectorBinary::AndNot => left & !right,
        VectorBinary::Or => left | right,
        VectorBinary::Xor => left ^ right,
        VectorBinary::Add(shape) => {
            arithmetic(shape, left, right, FloatBinary::Add, u64::wrapping_add)
        }
        VectorBinary::Sub(shape) => {
            arithmetic(shape, left, right, FloatBinary::Sub, u64::wrapping_sub)
        }
        VectorBinary::Mul(shape) => {
            arithmetic(shape, left, right, FloatBinary::Mul, u64::wrapping_mul)
        }
        VectorBinary::Div(shape) => zip_float(FloatBinary::Div, shape, left, right),
        VectorBinary::AddSat { shape, signed } => {
            saturating(shape, signed, left, right, |left, right| left + right)
        }
        VectorBinary::SubSat { shape, signed } => {
            saturating(shape, signed, left, right, |left, right| left - right)
        }
        VectorBinary::IntMin { shape, signed } => saturating(shape, signed, left, right, i64::min),
        VectorBinary::IntMax { shape, signed } => saturating(shape, signed, left, right, i64::max),
        VectorBinary::FloatMin { shape, relaxed: _ } => {
            zip_float(FloatBinary::Min, shape, left, right)
        }
        VectorBinary::FloatMax { shape, relaxed: _ } => {
            zip_float(FloatBinary::Max, shape, left, right)
        }
        VectorBinary::PMin(shape) => pseudo(shape, left, right, |left, right| (right, left)),
        VectorBinary::PMax(shape) => pseudo(shape, left, right, |left, right| (left, right)),
        VectorBinary::AvgrU(shape) => lane::zip(shape.lane_bits(), left, right, |left, right| {
            (left + right).div_ceil(2)
        }),
        VectorBinary::Q15MulrSatS { relaxed: _ } => lane::zip(16, left, right, q15_multiply),
        VectorBinary::Narrow { from, signed } => narrow(from, signed, left, right),
        VectorBinary::ExtMul { from, high, signed } => lane::zip(
            from.lane_bits() * 2,
            extend(from, high, signed, left),
            extend(from, high, signed, right),
            u64::wrapping_mul,
        ),
        VectorBinary::DotI16x8S => lane::build(32, |index| {
            let product = |lane| signed_product(16, left, right, lane);
            product(2 * index).wrapping_add(product(2 * index + 1)) as u64
        }),
        VectorBinary::Swizzle { relaxed: _ } => lane::map(8, right, |index| match index {
            0..16 => lane::get(left, 8, index as u32),
            16.. => 0,
        }),
        VectorBinary::RelaxedDotI8x16I7x16S => relaxed_dot(left, right),
    }
}

/// Sums of the products of pairs of bytes, saturated to 16 bits.
pub(super) fn relaxed_dot(left: u128, right: u128) -> u128 {
    lane::build(16, |index| {
        let product = |lane| signed_product(8, left, right, lane);
        saturate(product(2 * index) + product(2 * index + 1), 16, true)
    })
}

fn signed_product(bits: u32, left: u128, right: u128, index: u32) -> i64 {
    let lane = |vector| sign_extend(lane::get(vector, bits, index), bits);
    lane(left) * lane(right)
}

fn arithmetic(
    shape: LaneShape,
    left: u128,
    right: u128,
    float: FloatBinary,
    integer: fn(u64, u64) -> u64,
) -> u128 {
    match lane::float_type(shape) {
        Some(_) => zip_float(float, shape, left, right),
        None => lane::zip(shape.lane_bits(), left, right, integer),
    }
}

pub(super) fn zip_float(operator: FloatBinary, shape: LaneShape, left: u128, right: u128) -> u128 {
    let float = expect_float(shape);
    lane::zip(shape.lane_bits(), left, right, |left, right| {
        evaluate_float_binary(operator, float, left, right)
    })
}

/// An operator on numbers of at most 32 bits whose result is brought back into range.
fn saturating(
    shape: LaneShape,
    signed: bool,
    left: u128,
    right: u128,
    operator: fn(i64, i64) -> i64,
) -> u128 {
    let bits = shape.lane_bits();
    lane::zip(bits, left, right, |left, right| {
        saturate(
            operator(read(left, bits, signed), read(right, bits, signed)),
            bits,
            signed,
        )
    })
}

/// `pmin` and `pmax`: the right operand where the first of `order` is less than the
/// second, else the left; bits are moved as they are.
fn pseudo(shape: LaneShape, left: u128, right: u128, order: fn(u64, u64) -> (u64, u64)) -> u128 {
    let float = expect_float(shape);
    lane::zip(shape.lane_bits(), left, right, |left, right| {
        let (less, more) = order(left, right);
        if evaluate_float_compare(FloatCompare::Lt, float, less, more) {
            right
        } else {
            left
        }
    })
}

/// The rounded product of two fractions of 15 bits.
fn q15_multiply(left: u64, right: u64) -> u64 {
    saturate(
        (sign_extend(left, 16) * sign_extend(right, 16) + 0x4000) >> 15,
        16,
        true,
    )
}

/// The lanes of both operands, read as signed and saturated to half their size.
fn narrow(from: LaneShape, signed: bool, left: u128, right: u128) -> u128 {
    let (wide, half) = (from.lane_bits(), from.lane_bits() / 2);
    let lanes = u32::from(from.lanes());
    debug_assert!(mask(half) < mask(wide));
    lane::build(half, |index| {
        let lane = match index.checked_sub(lanes) {
            None => lane::get(left, wide, index),
            Some(index) => lane::get(right, wide, index),
        };
        saturate(sign_extend(lane, wide), half, signed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use LaneShape::{F32x4, F64x2, I8x16, I16x8, I32x4, I64x2};

    fn lanes16(lanes: [i16; 8]) -> u128 {
        lane::build(16, |index| lanes[index as usize] as u64)
    }

    #[test]
    fn carries_do_not_cross_lanes() {
        let ones = u128::MAX;
        for shape in [I8x16, I16x8, I32x4, I64x2] {
            let one_each = lane::build(shape.lane_bits(), |_| 1);
            assert_eq!(
                evaluate_vector_binary(VectorBinary::Add(shape), ones, one_each),
                0
            );
            assert_eq!(
                evaluate_vector_binary(VectorBinary::Sub(shape), 0, one_each),
                ones
            );
            if shape != I8x16 {
                assert_eq!(
                    evaluate_vector_binary(VectorBinary::Mul(shape), ones, ones),
                    one_each
                );
            }
        }
    }

    #[test]
    fn andnot_inverts_the_second_operand() {
        assert_eq!(
            evaluate_vector_binary(VectorBinary::AndNot, 0b11, 0b01),
            0b10
        );
    }

    #[test]
    fn saturation_stops_at_both_ends() {
        let add = |signed| VectorBinary::AddSat {
            shape: I16x8,
            signed,
        };
        let sub = |signed| VectorBinary::SubSat {
            shape: I16x8,
            signed,
        };
        assert_eq!(evaluate_vector_binary(add(true), 0x7fff, 1), 0x7fff);
        assert_eq!(evaluate_vector_binary(add(true), 0x8000, 0xffff), 0x8000);
        assert_eq!(evaluate_vector_binary(add(false), 0xffff, 1), 0xffff);
        assert_eq!(evaluate_vector_binary(sub(false), 0, 1), 0);
        assert_eq!(evaluate_vector_binary(sub(true), 0x8000, 1), 0x8000);
    }

    #[test]
    fn integer_extremes_respect_the_sign() {
        let min = |signed| VectorBinary::IntMin {
            shape: I32x4,
            signed,
        };
        assert_eq!(
            evaluate_vector_binary(min(true), 0xffff_ffff, 1),
            0xffff_ffff
        );
        assert_eq!(evaluate_vector_binary(min(false), 0xffff_ffff, 1), 1);
        let max = VectorBinary::IntMax {
            shape: I8x16,
            signed: false,
        };
        assert_eq!(evaluate_vector_binary(max, 0x80, 0x7f), 0x80);
    }

    #[test]
    fn pmin_and_pmax_keep_the_left_operand_unless_the_right_is_better() {
        let nan = u128::from(f32::NAN.to_bits());
        let one = u128::from(1f32.to_bits());
        let minus_zero = 1 << 31;
        for operator in [VectorBinary::PMin(F32x4), VectorBinary::PMax(F32x4)] {
            assert_eq!(evaluate_vector_binary(operator, nan, one), nan);
            assert_eq!(evaluate_vector_binary(operator, one, nan), one);
            assert_eq!(evaluate_vector_binary(operator, 0, minus_zero), 0);
            assert_eq!(evaluate_vector_binary(operator, minus_zero, 0), minus_zero);
        }
        assert_eq!(evaluate_vector_binary(VectorBinary::PMin(F32x4), one, 0), 0);
        assert_eq!(
            evaluate_vector_binary(VectorBinary::PMax(F32x4), 0, one),
            one
        );
    }

    #[test]
    fn averages_round_up_without_overflow() {
        assert_eq!(
            evaluate_vector_binary(VectorBinary::AvgrU(I8x16), 0xff_02, 0xff_01),
            0xff_02
        );
        assert_eq!(
            evaluate_vector_binary(VectorBinary::AvgrU(I16x8), 0xffff, 0),
            0x8000
        );
    }

    #[test]
    fn the_one_overflow_of_q15_multiplication_saturates() {
        for relaxed in [false, true] {
            let multiply = VectorBinary::Q15MulrSatS { relaxed };
            assert_eq!(evaluate_vector_binary(multiply, 0x8000, 0x8000), 0x7fff);
            assert_eq!(evaluate_vector_binary(multiply, 0x4000, 0x4000), 0x2000);
        }
    }

    #[test]
    fn narrowing_always_reads_signed_lanes() {
        let (left, right) = (
            lanes16([-1, 255, 256, 0, 0, 0, 0, 0]),
            lanes16([-129, 127, 0, 0, 0, 0, 0, 0]),
        );
        let narrow = |signed| VectorBinary::Narrow {
            from: I16x8,
            signed,
        };
        let unsigned = evaluate_vector_binary(narrow(false), left, right).to_le_bytes();
        assert_eq!(
            (unsigned[..3].as_ref(), unsigned[8..10].as_ref()),
            ([0, 255, 255].as_ref(), [0, 127].as_ref())
        );
        let signed = evaluate_vector_binary(narrow(true), left, right).to_le_bytes();
        assert_eq!(
            (signed[..3].as_ref(), signed[8..10].as_ref()),
            ([255, 127, 127].as_ref(), [128, 127].as_ref())
        );
    }

    #[test]
    fn wide_products_of_the_least_integers_are_positive() {
        let multiply = |from, signed| VectorBinary::ExtMul {
            from,
            high: false,
            signed,
        };
        assert_eq!(
            evaluate_vector_binary(multiply(I8x16, true), 0x80, 0x80),
            0x4000
        );
        let least = 1 << 31;
        assert_eq!(
            evaluate_vector_binary(multiply(I32x4, true), least, least),
            1 << 62
        );
        let most = u128::from(u32::MAX);
        assert_eq!(
            evaluate_vector_binary(multiply(I32x4, false), most, most),
            0xffff_fffe_0000_0001
        );
        let high = VectorBinary::ExtMul {
            from: I16x8,
            high: true,
            signed: true,
        };
        assert_eq!(evaluate_vector_binary(high, 3 << 64 | 9, 5 << 64 | 9), 15);
    }

    #[test]
    fn the_one_overflow_of_the_dot_product_wraps() {
        let least = lanes16([-32768; 8]);
        let dot = evaluate_vector_binary(VectorBinary::DotI16x8S, least, least);
        assert_eq!(lane::get(dot, 32, 0), 0x8000_0000);
    }

    #[test]
    fn the_relaxed_dot_product_is_signed_and_saturates() {
        let dot =
            |left, right| evaluate_vector_binary(VectorBinary::RelaxedDotI8x16I7x16S, left, right);
        assert_eq!(dot(0x8080, 0x8181), 32512);
        assert_eq!(dot(0x8080, 0x8080), 32767);
        assert_eq!(dot(0x8080, 0x7f7f), -32512i16 as u16 as u128);
    }

    #[test]
    fn swizzle_gives_zero_beyond_the_sixteen_lanes() {
        for relaxed in [false, true] {
            let swizzle = VectorBinary::Swizzle { relaxed };
            let result = evaluate_vector_binary(swizzle, u128::MAX, 0x80_10_0f);
            assert_eq!(result, u128::MAX << 24 | 0xff);
        }
    }

    #[test]
    fn float_lanes_use_the_scalar_rules() {
        let min = VectorBinary::FloatMin {
            shape: F64x2,
            relaxed: true,
        };
        assert_eq!(evaluate_vector_binary(min, 0, 1 << 63), 1 << 63);
        let one = u128::from(1f64.to_bits());
        let quotient = evaluate_vector_binary(VectorBinary::Div(F64x2), one, 0);
        assert_eq!(quotient as u64, f64::INFINITY.to_bits());
        assert_eq!((quotient >> 64) as u64, 0x7ff8_0000_0000_0000);
    }
}
