//! Conversions between scalar types.

use super::float::{as_f32, bits_of_f32, to_f64};
use super::lane::{mask, sign_extend};
use super::{ArithmeticTrap, nan};
use crate::{Convert, FloatType, IntType};

/// A conversion of one scalar to another, on bits.
///
/// # Errors
///
/// `Trunc` traps on NaN and where the truncated value does not fit.
///
/// ```
/// use silica_operator::{ArithmeticTrap, Convert, FloatType, IntType, evaluate_convert};
/// let trunc = Convert::Trunc { from: FloatType::F64, to: IntType::I32, signed: true };
/// assert_eq!(evaluate_convert(trunc, 2147483647.9f64.to_bits()), Ok(0x7fff_ffff));
/// assert_eq!(evaluate_convert(trunc, 2147483648.0f64.to_bits()), Err(ArithmeticTrap::IntegerOverflow));
/// ```
pub fn evaluate_convert(operator: Convert, operand: u64) -> Result<u64, ArithmeticTrap> {
    Ok(match operator {
        Convert::Wrap | Convert::Extend { signed: false } => operand & mask(32),
        Convert::Extend { signed: true } => sign_extend(operand, 32) as u64,
        Convert::Trunc { from, to, signed } => truncate(to_f64(from, operand), to, signed)?,
        Convert::TruncSat { from, to, signed } => {
            truncate_saturating(to_f64(from, operand), to, signed)
        }
        Convert::FromInt { from, to, signed } => from_int(operand, from, to, signed),
        Convert::Demote => demote(operand),
        Convert::Promote => promote(operand & mask(32)),
        Convert::ReinterpretToInt(IntType::I32) | Convert::ReinterpretToFloat(FloatType::F32) => {
            operand & mask(32)
        }
        Convert::ReinterpretToInt(IntType::I64) | Convert::ReinterpretToFloat(FloatType::F64) => {
            operand
        }
    })
}

fn truncate(value: f64, to: IntType, signed: bool) -> Result<u64, ArithmeticTrap> {
    if value.is_nan() {
        return Err(ArithmeticTrap::BadConversionToInteger);
    }
    // Both bounds are powers of two (or 0), so they are exact, and so is the comparison.
    let (least, beyond) = match (to, signed) {
        (IntType::I32, true) => (-2147483648.0, 2147483648.0),
        (IntType::I32, false) => (0.0, 4294967296.0),
        (IntType::I64, true) => (-9223372036854775808.0, 9223372036854775808.0),
        (IntType::I64, false) => (0.0, 18446744073709551616.0),
    };
    let whole = value.trunc();
    if whole < least || whole >= beyond {
        return Err(ArithmeticTrap::IntegerOverflow);
    }
    Ok(truncate_saturating(whole, to, signed))
}

/// NaN gives 0; Rust's `as` is defined to saturate in just this way.
pub(super) const fn truncate_saturating(value: f64, to: IntType, signed: bool) -> u64 {
    match (to, signed) {
        (IntType::I32, true) => value as i32 as u32 as u64,
        (IntType::I32, false) => value as u32 as u64,
        (IntType::I64, true) => value as i64 as u64,
        (IntType::I64, false) => value as u64,
    }
}

/// Rounds to nearest, ties to even, once.
pub(super) const fn from_int(operand: u64, from: IntType, to: FloatType, signed: bool) -> u64 {
    match (from, to, signed) {
        (IntType::I32, FloatType::F32, true) => bits_of_f32(operand as i32 as f32),
        (IntType::I32, FloatType::F32, false) => bits_of_f32(operand as u32 as f32),
        (IntType::I64, FloatType::F32, true) => bits_of_f32(operand as i64 as f32),
        (IntType::I64, FloatType::F32, false) => bits_of_f32(operand as f32),
        (IntType::I32, FloatType::F64, true) => (operand as i32 as f64).to_bits(),
        (IntType::I32, FloatType::F64, false) => (operand as u32 as f64).to_bits(),
        (IntType::I64, FloatType::F64, true) => (operand as i64 as f64).to_bits(),
        (IntType::I64, FloatType::F64, false) => (operand as f64).to_bits(),
    }
}

/// `f32.demote_f64`; a NaN keeps its sign and the upper bits of its payload, quiet.
pub(super) fn demote(bits: u64) -> u64 {
    if nan::is_nan(FloatType::F64, bits) {
        let sign = bits >> 63 << 31;
        let payload = bits >> 29 & mask(22);
        return sign | payload | nan::canonical(FloatType::F32);
    }
    bits_of_f32(f64::from_bits(bits) as f32)
}

/// `f64.promote_f32`; a NaN keeps its sign and payload, quiet.
pub(super) fn promote(bits: u64) -> u64 {
    if nan::is_nan(FloatType::F32, bits) {
        let sign = bits >> 31 << 63;
        let payload = (bits & mask(22)) << 29;
        return sign | payload | nan::canonical(FloatType::F64);
    }
    f64::from(as_f32(bits)).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use FloatType::{F32, F64};
    use IntType::{I32, I64};

    fn trunc(
        from: FloatType,
        to: IntType,
        signed: bool,
        value: f64,
    ) -> Result<u64, ArithmeticTrap> {
        let bits = match from {
            F32 => bits_of_f32(value as f32),
            F64 => value.to_bits(),
        };
        let saturated = evaluate_convert(Convert::TruncSat { from, to, signed }, bits);
        let trapping = evaluate_convert(Convert::Trunc { from, to, signed }, bits);
        assert!(trapping.is_err() || trapping == saturated);
        trapping
    }

    #[test]
    fn truncation_traps_exactly_at_the_bounds() {
        let overflow = Err(ArithmeticTrap::IntegerOverflow);
        assert_eq!(trunc(F64, I32, true, -2147483648.9), Ok(0x8000_0000));
        assert_eq!(trunc(F64, I32, true, -2147483649.0), overflow);
        assert_eq!(trunc(F64, I32, false, 4294967295.9), Ok(0xffff_ffff));
        assert_eq!(trunc(F64, I32, false, 4294967296.0), overflow);
        assert_eq!(trunc(F64, I32, false, -0.9), Ok(0));
        assert_eq!(trunc(F64, I32, false, -1.0), overflow);
        assert_eq!(trunc(F64, I64, true, -9223372036854775808.0), Ok(1 << 63));
        assert_eq!(trunc(F64, I64, true, 9223372036854775808.0), overflow);
        assert_eq!(
            trunc(F64, I64, false, 18446744073709549568.0),
            Ok(0xffff_ffff_ffff_f800)
        );
        assert_eq!(trunc(F64, I64, false, 18446744073709551616.0), overflow);
        assert_eq!(trunc(F32, I32, true, 2147483520.0), Ok(0x7fff_ff80));
        assert_eq!(trunc(F32, I32, true, 2147483648.0), overflow);
    }

    #[test]
    fn nan_and_infinity_trap_differently() {
        for to in [I32, I64] {
            let nan = trunc(F64, to, true, f64::NAN);
            assert_eq!(nan, Err(ArithmeticTrap::BadConversionToInteger));
            let infinity = trunc(F32, to, false, f64::INFINITY);
            assert_eq!(infinity, Err(ArithmeticTrap::IntegerOverflow));
        }
    }

    #[test]
    fn saturation_gives_zero_for_nan_and_the_bounds_beyond_them() {
        let sat = |to, signed, value: f64| {
            evaluate_convert(
                Convert::TruncSat {
                    from: F64,
                    to,
                    signed,
                },
                value.to_bits(),
            )
        };
        assert_eq!(sat(I32, true, f64::NAN), Ok(0));
        assert_eq!(sat(I32, true, f64::NEG_INFINITY), Ok(0x8000_0000));
        assert_eq!(sat(I64, false, f64::INFINITY), Ok(u64::MAX));
        assert_eq!(sat(I64, false, -5.0), Ok(0));
    }

    #[test]
    fn conversion_from_i64_to_f32_rounds_once() {
        // Through f64 this would round twice, to 9007199791611904.
        let operand = 0x0020_0000_2000_0001;
        let convert = Convert::FromInt {
            from: I64,
            to: F32,
            signed: false,
        };
        assert_eq!(
            evaluate_convert(convert, operand),
            Ok(bits_of_f32(9007200328482816.0))
        );
    }

    #[test]
    fn sign_extension_starts_at_bit_31() {
        let extend = |signed, operand| evaluate_convert(Convert::Extend { signed }, operand);
        assert_eq!(extend(true, 0x8000_0000), Ok(0xffff_ffff_8000_0000));
        assert_eq!(extend(false, 0xdead_0000_8000_0000), Ok(0x8000_0000));
        assert_eq!(evaluate_convert(Convert::Wrap, u64::MAX), Ok(0xffff_ffff));
    }

    #[test]
    fn promoting_and_demoting_a_nan_keeps_sign_and_payload() {
        assert_eq!(promote(0xff80_0001), 0xfff8_0000_2000_0000);
        assert_eq!(demote(0xfff8_0000_2000_0000), 0xffc0_0001);
        assert_eq!(demote(0x7ff0_0000_0000_0001), 0x7fc0_0000);
    }
}
