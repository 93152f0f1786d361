//! Calls of what guests export, and core values as registers.

use silica_component_describe::{FlatType, FunctionType, Plan, Signature};
use silica_engine::{AsContextMut, Func, Result, StoreContextMut, Val};

use crate::component::Component;
use crate::context::{FlatValues, LiftContext, LowerContext, check_aligned};
use crate::error::{CanonicalTrap, ComponentError};
use crate::state::{Lifted, enter, set_may_leave, state};

/// What is lowered to a function and what is lifted from it.
pub(crate) trait Values<T: 'static> {
    type Output;

    fn lower_flat(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: &FunctionType,
        out: &mut FlatValues,
    ) -> Result<()>;

    fn lower_memory(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: &FunctionType,
        pointer: u32,
    ) -> Result<()>;

    fn lift_flat(
        &self,
        cx: &mut LiftContext<'_, T>,
        ty: &FunctionType,
        values: &mut FlatValues,
    ) -> Result<Self::Output>;

    fn lift_memory(
        &self,
        cx: &mut LiftContext<'_, T>,
        ty: &FunctionType,
        pointer: u32,
    ) -> Result<Self::Output>;
}

/// Calls a function that a guest exports.
pub(crate) fn call<T: 'static, V: Values<T>>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    lifted: &Lifted,
    values: &V,
) -> Result<V::Output> {
    if lifted.is_async {
        return Err(CanonicalTrap::Unsupported("canon lift async").into());
    }
    let root = lifted.options.guest.root;
    enter(store, root, |store, has_run| {
        if lifted.borrows {
            state(store).enter_scope();
        }
        state(store).guest(lifted.options.guest).context = [0; 2];
        let plan = component.plan();
        let ty = plan.types.function(lifted.ty);
        let flat = match lower(store, plan, lifted, ty, values) {
            Ok(flat) => flat,
            Err(error) => {
                // An embedder's mistake does the guest no harm, unless it has left borrowed handles there.
                *has_run = lifted.borrows || error.downcast_ref::<ComponentError>().is_none();
                return Err(error);
            }
        };
        let signature = &lifted.signature;
        let results = call_core(store, lifted.function, signature, &flat)?;
        let output = lift(store, plan, lifted, ty, values, results.clone())?;
        if lifted.borrows {
            state(store).exit_scope()?;
        }
        if let Some(post_return) = lifted.post_return {
            let signature = Signature {
                params: signature.results.clone(),
                results: Vec::new(),
                params_in_memory: false,
                result_in_memory: false,
            };
            set_may_leave(store, lifted.options.guest, false)?;
            call_core(store, post_return, &signature, &results)?;
            set_may_leave(store, lifted.options.guest, true)?;
        }
        Ok(output)
    })
}

fn lower<T: 'static, V: Values<T>>(
    store: &mut StoreContextMut<'_, T>,
    plan: &Plan,
    lifted: &Lifted,
    ty: &FunctionType,
    values: &V,
) -> Result<FlatValues> {
    let mut flat = FlatValues::default();
    let mut cx = LowerContext {
        store: store.as_context_mut(),
        options: &lifted.options,
        plan,
    };
    if lifted.signature.params_in_memory {
        let layout = plan.types.parameters_layout(ty);
        let pointer = cx.realloc(0, 0, layout.align, layout.size as u32)?;
        values.lower_memory(&mut cx, ty, pointer)?;
        flat.push(pointer.into());
    } else {
        values.lower_flat(&mut cx, ty, &mut flat)?;
    }
    Ok(flat)
}

fn lift<T: 'static, V: Values<T>>(
    store: &mut StoreContextMut<'_, T>,
    plan: &Plan,
    lifted: &Lifted,
    ty: &FunctionType,
    values: &V,
    mut results: FlatValues,
) -> Result<V::Output> {
    let mut cx = LiftContext::new(store.as_context_mut(), &lifted.options, plan);
    let Some(result) = ty.result.filter(|_| lifted.signature.result_in_memory) else {
        return values.lift_flat(&mut cx, ty, &mut results);
    };
    let pointer = results.take() as u32;
    let layout = plan.types.layout(result);
    check_aligned(pointer, layout.align)?;
    cx.bytes(pointer, layout.size)?;
    values.lift_memory(&mut cx, ty, pointer)
}

/// Calls a core function with registers.
fn call_core<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    function: Func,
    signature: &Signature,
    flat: &FlatValues,
) -> Result<FlatValues> {
    let mut params = [const { Val::I32(0) }; 17];
    let count = signature.params.len().min(params.len());
    for ((param, ty), bits) in params
        .iter_mut()
        .zip(&signature.params)
        .zip(flat.as_slice())
    {
        *param = to_core(*ty, *bits);
    }
    let mut result = [const { Val::I32(0) }; 1];
    let results = &mut result[..signature.results.len().min(1)];
    function.call(store.as_context_mut(), &params[..count], results)?;
    let mut values = FlatValues::default();
    for result in results {
        values.push(from_core(result));
    }
    Ok(values)
}

/// A register's bits as a core value.
pub(crate) fn to_core(ty: FlatType, bits: u64) -> Val {
    match ty {
        FlatType::I32 => Val::I32(bits as i32),
        FlatType::I64 => Val::I64(bits as i64),
        FlatType::F32 => Val::F32(bits as u32),
        FlatType::F64 => Val::F64(bits),
    }
}

/// A core value as a register's bits. Functions of components take and give only numbers.
pub(crate) fn from_core(value: &Val) -> u64 {
    match value {
        Val::I32(v) => u64::from(*v as u32),
        Val::I64(v) => *v as u64,
        Val::F32(v) => u64::from(*v),
        Val::F64(v) => *v,
        Val::V128(_)
        | Val::FuncRef(_)
        | Val::ExternRef(_)
        | Val::AnyRef(_)
        | Val::ExnRef(_)
        | Val::ContRef(_) => 0,
    }
}
