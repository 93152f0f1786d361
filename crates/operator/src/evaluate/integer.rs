//! Integer operators of `i32` and `i64`, written once for any width.

use super::ArithmeticTrap;
use super::lane::{mask, sign_extend};
use crate::{IntBinary, IntCompare, IntType, IntUnary};

/// An integer operator of one operand.
///
/// ```
/// use silica_operator::{IntType, IntUnary, evaluate_int_unary};
/// assert_eq!(evaluate_int_unary(IntUnary::Clz, IntType::I32, 1), 31);
/// assert_eq!(evaluate_int_unary(IntUnary::Extend8S, IntType::I32, 0x80), 0xffff_ff80);
/// ```
#[must_use]
pub fn evaluate_int_unary(operator: IntUnary, int_type: IntType, operand: u64) -> u64 {
    let bits = int_type.bits();
    let operand = operand & mask(bits);
    match operator {
        IntUnary::Clz => u64::from(operand.leading_zeros() - (64 - bits)),
        IntUnary::Ctz => u64::from(operand.trailing_zeros().min(bits)),
        IntUnary::Popcnt => u64::from(operand.count_ones()),
        IntUnary::Eqz => u64::from(operand == 0),
        IntUnary::Extend8S => sign_extend(operand, 8) as u64 & mask(bits),
        IntUnary::Extend16S => sign_extend(operand, 16) as u64 & mask(bits),
        IntUnary::Extend32S => sign_extend(operand, 32) as u64 & mask(bits),
    }
}

/// An integer operator of two operands.
///
/// # Errors
///
/// Division and remainder by 0, and the signed quotient of the least value by -1, trap.
/// The remainder of those two is 0.
///
/// ```
/// use silica_operator::{ArithmeticTrap, IntBinary, IntType, evaluate_int_binary};
/// let divide = |a, b| evaluate_int_binary(IntBinary::DivS, IntType::I32, a, b);
/// assert_eq!(divide(0xffff_fff9, 2), Ok(0xffff_fffd)); // -7 / 2 is -3
/// assert_eq!(divide(0x8000_0000, 0xffff_ffff), Err(ArithmeticTrap::IntegerOverflow));
/// ```
pub fn evaluate_int_binary(
    operator: IntBinary,
    int_type: IntType,
    left: u64,
    right: u64,
) -> Result<u64, ArithmeticTrap> {
    let bits = int_type.bits();
    let (left, right) = (left & mask(bits), right & mask(bits));
    let count = (right % u64::from(bits)) as u32;
    let result = match operator {
        IntBinary::Add => left.wrapping_add(right),
        IntBinary::Sub => left.wrapping_sub(right),
        IntBinary::Mul => left.wrapping_mul(right),
        IntBinary::DivS => divide_signed(bits, left, right)?,
        IntBinary::DivU => left
            .checked_div(right)
            .ok_or(ArithmeticTrap::DivideByZero)?,
        IntBinary::RemS => remainder_signed(bits, left, right)?,
        IntBinary::RemU => left
            .checked_rem(right)
            .ok_or(ArithmeticTrap::DivideByZero)?,
        IntBinary::And => left & right,
        IntBinary::Or => left | right,
        IntBinary::Xor => left ^ right,
        IntBinary::Shl => left << count,
        IntBinary::ShrS => (sign_extend(left, bits) >> count) as u64,
        IntBinary::ShrU => left >> count,
        IntBinary::Rotl => rotate_left(bits, left, count),
        IntBinary::Rotr => rotate_left(bits, left, bits - count),
    };
    Ok(result & mask(bits))
}

/// An integer comparison.
///
/// ```
/// use silica_operator::{IntCompare, IntType, evaluate_int_compare};
/// assert!(evaluate_int_compare(IntCompare::LtS, IntType::I32, 0xffff_ffff, 0));
/// assert!(!evaluate_int_compare(IntCompare::LtU, IntType::I32, 0xffff_ffff, 0));
/// ```
#[must_use]
pub fn evaluate_int_compare(
    operator: IntCompare,
    int_type: IntType,
    left: u64,
    right: u64,
) -> bool {
    let bits = int_type.bits();
    let unsigned = (left & mask(bits)).cmp(&(right & mask(bits)));
    let signed = sign_extend(left, bits).cmp(&sign_extend(right, bits));
    match operator {
        IntCompare::Eq => unsigned.is_eq(),
        IntCompare::Ne => unsigned.is_ne(),
        IntCompare::LtS => signed.is_lt(),
        IntCompare::LtU => unsigned.is_lt(),
        IntCompare::GtS => signed.is_gt(),
        IntCompare::GtU => unsigned.is_gt(),
        IntCompare::LeS => signed.is_le(),
        IntCompare::LeU => unsigned.is_le(),
        IntCompare::GeS => signed.is_ge(),
        IntCompare::GeU => unsigned.is_ge(),
    }
}

fn divide_signed(bits: u32, left: u64, right: u64) -> Result<u64, ArithmeticTrap> {
    if right == 0 {
        return Err(ArithmeticTrap::DivideByZero);
    }
    if left == 1 << (bits - 1) && right == mask(bits) {
        return Err(ArithmeticTrap::IntegerOverflow);
    }
    Ok((sign_extend(left, bits) / sign_extend(right, bits)) as u64)
}

fn remainder_signed(bits: u32, left: u64, right: u64) -> Result<u64, ArithmeticTrap> {
    if right == 0 {
        return Err(ArithmeticTrap::DivideByZero);
    }
    Ok(sign_extend(left, bits).wrapping_rem(sign_extend(right, bits)) as u64)
}

/// Rotates `value` of `bits` bits; `count` is at most `bits`.
fn rotate_left(bits: u32, value: u64, count: u32) -> u64 {
    match count % bits {
        0 => value,
        count => value << count | value >> (bits - count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IntType::{I32, I64};

    #[test]
    fn leading_zeros_of_i32_do_not_count_the_upper_half() {
        assert_eq!(evaluate_int_unary(IntUnary::Clz, I32, 0), 32);
        assert_eq!(evaluate_int_unary(IntUnary::Clz, I64, 0), 64);
        assert_eq!(evaluate_int_unary(IntUnary::Ctz, I32, 0), 32);
        assert_eq!(evaluate_int_unary(IntUnary::Ctz, I64, 0), 64);
        assert_eq!(evaluate_int_unary(IntUnary::Clz, I32, 1 << 40), 32);
    }

    #[test]
    fn garbage_above_an_i32_operand_is_ignored() {
        let dirty = 0xdead_beef_0000_0000;
        assert_eq!(evaluate_int_unary(IntUnary::Eqz, I32, dirty), 1);
        assert_eq!(evaluate_int_unary(IntUnary::Popcnt, I32, dirty), 0);
        assert_eq!(
            evaluate_int_binary(IntBinary::DivU, I32, dirty | 6, dirty | 3),
            Ok(2)
        );
        assert!(evaluate_int_compare(IntCompare::Eq, I32, dirty, 0));
    }

    #[test]
    fn results_never_have_bits_above_their_width() {
        assert_eq!(
            evaluate_int_binary(IntBinary::Sub, I32, 0, 1),
            Ok(0xffff_ffff)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::ShrS, I32, 0x8000_0000, 31),
            Ok(0xffff_ffff)
        );
        assert_eq!(
            evaluate_int_unary(IntUnary::Extend16S, I32, 0x8000),
            0xffff_8000
        );
        assert_eq!(
            evaluate_int_unary(IntUnary::Extend32S, I64, 0x8000_0000),
            0xffff_ffff_8000_0000
        );
    }

    #[test]
    fn division_traps_only_where_the_specification_says() {
        for int_type in [I32, I64] {
            let least = 1 << (int_type.bits() - 1);
            let minus_one = mask(int_type.bits());
            let binary = |operator, a, b| evaluate_int_binary(operator, int_type, a, b);
            for operator in [
                IntBinary::DivS,
                IntBinary::DivU,
                IntBinary::RemS,
                IntBinary::RemU,
            ] {
                assert_eq!(binary(operator, 7, 0), Err(ArithmeticTrap::DivideByZero));
            }
            let overflow = Err(ArithmeticTrap::IntegerOverflow);
            assert_eq!(binary(IntBinary::DivS, least, minus_one), overflow);
            assert_eq!(binary(IntBinary::RemS, least, minus_one), Ok(0));
            assert_eq!(binary(IntBinary::DivU, least, minus_one), Ok(0));
        }
    }

    #[test]
    fn a_remainder_has_the_sign_of_the_dividend() {
        assert_eq!(
            evaluate_int_binary(IntBinary::RemS, I64, -7i64 as u64, 2),
            Ok(-1i64 as u64)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::RemS, I64, 7, -2i64 as u64),
            Ok(1)
        );
    }

    #[test]
    fn shift_counts_are_taken_modulo_the_width() {
        assert_eq!(evaluate_int_binary(IntBinary::Shl, I32, 1, 33), Ok(2));
        assert_eq!(evaluate_int_binary(IntBinary::Shl, I64, 1, 64), Ok(1));
        assert_eq!(
            evaluate_int_binary(IntBinary::ShrU, I64, 4, u64::MAX),
            Ok(0)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::Rotl, I32, 0x8000_0001, 32),
            Ok(0x8000_0001)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::Rotr, I32, 0x8000_0001, 0),
            Ok(0x8000_0001)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::Rotr, I32, 1, 1),
            Ok(0x8000_0000)
        );
        assert_eq!(
            evaluate_int_binary(IntBinary::Rotl, I64, 1 << 63, 65),
            Ok(1)
        );
    }
}
