//! Host functions for components: closures, typed or dynamic.

use std::marker::PhantomData;
use std::sync::Arc;

use silica_component_describe::{FunctionType, Plan, Signature};
use silica_engine::{AsContextMut, Caller, Func, Result, StoreContextMut, Val as CoreVal};

use crate::call::{from_core, to_core};
use crate::component::Component;
use crate::context::{FlatValues, LiftContext, LowerContext, check_aligned};
use crate::error::CanonicalTrap;
use crate::func::check_function;
use crate::links::LoweredType;
use crate::list_types::ListTypes;
use crate::state::{Options, may_leave, state};
use crate::trace::{Called, Trace};
use crate::val::Val;
use crate::values::{LiftList, LowerList, TypeCheck};
use crate::{lift, lower};

/// What a guest's call of a host function is about.
pub(crate) struct HostCall<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
    pub(crate) ty: &'a FunctionType,
    pub(crate) signature: &'a Signature,
    pub(crate) registers: FlatValues,
}

/// A host function that is ready to be called with a component's types.
pub(crate) enum Ready<T: 'static> {
    /// It gives what it gives when it is called.
    Now(Arc<Now<T>>),
    /// It gives a future: it is put in a store by what knows that the store's data is `Send`.
    Later(Arc<Later<T>>),
}

/// Finds arguments in the call's registers, and puts the result there.
pub(crate) type Now<T> = dyn Fn(&mut HostCall<'_, T>) -> Result<()> + Send + Sync;
pub(crate) type Later<T> = dyn Fn(&mut StoreContextMut<'_, T>, Lowered) -> Func + Send + Sync;

impl<T> Clone for Ready<T> {
    fn clone(&self) -> Self {
        match self {
            Ready::Now(it) => Ready::Now(Arc::clone(it)),
            Ready::Later(it) => Ready::Later(Arc::clone(it)),
        }
    }
}

impl<T: 'static> Ready<T> {
    /// The same, which tells of its calls if there is anything that does.
    pub(crate) fn traced(self, trace: Option<Trace>) -> Ready<T> {
        let Some(trace) = trace else {
            return self;
        };
        match self {
            Ready::Now(host) => Ready::Now(Arc::new(move |call: &mut HostCall<'_, T>| {
                let called = call.called();
                let begun = Trace::begin(call.store.as_context_mut(), called, &call.registers);
                let result = host(call);
                let output = result.is_ok().then_some(&call.registers);
                trace.end(call.store.as_context_mut(), called, begun, output);
                result
            })),
            Ready::Later(make) => Ready::Later(Arc::new(move |store, lowered| {
                let trace = Some(trace.clone());
                make(store, Lowered { trace, ..lowered })
            })),
        }
    }
}

/// A function of a guest's that is lowered: what its calls are about, whatever is behind it.
pub(crate) struct Lowered {
    pub(crate) component: Component,
    pub(crate) ty: Arc<LoweredType>,
    pub(crate) options: Options,
    /// Who is told of its calls, if what is behind it gives a future; other functions are inside of what tells.
    pub(crate) trace: Option<Trace>,
}

impl Lowered {
    /// Begins a call.
    #[inline]
    pub(crate) fn begin<T: 'static>(&self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        if !may_leave(store, &self.options) {
            return Err(CanonicalTrap::CannotLeave.into());
        }
        if self.ty.borrows {
            state(store).enter_scope();
        }
        Ok(())
    }

    /// A call that has begun, with the guest's registers.
    #[inline]
    pub(crate) fn call<'a, T: 'static>(
        &'a self,
        store: StoreContextMut<'a, T>,
        registers: FlatValues,
    ) -> HostCall<'a, T> {
        let plan = self.component.plan();
        HostCall {
            store,
            options: &self.options,
            plan,
            ty: plan.types.function(self.ty.number),
            signature: &self.ty.signature,
            registers,
        }
    }

    /// Ends a call: what was lent for it is given back.
    pub(crate) fn end<T: 'static>(&self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        if self.ty.borrows {
            state(store).exit_scope()?;
        }
        Ok(())
    }
}

/// A host function that is in no store yet.
pub(crate) trait HostFunction<T: 'static>: Send + Sync {
    /// Compares with the type of an import.
    fn ready(&self, ty: &FunctionType, check: &TypeCheck<'_>) -> Result<Ready<T>>;
}

impl<'a, T: 'static> HostCall<'a, T> {
    fn called(&self) -> Called<'a> {
        Called {
            options: self.options,
            plan: self.plan,
            ty: self.ty,
            signature: self.signature,
        }
    }

    /// The pointer to parameters, checked.
    #[inline]
    fn parameters_pointer(&mut self) -> Result<Option<u32>> {
        if !self.signature.params_in_memory {
            return Ok(None);
        }
        let layout = self.plan.types.parameters_layout(self.ty);
        let pointer = self.registers.take() as u32;
        check_aligned(pointer, layout.align)?;
        self.lift().bytes(pointer, layout.size)?;
        Ok(Some(pointer))
    }

    /// The pointer to where the result goes, checked.
    #[inline]
    fn result_pointer(&mut self) -> Result<Option<u32>> {
        let Some(ty) = self.ty.result.filter(|_| self.signature.result_in_memory) else {
            return Ok(None);
        };
        let layout = self.plan.types.layout(ty);
        let pointer = self.registers.take() as u32;
        check_aligned(pointer, layout.align)?;
        self.lift().bytes(pointer, layout.size)?;
        Ok(Some(pointer))
    }

    /// Lifts the parameters.
    fn typed_params<P: LiftList>(&mut self, types: &ListTypes) -> Result<P> {
        match self.parameters_pointer()? {
            Some(pointer) => P::lift_list_memory(&mut self.lift(), &types.params, pointer),
            None => {
                let mut cx = LiftContext::new(self.store.as_context_mut(), self.options, self.plan);
                P::lift_list_flat(&mut cx, &types.params, &mut self.registers)
            }
        }
    }

    /// Lowers the result: to memory if there is a pointer, else to the registers.
    fn typed_results<R: LowerList>(
        &mut self,
        types: &ListTypes,
        pointer: Option<u32>,
        output: &R,
    ) -> Result<()> {
        self.registers.clear();
        let to = types.result.as_slice();
        let mut cx = LowerContext {
            store: self.store.as_context_mut(),
            options: self.options,
            plan: self.plan,
        };
        match pointer {
            Some(pointer) => output.lower_list_memory(&mut cx, to, pointer),
            None => output.lower_list_flat(&mut cx, to, &mut self.registers),
        }
    }

    fn lift(&mut self) -> LiftContext<'_, T> {
        LiftContext::new(self.store.as_context_mut(), self.options, self.plan)
    }

    fn lower(&mut self) -> LowerContext<'_, T> {
        LowerContext {
            store: self.store.as_context_mut(),
            options: self.options,
            plan: self.plan,
        }
    }
}

/// A closure over typed values.
pub(crate) struct Typed<T, P, R, F> {
    closure: Arc<F>,
    marker: PhantomData<fn(T, P) -> R>,
}

impl<T, P, R, F> Typed<T, P, R, F> {
    pub(crate) fn new(closure: F) -> Self {
        Typed {
            closure: Arc::new(closure),
            marker: PhantomData,
        }
    }
}

impl<T, P, R, F> HostFunction<T> for Typed<T, P, R, F>
where
    T: 'static,
    P: LiftList + 'static,
    R: LowerList + 'static,
    F: Fn(StoreContextMut<'_, T>, P) -> Result<R> + Send + Sync + 'static,
{
    fn ready(&self, ty: &FunctionType, check: &TypeCheck<'_>) -> Result<Ready<T>> {
        check_function::<P, R>(ty, check)?;
        let types = ListTypes::of(ty);
        let closure = Arc::clone(&self.closure);
        Ok(Ready::Now(Arc::new(move |call: &mut HostCall<'_, T>| {
            let params = call.typed_params::<P>(&types)?;
            let result = call.result_pointer()?;
            let output = closure(call.store.as_context_mut(), params)?;
            call.typed_results(&types, result, &output)
        })))
    }
}

/// A closure over typed values that gives a future.
pub(crate) struct Future<T, P, R, F> {
    closure: Arc<F>,
    marker: PhantomData<fn(T, P) -> R>,
}

impl<T, P, R, F> Future<T, P, R, F> {
    pub(crate) fn new(closure: F) -> Self {
        Future {
            closure: Arc::new(closure),
            marker: PhantomData,
        }
    }
}

impl<T, P, R, F> HostFunction<T> for Future<T, P, R, F>
where
    T: Send + 'static,
    P: LiftList + 'static,
    R: LowerList + Send + 'static,
    F: for<'a> Fn(
            StoreContextMut<'a, T>,
            P,
        ) -> Box<dyn std::future::Future<Output = Result<R>> + Send + 'a>
        + Send
        + Sync
        + 'static,
{
    fn ready(&self, ty: &FunctionType, check: &TypeCheck<'_>) -> Result<Ready<T>> {
        check_function::<P, R>(ty, check)?;
        let types = ListTypes::of(ty);
        let closure = Arc::clone(&self.closure);
        Ok(Ready::Later(Arc::new(move |store, lowered| {
            let core = lowered.ty.core.clone();
            let shared = Arc::new((Arc::clone(&closure), types.clone(), lowered));
            Func::new_async(
                store.as_context_mut(),
                core,
                move |caller, params, results| {
                    let shared = Arc::clone(&shared);
                    Box::new(async move {
                        let (closure, types, lowered) = &*shared;
                        run_later(caller, &**closure, types, lowered, params, results).await
                    })
                },
            )
        })))
    }
}

/// One call of a host function that gives a future.
async fn run_later<T, P, R, F>(
    mut caller: Caller<'_, T>,
    closure: &F,
    types: &ListTypes,
    lowered: &Lowered,
    params: &[CoreVal],
    results: &mut [CoreVal],
) -> Result<()>
where
    T: Send + 'static,
    P: LiftList + 'static,
    R: LowerList + Send + 'static,
    F: for<'a> Fn(
            StoreContextMut<'a, T>,
            P,
        ) -> Box<dyn std::future::Future<Output = Result<R>> + Send + 'a>
        + Send
        + Sync,
{
    let mut registers = FlatValues::default();
    params
        .iter()
        .for_each(|param| registers.push(from_core(param)));
    let mut store = caller.as_context_mut();
    lowered.begin(&mut store)?;
    let mut call = lowered.call(store, registers);
    let called = call.called();
    let begun = lowered.trace.as_ref().map(|trace| {
        let begun = Trace::begin(call.store.as_context_mut(), called, &call.registers);
        (trace, begun)
    });
    let result = run_call(&mut call, closure, types).await;
    if let Some((trace, begun)) = begun {
        let output = result.is_ok().then_some(&call.registers);
        trace.end(call.store.as_context_mut(), called, begun, output);
    }
    result?;
    lowered.end(&mut call.store)?;
    let places = results.iter_mut().zip(&lowered.ty.signature.results);
    for ((place, ty), bits) in places.zip(call.registers.as_slice()) {
        *place = to_core(*ty, *bits);
    }
    Ok(())
}

async fn run_call<T, P, R, F>(
    call: &mut HostCall<'_, T>,
    closure: &F,
    types: &ListTypes,
) -> Result<()>
where
    T: Send + 'static,
    P: LiftList + 'static,
    R: LowerList + Send + 'static,
    F: for<'a> Fn(
            StoreContextMut<'a, T>,
            P,
        ) -> Box<dyn std::future::Future<Output = Result<R>> + Send + 'a>
        + Send
        + Sync,
{
    let params = call.typed_params::<P>(types)?;
    let pointer = call.result_pointer()?;
    let output = Box::into_pin(closure(call.store.as_context_mut(), params)).await?;
    call.typed_results(types, pointer, &output)
}

/// A closure over dynamic values.
pub(crate) struct Dynamic<F> {
    closure: Arc<F>,
}

impl<F> Dynamic<F> {
    pub(crate) fn new(closure: F) -> Self {
        Dynamic {
            closure: Arc::new(closure),
        }
    }
}

impl<T, F> HostFunction<T> for Dynamic<F>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
{
    fn ready(&self, _: &FunctionType, _: &TypeCheck<'_>) -> Result<Ready<T>> {
        let closure = Arc::clone(&self.closure);
        Ok(Ready::Now(Arc::new(move |call: &mut HostCall<'_, T>| {
            let params = lift_dynamic(call)?;
            let pointer = call.result_pointer()?;
            let mut results = vec![Val::Bool(false); usize::from(call.ty.result.is_some())];
            closure(call.store.as_context_mut(), &params, &mut results)?;
            let mut registers = FlatValues::default();
            if let (Some(ty), Some(value)) = (call.ty.result, results.first()) {
                match pointer {
                    Some(pointer) => lower::memory(&mut call.lower(), value, ty, pointer)?,
                    None => lower::flat(&mut call.lower(), value, ty, &mut registers)?,
                }
            }
            call.registers = registers;
            Ok(())
        })))
    }
}

fn lift_dynamic<T: 'static>(call: &mut HostCall<'_, T>) -> Result<Vec<Val>> {
    let types = call.ty.params.iter().map(|param| param.ty);
    match call.parameters_pointer()? {
        Some(pointer) => {
            let mut offset = 0;
            let mut cx = call.lift();
            types
                .map(|ty| lift::next(&mut cx, ty, pointer, &mut offset))
                .collect()
        }
        None => {
            let mut registers = call.registers.clone();
            let mut cx = call.lift();
            let params: Result<Vec<Val>> = types
                .map(|ty| lift::flat(&mut cx, ty, &mut registers))
                .collect();
            call.registers = registers;
            params
        }
    }
}
