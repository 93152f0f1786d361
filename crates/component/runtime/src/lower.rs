//! Lowers dynamic values into a guest.

use silica_component_describe::{
    Case, DefinedType, Field, ValueType, align_to, discriminant_bytes, flags_bytes, value_type_text,
};
use silica_engine::Result;

use crate::context::{FlatValues, LIST_BYTES_MAX, LowerContext};
use crate::error::{CanonicalTrap, ComponentError};
use crate::state::state;
use crate::strings;
use crate::val::Val;

/// Lowers `value` to registers.
pub(crate) fn flat<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    value: &Val,
    ty: ValueType,
    out: &mut FlatValues,
) -> Result<()> {
    let ValueType::Defined(index) = ty else {
        return flat_primitive(cx, value, ty, out);
    };
    let plan = cx.plan;
    match (plan.types.defined(index), value) {
        (DefinedType::Record(fields), Val::Record(values)) => {
            check_fields(cx, fields, values, ty)?;
            for (field, (_, value)) in fields.iter().zip(values) {
                flat(cx, value, field.ty, out)?;
            }
            Ok(())
        }
        (DefinedType::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => {
            for (&ty, value) in types.iter().zip(values) {
                flat(cx, value, ty, out)?;
            }
            Ok(())
        }
        (DefinedType::FixedLengthList(ty, count), Val::List(values))
            if values.len() == *count as usize =>
        {
            values
                .iter()
                .try_for_each(|value| flat(cx, value, *ty, out))
        }
        (defined, value) => {
            if let Some((number, _, payload)) = case(defined, value) {
                // The registers of all cases together follow the one that says which it is.
                let total = out.count() + plan.types.layout(ty).flat.types().map_or(0, <[_]>::len);
                out.push(number.into());
                if let Some((value, ty)) = payload {
                    flat(cx, value, ty, out)?;
                }
                out.pad(total);
                return Ok(());
            }
            let scalar = scalar(cx, defined, value, ty)?;
            match scalar {
                Scalar::One(bits) => out.push(bits.into()),
                Scalar::Slice(pointer, length) => {
                    out.push(pointer.into());
                    out.push(length.into());
                }
            }
            Ok(())
        }
    }
}

fn flat_primitive<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    value: &Val,
    ty: ValueType,
    out: &mut FlatValues,
) -> Result<()> {
    match (ty, value) {
        (ValueType::Bool, Val::Bool(v)) => out.push(u64::from(*v)),
        (ValueType::S8, Val::S8(v)) => out.push(u64::from(i32::from(*v) as u32)),
        (ValueType::U8, Val::U8(v)) => out.push(u64::from(*v)),
        (ValueType::S16, Val::S16(v)) => out.push(u64::from(i32::from(*v) as u32)),
        (ValueType::U16, Val::U16(v)) => out.push(u64::from(*v)),
        (ValueType::S32, Val::S32(v)) => out.push(u64::from(*v as u32)),
        (ValueType::U32, Val::U32(v)) => out.push(u64::from(*v)),
        (ValueType::S64, Val::S64(v)) => out.push(*v as u64),
        (ValueType::U64, Val::U64(v)) => out.push(*v),
        (ValueType::F32, Val::Float32(v)) => out.push(u64::from(v.to_bits())),
        (ValueType::F64, Val::Float64(v)) => out.push(v.to_bits()),
        (ValueType::Char, Val::Char(v)) => out.push(u64::from(u32::from(*v))),
        (ValueType::String, Val::String(text)) => {
            let (pointer, length) = strings::lower(cx, text)?;
            out.push(pointer.into());
            out.push(length.into());
        }
        _ => return Err(mismatch(cx, ty, value)),
    }
    Ok(())
}

/// Lowers `value` to memory at `pointer`, which is aligned and has room.
pub(crate) fn memory<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    value: &Val,
    ty: ValueType,
    pointer: u32,
) -> Result<()> {
    let ValueType::Defined(index) = ty else {
        return memory_primitive(cx, value, ty, pointer);
    };
    let plan = cx.plan;
    match (plan.types.defined(index), value) {
        (DefinedType::Record(fields), Val::Record(values)) => {
            check_fields(cx, fields, values, ty)?;
            let parts = fields.iter().zip(values);
            let parts = parts.map(|(field, (_, value))| (value, field.ty));
            sequence(cx, parts, pointer)
        }
        (DefinedType::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => {
            sequence(cx, values.iter().zip(types.iter().copied()), pointer)
        }
        (DefinedType::FixedLengthList(ty, count), Val::List(values))
            if values.len() == *count as usize =>
        {
            sequence(cx, values.iter().map(|value| (value, *ty)), pointer)
        }
        (defined, value) => {
            if let Some((number, cases, payload)) = case(defined, value) {
                let bytes = discriminant_bytes(cases);
                write_number(cx, pointer, number, bytes)?;
                if let Some((value, ty)) = payload {
                    let offset = align_to(bytes.into(), payload_align(cx, defined));
                    memory(cx, value, ty, pointer.wrapping_add(offset as u32))?;
                }
                return Ok(());
            }
            let scalar = scalar(cx, defined, value, ty)?;
            match scalar {
                Scalar::One(bits) => {
                    let bytes = plan.types.layout(ty).size as u32;
                    write_number(cx, pointer, bits, bytes)
                }
                Scalar::Slice(slice, length) => write_slice(cx, pointer, slice, length),
            }
        }
    }
}

fn write_slice<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    pointer: u32,
    slice: u32,
    length: u32,
) -> Result<()> {
    let both = u64::from(slice) | u64::from(length) << 32;
    cx.write(pointer, both.to_le_bytes())
}

/// Writes the lowest 1, 2 or 4 bytes of `number`.
fn write_number<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    pointer: u32,
    number: u32,
    bytes: u32,
) -> Result<()> {
    let little = number.to_le_bytes();
    cx.bytes(pointer, bytes.into())?
        .copy_from_slice(&little[..bytes as usize]);
    Ok(())
}

fn memory_primitive<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    value: &Val,
    ty: ValueType,
    at: u32,
) -> Result<()> {
    match (ty, value) {
        (ValueType::Bool, Val::Bool(v)) => cx.write(at, [u8::from(*v)]),
        (ValueType::S8, Val::S8(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::U8, Val::U8(v)) => cx.write(at, [*v]),
        (ValueType::S16, Val::S16(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::U16, Val::U16(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::S32, Val::S32(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::U32, Val::U32(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::S64, Val::S64(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::U64, Val::U64(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::F32, Val::Float32(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::F64, Val::Float64(v)) => cx.write(at, v.to_le_bytes()),
        (ValueType::Char, Val::Char(v)) => cx.write(at, u32::from(*v).to_le_bytes()),
        (ValueType::String, Val::String(text)) => {
            let (pointer, length) = strings::lower(cx, text)?;
            write_slice(cx, at, pointer, length)
        }
        _ => Err(mismatch(cx, ty, value)),
    }
}

/// Lowers values one after the other, as a record's fields lie.
pub(crate) fn sequence<'v, T: 'static>(
    cx: &mut LowerContext<'_, T>,
    parts: impl Iterator<Item = (&'v Val, ValueType)>,
    pointer: u32,
) -> Result<()> {
    let mut offset = 0;
    for (value, ty) in parts {
        let layout = cx.plan.types.layout(ty);
        offset = align_to(offset, layout.align);
        memory(cx, value, ty, pointer.wrapping_add(offset as u32))?;
        offset += layout.size;
    }
    Ok(())
}

/// What is in one register or in a memory elsewhere.
enum Scalar {
    One(u32),
    Slice(u32, u32),
}

fn scalar<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    defined: &DefinedType,
    value: &Val,
    ty: ValueType,
) -> Result<Scalar> {
    match (defined, value) {
        (DefinedType::Flags(names), Val::Flags(set)) => {
            let mut bits = 0;
            for flag in set {
                match names.iter().position(|name| **name == **flag) {
                    Some(index) => bits |= 1 << index,
                    None => return Err(mismatch(cx, ty, value)),
                }
            }
            debug_assert!(flags_bytes(names.len()) <= 4);
            Ok(Scalar::One(bits))
        }
        (DefinedType::List(ty), Val::List(values)) => list(cx, values, *ty),
        (DefinedType::Map(key, value), Val::Map(entries)) => {
            let entry = cx.plan.types.entry(*key, *value);
            let entries: Vec<Val> = entries
                .iter()
                .map(|(key, value)| Val::Tuple(vec![key.clone(), value.clone()]))
                .collect();
            list(cx, &entries, entry)
        }
        (DefinedType::Own(resource), Val::Resource(value)) => {
            let guest = cx.options.guest;
            let resource = state(&mut cx.store).root(guest.root).resources[*resource as usize];
            let representation = value.give(&mut cx.store, resource)?;
            let index = state(&mut cx.store).lower_own(guest, resource, representation)?;
            Ok(Scalar::One(index))
        }
        (DefinedType::Borrow(resource), Val::Resource(value)) => {
            let guest = cx.options.guest;
            let resource = state(&mut cx.store).root(guest.root).resources[*resource as usize];
            let representation = value.lend(&mut cx.store, resource)?;
            let index = state(&mut cx.store).lower_borrow(guest, resource, representation)?;
            Ok(Scalar::One(index))
        }
        _ => Err(mismatch(cx, ty, value)),
    }
}

fn list<T: 'static>(cx: &mut LowerContext<'_, T>, values: &[Val], ty: ValueType) -> Result<Scalar> {
    let layout = cx.plan.types.layout(ty);
    let bytes = layout.size.saturating_mul(values.len() as u64);
    if bytes > LIST_BYTES_MAX {
        return Err(CanonicalTrap::ListTooLong.into());
    }
    let pointer = cx.realloc(0, 0, layout.align, bytes as u32)?;
    let mut at = pointer;
    for value in values {
        memory(cx, value, ty, at)?;
        at = at.wrapping_add(layout.size as u32);
    }
    Ok(Scalar::Slice(pointer, values.len() as u32))
}

type Payload<'v> = Option<(&'v Val, ValueType)>;

/// Which case of how many `value` is, with what it carries. Nothing if the type has no cases or `value` is none of them.
fn case<'v>(defined: &DefinedType, value: &'v Val) -> Option<(u32, usize, Payload<'v>)> {
    let payload = |value: &'v Option<Box<Val>>, ty: Option<ValueType>| match (value, ty) {
        (Some(value), Some(ty)) => Some(Some((&**value, ty))),
        (None, None) => Some(None),
        (Some(_), None) | (None, Some(_)) => None,
    };
    match (defined, value) {
        (DefinedType::Variant(cases), Val::Variant(name, value)) => {
            let (index, case) = named(cases, name)?;
            Some((index, cases.len(), payload(value, case.ty)?))
        }
        (DefinedType::Enum(names), Val::Enum(name)) => {
            let index = names.iter().position(|there| **there == **name)?;
            Some((index as u32, names.len(), None))
        }
        (DefinedType::Option(_), Val::Option(None)) => Some((0, 2, None)),
        (DefinedType::Option(ty), Val::Option(Some(value))) => Some((1, 2, Some((value, *ty)))),
        (DefinedType::Result { ok, .. }, Val::Result(Ok(value))) => {
            Some((0, 2, payload(value, *ok)?))
        }
        (DefinedType::Result { err, .. }, Val::Result(Err(value))) => {
            Some((1, 2, payload(value, *err)?))
        }
        _ => None,
    }
}

fn named<'c>(cases: &'c [Case], name: &str) -> Option<(u32, &'c Case)> {
    let index = cases.iter().position(|case| *case.name == *name)?;
    Some((index as u32, &cases[index]))
}

fn payload_align<T: 'static>(cx: &LowerContext<'_, T>, defined: &DefinedType) -> u32 {
    cx.plan.types.payload_align(defined)
}

fn check_fields<T: 'static>(
    cx: &LowerContext<'_, T>,
    fields: &[Field],
    values: &[(String, Val)],
    ty: ValueType,
) -> Result<()> {
    let mut pairs = fields.iter().zip(values);
    if fields.len() == values.len() && pairs.all(|(field, (name, _))| *field.name == **name) {
        return Ok(());
    }
    let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    Err(ComponentError::Type {
        expected: value_type_text(cx.plan, ty),
        found: format!("a record with the fields {}", names.join(", ")),
    }
    .into())
}

fn mismatch<T: 'static>(cx: &LowerContext<'_, T>, ty: ValueType, value: &Val) -> anyhow::Error {
    ComponentError::Type {
        expected: value_type_text(cx.plan, ty),
        found: match value {
            Val::Variant(name, _) | Val::Enum(name) => format!("{} `{name}`", value.desc()),
            other => other.desc().to_owned(),
        },
    }
    .into()
}
