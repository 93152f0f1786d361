//! Numbers, characters and truth values. Lists of numbers are copied whole.

use silica_component_describe::ValueType;
use silica_engine::Result;

use super::{ComponentType, Lift, Lower, TypeCheck, TypeLayout};
use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::CanonicalTrap;

macro_rules! numbers {
    ($($ty:ident $component:ident |$value:ident| $to_bits:expr, |$bits:ident| $from_bits:expr;)*) => { $(
        impl ComponentType for $ty {
            const LAYOUT: TypeLayout = TypeLayout::scalar(size_of::<$ty>() as u32);

            fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
                match ty {
                    ValueType::$component => Ok(()),
                    _ => types.mismatch(ty, stringify!($ty)),
                }
            }
        }

        impl Lower for $ty {
            #[inline]
            fn lower_flat<T: 'static>(
                &self,
                _: &mut LowerContext<'_, T>,
                _: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                let $value = *self;
                out.push($to_bits);
                Ok(())
            }

            #[inline]
            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                _: ValueType,
                pointer: u32,
            ) -> Result<()> {
                cx.write(pointer, self.to_le_bytes())
            }

            fn lower_elements<T: 'static>(
                elements: &[Self],
                cx: &mut LowerContext<'_, T>,
                _: ValueType,
                pointer: u32,
            ) -> Result<()> {
                const SIZE: usize = size_of::<$ty>();
                let bytes = cx.bytes(pointer, (elements.len() * SIZE) as u64)?;
                let (places, _) = bytes.as_chunks_mut::<SIZE>();
                for (place, element) in places.iter_mut().zip(elements) {
                    *place = element.to_le_bytes();
                }
                Ok(())
            }
        }

        impl Lift for $ty {
            #[inline]
            fn lift_flat<T: 'static>(
                _: &mut LiftContext<'_, T>,
                _: ValueType,
                values: &mut FlatValues,
            ) -> Result<Self> {
                let $bits = values.take();
                Ok($from_bits)
            }

            #[inline]
            fn lift_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                _: ValueType,
                pointer: u32,
            ) -> Result<Self> {
                Ok(<$ty>::from_le_bytes(cx.read(pointer)?))
            }

            fn lift_elements<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                _: ValueType,
                pointer: u32,
                length: u32,
            ) -> Result<Vec<Self>> {
                const SIZE: usize = size_of::<$ty>();
                let bytes = u64::from(length) * SIZE as u64;
                cx.charge(bytes)?;
                let (elements, _) = cx.bytes(pointer, bytes)?.as_chunks::<SIZE>();
                Ok(elements.iter().map(|element| <$ty>::from_le_bytes(*element)).collect())
            }
        }
    )* };
}

numbers! {
    u8 U8 |v| v.into(), |bits| bits as u8;
    i8 S8 |v| u64::from(i32::from(v) as u32), |bits| bits as i8;
    u16 U16 |v| v.into(), |bits| bits as u16;
    i16 S16 |v| u64::from(i32::from(v) as u32), |bits| bits as i16;
    u32 U32 |v| v.into(), |bits| bits as u32;
    i32 S32 |v| u64::from(v as u32), |bits| bits as i32;
    u64 U64 |v| v, |bits| bits;
    i64 S64 |v| v as u64, |bits| bits as i64;
    f32 F32 |v| v.to_bits().into(), |bits| f32::from_bits(bits as u32);
    f64 F64 |v| v.to_bits(), |bits| f64::from_bits(bits);
}

macro_rules! checked {
    ($($ty:ident $component:ident $number:ident |$value:ident| $to:expr, |$back:ident| $from:expr;)*) => { $(
        impl ComponentType for $ty {
            const LAYOUT: TypeLayout = TypeLayout::scalar(size_of::<$ty>() as u32);

            fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
                match ty {
                    ValueType::$component => Ok(()),
                    _ => types.mismatch(ty, stringify!($ty)),
                }
            }
        }

        impl Lower for $ty {
            fn lower_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                let $value = *self;
                let number: $number = $to;
                number.lower_flat(cx, ty, out)
            }

            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<()> {
                let $value = *self;
                let number: $number = $to;
                number.lower_memory(cx, ty, pointer)
            }
        }

        impl Lift for $ty {
            fn lift_flat<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                values: &mut FlatValues,
            ) -> Result<Self> {
                let $back = u32::lift_flat(cx, ty, values)?;
                $from
            }

            fn lift_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<Self> {
                let $back = u32::from($number::lift_memory(cx, ty, pointer)?);
                $from
            }
        }
    )* };
}

checked! {
    bool Bool u8 |v| v.into(), |number| Ok(number != 0);
    char Char u32 |v| v.into(), |number| {
        char::from_u32(number).ok_or_else(|| CanonicalTrap::InvalidChar.into())
    };
}
