//! Values that are one number: loading, checking, storing.

use silica_component_describe::{FlatType, ValueType};
use silica_module::DecodeError;
use wasm_encoder::{Instruction as I, MemArg};

use crate::body::Body;
use crate::imports::AdapterTrap;

/// The core type of a primitive that is one number.
pub(crate) fn scalar(ty: ValueType) -> Result<FlatType, DecodeError> {
    Ok(match ty {
        ValueType::Bool
        | ValueType::S8
        | ValueType::U8
        | ValueType::S16
        | ValueType::U16
        | ValueType::S32
        | ValueType::U32
        | ValueType::Char => FlatType::I32,
        ValueType::S64 | ValueType::U64 => FlatType::I64,
        ValueType::F32 => FlatType::F32,
        ValueType::F64 => FlatType::F64,
        ValueType::ErrorContext => {
            return Err(DecodeError::Unsupported("error contexts"));
        }
        ValueType::String | ValueType::Defined(_) => unreachable!("these are no numbers"),
    })
}

/// Whether all bits are a value, so that many can be copied at once.
pub(crate) fn is_plain(ty: ValueType) -> bool {
    match ty {
        ValueType::S8
        | ValueType::U8
        | ValueType::S16
        | ValueType::U16
        | ValueType::S32
        | ValueType::U32
        | ValueType::S64
        | ValueType::U64
        | ValueType::F32
        | ValueType::F64 => true,
        ValueType::Bool
        | ValueType::Char
        | ValueType::String
        | ValueType::ErrorContext
        | ValueType::Defined(_) => false,
    }
}

/// Makes what is on the stack a value of `ty`, or traps.
pub(crate) fn check_scalar(body: &mut Body, ty: ValueType) {
    match ty {
        ValueType::Bool => body.all([I::I32Const(0), I::I32Ne]),
        ValueType::S8 => body.emit(I::I32Extend8S),
        ValueType::U8 => body.all([I::I32Const(0xff), I::I32And]),
        ValueType::S16 => body.emit(I::I32Extend16S),
        ValueType::U16 => body.all([I::I32Const(0xffff), I::I32And]),
        ValueType::Char => {
            let number = body.local(FlatType::I32);
            // Below the surrogates, or above them and not above the last.
            body.all([
                I::LocalTee(number),
                I::I32Const(0xd800),
                I::I32Sub,
                I::I32Const(0x800),
                I::I32LtU,
                I::LocalGet(number),
                I::I32Const(0x10_ffff),
                I::I32GtU,
                I::I32Or,
            ]);
            body.trap_if(AdapterTrap::InvalidChar);
            body.emit(I::LocalGet(number));
        }
        ValueType::S32
        | ValueType::U32
        | ValueType::S64
        | ValueType::U64
        | ValueType::F32
        | ValueType::F64
        | ValueType::String
        | ValueType::ErrorContext
        | ValueType::Defined(_) => {}
    }
}

pub(crate) fn check_case(body: &mut Body, number: u32, cases: usize) {
    body.all([I::LocalGet(number), I::I32Const(cases as i32), I::I32GeU]);
    body.trap_if(AdapterTrap::InvalidDiscriminant);
}

pub(crate) fn zero(ty: FlatType) -> I<'static> {
    match ty {
        FlatType::I32 => I::I32Const(0),
        FlatType::I64 => I::I64Const(0),
        FlatType::F32 => I::F32Const(0.0.into()),
        FlatType::F64 => I::F64Const(0.0.into()),
    }
}

pub(crate) fn load(ty: ValueType, place: MemArg) -> I<'static> {
    match ty {
        ValueType::Bool | ValueType::U8 => I::I32Load8U(place),
        ValueType::S8 => I::I32Load8S(place),
        ValueType::U16 => I::I32Load16U(place),
        ValueType::S16 => I::I32Load16S(place),
        ValueType::S64 | ValueType::U64 => I::I64Load(place),
        ValueType::F32 => I::F32Load(place),
        ValueType::F64 => I::F64Load(place),
        ValueType::S32
        | ValueType::U32
        | ValueType::Char
        | ValueType::String
        | ValueType::ErrorContext
        | ValueType::Defined(_) => I::I32Load(place),
    }
}

pub(crate) fn load_unsigned(place: MemArg, bytes: u32) -> I<'static> {
    match bytes {
        1 => I::I32Load8U(place),
        2 => I::I32Load16U(place),
        _ => I::I32Load(place),
    }
}

pub(crate) fn store(flat: FlatType, bytes: u32, place: MemArg) -> I<'static> {
    match (flat, bytes) {
        (FlatType::I32, 1) => I::I32Store8(place),
        (FlatType::I32, 2) => I::I32Store16(place),
        (FlatType::I32, _) => I::I32Store(place),
        (FlatType::I64, _) => I::I64Store(place),
        (FlatType::F32, _) => I::F32Store(place),
        (FlatType::F64, _) => I::F64Store(place),
    }
}
