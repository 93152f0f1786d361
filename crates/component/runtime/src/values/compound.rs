//! Strings, lists, options, results, and what points to such.

use silica_component_describe::{DefinedType, ValueType};
use silica_engine::Result;

use super::{ComponentType, Lift, Lower, TypeCheck, TypeLayout, part};
use crate::context::{FlatValues, LIST_BYTES_MAX, LiftContext, LowerContext};
use crate::error::CanonicalTrap;
use crate::strings;

impl ComponentType for str {
    const LAYOUT: TypeLayout = TypeLayout::scalar(1).list();

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
            const LAYOUT: TypeLayout = <$target>::LAYOUT;

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
            DefinedType::Map(key, value) => Some(plan.types.entry(*key, *value)),
            _ => None,
        },
        _ => None,
    }
}

impl<A: ComponentType> ComponentType for [A] {
    const LAYOUT: TypeLayout = A::LAYOUT.list();

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
    let ty = part::<A>(cx.plan, ty, 0);
    let bytes = u64::from(A::LAYOUT.size).saturating_mul(elements.len() as u64);
    if bytes > LIST_BYTES_MAX {
        return Err(CanonicalTrap::ListTooLong.into());
    }
    let pointer = cx.realloc(0, 0, A::LAYOUT.align, bytes as u32)?;
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
    let ty = part::<A>(cx.plan, ty, 0);
    cx.check_list(pointer, length, A::LAYOUT.size.into(), A::LAYOUT.align)?;
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

/// Arrays, of the length that the type says.
impl<A: ComponentType, const N: usize> ComponentType for [A; N] {
    const LAYOUT: TypeLayout = A::LAYOUT.repeated(N);

    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        if let ValueType::Defined(index) = ty
            && let DefinedType::FixedLengthList(ty, length) = types.plan.types.defined(index)
            && *length as usize == N
        {
            return A::check(*ty, types);
        }
        types.mismatch(ty, &format!("an array of {N}"))
    }
}

impl<A: Lower, const N: usize> Lower for [A; N] {
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        let ty = part::<A>(cx.plan, ty, 0);
        self.iter()
            .try_for_each(|element| element.lower_flat(cx, ty, out))
    }

    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        let ty = part::<A>(cx.plan, ty, 0);
        A::lower_elements(self, cx, ty, pointer)
    }
}

/// An array of what was lifted one by one.
fn array<A, const N: usize>(elements: Vec<A>) -> Result<[A; N]> {
    // As many were lifted.
    elements
        .try_into()
        .map_err(|_| CanonicalTrap::ListTooLong.into())
}

impl<A: Lift, const N: usize> Lift for [A; N] {
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let ty = part::<A>(cx.plan, ty, 0);
        let elements: Result<Vec<A>> = (0..N).map(|_| A::lift_flat(cx, ty, values)).collect();
        array(elements?)
    }

    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        let ty = part::<A>(cx.plan, ty, 0);
        array(A::lift_elements(cx, ty, pointer, N as u32)?)
    }
}
