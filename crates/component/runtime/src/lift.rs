//! Lifts values of a guest's as dynamic ones.

use silica_component_describe::{DefinedType, ValueType, align_to, discriminant_bytes};
use silica_engine::Result;

use crate::context::{FlatValues, LiftContext};
use crate::error::CanonicalTrap;
use crate::resource::ResourceAny;
use crate::state::state;
use crate::strings;
use crate::val::Val;

/// Lifts a value from registers.
pub(crate) fn flat<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    values: &mut FlatValues,
) -> Result<Val> {
    cx.charge(size_of::<Val>() as u64)?;
    let ValueType::Defined(index) = ty else {
        if ty == ValueType::String {
            let (pointer, length) = (values.take() as u32, values.take() as u32);
            return Ok(Val::String(strings::lift(cx, pointer, length)?.text));
        }
        return primitive(ty, values.take());
    };
    let plan = cx.plan;
    match plan.types.defined(index) {
        DefinedType::Record(fields) => {
            let mut list = Vec::with_capacity(fields.len());
            for field in fields {
                list.push((name(cx, &field.name)?, flat(cx, field.ty, values)?));
            }
            Ok(Val::Record(list))
        }
        DefinedType::Tuple(types) => {
            let values: Result<Vec<Val>> = types.iter().map(|ty| flat(cx, *ty, values)).collect();
            Ok(Val::Tuple(values?))
        }
        DefinedType::FixedLengthList(ty, count) => {
            let values: Result<Vec<Val>> = (0..*count).map(|_| flat(cx, *ty, values)).collect();
            Ok(Val::List(values?))
        }
        DefinedType::List(_) | DefinedType::Map(..) => {
            let (pointer, length) = (values.take() as u32, values.take() as u32);
            elsewhere(cx, index, pointer, length)
        }
        defined @ (DefinedType::Variant(_)
        | DefinedType::Enum(_)
        | DefinedType::Option(_)
        | DefinedType::Result { .. }) => {
            let total = values.taken() + plan.types.layout(ty).flat.types().map_or(0, <[_]>::len);
            let case = case(defined, values.take() as u32)?;
            let payload = match case.payload {
                Some(ty) => Some(Box::new(flat(cx, ty, values)?)),
                None => None,
            };
            values.skip_to(total);
            wrap(cx, defined, &case, payload)
        }
        defined @ (DefinedType::Flags(_)
        | DefinedType::Own(_)
        | DefinedType::Borrow(_)
        | DefinedType::Future(_)
        | DefinedType::Stream(_)) => number(cx, defined, values.take() as u32),
    }
}

/// Lifts a value from memory at `pointer`, which is aligned and within it.
pub(crate) fn memory<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    pointer: u32,
) -> Result<Val> {
    cx.charge(size_of::<Val>() as u64)?;
    let ValueType::Defined(index) = ty else {
        return memory_primitive(cx, ty, pointer);
    };
    let plan = cx.plan;
    match plan.types.defined(index) {
        DefinedType::Record(fields) => {
            let mut list = Vec::with_capacity(fields.len());
            let mut offset = 0;
            for field in fields {
                let value = next(cx, field.ty, pointer, &mut offset)?;
                list.push((name(cx, &field.name)?, value));
            }
            Ok(Val::Record(list))
        }
        DefinedType::Tuple(types) => {
            let mut offset = 0;
            let values: Result<Vec<Val>> = types
                .iter()
                .map(|ty| next(cx, *ty, pointer, &mut offset))
                .collect();
            Ok(Val::Tuple(values?))
        }
        DefinedType::FixedLengthList(ty, count) => {
            let mut offset = 0;
            let values: Result<Vec<Val>> = (0..*count)
                .map(|_| next(cx, *ty, pointer, &mut offset))
                .collect();
            Ok(Val::List(values?))
        }
        DefinedType::List(_) | DefinedType::Map(..) => {
            let (pointer, length) = slice(cx, pointer)?;
            elsewhere(cx, index, pointer, length)
        }
        defined @ (DefinedType::Variant(_)
        | DefinedType::Enum(_)
        | DefinedType::Option(_)
        | DefinedType::Result { .. }) => memory_cases(cx, defined, pointer),
        defined @ (DefinedType::Flags(_)
        | DefinedType::Own(_)
        | DefinedType::Borrow(_)
        | DefinedType::Future(_)
        | DefinedType::Stream(_)) => {
            let bits = read_number(cx, pointer, plan.types.layout(ty).size as u32)?;
            number(cx, defined, bits)
        }
    }
}

fn memory_primitive<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    pointer: u32,
) -> Result<Val> {
    if ty == ValueType::String {
        let (pointer, length) = slice(cx, pointer)?;
        return Ok(Val::String(strings::lift(cx, pointer, length)?.text));
    }
    let bytes = cx.plan.types.layout(ty).size as usize;
    let mut bits = [0; 8];
    bits[..bytes].copy_from_slice(cx.bytes(pointer, bytes as u64)?);
    primitive(ty, u64::from_le_bytes(bits))
}

fn memory_cases<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    defined: &DefinedType,
    pointer: u32,
) -> Result<Val> {
    let plan = cx.plan;
    let bytes = discriminant_bytes(plan.types.cases(defined));
    let number = read_number(cx, pointer, bytes)?;
    let case = case(defined, number)?;
    let payload = match case.payload {
        Some(ty) => {
            let offset = align_to(bytes.into(), plan.types.payload_align(defined));
            let pointer = pointer.wrapping_add(offset as u32);
            Some(Box::new(memory(cx, ty, pointer)?))
        }
        None => None,
    };
    wrap(cx, defined, &case, payload)
}

/// A field or an element after those that end at `offset`.
pub(crate) fn next<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    pointer: u32,
    offset: &mut u64,
) -> Result<Val> {
    let layout = cx.plan.types.layout(ty);
    *offset = align_to(*offset, layout.align);
    let value = memory(cx, ty, pointer.wrapping_add(*offset as u32))?;
    *offset += layout.size;
    Ok(value)
}

/// A list or a map.
fn elsewhere<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    index: u32,
    pointer: u32,
    length: u32,
) -> Result<Val> {
    let plan = cx.plan;
    let defined = plan.types.defined(index);
    let element = match defined {
        DefinedType::List(ty) => *ty,
        DefinedType::Map(key, value) => plan.types.entry(*key, *value),
        _ => unreachable!("only lists and maps are elsewhere"),
    };
    let layout = plan.types.layout(element);
    cx.check_list(pointer, length, layout.size, layout.align)?;
    cx.charge(u64::from(length) * size_of::<Val>() as u64)?;
    let mut values = Vec::with_capacity(length as usize);
    let mut at = pointer;
    for _ in 0..length {
        values.push(memory(cx, element, at)?);
        at = at.wrapping_add(layout.size as u32);
    }
    if matches!(defined, DefinedType::List(_)) {
        return Ok(Val::List(values));
    }
    let mut entries = Vec::with_capacity(values.len());
    for value in values {
        if let Val::Tuple(pair) = value
            && let Ok([key, value]) = <[Val; 2]>::try_from(pair)
        {
            entries.push((key, value));
        }
    }
    Ok(Val::Map(entries))
}

fn slice<T: 'static>(cx: &mut LiftContext<'_, T>, pointer: u32) -> Result<(u32, u32)> {
    let both = u64::from_le_bytes(cx.read(pointer)?);
    Ok((both as u32, (both >> 32) as u32))
}

fn read_number<T: 'static>(cx: &mut LiftContext<'_, T>, pointer: u32, bytes: u32) -> Result<u32> {
    let mut little = [0; 4];
    little[..bytes as usize].copy_from_slice(cx.bytes(pointer, bytes.into())?);
    Ok(u32::from_le_bytes(little))
}

fn primitive(ty: ValueType, bits: u64) -> Result<Val> {
    Ok(match ty {
        ValueType::Bool => Val::Bool(bits as u32 != 0),
        ValueType::S8 => Val::S8(bits as i8),
        ValueType::U8 => Val::U8(bits as u8),
        ValueType::S16 => Val::S16(bits as i16),
        ValueType::U16 => Val::U16(bits as u16),
        ValueType::S32 => Val::S32(bits as i32),
        ValueType::U32 => Val::U32(bits as u32),
        ValueType::S64 => Val::S64(bits as i64),
        ValueType::U64 => Val::U64(bits),
        ValueType::F32 => Val::Float32(f32::from_bits(bits as u32)),
        ValueType::F64 => Val::Float64(f64::from_bits(bits)),
        ValueType::Char => {
            Val::Char(char::from_u32(bits as u32).ok_or(CanonicalTrap::InvalidChar)?)
        }
        ValueType::ErrorContext => {
            return Err(CanonicalTrap::Unsupported("error-context").into());
        }
        ValueType::String | ValueType::Defined(_) => unreachable!("these are no numbers"),
    })
}

/// Values that are one number.
fn number<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    defined: &DefinedType,
    bits: u32,
) -> Result<Val> {
    match defined {
        DefinedType::Flags(names) => {
            let mut set = Vec::new();
            for (index, flag) in names.iter().enumerate() {
                if bits >> index & 1 == 1 {
                    set.push(name(cx, flag)?);
                }
            }
            Ok(Val::Flags(set))
        }
        DefinedType::Own(resource) | DefinedType::Borrow(resource) => {
            let guest = cx.options.guest;
            let owned = matches!(defined, DefinedType::Own(_));
            let state = state(&mut cx.store);
            let resource = state.root(guest.root).resources[*resource as usize];
            let representation = if owned {
                state.lift_own(guest, resource, bits)?
            } else {
                state.lift_borrow(guest, resource, bits)?
            };
            let any = ResourceAny::add(&mut cx.store, resource, representation, owned)?;
            Ok(Val::Resource(any))
        }
        DefinedType::Future(_) => Err(CanonicalTrap::Unsupported("future").into()),
        DefinedType::Stream(_) => Err(CanonicalTrap::Unsupported("stream").into()),
        _ => unreachable!("the caller has matched"),
    }
}

struct ACase {
    index: usize,
    payload: Option<ValueType>,
}

/// The case that a guest's number says.
fn case(defined: &DefinedType, number: u32) -> Result<ACase, CanonicalTrap> {
    let index = number as usize;
    let payload = match (defined, index) {
        (DefinedType::Variant(cases), _) => cases.get(index).map(|case| case.ty),
        (DefinedType::Enum(names), _) => names.get(index).map(|_| None),
        (DefinedType::Option(_), 0) => Some(None),
        (DefinedType::Option(ty), 1) => Some(Some(*ty)),
        (DefinedType::Result { ok, .. }, 0) => Some(*ok),
        (DefinedType::Result { err, .. }, 1) => Some(*err),
        _ => None,
    };
    let payload = payload.ok_or(CanonicalTrap::InvalidDiscriminant)?;
    Ok(ACase { index, payload })
}

fn wrap<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    defined: &DefinedType,
    case: &ACase,
    payload: Option<Box<Val>>,
) -> Result<Val> {
    Ok(match defined {
        DefinedType::Variant(cases) => Val::Variant(name(cx, &cases[case.index].name)?, payload),
        DefinedType::Enum(names) => Val::Enum(name(cx, &names[case.index])?),
        DefinedType::Option(_) => Val::Option(payload),
        DefinedType::Result { .. } if case.index == 0 => Val::Result(Ok(payload)),
        _ => Val::Result(Err(payload)),
    })
}

fn name<T: 'static>(cx: &mut LiftContext<'_, T>, name: &str) -> Result<String> {
    cx.charge(name.len() as u64)?;
    Ok(name.to_owned())
}
