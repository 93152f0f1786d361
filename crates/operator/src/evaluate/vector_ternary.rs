//! Vector operators of three operands.

use super::vector_binary::{relaxed_dot, zip_float};
use super::vector_unary::{evaluate_vector_unary, ext_add_pairwise};
use super::{evaluate_vector_binary, lane};
use crate::{FloatBinary, LaneShape, VectorBinary, VectorTernary, VectorUnary};

/// A vector operator of three operands, in the deterministic profile: lane selection is
/// `bitselect`, and a multiplication and an addition round twice.
///
/// # Panics
///
/// If an operator of float lanes is given a shape of integer lanes.
///
/// ```
/// use silica_operator::{VectorTernary, evaluate_vector_ternary};
/// assert_eq!(evaluate_vector_ternary(VectorTernary::Bitselect, 0b1010, 0b0101, 0b0011), 0b0110);
/// ```
#[must_use]
pub fn evaluate_vector_ternary(
    operator: VectorTernary,
    first: u128,
    second: u128,
    third: u128,
) -> u128 {
    match operator {
        VectorTernary::Bitselect | VectorTernary::RelaxedLaneselect(_) => {
            first & third | second & !third
        }
        VectorTernary::RelaxedMadd(shape) => multiply_add(shape, first, second, third),
        VectorTernary::RelaxedNmadd(shape) => {
            let negated = evaluate_vector_unary(VectorUnary::Neg(shape), first);
            multiply_add(shape, negated, second, third)
        }
        VectorTernary::RelaxedDotI8x16I7x16AddS => {
            let sums = ext_add_pairwise(LaneShape::I16x8, true, relaxed_dot(first, second));
            evaluate_vector_binary(VectorBinary::Add(LaneShape::I32x4), sums, third)
        }
    }
}

fn multiply_add(shape: LaneShape, first: u128, second: u128, third: u128) -> u128 {
    debug_assert!(lane::float_type(shape).is_some());
    let product = zip_float(FloatBinary::Mul, shape, first, second);
    zip_float(FloatBinary::Add, shape, product, third)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splat(value: f32) -> u128 {
        lane::build(32, |_| u64::from(value.to_bits()))
    }

    #[test]
    fn multiply_add_rounds_the_product() {
        let (left, right) = (1.0 + 2f32.powi(-22), 1.0 + 2f32.powi(-15));
        let third = -(1.0 + 2f32.powi(-15) + 2f32.powi(-22));
        let madd = VectorTernary::RelaxedMadd(LaneShape::F32x4);
        assert_eq!(
            evaluate_vector_ternary(madd, splat(left), splat(right), splat(third)),
            0
        );
        let nmadd = VectorTernary::RelaxedNmadd(LaneShape::F32x4);
        assert_eq!(
            evaluate_vector_ternary(nmadd, splat(-left), splat(right), splat(third)),
            0
        );
    }

    #[test]
    fn lane_selection_looks_at_every_bit_of_the_mask() {
        let select = VectorTernary::RelaxedLaneselect(LaneShape::I8x16);
        assert_eq!(evaluate_vector_ternary(select, 0xff, 0, 0x80), 0x80);
    }

    #[test]
    fn the_relaxed_dot_product_adds_four_products_to_each_lane() {
        let dot = |left, right, add| {
            evaluate_vector_ternary(VectorTernary::RelaxedDotI8x16I7x16AddS, left, right, add)
        };
        assert_eq!(dot(0x0302_0100, 0x0302_0100, 0), 14);
        assert_eq!(dot(0x8080_8080, 0x8181_8181, 1), 65025);
        assert_eq!(dot(0x8080_8080, 0x7f7f_7f7f, 1), -65023i32 as u32 as u128);
    }
}
