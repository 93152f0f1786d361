//! Options and results: types of two cases, of which each may carry a value.

use silica_component_describe::{DefinedType, ValueType};
use silica_engine::Result;

use super::{ComponentType, Lift, Lower, TypeCheck, TypeLayout, part};
use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::CanonicalTrap;

/// Nothing, where a result has no value.
type Payload = Option<ValueType>;

impl<A: ComponentType> ComponentType for Option<A> {
    const LAYOUT: TypeLayout = TypeLayout::variant(&[None, Some(A::LAYOUT)]);

    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        if let ValueType::Defined(index) = ty
            && let DefinedType::Option(some) = types.plan.types.defined(index)
        {
            return A::check(*some, types);
        }
        types.mismatch(ty, "an option")
    }
}

impl<A: ComponentType, B: ComponentType> ComponentType for Result<A, B> {
    const LAYOUT: TypeLayout = TypeLayout::variant(&[Some(A::LAYOUT), Some(B::LAYOUT)]);

    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        if let ValueType::Defined(index) = ty
            && let DefinedType::Result { ok, err } = types.plan.types.defined(index)
        {
            check_payload::<A>(*ok, ty, types)?;
            return check_payload::<B>(*err, ty, types);
        }
        types.mismatch(ty, "a result")
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
        None if A::LAYOUT.registers == 0 => Ok(()),
        None => types.mismatch(whole, "a result with a value where there is none"),
    }
}

/// Where the payloads of a result lie.
const fn result_payload<A: ComponentType, B: ComponentType>() -> u32 {
    TypeLayout::payload_offset(&[Some(A::LAYOUT), Some(B::LAYOUT)])
}

/// Where the payload of an option lies.
const fn option_payload<A: ComponentType>() -> u32 {
    TypeLayout::payload_offset(&[None, Some(A::LAYOUT)])
}

impl<A: Lower> Lower for Option<A> {
    #[inline]
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        let end = out.count() + Self::LAYOUT.registers;
        out.push(self.is_some().into());
        if let Some(value) = self {
            let ty = part::<A>(cx.plan, ty, 0);
            value.lower_flat(cx, ty, out)?;
        }
        out.pad(end);
        Ok(())
    }

    #[inline]
    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        cx.write(pointer, [self.is_some().into()])?;
        if let Some(value) = self {
            let at = pointer.wrapping_add(const { option_payload::<A>() });
            let ty = part::<A>(cx.plan, ty, 0);
            value.lower_memory(cx, ty, at)?;
        }
        Ok(())
    }
}

impl<A: Lower, B: Lower> Lower for Result<A, B> {
    #[inline]
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()> {
        let end = out.count() + Self::LAYOUT.registers;
        out.push(self.is_err().into());
        let (ok, err) = (part::<A>(cx.plan, ty, 0), part::<B>(cx.plan, ty, 1));
        match self {
            Ok(value) => value.lower_flat(cx, ok, out)?,
            Err(value) => value.lower_flat(cx, err, out)?,
        }
        out.pad(end);
        Ok(())
    }

    #[inline]
    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()> {
        cx.write(pointer, [self.is_err().into()])?;
        let at = pointer.wrapping_add(const { result_payload::<A, B>() });
        let (ok, err) = (part::<A>(cx.plan, ty, 0), part::<B>(cx.plan, ty, 1));
        match self {
            Ok(value) => value.lower_memory(cx, ok, at),
            Err(value) => value.lower_memory(cx, err, at),
        }
    }
}

impl<A: Lift> Lift for Option<A> {
    #[inline]
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let end = values.taken() + Self::LAYOUT.registers;
        let ty = part::<A>(cx.plan, ty, 0);
        let lifted = match values.take() as u32 {
            0 => None,
            1 => Some(A::lift_flat(cx, ty, values)?),
            _ => return Err(CanonicalTrap::InvalidDiscriminant.into()),
        };
        values.skip_to(end);
        Ok(lifted)
    }

    #[inline]
    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        let at = pointer.wrapping_add(const { option_payload::<A>() });
        let ty = part::<A>(cx.plan, ty, 0);
        match cx.read::<1>(pointer)? {
            [0] => Ok(None),
            [1] => A::lift_memory(cx, ty, at).map(Some),
            _ => Err(CanonicalTrap::InvalidDiscriminant.into()),
        }
    }
}

impl<A: Lift, B: Lift> Lift for Result<A, B> {
    #[inline]
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self> {
        let end = values.taken() + Self::LAYOUT.registers;
        let (ok, err) = (part::<A>(cx.plan, ty, 0), part::<B>(cx.plan, ty, 1));
        let lifted = match values.take() as u32 {
            0 => Ok(A::lift_flat(cx, ok, values)?),
            1 => Err(B::lift_flat(cx, err, values)?),
            _ => return Err(CanonicalTrap::InvalidDiscriminant.into()),
        };
        values.skip_to(end);
        Ok(lifted)
    }

    #[inline]
    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self> {
        let at = pointer.wrapping_add(const { result_payload::<A, B>() });
        let (ok, err) = (part::<A>(cx.plan, ty, 0), part::<B>(cx.plan, ty, 1));
        match cx.read::<1>(pointer)? {
            [0] => A::lift_memory(cx, ok, at).map(Ok),
            [1] => B::lift_memory(cx, err, at).map(Err),
            _ => Err(CanonicalTrap::InvalidDiscriminant.into()),
        }
    }
}
