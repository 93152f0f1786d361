//! The wide-arithmetic proposal: 128-bit sums, differences and products.

use crate::WideBinary;

/// A wide operator. The result's low and high halves are the operator's two `i64`
/// results; the sums take both halves of each operand, the products only the low ones.
///
/// ```
/// use silica_operator::{WideBinary, evaluate_wide_binary};
/// let square = evaluate_wide_binary(WideBinary::MulWideU, u128::from(u64::MAX), u128::from(u64::MAX));
/// assert_eq!(square, 0xffff_ffff_ffff_fffe_0000_0000_0000_0001);
/// ```
#[must_use]
pub const fn evaluate_wide_binary(operator: WideBinary, left: u128, right: u128) -> u128 {
    match operator {
        WideBinary::Add128 => left.wrapping_add(right),
        WideBinary::Sub128 => left.wrapping_sub(right),
        WideBinary::MulWideS => (left as i64 as i128 * right as i64 as i128) as u128,
        WideBinary::MulWideU => left as u64 as u128 * right as u64 as u128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carry_and_borrow_cross_the_middle() {
        let all_low = u128::from(u64::MAX);
        assert_eq!(
            evaluate_wide_binary(WideBinary::Add128, all_low, 1),
            1 << 64
        );
        assert_eq!(
            evaluate_wide_binary(WideBinary::Sub128, 1 << 64, 1),
            all_low
        );
        assert_eq!(evaluate_wide_binary(WideBinary::Sub128, 0, 1), u128::MAX);
    }

    #[test]
    fn products_read_only_the_low_halves() {
        let minus_one = u128::from(u64::MAX);
        assert_eq!(
            evaluate_wide_binary(WideBinary::MulWideS, minus_one, minus_one),
            1
        );
        assert_eq!(
            evaluate_wide_binary(WideBinary::MulWideS, u128::MAX, 2),
            u128::MAX - 1
        );
        assert_eq!(
            evaluate_wide_binary(WideBinary::MulWideU, u128::MAX, 2),
            0x1_ffff_ffff_ffff_fffe
        );
        let least = 1 << 63;
        assert_eq!(
            evaluate_wide_binary(WideBinary::MulWideS, least, least),
            1 << 126
        );
    }
}
