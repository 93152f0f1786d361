//! Calls of what guests export, and core values as registers.

use silica_component_describe::{FlatType, FunctionType, Plan};
use silica_engine::{AsContextMut, Result, StoreContextMut, Val};

use crate::component::Component;
use crate::context::{FlatValues, LiftContext, LowerContext, check_aligned};
use crate::error::{CanonicalTrap, ComponentError};
use crate::state::{Entered, Lifted, set_may_leave, state};

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

/// Calls a function that a guest exports, of the store whose state has this id.
pub(crate) fn call<T: 'static, V: Values<T>>(
    store: StoreContextMut<'_, T>,
    id: u64,
    component: &Component,
    lifted: &Lifted,
    values: &V,
) -> Result<V::Output> {
    let plan = component.plan();
    let mut flat = FlatValues::default();
    let mut entered = Entered::outside(store, lifted.options.guest);
    begin(&mut entered, id, plan, lifted, values, &mut flat)?;
    let result = lifted.function.call(&mut entered.store, flat.as_slice())?;
    end(entered, plan, lifted, values, result, flat)
}

/// As [`call`], on a stack that asynchronous host functions suspend.
pub(crate) async fn call_async<T: Send + 'static, V: Values<T> + Sync>(
    store: StoreContextMut<'_, T>,
    id: u64,
    component: &Component,
    lifted: &Lifted,
    values: &V,
) -> Result<V::Output> {
    let plan = component.plan();
    let mut flat = FlatValues::default();
    let mut entered = Entered::outside(store, lifted.options.guest);
    begin(&mut entered, id, plan, lifted, values, &mut flat)?;
    let types = &lifted.ty.signature;
    let params: Vec<Val> = std::iter::zip(&types.params, flat.as_slice())
        .map(|(ty, bits)| to_core(*ty, *bits))
        .collect();
    let mut results = vec![Val::I32(0); types.results.len()];
    let function = lifted.function.func();
    function
        .call_async(&mut entered.store, &params, &mut results)
        .await?;
    let result = results.first().map_or(0, from_core);
    end(entered, plan, lifted, values, result, flat)
}

/// Enters the instance, and lowers what it is given.
#[inline]
fn begin<T: 'static, V: Values<T>>(
    entered: &mut Entered<'_, T>,
    id: u64,
    plan: &Plan,
    lifted: &Lifted,
    values: &V,
    flat: &mut FlatValues,
) -> Result<()> {
    if lifted.ty.is_async {
        return Err(CanonicalTrap::Unsupported("canon lift async").into());
    }
    entered.enter(id)?;
    if lifted.ty.borrows {
        state(&mut entered.store).enter_scope();
    }
    let ty = plan.types.function(lifted.ty.number);
    lower(&mut entered.store, plan, lifted, ty, values, flat).inspect_err(|error| {
        // An embedder's mistake does the guest no harm, unless it has left borrowed handles there.
        if !lifted.ty.borrows && error.downcast_ref::<ComponentError>().is_some() {
            entered.nothing_ran();
        }
    })
}

/// Lifts what the guest gave, and lets it clean up.
#[inline]
fn end<T: 'static, V: Values<T>>(
    mut entered: Entered<'_, T>,
    plan: &Plan,
    lifted: &Lifted,
    values: &V,
    result: u64,
    mut flat: FlatValues,
) -> Result<V::Output> {
    let store = &mut entered.store;
    let ty = plan.types.function(lifted.ty.number);
    flat.clear();
    flat.push(result);
    let output = lift(store, plan, lifted, ty, values, &mut flat)?;
    if lifted.ty.borrows {
        state(store).exit_scope()?;
    }
    if let Some(post_return) = &lifted.post_return {
        let given = [result];
        let count = lifted.ty.signature.results.len();
        set_may_leave(store, &lifted.options, false);
        post_return.call(store.as_context_mut(), &given[..count])?;
        set_may_leave(store, &lifted.options, true);
    }
    entered.done();
    Ok(output)
}

#[inline]
fn lower<T: 'static, V: Values<T>>(
    store: &mut StoreContextMut<'_, T>,
    plan: &Plan,
    lifted: &Lifted,
    ty: &FunctionType,
    values: &V,
    flat: &mut FlatValues,
) -> Result<()> {
    let mut cx = LowerContext {
        store: store.as_context_mut(),
        options: &lifted.options,
        plan,
    };
    if lifted.ty.signature.params_in_memory {
        let layout = plan.types.parameters_layout(ty);
        let pointer = cx.realloc(0, 0, layout.align, layout.size as u32)?;
        values.lower_memory(&mut cx, ty, pointer)?;
        flat.push(pointer.into());
    } else {
        values.lower_flat(&mut cx, ty, flat)?;
    }
    Ok(())
}

#[inline]
fn lift<T: 'static, V: Values<T>>(
    store: &mut StoreContextMut<'_, T>,
    plan: &Plan,
    lifted: &Lifted,
    ty: &FunctionType,
    values: &V,
    results: &mut FlatValues,
) -> Result<V::Output> {
    let mut cx = LiftContext::new(store.as_context_mut(), &lifted.options, plan);
    let Some(result) = ty.result.filter(|_| lifted.ty.signature.result_in_memory) else {
        return values.lift_flat(&mut cx, ty, results);
    };
    let pointer = results.take() as u32;
    let layout = plan.types.layout(result);
    check_aligned(pointer, layout.align)?;
    cx.bytes(pointer, layout.size)?;
    values.lift_memory(&mut cx, ty, pointer)
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
