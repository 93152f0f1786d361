//! Arguments of invocations and the patterns that results are held against.

use silica::{AnyRef, AsContextMut, ExternRef, HeapType, Rooted, Store, V128, Val};
use wast::core::{AbstractHeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};
use wast::{WastArg, WastRet};

use crate::limits::Allowance;
use crate::report::Failed;

/// An argument as a value.
pub(crate) fn argument(store: &mut Store<Allowance>, arg: &WastArg<'_>) -> Result<Val, Failed> {
    let WastArg::Core(arg) = arg else {
        return Err(Failed::new("arguments of components are not supported"));
    };
    Ok(match arg {
        WastArgCore::I32(v) => Val::I32(*v),
        WastArgCore::I64(v) => Val::I64(*v),
        WastArgCore::F32(v) => Val::F32(v.bits),
        WastArgCore::F64(v) => Val::F64(v.bits),
        WastArgCore::V128(v) => Val::V128(V128::from(u128::from_le_bytes(v.to_le_bytes()))),
        WastArgCore::RefNull(heap) => null(heap)?,
        WastArgCore::RefExtern(n) => {
            Val::ExternRef(Some(ExternRef::new(store.as_context_mut(), *n)?))
        }
        WastArgCore::RefHost(n) => {
            let value = ExternRef::new(store.as_context_mut(), *n)?;
            Val::AnyRef(Some(AnyRef::convert_extern(store.as_context_mut(), value)?))
        }
    })
}

fn null(heap: &wast::core::HeapType<'_>) -> Result<Val, Failed> {
    heap_type(heap)
        .and_then(|heap| Val::null_ref(&heap))
        .ok_or_else(|| Failed::new("null of a type that is not supported"))
}

/// An abstract type; what a type of the module is, the script does not say.
fn heap_type(heap: &wast::core::HeapType<'_>) -> Option<HeapType> {
    let wast::core::HeapType::Abstract { shared: false, ty } = heap else {
        return None;
    };
    Some(match ty {
        AbstractHeapType::Func => HeapType::Func,
        AbstractHeapType::NoFunc => HeapType::NoFunc,
        AbstractHeapType::Extern => HeapType::Extern,
        AbstractHeapType::NoExtern => HeapType::NoExtern,
        AbstractHeapType::Any => HeapType::Any,
        AbstractHeapType::None => HeapType::None,
        AbstractHeapType::Eq => HeapType::Eq,
        AbstractHeapType::Struct => HeapType::Struct,
        AbstractHeapType::Array => HeapType::Array,
        AbstractHeapType::I31 => HeapType::I31,
        AbstractHeapType::Exn => HeapType::Exn,
        AbstractHeapType::NoExn => HeapType::NoExn,
        AbstractHeapType::Cont => HeapType::Cont,
        AbstractHeapType::NoCont => HeapType::NoCont,
    })
}

/// Holds results against what is expected.
pub(crate) fn check_all(
    store: &Store<Allowance>,
    found: &[Val],
    expected: &[WastRet<'_>],
) -> Result<(), Failed> {
    if found.len() != expected.len() {
        return Err(Failed::new(format!(
            "{} results, expected {}",
            found.len(),
            expected.len()
        )));
    }
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let WastRet::Core(expected) = expected else {
            return Err(Failed::new("results of components are not supported"));
        };
        if !holds(store, found, expected) {
            return Err(Failed::new(format!(
                "result {i} is {}, expected {}",
                show(found),
                show_expected(expected)
            )));
        }
    }
    Ok(())
}

fn holds(store: &Store<Allowance>, found: &Val, expected: &WastRetCore<'_>) -> bool {
    match (found, expected) {
        (_, WastRetCore::Either(cases)) => cases.iter().any(|c| holds(store, found, c)),
        (Val::I32(v), WastRetCore::I32(e)) => v == e,
        (Val::I64(v), WastRetCore::I64(e)) => v == e,
        (Val::F32(v), WastRetCore::F32(e)) => f32_holds(*v, e),
        (Val::F64(v), WastRetCore::F64(e)) => f64_holds(*v, e),
        (Val::V128(v), WastRetCore::V128(e)) => v128_holds(v.as_u128(), e),
        (Val::FuncRef(None), WastRetCore::RefNull(heap)) => is_in(heap.as_ref(), &HeapType::Func),
        (Val::ExternRef(None), WastRetCore::RefNull(heap)) => {
            is_in(heap.as_ref(), &HeapType::Extern)
        }
        (Val::AnyRef(None), WastRetCore::RefNull(heap)) => is_in(heap.as_ref(), &HeapType::Any),
        (Val::ExnRef(None), WastRetCore::RefNull(heap)) => is_in(heap.as_ref(), &HeapType::Exn),
        (Val::ContRef(None), WastRetCore::RefNull(heap)) => is_in(heap.as_ref(), &HeapType::Cont),
        (Val::AnyRef(Some(reference)), expected) => object_holds(store, reference, expected),
        (Val::FuncRef(Some(_)), WastRetCore::RefFunc(_)) => true,
        (Val::ExternRef(Some(_)), WastRetCore::RefExtern(None)) => true,
        (Val::ExternRef(Some(reference)), WastRetCore::RefExtern(Some(e))) => {
            let data = reference.data(store).ok().flatten();
            data.and_then(|data| data.downcast_ref::<u32>()) == Some(e)
        }
        _ => false,
    }
}

/// Whether an object is what is expected.
fn object_holds(
    store: &Store<Allowance>,
    found: &Rooted<AnyRef>,
    expected: &WastRetCore<'_>,
) -> bool {
    let holds = match expected {
        WastRetCore::RefAny => Ok(true),
        WastRetCore::RefEq => found.is_eqref(store),
        WastRetCore::RefI31 => found.is_i31(store),
        WastRetCore::RefStruct => found.is_struct(store),
        WastRetCore::RefArray => found.is_array(store),
        WastRetCore::RefHost(e) => found
            .data(store)
            .map(|data| data.and_then(|data| data.downcast_ref::<u32>()) == Some(e)),
        _ => Ok(false),
    };
    holds.unwrap_or(false)
}

/// Whether a null of the hierarchy below `top` is meant. `(ref.null)` without a type takes any null.
fn is_in(heap: Option<&wast::core::HeapType<'_>>, top: &HeapType) -> bool {
    match heap {
        None => true,
        Some(heap) => heap_type(heap).is_none_or(|heap| heap.top() == *top),
    }
}

fn f32_holds(bits: u32, expected: &NanPattern<F32>) -> bool {
    match expected {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn f64_holds(bits: u64, expected: &NanPattern<F64>) -> bool {
    const QUIET: u64 = 0x7ff8_0000_0000_0000;
    match expected {
        NanPattern::CanonicalNan => bits & (u64::MAX >> 1) == QUIET,
        NanPattern::ArithmeticNan => bits & QUIET == QUIET,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn v128_holds(bits: u128, expected: &V128Pattern) -> bool {
    let bytes = bits.to_le_bytes();
    match expected {
        V128Pattern::I8x16(lanes) => lanes.iter().zip(bytes).all(|(e, v)| *e as u8 == v),
        V128Pattern::I16x8(lanes) => lanes
            .iter()
            .zip(chunks::<2>(&bytes))
            .all(|(e, v)| *e == i16::from_le_bytes(v)),
        V128Pattern::I32x4(lanes) => lanes
            .iter()
            .zip(chunks::<4>(&bytes))
            .all(|(e, v)| *e == i32::from_le_bytes(v)),
        V128Pattern::I64x2(lanes) => lanes
            .iter()
            .zip(chunks::<8>(&bytes))
            .all(|(e, v)| *e == i64::from_le_bytes(v)),
        V128Pattern::F32x4(lanes) => lanes
            .iter()
            .zip(chunks::<4>(&bytes))
            .all(|(e, v)| f32_holds(u32::from_le_bytes(v), e)),
        V128Pattern::F64x2(lanes) => lanes
            .iter()
            .zip(chunks::<8>(&bytes))
            .all(|(e, v)| f64_holds(u64::from_le_bytes(v), e)),
    }
}

fn chunks<const N: usize>(bytes: &[u8; 16]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// A value with its type, floats with their bits.
pub(crate) fn show(value: &Val) -> String {
    match value {
        Val::I32(v) => format!("i32 {v} ({v:#x})"),
        Val::I64(v) => format!("i64 {v} ({v:#x})"),
        Val::F32(v) => format!("f32 {} ({v:#x})", f32::from_bits(*v)),
        Val::F64(v) => format!("f64 {} ({v:#x})", f64::from_bits(*v)),
        Val::V128(v) => format!("v128 {:#034x}", v.as_u128()),
        Val::FuncRef(None) => "null funcref".to_owned(),
        Val::FuncRef(Some(_)) => "funcref".to_owned(),
        Val::ExternRef(None) => "null externref".to_owned(),
        Val::ExternRef(Some(_)) => "externref".to_owned(),
        Val::AnyRef(None) => "null anyref".to_owned(),
        Val::AnyRef(Some(_)) => "anyref".to_owned(),
        Val::ExnRef(None) => "null exnref".to_owned(),
        Val::ExnRef(Some(_)) => "exnref".to_owned(),
        Val::ContRef(None) => "null contref".to_owned(),
        Val::ContRef(Some(_)) => "contref".to_owned(),
    }
}

fn show_expected(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(v) => show(&Val::I32(*v)),
        WastRetCore::I64(v) => show(&Val::I64(*v)),
        WastRetCore::F32(NanPattern::Value(v)) => show(&Val::F32(v.bits)),
        WastRetCore::F64(NanPattern::Value(v)) => show(&Val::F64(v.bits)),
        WastRetCore::Either(cases) => {
            let cases: Vec<_> = cases.iter().map(show_expected).collect();
            cases.join(" or ")
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_patterns() {
        let canonical = NanPattern::<F32>::CanonicalNan;
        let arithmetic = NanPattern::<F32>::ArithmeticNan;
        assert!(f32_holds(0xffc0_0000, &canonical) && f32_holds(0x7fc0_0000, &arithmetic));
        assert!(!f32_holds(0x7fc0_0001, &canonical) && f32_holds(0x7fc0_0001, &arithmetic));
        assert!(!f32_holds(0x7fa0_0000, &arithmetic) && !f32_holds(0x7f80_0000, &canonical));
        let canonical = NanPattern::<F64>::CanonicalNan;
        assert!(f64_holds(0xfff8_0000_0000_0000, &canonical));
        assert!(!f64_holds(0x7ff8_0000_0000_0001, &canonical));
    }

    #[test]
    fn lanes_are_little_endian() {
        let bits = u128::from_le_bytes([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0]);
        assert!(v128_holds(
            bits,
            &V128Pattern::I16x8([1, 2, 3, 4, 5, 6, 7, 8])
        ));
        assert!(!v128_holds(
            bits,
            &V128Pattern::I16x8([1, 2, 3, 4, 5, 6, 7, 9])
        ));
    }
}
