//! Host functions for components: closures, typed or dynamic.

use std::marker::PhantomData;
use std::sync::Arc;

use silica_component_describe::{FunctionType, Plan, Signature};
use silica_engine::{AsContextMut, Result, StoreContextMut};

use crate::context::{FlatValues, LiftContext, LowerContext, check_aligned};
use crate::func::check_function;
use crate::list_types::ListTypes;
use crate::state::Options;
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
pub(crate) type Ready<T> = Arc<dyn Fn(HostCall<'_, T>) -> Result<FlatValues> + Send + Sync>;

/// A host function that is in no store yet.
pub(crate) trait HostFunction<T: 'static>: Send + Sync {
    /// Compares with the type of an import.
    fn ready(&self, ty: &FunctionType, check: &TypeCheck<'_>) -> Result<Ready<T>>;
}

impl<T: 'static> HostCall<'_, T> {
    /// The pointer to parameters, checked.
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
        Ok(Arc::new(move |mut call: HostCall<'_, T>| {
            let params = match call.parameters_pointer()? {
                Some(pointer) => P::lift_list_memory(&mut call.lift(), &types.params, pointer)?,
                None => {
                    let mut registers = call.registers.clone();
                    let params =
                        P::lift_list_flat(&mut call.lift(), &types.params, &mut registers)?;
                    call.registers = registers;
                    params
                }
            };
            let result = call.result_pointer()?;
            let output = closure(call.store.as_context_mut(), params)?;
            let mut registers = FlatValues::default();
            let to = types.result.as_slice();
            match result {
                Some(pointer) => output.lower_list_memory(&mut call.lower(), to, pointer)?,
                None => output.lower_list_flat(&mut call.lower(), to, &mut registers)?,
            }
            Ok(registers)
        }))
    }
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
        Ok(Arc::new(move |mut call: HostCall<'_, T>| {
            let params = lift_dynamic(&mut call)?;
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
            Ok(registers)
        }))
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
