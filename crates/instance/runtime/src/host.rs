//! Host functions: what compiled code calls when it calls the embedder.
//!
//! The code of a host function is one of the leaving stubs, which jump to its routine. Where all arguments fit in
//! registers and there is at most one result, the routine is compiled for the function's types and gets them
//! there. For every other signature the stub spills the argument registers and a general
//! routine picks the arguments up.
//!
//! A panic of a host function never crosses compiled code: the routine catches it, and it goes on where the
//! embedder called.

use std::{marker::PhantomData, ptr::NonNull, sync::Arc};

use smallvec::SmallVec;

use silica_contract::abi::{CallLayout, Location};
use silica_module::{FunctionType, RefType, ValueType};

use crate::{
    HostError, RegisteredType, Runtime, RuntimeError, StoreMut, Value,
    call::{NUMBERS_MAX, number_bits, only_numbers},
    entry::Registers,
    fault,
    handles::Function,
    host_call::{HostCall, guarded},
    host_context::{HostContext, HostFunctionInner},
    raise::Raise,
    state::StoreState,
    tuple::WasmTypes,
    typed::{Incoming, Outgoing},
};

/// What a host function is made from, for any store of `T`.
pub struct HostFunction<T: 'static> {
    inner: Arc<HostFunctionInner>,
    data: PhantomData<fn(T)>,
}

impl<T> Clone for HostFunction<T> {
    fn clone(&self) -> Self {
        HostFunction {
            inner: Arc::clone(&self.inner),
            data: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for HostFunction<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HostFunction").field(&self.inner.ty).finish()
    }
}

/// A host function whose types are known only when the program runs.
type Dynamic<T> =
    Box<dyn Fn(HostCall<'_, T>, &[Value], &mut [Value]) -> Result<(), HostError> + Send + Sync>;

impl<T: 'static> HostFunction<T> {
    /// A host function of Rust types. It may end the call with an error; a
    /// [`silica_contract::trap::TrapCode`] as error makes that trap.
    pub fn typed<P: WasmTypes, R: WasmTypes>(
        runtime: &Runtime,
        closure: impl Fn(HostCall<'_, T>, P) -> Result<R, HostError> + Send + Sync + 'static,
    ) -> HostFunction<T> {
        HostFunction::typed_of(runtime, closure)
    }

    fn typed_of<P: WasmTypes, R: WasmTypes, F>(runtime: &Runtime, closure: F) -> HostFunction<T>
    where
        F: Fn(HostCall<'_, T>, P) -> Result<R, HostError> + Send + Sync + 'static,
    {
        let ty = runtime.function_type(&FunctionType {
            params: P::value_types().into(),
            results: R::value_types().into(),
        });
        let layout = ty.layout();
        let general =
            layout.stack_bytes > 0 || layout.results.len() > 1 || P::VECTORS + R::VECTORS > 0;
        let routine = if general {
            general_typed::<T, P, R, F> as *const () as usize
        } else {
            P::routine::<T, R, F>()
        };
        HostFunction::new(runtime, ty, general, routine, closure)
    }

    /// A host function of any type. It finds places for its results, which it fills with values of
    /// the type's results. The type's `HeapType::Concrete` are canonical.
    pub fn dynamic(
        runtime: &Runtime,
        ty: RegisteredType,
        closure: impl Fn(HostCall<'_, T>, &[Value], &mut [Value]) -> Result<(), HostError>
        + Send
        + Sync
        + 'static,
    ) -> HostFunction<T> {
        let closure: Dynamic<T> = Box::new(closure);
        let routine = general_dynamic::<T> as *const () as usize;
        HostFunction::new(runtime, ty, true, routine, closure)
    }

    /// A host function of at most [`NUMBERS_MAX`] numbers that gives one or nothing. It finds their bits, and puts
    /// those of its result in the first place. `None` if the type is another.
    pub fn numbers<F>(runtime: &Runtime, ty: RegisteredType, closure: F) -> Option<HostFunction<T>>
    where
        F: Fn(HostCall<'_, T>, &mut [u64; NUMBERS_MAX]) -> Result<(), HostError>
            + Send
            + Sync
            + 'static,
    {
        if !only_numbers(ty.function()) || ty.layout().area_bytes > 0 {
            return None;
        }
        let routine = general_numbers::<T, F> as *const () as usize;
        Some(HostFunction::new(runtime, ty, true, routine, closure))
    }

    fn new<F: Send + Sync + 'static>(
        runtime: &Runtime,
        ty: RegisteredType,
        general: bool,
        routine: usize,
        closure: F,
    ) -> HostFunction<T> {
        assert!(
            runtime.owns_type(&ty),
            "the function's type belongs to another engine"
        );
        let closure = Box::new(closure);
        HostFunction {
            inner: Arc::new(HostFunctionInner {
                runtime: runtime.clone(),
                ty,
                general,
                routine,
                closure_address: std::ptr::from_ref(&*closure).cast(),
                _closure: closure,
            }),
            data: PhantomData,
        }
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> &RegisteredType {
        &self.inner.ty
    }
}

impl<T: 'static> StoreMut<'_, T> {
    /// Puts a host function in the store. The same one, or a clone of it, gives the same function again.
    ///
    /// # Panics
    /// If the host function was made for another runtime.
    pub fn add_host_function(&mut self, function: &HostFunction<T>) -> Function {
        assert!(
            function.inner.runtime.same(self.runtime()),
            "the host function belongs to another engine"
        );
        let id = self.id();
        let whole = self.raw();
        let state = self.state_mut();
        let origin = Arc::as_ptr(&function.inner) as usize;
        let known = state
            .host_functions_by_origin
            .binary_search_by_key(&origin, |entry| entry.0);
        let index = match known {
            Ok(found) => state.host_functions_by_origin[found].1 as usize,
            Err(place) => {
                state.know_types();
                let index = state.host_functions.len();
                state.host_functions.push(HostContext::new(
                    whole.cast(),
                    state.counts_fuel,
                    &function.inner,
                ));
                state
                    .host_functions_by_origin
                    .insert(place, (origin, index as u32));
                index
            }
        };
        let reference = NonNull::from(&state.host_functions[index].reference);
        // SAFETY: the context is boxed, and lives as long as the store.
        unsafe { Function::new(id, reference) }
    }
}

/// Arguments or results, of most functions without an allocation.
type Values = SmallVec<[Value; 8]>;

/// The general routine of a typed host function. Gives the bytes of arguments to pop.
///
/// # Safety
/// As [`guarded`]; the registers and the stack hold arguments of type `P`, placed by the convention.
unsafe extern "C" fn general_typed<T: 'static, P: WasmTypes, R: WasmTypes, F>(
    registers: *mut Registers,
    stack: *const u8,
    callee: *mut HostContext,
    caller: *mut u8,
) -> usize
where
    F: Fn(HostCall<'_, T>, P) -> Result<R, HostError> + Send + Sync + 'static,
{
    // SAFETY: passed on; where results are not in registers, the third argument points to the area for them.
    unsafe {
        let result = guarded::<T, F, ()>(callee, caller, |call, closure, state| {
            let area = result_area(&*registers, R::IN_REGISTERS);
            let params = P::take(
                &mut Incoming::arguments(&*registers, stack, !R::IN_REGISTERS),
                StoreState::from_state_mut(&mut *state),
            );
            let results = closure(call, params).map_err(Raise::host)?;
            results.put(
                &mut Outgoing::results(&mut *registers, area),
                StoreState::from_state(&*state),
            );
            Ok(())
        });
        match result {
            Ok(()) => {
                let function = &(*callee).function;
                function.ty.layout().stack_bytes as usize
            }
            Err(error) => fault::raise((*callee).state.cast(), error),
        }
    }
}

/// # Safety
/// The registers are the arguments of a call; where results are not in registers the third is the area.
unsafe fn result_area(registers: &Registers, in_registers: bool) -> *mut u128 {
    if in_registers {
        return std::ptr::null_mut();
    }
    // SAFETY: see above.
    unsafe { registers.integers[2].assume_init() as usize as *mut u128 }
}

/// The routine of a dynamic host function. Gives the bytes of arguments to pop.
///
/// # Safety
/// As [`guarded`], for a function made by [`HostFunction::dynamic`]; the registers and the stack hold arguments of
/// the function's type, placed by the convention.
unsafe extern "C" fn general_dynamic<T: 'static>(
    registers: *mut Registers,
    stack: *const u8,
    callee: *mut HostContext,
    caller: *mut u8,
) -> usize {
    // SAFETY: passed on.
    unsafe {
        let result = guarded::<T, Dynamic<T>, usize>(callee, caller, |call, closure, state| {
            // The context lives as long as the store, and so do what the host function is made from and its type.
            let function = &(*callee).function;
            let (signature, layout) = (function.ty.function(), function.ty.layout());
            let area = result_area(&*registers, layout.area_bytes == 0);
            let (mut params, mut results) = (Values::new(), Values::new());
            let store = StoreState::from_state_mut(&mut *state);
            dynamic_params(&*registers, stack, signature, layout, store, &mut params);
            dynamic_results(signature, &mut results)?;
            closure(call, &params, &mut results).map_err(Raise::host)?;
            let store = StoreState::from_state(&*state);
            check_results(store, signature, &results)?;
            for (value, location) in results.iter().zip(&layout.results) {
                put_result(&mut *registers, area, *location, value.to_bits(store));
            }
            Ok(layout.stack_bytes as usize)
        });
        match result {
            Ok(stack_bytes) => stack_bytes,
            Err(error) => fault::raise((*callee).state.cast(), error),
        }
    }
}

/// The routine of a host function of numbers. Gives the bytes of arguments to pop.
///
/// # Safety
/// As [`guarded`], for a function made by [`HostFunction::numbers`]; the registers and the stack hold arguments of
/// the function's type, placed by the convention.
unsafe extern "C" fn general_numbers<T: 'static, F>(
    registers: *mut Registers,
    stack: *const u8,
    callee: *mut HostContext,
    caller: *mut u8,
) -> usize
where
    F: Fn(HostCall<'_, T>, &mut [u64; NUMBERS_MAX]) -> Result<(), HostError>
        + Send
        + Sync
        + 'static,
{
    // SAFETY: passed on.
    unsafe {
        let result = guarded::<T, F, usize>(callee, caller, |call, closure, _| {
            // The context lives as long as the store, and so do what the host function is made from and its type.
            let function = &(*callee).function;
            let (signature, layout) = (function.ty.function(), function.ty.layout());
            let mut values = [0; NUMBERS_MAX];
            let places = layout.params.iter().zip(&signature.params);
            for (value, (location, ty)) in values.iter_mut().zip(places) {
                let bits = match *location {
                    Location::Integer(register) => {
                        (*registers).integers[register as usize].assume_init()
                    }
                    Location::Float(register) => {
                        (*registers).floats[register as usize].assume_init() as u64
                    }
                    Location::Stack(offset) => {
                        stack.add(offset as usize).cast::<u64>().read_unaligned()
                    }
                    Location::Area(_) => unreachable!("parameters are not in the result area"),
                };
                *value = number_bits(*ty, bits);
            }
            closure(call, &mut values).map_err(Raise::host)?;
            if let (Some(location), Some(ty)) = (layout.results.first(), signature.results.first())
            {
                let bits = u128::from(number_bits(*ty, values[0]));
                put_result(&mut *registers, std::ptr::null_mut(), *location, bits);
            }
            Ok(layout.stack_bytes as usize)
        });
        match result {
            Ok(stack_bytes) => stack_bytes,
            Err(error) => fault::raise((*callee).state.cast(), error),
        }
    }
}

/// # Safety
/// As [`general_dynamic`].
unsafe fn dynamic_params(
    registers: &Registers,
    stack: *const u8,
    signature: &FunctionType,
    layout: &CallLayout,
    store: &mut StoreState,
    into: &mut Values,
) {
    for (ty, location) in signature.params.iter().zip(&layout.params) {
        // SAFETY: see above.
        let value = unsafe {
            let bits = match *location {
                Location::Integer(register) => {
                    u128::from(registers.integers[register as usize].assume_init())
                }
                Location::Float(register) => registers.floats[register as usize].assume_init(),
                Location::Stack(offset) if ty.machine().bytes() == 16 => {
                    stack.add(offset as usize).cast::<u128>().read_unaligned()
                }
                Location::Stack(offset) => {
                    u128::from(stack.add(offset as usize).cast::<u64>().read_unaligned())
                }
                Location::Area(_) => unreachable!("parameters are not in the result area"),
            };
            Value::from_bits(bits, *ty, store)
        };
        into.push(value);
    }
}

/// A place for each result. A reference that is never null begins as null, which is checked afterwards.
fn dynamic_results(signature: &FunctionType, into: &mut Values) -> Result<(), Raise> {
    for ty in &signature.results {
        let ty = match *ty {
            ValueType::Ref(reference) => ValueType::Ref(RefType {
                nullable: true,
                ..reference
            }),
            other => other,
        };
        let Some(value) = Value::default_of(ty) else {
            return Err(RuntimeError::Unsupported("a result of that type").into());
        };
        into.push(value);
    }
    Ok(())
}

fn check_results(
    store: &StoreState,
    signature: &FunctionType,
    results: &[Value],
) -> Result<(), Raise> {
    for (value, ty) in results.iter().zip(&signature.results) {
        if !value.matches(store, *ty) {
            return Err(Raise::from(RuntimeError::Type {
                what: "result of a host function",
                expected: format!("{ty:?}"),
                found: format!("{value:?}"),
            }));
        }
    }
    Ok(())
}

/// # Safety
/// `area` has room for the results that are there.
unsafe fn put_result(registers: &mut Registers, area: *mut u128, location: Location, bits: u128) {
    match location {
        Location::Integer(register) => {
            registers.integers[register as usize].write(bits as u64);
        }
        Location::Float(register) => {
            registers.floats[register as usize].write(bits);
        }
        // SAFETY: see above.
        Location::Area(offset) => unsafe { area.byte_add(offset as usize).write_unaligned(bits) },
        Location::Stack(_) => unreachable!("results are not on the stack"),
    }
}
