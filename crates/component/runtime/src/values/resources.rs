//! Resources, by the host's numbers and by handles.

use silica_component_describe::{DefinedType, Plan, ValueType};
use silica_engine::Result;

use super::{ComponentType, Lift, Lower, TypeCheck, TypeLayout};
use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::ComponentError;
use crate::handles::ResourceId;
use crate::resource::{Resource, ResourceAny, ResourceType};
use crate::state::state;

/// Which resource type of the plan a type is of, and whether its handles own.
fn handle(plan: &Plan, ty: ValueType) -> Option<(u32, bool)> {
    match ty {
        ValueType::Defined(index) => match plan.types.defined(index) {
            DefinedType::Own(resource) => Some((*resource, true)),
            DefinedType::Borrow(resource) => Some((*resource, false)),
            _ => None,
        },
        _ => None,
    }
}

impl<R: 'static> ComponentType for Resource<R> {
    const LAYOUT: TypeLayout = TypeLayout::handle();

    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        let known = handle(types.plan, ty).and_then(|(resource, _)| {
            let known = types.resources.get(resource as usize)?;
            *known
        });
        if known == Some(ResourceType::host::<R>()) {
            return Ok(());
        }
        types.mismatch(ty, std::any::type_name::<Resource<R>>())
    }
}

impl ComponentType for ResourceAny {
    const LAYOUT: TypeLayout = TypeLayout::handle();

    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()> {
        match handle(types.plan, ty) {
            Some(_) => Ok(()),
            None => types.mismatch(ty, "a resource"),
        }
    }
}

/// The store's number for the resource type of `ty`, and whether its handles own.
fn resolve_lower<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    ty: ValueType,
) -> Result<(ResourceId, bool)> {
    let root = cx.options.guest.root;
    let (resource, owned) = handle(cx.plan, ty).ok_or(ComponentError::NoResource)?;
    Ok((
        state(&mut cx.store).root(root).resources[resource as usize],
        owned,
    ))
}

fn lower_handle<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    resource: ResourceId,
    owned: bool,
    representation: u32,
) -> Result<u32> {
    let guest = cx.options.guest;
    let state = state(&mut cx.store);
    let index = if owned {
        state.lower_own(guest, resource, representation)
    } else {
        state.lower_borrow(guest, resource, representation)
    };
    Ok(index?)
}

fn lift_handle<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    ty: ValueType,
    index: u32,
) -> Result<(ResourceId, bool, u32)> {
    let guest = cx.options.guest;
    let (resource, owned) = handle(cx.plan, ty).ok_or(ComponentError::NoResource)?;
    let state = state(&mut cx.store);
    let resource = state.root(guest.root).resources[resource as usize];
    let representation = if owned {
        state.lift_own(guest, resource, index)?
    } else {
        state.lift_borrow(guest, resource, index)?
    };
    Ok((resource, owned, representation))
}

impl<R: 'static> Resource<R> {
    fn lower<T: 'static>(&self, cx: &mut LowerContext<'_, T>, ty: ValueType) -> Result<u32> {
        let (resource, owned) = resolve_lower(cx, ty)?;
        if owned && !self.owned() {
            return Err(ComponentError::Type {
                expected: "an owned resource".to_owned(),
                found: "a borrowed one".to_owned(),
            }
            .into());
        }
        lower_handle(cx, resource, owned, self.rep())
    }

    fn lift<T: 'static>(cx: &mut LiftContext<'_, T>, ty: ValueType, index: u32) -> Result<Self> {
        let (_, owned, representation) = lift_handle(cx, ty, index)?;
        Ok(if owned {
            Resource::new_own(representation)
        } else {
            Resource::new_borrow(representation)
        })
    }
}

impl ResourceAny {
    fn lower<T: 'static>(&self, cx: &mut LowerContext<'_, T>, ty: ValueType) -> Result<u32> {
        let (resource, owned) = resolve_lower(cx, ty)?;
        let representation = if owned {
            self.give(&mut cx.store, resource)?
        } else {
            self.lend(&mut cx.store, resource)?
        };
        lower_handle(cx, resource, owned, representation)
    }

    fn lift<T: 'static>(cx: &mut LiftContext<'_, T>, ty: ValueType, index: u32) -> Result<Self> {
        let (resource, owned, representation) = lift_handle(cx, ty, index)?;
        ResourceAny::add(&mut cx.store, resource, representation, owned)
    }
}

macro_rules! handles {
    ($($({$($generic:tt)*})? $ty:ty;)*) => { $(
        impl $(<$($generic)*>)? Lower for $ty {
            fn lower_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                out: &mut FlatValues,
            ) -> Result<()> {
                out.push(self.lower(cx, ty)?.into());
                Ok(())
            }

            fn lower_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<()> {
                let index = self.lower(cx, ty)?;
                cx.write(pointer, index.to_le_bytes())
            }
        }

        impl $(<$($generic)*>)? Lift for $ty {
            fn lift_flat<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                values: &mut FlatValues,
            ) -> Result<Self> {
                let index = values.take() as u32;
                <$ty>::lift(cx, ty, index)
            }

            fn lift_memory<T: 'static>(
                cx: &mut LiftContext<'_, T>,
                ty: ValueType,
                pointer: u32,
            ) -> Result<Self> {
                let index = u32::from_le_bytes(cx.read(pointer)?);
                <$ty>::lift(cx, ty, index)
            }
        }
    )* };
}
handles! {
    {R: 'static} Resource<R>;
    ResourceAny;
}
