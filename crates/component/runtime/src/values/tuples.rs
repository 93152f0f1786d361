//! Tuples: as values, and as lists of parameters and results.

use silica_component_describe::{DefinedType, ValueType};
use silica_engine::Result;

use super::{
    ComponentNamedList, ComponentType, Lift, LiftList, Lower, LowerList, TypeCheck, TypeLayout,
    part,
};
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
            const LAYOUT: TypeLayout = <Self as ComponentNamedList>::LIST;

            fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
                match parts(types.plan, ty) {
                    Some(parts) if parts.len() == $count => Self::check_list(parts, types),
                    Some(_) | None => types.mismatch(ty, "a tuple"),
                }
            }
        }

        impl<$($name: ComponentType),*> ComponentNamedList for ($($name,)*) {
            const COUNT: usize = $count;
            const LIST: TypeLayout = TypeLayout::record(&[$(<$name>::LAYOUT),*]);

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
                let offsets = const { TypeLayout::offsets(&[$(<$name>::LAYOUT),*]) };
                let _ = (&cx, types, pointer, offsets);
                $(self.$index.lower_memory(cx, types[$index], pointer.wrapping_add(offsets[$index]))?;)*
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
                let offsets = const { TypeLayout::offsets(&[$(<$name>::LAYOUT),*]) };
                let _ = (&cx, types, pointer, offsets);
                Ok(($(<$name>::lift_memory(cx, types[$index], pointer.wrapping_add(offsets[$index]))?,)*))
            }
        }

        impl<$($name: Lower),*> Lower for ($($name,)*) {
            fn lower_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                let _ = ty;
                let types: [ValueType; $count] = [$(part::<$name>(cx.plan, ty, $index)),*];
                self.lower_list_flat(cx, &types, out)
            }

            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<()> {
                let _ = ty;
                let types: [ValueType; $count] = [$(part::<$name>(cx.plan, ty, $index)),*];
                self.lower_list_memory(cx, &types, pointer)
            }
        }

        impl<$($name: Lift),*> Lift for ($($name,)*) {
            fn lift_flat<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                values: &mut FlatValues,
            ) -> Result<Self> {
                let _ = ty;
                let types: [ValueType; $count] = [$(part::<$name>(cx.plan, ty, $index)),*];
                Self::lift_list_flat(cx, &types, values)
            }

            fn lift_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<Self> {
                let _ = ty;
                let types: [ValueType; $count] = [$(part::<$name>(cx.plan, ty, $index)),*];
                Self::lift_list_memory(cx, &types, pointer)
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
    (13 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12)
    (14 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13)
    (15 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14)
    (16 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15)
    (17 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15 Q 16)
}
