//! Strings, lists, options, results, and what points to such.

use silica_component_describe::{DefinedType, ValueType, align_to};
use silica_engine::Result;

use super::{ComponentType, Lift, Lower, TypeCheck};
use crate::context::{FlatValues, LIST_BYTES_MAX, LiftContext, LowerContext};
use crate::error::CanonicalTrap;
use crate::strings;

impl ComponentType for str {
    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        match ty {
            ValueType::String => Ok(()),
            _ => types.mismatch(ty, "a string"),
        }
    }
}

fn write_slice<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    pointer: u32,
    (slice, length): (u32, u32),
) -> Result<()> {
    let both = u64::from(slice) | u64::from(length) << 32;
    cx.write(pointer, both.to_le_bytes())
}

fn push_slice(out: &mut FlatValues, (slice, length): (u32, u32)) {
    out.push(slice.into());
    out.push(length.into());
}

fn read_slice<T: 'static>(cx: &mut LiftContext<'_, T>, pointer: u32) -> Result<(u32, u32)> {
    let both = u64::from_le_bytes(cx.read(pointer)?);
    Ok((both as u32, (both >> 32) as u32))
}

impl Lower for str {
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        push_slice(out, strings::lower(cx, self)?);
        Ok(())
    }

    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: ValueType,
        pointer: u32,
    ) -> Result<()> {
        let slice = strings::lower(cx, self)?;
        write_slice(cx, pointer, slice)
    }
}

impl Lift for String {
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        _: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let (pointer, length) = (values.take() as u32, values.take() as u32);
        strings::lift(cx, pointer, length).map(|lifted| lifted.text)
    }

    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        _: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        let (pointer, length) = read_slice(cx, pointer)?;
        strings::lift(cx, pointer, length).map(|lifted| lifted.text)
    }
}

/// Types that point to what stands for a type.
macro_rules! pointers {
    ($($({$($generic:tt)*})? $ty:ty => $target:ty;)*) => { $(
        impl $(<$($generic)*>)? ComponentType for $ty {
            fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
                <$target>::check(ty, types)
            }
        }

        impl $(<$($generic)*>)? Lower for $ty where $target: Lower {
            fn lower_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                <$target>::lower_flat(self, cx, ty, out)
            }

            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<()> {
                <$target>::lower_memory(self, cx, ty, pointer)
            }
        }
    )* };
}
pointers! {
    String => str;
    {A: ComponentType + ?Sized} &A => A;
    {A: ComponentType + ?Sized} Box<A> => A;
    {A: ComponentType + ?Sized} std::sync::Arc<A> => A;
    {A: ComponentType} Vec<A> => [A];
}

/// The type of a list's elements.
fn element(plan: &silica_component_describe::Plan, ty: ValueType) -> Option<ValueType> {
    match ty {
        ValueType::Defined(index) => match plan.types.defined(index) {
            DefinedType::List(ty) => Some(*ty),
            _ => None,
        },
        _ => None,
    }
}

impl<A: ComponentType> ComponentType for [A] {
    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        match element(types.plan, ty) {
            Some(ty) => A::check(ty, types),
            None => types.mismatch(ty, "a list"),
        }
    }
}

fn lower_list<A: Lower, T: 'static>(
    elements: &[A],
    cx: &mut LowerContext<'_, T>,
    ty: ValueType,
) -> Result<(u32, u32)> {
    let ty = element(cx.plan, ty).unwrap_or(ty);
    let layout = cx.plan.types.layout(ty);
    let bytes = layout.size.saturating_mul(elements.len() as u64);
    if bytes > LIST_BYTES_MAX {
        return Err(CanonicalTrap::ListTooLong.into());
    }
    let pointer = cx.realloc(0, 0, layout.align, bytes as u32)?;
    A::lower_elements(elements, cx, ty, pointer)?;
    Ok((pointer, elements.len() as u32))
}

impl<A: Lower> Lower for [A] {
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        push_slice(out, lower_list(self, cx, ty)?);
        Ok(())
    }

    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        let slice = lower_list(self, cx, ty)?;
        write_slice(cx, pointer, slice)
    }
}

fn lift_list<A: Lift, T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    pointer: u32,
    length: u32,
) -> Result<Vec<A>> {
    let ty = element(cx.plan, ty).unwrap_or(ty);
    let layout = cx.plan.types.layout(ty);
    cx.check_list(pointer, length, layout.size, layout.align)?;
    A::lift_elements(cx, ty, pointer, length)
}

impl<A: Lift> Lift for Vec<A> {
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let (pointer, length) = (values.take() as u32, values.take() as u32);
        lift_list(cx, ty, pointer, length)
    }

    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        let (pointer, length) = read_slice(cx, pointer)?;
        lift_list(cx, ty, pointer, length)
    }
}

/// Nothing, where a result has no value.
type Payload = Option<ValueType>;

/// The two types that an option or a result may carry.
fn two(plan: &silica_component_describe::Plan, ty: ValueType) -> Option<(bool, [Payload; 2])> {
    match ty {
        ValueType::Defined(index) => match plan.types.defined(index) {
            DefinedType::Option(ty) => Some((true, [None, Some(*ty)])),
            DefinedType::Result { ok, err } => Some((false, [*ok, *err])),
            _ => None,
        },
        _ => None,
    }
}

impl<A: ComponentType> ComponentType for Option<A> {
    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        match two(types.plan, ty) {
            Some((true, [_, Some(some)])) => A::check(some, types),
            _ => types.mismatch(ty, "an option"),
        }
    }
}

impl<A: ComponentType, B: ComponentType> ComponentType for Result<A, B> {
    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        let Some((false, [ok, err])) = two(types.plan, ty) else {
            return types.mismatch(ty, "a result");
        };
        check_payload::<A>(ok, ty, types)?;
        check_payload::<B>(err, ty, types)
    }
}

/// A payload that is not there is `()`, the tuple of nothing.
fn check_payload<A: ComponentType>(
    payload: Payload,
    whole: ValueType,
    types: &TypeCheck<'_>,
) -> Result<()> {
    match payload {
        Some(ty) => A::check(ty, types),
        None if size_of::<A>() == 0 => Ok(()),
        None => types.mismatch(whole, "a result with a value where there is none"),
    }
}

/// Lowers a case of two, to registers.
fn lower_case_flat<A: Lower, T: 'static>(
    number: usize,
    value: Option<&A>,
    cx: &mut LowerContext<'_, T>,
    ty: ValueType,
    out: &mut FlatValues,
) -> Result<()> {
    let plan = cx.plan;
    let total = out.count() + plan.types.layout(ty).flat.types().map_or(0, <[_]>::len);
    out.push(number as u64);
    let payload = two(plan, ty).and_then(|(_, payloads)| payloads[number]);
    if let (Some(value), Some(ty)) = (value, payload) {
        value.lower_flat(cx, ty, out)?;
    }
    out.pad(total);
    Ok(())
}

/// Lowers a case of two, to memory.
fn lower_case_memory<A: Lower, T: 'static>(
    number: usize,
    value: Option<&A>,
    cx: &mut LowerContext<'_, T>,
    ty: ValueType,
    pointer: u32,
) -> Result<()> {
    cx.write(pointer, [number as u8])?;
    let payload = two(cx.plan, ty).and_then(|(_, payloads)| payloads[number]);
    match (value, payload) {
        (Some(value), Some(payload)) => {
            let pointer = pointer.wrapping_add(payload_offset(cx.plan, ty));
            value.lower_memory(cx, payload, pointer)
        }
        (Some(_), None) | (None, _) => Ok(()),
    }
}

/// Where the payload of a type with two cases lies: after a byte, aligned for both.
fn payload_offset(plan: &silica_component_describe::Plan, ty: ValueType) -> u32 {
    match ty {
        ValueType::Defined(index) => {
            align_to(1, plan.types.payload_align(plan.types.defined(index))) as u32
        }
        _ => 1,
    }
}

impl<A: Lower> Lower for Option<A> {
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        lower_case_flat(usize::from(self.is_some()), self.as_ref(), cx, ty, out)
    }

    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        lower_case_memory(usize::from(self.is_some()), self.as_ref(), cx, ty, pointer)
    }
}

impl<A: Lower, B: Lower> Lower for Result<A, B> {
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        match self {
            Ok(value) => lower_case_flat(0, Some(value), cx, ty, out),
            Err(value) => lower_case_flat(1, Some(value), cx, ty, out),
        }
    }

    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        match self {
            Ok(value) => lower_case_memory(0, Some(value), cx, ty, pointer),
            Err(value) => lower_case_memory(1, Some(value), cx, ty, pointer),
        }
    }
}

fn lift_payload_flat<A: Lift, T: 'static>(
    number: usize,
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    values: &mut FlatValues,
) -> Result<A> {
    let payload = two(cx.plan, ty).and_then(|(_, payloads)| payloads[number]);
    // What is not there is of a type without size, which takes nothing.
    A::lift_flat(cx, payload.unwrap_or(ty), values)
}

fn lift_payload_memory<A: Lift, T: 'static>(
    number: usize,
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    pointer: u32,
) -> Result<A> {
    let payload = two(cx.plan, ty).and_then(|(_, payloads)| payloads[number]);
    let pointer = pointer.wrapping_add(payload_offset(cx.plan, ty));
    A::lift_memory(cx, payload.unwrap_or(ty), pointer)
}

/// The case that registers say, and where the value's registers end.
fn lift_number<T: 'static>(
    cx: &LiftContext<'_, T>,
    ty: ValueType,
    values: &mut FlatValues,
) -> (u32, usize) {
    let registers = cx.plan.types.layout(ty).flat.types().map_or(0, <[_]>::len);
    let end = values.taken() + registers;
    (values.take() as u32, end)
}

impl<A: Lift> Lift for Option<A> {
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let (number, end) = lift_number(cx, ty, values);
        let lifted = match number {
            0 => None,
            1 => Some(lift_payload_flat(1, cx, ty, values)?),
            _ => return Err(CanonicalTrap::InvalidDiscriminant.into()),
        };
        values.skip_to(end);
        Ok(lifted)
    }

    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        match cx.read::<1>(pointer)? {
            [0] => Ok(None),
            [1] => lift_payload_memory(1, cx, ty, pointer).map(Some),
            _ => Err(CanonicalTrap::InvalidDiscriminant.into()),
        }
    }
}

impl<A: Lift, B: Lift> Lift for Result<A, B> {
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let (number, end) = lift_number(cx, ty, values);
        let lifted = match number {
            0 => Ok(lift_payload_flat(0, cx, ty, values)?),
            1 => Err(lift_payload_flat(1, cx, ty, values)?),
            _ => return Err(CanonicalTrap::InvalidDiscriminant.into()),
        };
        values.skip_to(end);
        Ok(lifted)
    }

    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        match cx.read::<1>(pointer)? {
            [0] => lift_payload_memory(0, cx, ty, pointer).map(Ok),
            [1] => lift_payload_memory(1, cx, ty, pointer).map(Err),
            _ => Err(CanonicalTrap::InvalidDiscriminant.into()),
        }
    }
}
