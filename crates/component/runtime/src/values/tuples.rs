//! Tuples: as values, and as lists of parameters and results.

use silica_component_describe::{DefinedType, ValueType, align_to};
use silica_engine::Result;

use super::{ComponentNamedList, ComponentType, Lift, LiftList, Lower, LowerList, TypeCheck};
use crate::context::{FlatValues, LiftContext, LowerContext};

/// The types of a tuple's parts; a tuple of nothing has none.
fn parts(plan: &silica_component_describe::Plan, ty: ValueType) -> Option<&[ValueType]> {
    match ty {
        ValueType::Defined(index) => match plan.types.defined(index) {
            DefinedType::Tuple(types) => Some(types),
            _ => None,
        },
        _ => None,
    }
}

macro_rules! tuples {
    ($(($count:literal $($name:ident $index:tt)*))*) => { $(
        impl<$($name: ComponentType),*> ComponentType for ($($name,)*) {
            fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
                match parts(types.plan, ty) {
                    Some(parts) if parts.len() == $count => Self::check_list(parts, types),
                    Some(_) | None => types.mismatch(ty, "a tuple"),
                }
            }
        }

        impl<$($name: ComponentType),*> ComponentNamedList for ($($name,)*) {
            const COUNT: usize = $count;

            fn check_list(types: &[ValueType], check: &TypeCheck<'_>) -> Result<()> {
                let _ = (types, check);
                $(<$name>::check(types[$index], check)?;)*
                Ok(())
            }
        }

        impl<$($name: Lower),*> LowerList for ($($name,)*) {
            #[inline]
            fn lower_list_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                types: &[ValueType],
                out: &mut FlatValues,
            ) -> Result<()> {
                let _ = (&cx, types, &out);
                $(self.$index.lower_flat(cx, types[$index], out)?;)*
                Ok(())
            }

            fn lower_list_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                types: &[ValueType],
                pointer: u32,
            ) -> Result<()> {
                let _ = (&cx, types, pointer);
                let mut _offset = 0;
                $(
                    let layout = cx.plan.types.layout(types[$index]);
                    _offset = align_to(_offset, layout.align);
                    let at = pointer.wrapping_add(_offset as u32);
                    self.$index.lower_memory(cx, types[$index], at)?;
                    _offset += layout.size;
                )*
                Ok(())
            }
        }

        impl<$($name: Lift),*> LiftList for ($($name,)*) {
            #[inline]
            fn lift_list_flat<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                types: &[ValueType],
                values: &mut FlatValues,
            ) -> Result<Self> {
                let _ = (&cx, types, &values);
                Ok(($(<$name>::lift_flat(cx, types[$index], values)?,)*))
            }

            fn lift_list_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                types: &[ValueType],
                pointer: u32,
            ) -> Result<Self> {
                let _ = (&cx, types, pointer);
                let mut _offset = 0;
                Ok(($({
                    let layout = cx.plan.types.layout(types[$index]);
                    _offset = align_to(_offset, layout.align);
                    let at = pointer.wrapping_add(_offset as u32);
                    _offset += layout.size;
                    <$name>::lift_memory(cx, types[$index], at)?
                },)*))
            }
        }

        impl<$($name: Lower),*> Lower for ($($name,)*) {
            fn lower_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                let plan = cx.plan;
                self.lower_list_flat(cx, parts(plan, ty).unwrap_or(&[]), out)
            }

            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<()> {
                let plan = cx.plan;
                self.lower_list_memory(cx, parts(plan, ty).unwrap_or(&[]), pointer)
            }
        }

        impl<$($name: Lift),*> Lift for ($($name,)*) {
            fn lift_flat<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                values: &mut FlatValues,
            ) -> Result<Self> {
                let plan = cx.plan;
                Self::lift_list_flat(cx, parts(plan, ty).unwrap_or(&[]), values)
            }

            fn lift_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<Self> {
                let plan = cx.plan;
                Self::lift_list_memory(cx, parts(plan, ty).unwrap_or(&[]), pointer)
            }
        }
    )* };
}

tuples! {
    (0)
    (1 A 0)
    (2 A 0 B 1)
    (3 A 0 B 1 C 2)
    (4 A 0 B 1 C 2 D 3)
    (5 A 0 B 1 C 2 D 3 E 4)
    (6 A 0 B 1 C 2 D 3 E 4 F 5)
    (7 A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (8 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (9 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (10 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (11 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (12 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}
