//! What a load makes of the bytes it read, and what bytes a store writes.
//!
//! Little-endian throughout. Where the bytes are is not this file's concern.

use super::lane::{self, mask, read, sign_extend};
use crate::{LoadKind, StoreKind, VectorLoad};

/// The value that a load gives for the bytes in memory, which are the low
/// [`LoadKind::bytes`] bytes of `bytes`.
///
/// ```
/// use silica_operator::{LoadKind, evaluate_load};
/// assert_eq!(evaluate_load(LoadKind::I32Load8S, 0x80), 0xffff_ff80);
/// assert_eq!(evaluate_load(LoadKind::I64Load8S, 0x80), 0xffff_ffff_ffff_ff80);
/// ```
#[must_use]
pub const fn evaluate_load(kind: LoadKind, bytes: u128) -> u128 {
    if let LoadKind::V128 = kind {
        return bytes;
    }
    let bytes = bytes as u64;
    let scalar = match kind {
        LoadKind::I32Load8S => sign_extend(bytes, 8) as u32 as u64,
        LoadKind::I32Load16S => sign_extend(bytes, 16) as u32 as u64,
        LoadKind::I64Load8S => sign_extend(bytes, 8) as u64,
        LoadKind::I64Load16S => sign_extend(bytes, 16) as u64,
        LoadKind::I64Load32S => sign_extend(bytes, 32) as u64,
        LoadKind::I32Load8U | LoadKind::I64Load8U => bytes & mask(8),
        LoadKind::I32Load16U | LoadKind::I64Load16U => bytes & mask(16),
        LoadKind::I32 | LoadKind::F32 | LoadKind::I64Load32U => bytes & mask(32),
        LoadKind::I64 | LoadKind::F64 | LoadKind::V128 => bytes,
    };
    scalar as u128
}

/// The bytes that a store writes: the operand's low [`StoreKind::bytes`] bytes.
///
/// ```
/// use silica_operator::{StoreKind, evaluate_store};
/// assert_eq!(evaluate_store(StoreKind::I64Store16, 0x1234_5678), 0x5678);
/// ```
#[must_use]
pub const fn evaluate_store(kind: StoreKind, operand: u128) -> u128 {
    operand & (u128::MAX >> (128 - kind.bytes() * 8))
}

/// The vector that a vector load gives for the bytes in memory, which are the low
/// [`VectorLoad::bytes`] bytes of `bytes`.
///
/// ```
/// use silica_operator::{VectorLoad, evaluate_vector_load};
/// let splat = VectorLoad::Splat { lane_bits: 16 };
/// assert_eq!(evaluate_vector_load(splat, 0xabcd), 0xabcd_abcd_abcd_abcd_abcd_abcd_abcd_abcd);
/// ```
#[must_use]
pub fn evaluate_vector_load(load: VectorLoad, bytes: u128) -> u128 {
    match load {
        VectorLoad::Extend { lane_bits, signed } => {
            let narrow = u32::from(lane_bits);
            lane::build(narrow * 2, |index| {
                read(lane::get(bytes, narrow, index), narrow, signed) as u64
            })
        }
        VectorLoad::Splat { lane_bits } => lane::build(u32::from(lane_bits), |_| bytes as u64),
        VectorLoad::Zero { lane_bits } => bytes & u128::from(mask(u32::from(lane_bits))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_does_not_see_the_bytes_beyond_it() {
        assert_eq!(evaluate_load(LoadKind::I32, u128::MAX), 0xffff_ffff);
        assert_eq!(
            evaluate_load(LoadKind::F64, u128::MAX),
            u128::from(u64::MAX)
        );
        assert_eq!(evaluate_load(LoadKind::I64Load32U, u128::MAX), 0xffff_ffff);
        assert_eq!(evaluate_load(LoadKind::I32Load16U, u128::MAX), 0xffff);
        assert_eq!(evaluate_load(LoadKind::I32Load16S, u128::MAX), 0xffff_ffff);
        assert_eq!(evaluate_load(LoadKind::V128, u128::MAX), u128::MAX);
        assert_eq!(
            evaluate_vector_load(VectorLoad::Zero { lane_bits: 32 }, u128::MAX),
            0xffff_ffff
        );
    }

    #[test]
    fn a_store_writes_only_its_bytes() {
        assert_eq!(evaluate_store(StoreKind::I32Store8, u128::MAX), 0xff);
        assert_eq!(evaluate_store(StoreKind::F32, u128::MAX), 0xffff_ffff);
        assert_eq!(evaluate_store(StoreKind::V128, u128::MAX), u128::MAX);
    }

    #[test]
    fn extending_loads_read_each_lane_by_itself() {
        let bytes = 0x80_7f_ff_01_00_fe_02_81;
        let signed = evaluate_vector_load(
            VectorLoad::Extend {
                lane_bits: 8,
                signed: true,
            },
            bytes,
        );
        assert_eq!(signed, 0xff80_007f_ffff_0001_0000_fffe_0002_ff81);
        let unsigned = evaluate_vector_load(
            VectorLoad::Extend {
                lane_bits: 8,
                signed: false,
            },
            bytes,
        );
        assert_eq!(unsigned, 0x0080_007f_00ff_0001_0000_00fe_0002_0081);
        let wide = evaluate_vector_load(
            VectorLoad::Extend {
                lane_bits: 32,
                signed: true,
            },
            1 << 31,
        );
        assert_eq!(wide, 0xffff_ffff_8000_0000);
    }
}
