//! Float operators of `f32` and `f64`: IEEE 754, round to nearest, ties to even.

use super::nan;
use crate::{FloatBinary, FloatCompare, FloatType, FloatUnary};

/// A float operator of one operand, on bits.
///
/// ```
/// use silica_operator::{FloatType, FloatUnary, evaluate_float_unary};
/// let nearest = |x: f64| f64::from_bits(evaluate_float_unary(FloatUnary::Nearest, FloatType::F64, x.to_bits()));
/// assert_eq!(nearest(2.5), 2.0);
/// assert_eq!(nearest(3.5), 4.0);
/// ```
#[must_use]
pub fn evaluate_float_unary(operator: FloatUnary, float: FloatType, operand: u64) -> u64 {
    let operand = operand & all(float);
    let arithmetic = |f32_form: fn(f32) -> f32, f64_form: fn(f64) -> f64| {
        if let Some(nan) = nan::propagate(float, [operand]) {
            return nan;
        }
        let result = match float {
            FloatType::F32 => bits_of_f32(f32_form(as_f32(operand))),
            FloatType::F64 => f64_form(f64::from_bits(operand)).to_bits(),
        };
        nan::settle(float, result)
    };
    match operator {
        FloatUnary::Abs => operand & !sign(float),
        FloatUnary::Neg => operand ^ sign(float),
        FloatUnary::Ceil => arithmetic(f32::ceil, f64::ceil),
        FloatUnary::Floor => arithmetic(f32::floor, f64::floor),
        FloatUnary::Trunc => arithmetic(f32::trunc, f64::trunc),
        FloatUnary::Nearest => arithmetic(f32::round_ties_even, f64::round_ties_even),
        FloatUnary::Sqrt => arithmetic(f32::sqrt, f64::sqrt),
    }
}

/// A float operator of two operands, on bits.
///
/// `Min` and `Max` give NaN if an operand is NaN, and tell -0 from +0.
///
/// ```
/// use silica_operator::{FloatBinary, FloatType, evaluate_float_binary};
/// let min = |a: f64, b: f64| {
///     let bits = evaluate_float_binary(FloatBinary::Min, FloatType::F64, a.to_bits(), b.to_bits());
///     f64::from_bits(bits)
/// };
/// assert!(min(0.0, -0.0).is_sign_negative());
/// assert!(min(1.0, f64::NAN).is_nan());
/// ```
#[must_use]
pub fn evaluate_float_binary(
    operator: FloatBinary,
    float: FloatType,
    left: u64,
    right: u64,
) -> u64 {
    let (left, right) = (left & all(float), right & all(float));
    let arithmetic = |f32_form: fn(f32, f32) -> f32, f64_form: fn(f64, f64) -> f64| {
        if let Some(nan) = nan::propagate(float, [left, right]) {
            return nan;
        }
        let result = match float {
            FloatType::F32 => bits_of_f32(f32_form(as_f32(left), as_f32(right))),
            FloatType::F64 => f64_form(f64::from_bits(left), f64::from_bits(right)).to_bits(),
        };
        nan::settle(float, result)
    };
    match operator {
        FloatBinary::Add => arithmetic(|a, b| a + b, |a, b| a + b),
        FloatBinary::Sub => arithmetic(|a, b| a - b, |a, b| a - b),
        FloatBinary::Mul => arithmetic(|a, b| a * b, |a, b| a * b),
        FloatBinary::Div => arithmetic(|a, b| a / b, |a, b| a / b),
        FloatBinary::Min => extreme(float, left, right, FloatCompare::Lt, |a, b| a | b),
        FloatBinary::Max => extreme(float, left, right, FloatCompare::Gt, |a, b| a & b),
        FloatBinary::Copysign => left & !sign(float) | right & sign(float),
    }
}

/// A float comparison; every one but `Ne` is false where an operand is NaN.
///
/// ```
/// use silica_operator::{FloatCompare, FloatType, evaluate_float_compare};
/// let nan = f64::NAN.to_bits();
/// assert!(evaluate_float_compare(FloatCompare::Ne, FloatType::F64, nan, nan));
/// assert!(evaluate_float_compare(FloatCompare::Eq, FloatType::F64, 0, (-0.0f64).to_bits()));
/// ```
#[must_use]
pub fn evaluate_float_compare(
    operator: FloatCompare,
    float: FloatType,
    left: u64,
    right: u64,
) -> bool {
    let (left, right) = (to_f64(float, left), to_f64(float, right));
    match operator {
        FloatCompare::Eq => left == right,
        FloatCompare::Ne => left != right,
        FloatCompare::Lt => left < right,
        FloatCompare::Gt => left > right,
        FloatCompare::Le => left <= right,
        FloatCompare::Ge => left >= right,
    }
}

/// `min` or `max`: the operand that is `better` than the other; equal operands, which
/// may be zeros of different sign, are joined by `join`.
fn extreme(
    float: FloatType,
    left: u64,
    right: u64,
    better: FloatCompare,
    join: fn(u64, u64) -> u64,
) -> u64 {
    if let Some(nan) = nan::propagate(float, [left, right]) {
        nan
    } else if evaluate_float_compare(better, float, left, right) {
        left
    } else if evaluate_float_compare(better, float, right, left) {
        right
    } else {
        join(left, right)
    }
}

/// The value as an `f64`, which holds every `f32` exactly.
pub(super) const fn to_f64(float: FloatType, bits: u64) -> f64 {
    match float {
        FloatType::F32 => as_f32(bits) as f64,
        FloatType::F64 => f64::from_bits(bits),
    }
}

pub(super) const fn as_f32(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

pub(super) const fn bits_of_f32(value: f32) -> u64 {
    value.to_bits() as u64
}

const fn sign(float: FloatType) -> u64 {
    match float {
        FloatType::F32 => 1 << 31,
        FloatType::F64 => 1 << 63,
    }
}

const fn all(float: FloatType) -> u64 {
    match float {
        FloatType::F32 => 0xffff_ffff,
        FloatType::F64 => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FloatType::{F32, F64};

    fn unary(operator: FloatUnary, operand: f64) -> u64 {
        let wide = evaluate_float_unary(operator, F64, operand.to_bits());
        let narrow = evaluate_float_unary(operator, F32, bits_of_f32(operand as f32));
        assert_eq!(
            narrow,
            bits_of_f32(f64::from_bits(wide) as f32),
            "{operator:?} {operand}"
        );
        wide
    }

    fn binary(operator: FloatBinary, left: f64, right: f64) -> u64 {
        evaluate_float_binary(operator, F64, left.to_bits(), right.to_bits())
    }

    #[test]
    fn nearest_goes_to_even_and_keeps_the_sign_of_zero() {
        let cases = [
            (0.5, 0.0),
            (1.5, 2.0),
            (-0.5, -0.0),
            (-2.5, -2.0),
            (4.2, 4.0),
            (-0.0, -0.0),
        ];
        for (operand, expected) in cases {
            assert_eq!(
                unary(FloatUnary::Nearest, operand),
                f64::to_bits(expected),
                "{operand}"
            );
        }
    }

    #[test]
    fn rounding_keeps_the_sign_of_zero() {
        assert_eq!(unary(FloatUnary::Ceil, -0.7), (-0.0f64).to_bits());
        assert_eq!(unary(FloatUnary::Trunc, -0.7), (-0.0f64).to_bits());
        assert_eq!(unary(FloatUnary::Floor, 0.7), 0);
        assert_eq!(unary(FloatUnary::Sqrt, -0.0), (-0.0f64).to_bits());
    }

    #[test]
    fn a_nan_made_by_arithmetic_is_canonical_on_every_processor() {
        let infinity = f64::INFINITY;
        let canonical = 0x7ff8_0000_0000_0000;
        assert_eq!(binary(FloatBinary::Sub, infinity, infinity), canonical);
        assert_eq!(binary(FloatBinary::Mul, 0.0, infinity), canonical);
        assert_eq!(binary(FloatBinary::Div, 0.0, 0.0), canonical);
        assert_eq!(
            evaluate_float_unary(FloatUnary::Sqrt, F32, 0xbf80_0000),
            0x7fc0_0000
        );
    }

    #[test]
    fn sign_operators_touch_no_payload() {
        let signaling = 0x7fa0_0001;
        assert_eq!(
            evaluate_float_unary(FloatUnary::Neg, F32, signaling),
            0xffa0_0001
        );
        assert_eq!(
            evaluate_float_unary(FloatUnary::Abs, F32, 0xffa0_0001),
            signaling
        );
        assert_eq!(
            evaluate_float_binary(FloatBinary::Copysign, F32, signaling, 1 << 31),
            0xffa0_0001
        );
        assert_eq!(
            evaluate_float_unary(FloatUnary::Ceil, F32, signaling),
            0x7fe0_0001
        );
    }

    #[test]
    fn min_and_max_tell_zeros_apart_in_either_order() {
        let minus = (-0.0f64).to_bits();
        for (left, right) in [(0.0, -0.0), (-0.0, 0.0)] {
            assert_eq!(binary(FloatBinary::Min, left, right), minus);
            assert_eq!(binary(FloatBinary::Max, left, right), 0);
        }
        assert_eq!(binary(FloatBinary::Min, -3.0, -3.0), f64::to_bits(-3.0));
        assert_eq!(binary(FloatBinary::Max, -3.0, -3.0), f64::to_bits(-3.0));
    }

    #[test]
    fn min_and_max_give_nan_whichever_operand_it_is() {
        for operator in [FloatBinary::Min, FloatBinary::Max] {
            assert!(f64::from_bits(binary(operator, f64::NAN, 1.0)).is_nan());
            assert!(f64::from_bits(binary(operator, 1.0, f64::NAN)).is_nan());
        }
    }

    #[test]
    fn f32_arithmetic_rounds_once() {
        // 1 + 2^-24 + 2^-48 rounds up in f32; through f64 and again it would tie to even.
        let left = bits_of_f32(1.0 + f32::EPSILON);
        let right = bits_of_f32(f32::EPSILON / 2.0);
        let sum = evaluate_float_binary(FloatBinary::Add, F32, left, right);
        assert_eq!(as_f32(sum), 1.0 + 2.0 * f32::EPSILON);
    }

    #[test]
    fn comparisons_with_nan_are_false_but_ne() {
        let nan = f64::NAN.to_bits();
        let compare = |operator| evaluate_float_compare(operator, F64, nan, 0);
        assert!(compare(FloatCompare::Ne));
        for operator in [
            FloatCompare::Eq,
            FloatCompare::Lt,
            FloatCompare::Gt,
            FloatCompare::Le,
            FloatCompare::Ge,
        ] {
            assert!(!compare(operator), "{operator:?}");
        }
    }
}
