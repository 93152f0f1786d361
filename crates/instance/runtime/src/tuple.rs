//! Tuples of values whose types are known when the host is compiled: parameters and results of functions.

use std::marker::PhantomData;

use silica_contract::abi::{FLOAT_RESULT_REGISTERS, RESULT_REGISTERS};
use silica_module::{RefType, ValueType};

use crate::{
    CallError,
    entry::Registers,
    error::HostError,
    fault,
    handles::Function,
    host_call::{HostCall, guarded},
    host_context::HostContext,
    raise::Raise,
    state::StoreState,
    typed::{Abi, Incoming, Outgoing, RegisterClass, WasmType},
    value::{self, Value},
};

/// A tuple of up to sixteen [`WasmType`]s: the parameters or the results of a function.
///
/// # Safety
/// The constants say what the tuple is, and the functions place and find exactly its values. Only
/// this module implements it.
pub unsafe trait WasmTypes: Copy + Send + 'static {
    /// How many integers and references.
    const INTEGERS: u32;
    /// How many floats and vectors.
    const FLOATS: u32;
    /// How many vectors.
    const VECTORS: u32;
    /// Whether, as results, they are in registers.
    const IN_REGISTERS: bool =
        Self::INTEGERS <= RESULT_REGISTERS && Self::FLOATS <= FLOAT_RESULT_REGISTERS;
    /// The one value as C passes it, of tuples of one; else nothing.
    #[doc(hidden)]
    type Single: Copy;

    /// The types.
    fn value_types() -> Vec<ValueType>;

    #[doc(hidden)]
    fn put(self, outgoing: &mut Outgoing<'_>, store: &StoreState);

    /// Calls `each` with each value.
    #[doc(hidden)]
    fn visit(self, each: &mut dyn FnMut(Value));

    /// # Safety
    /// The next values are of these types, of that store.
    #[doc(hidden)]
    unsafe fn take(incoming: &mut Incoming<'_>, store: &mut StoreState) -> Self;

    #[doc(hidden)]
    fn to_single(self, store: &StoreState) -> Self::Single;

    /// The address of the routine that C calls with these types as arguments, in registers.
    #[doc(hidden)]
    fn routine<T: 'static, R: WasmTypes, F>() -> usize
    where
        F: Fn(HostCall<'_, T>, Self) -> Result<R, HostError> + Send + Sync + 'static;
}

/// The results of a call.
///
/// # Safety
/// The registers or the area hold results of these types, of that store.
#[inline(always)]
pub(crate) unsafe fn take_results<R: WasmTypes>(
    registers: &Registers,
    area: *const u128,
    store: &mut StoreState,
) -> R {
    let mut incoming = Incoming::results(registers, area, R::IN_REGISTERS);
    // SAFETY: passed on.
    unsafe { R::take(&mut incoming, store) }
}

/// The body of every routine that gets its arguments in registers.
///
/// # Safety
/// As [`guarded`]; `params` finds arguments of type `P`.
#[inline(always)]
unsafe fn run_typed<T: 'static, R: WasmTypes, F, P: WasmTypes>(
    callee: *mut HostContext,
    caller: *mut u8,
    params: impl FnOnce(&mut StoreState) -> P,
) -> R::Single
where
    F: Fn(HostCall<'_, T>, P) -> Result<R, HostError> + Send + Sync + 'static,
{
    // SAFETY: passed on. When the result is an error, nothing is left to drop but the error itself.
    unsafe {
        let result = guarded::<T, F, R::Single>(callee, caller, |call, closure, state| {
            let params = params(StoreState::from_state_mut(&mut *state));
            let results = closure(call, params).map_err(Raise::host)?;
            Ok(results.to_single(StoreState::from_state(&*state)))
        });
        match result {
            Ok(single) => single,
            Err(error) => fault::raise((*callee).state.cast(), error),
        }
    }
}

const fn count<A: Abi>(class: RegisterClass) -> u32 {
    (A::CLASS as u8 == class as u8) as u32
}

macro_rules! tuple {
    (@single $only:ident) => { <$only as Abi>::Register };
    (@single $($any:ident)*) => { () };
    (@to_single $store:ident $only:ident) => { $only.to_register($store) };
    (@to_single $store:ident $($any:ident)*) => { { let _ = $store; $(let _ = $any;)* } };
    ($($name:ident)*) => {
        // SAFETY: the constants count the classes of the parts, and the functions treat each part in order.
        #[allow(non_snake_case, unused_variables, unused_unsafe, clippy::unused_unit)]
        unsafe impl<$($name: WasmType),*> WasmTypes for ($($name,)*) {
            const INTEGERS: u32 = 0 $(+ count::<$name>(RegisterClass::Integer))*;
            const FLOATS: u32 = 0 $(+ count::<$name>(RegisterClass::Float) + count::<$name>(RegisterClass::Vector))*;
            const VECTORS: u32 = 0 $(+ count::<$name>(RegisterClass::Vector))*;
            type Single = tuple!(@single $($name)*);

            fn value_types() -> Vec<ValueType> {
                vec![$($name::value_type()),*]
            }

            #[inline(always)]
            fn put(self, outgoing: &mut Outgoing<'_>, store: &StoreState) {
                let ($($name,)*) = self;
                $(outgoing.put(<$name as Abi>::CLASS, $name.to_bits(store));)*
            }

            fn visit(self, each: &mut dyn FnMut(Value)) {
                let ($($name,)*) = self;
                $(each(<$name as WasmType>::into_value($name));)*
            }

            #[inline(always)]
            unsafe fn take(incoming: &mut Incoming<'_>, store: &mut StoreState) -> Self {
                // SAFETY: passed on; the parts are taken in order.
                unsafe { ($(<$name as Abi>::from_bits(incoming.take(<$name as Abi>::CLASS), store),)*) }
            }

            #[inline(always)]
            fn to_single(self, store: &StoreState) -> Self::Single {
                let ($($name,)*) = self;
                tuple!(@to_single store $($name)*)
            }

            fn routine<T: 'static, R: WasmTypes, F>() -> usize
            where
                F: Fn(HostCall<'_, T>, Self) -> Result<R, HostError> + Send + Sync + 'static,
            {
                #[allow(improper_ctypes_definitions, reason = "registers are numbers; () is void")]
                unsafe extern "C" fn routine<T: 'static, R: WasmTypes, F, $($name: WasmType),*>(
                    callee: *mut HostContext,
                    caller: *mut u8,
                    $($name: <$name as Abi>::Register),*
                ) -> R::Single
                where
                    F: Fn(HostCall<'_, T>, ($($name,)*)) -> Result<R, HostError> + Send + Sync + 'static,
                {
                    // SAFETY: compiled code calls this as the routine of a host function that was made from an `F` for
                    // a store of `T`, with arguments of its type in the registers.
                    unsafe {
                        run_typed::<T, R, F, ($($name,)*)>(callee, caller, |store| {
                            ($(<$name as Abi>::from_register($name, store),)*)
                        })
                    }
                }
                routine::<T, R, F, $($name),*> as *const () as usize
            }
        }
    };
}

tuple!();
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E G);
tuple!(A B C D E G H);
tuple!(A B C D E G H I);
tuple!(A B C D E G H I J);
tuple!(A B C D E G H I J K);
tuple!(A B C D E G H I J K L);
tuple!(A B C D E G H I J K L M);
tuple!(A B C D E G H I J K L M N);
tuple!(A B C D E G H I J K L M N O);
tuple!(A B C D E G H I J K L M N O P);
tuple!(A B C D E G H I J K L M N O P Q);

/// A function that was proved to take a `P` and give an `R`.
pub struct Typed<P, R> {
    function: Function,
    /// Whether it takes only some of the references that a `P` can be, so that arguments are looked at.
    narrow: bool,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for Typed<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for Typed<P, R> {}

impl<P, R> std::fmt::Debug for Typed<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Typed").field(&self.function).finish()
    }
}

/// A function has another type than was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a function of type {expected:?}, found {found:?}")]
pub struct TypeMismatch {
    /// The type that was asked for.
    pub expected: silica_module::FunctionType,
    /// The function's type.
    pub found: silica_module::FunctionType,
}

impl<P: WasmTypes, R: WasmTypes> Typed<P, R> {
    pub(crate) fn new(store: &StoreState, function: Function) -> Result<Typed<P, R>, TypeMismatch> {
        let ty = function.ty(store);
        let found = ty.function();
        let (params, results) = (P::value_types(), R::value_types());
        let fits = |sub: &ValueType, sup: &ValueType| value::is_subtype(store, *sub, *sup);
        let all = |sub: &[ValueType], sup: &[ValueType]| {
            sub.len() == sup.len() && std::iter::zip(sub, sup).all(|(sub, sup)| fits(sub, sup))
        };
        // A Rust type names no type that a module declares: an argument of a narrower type is looked at when it comes.
        let may_fit = params.len() == found.params.len()
            && std::iter::zip(&params, &found.params).all(|(given, taken)| {
                fits(given, taken) || (fits(&nullable(*taken), &nullable(*given)))
            });
        if may_fit && all(&found.results, &results) {
            return Ok(Typed {
                function,
                narrow: !all(&params, &found.params),
                types: PhantomData,
            });
        }
        Err(TypeMismatch {
            expected: silica_module::FunctionType {
                params: params.into(),
                results: results.into(),
            },
            found: found.clone(),
        })
    }
}

/// A type with null among its values, if it is a reference type.
fn nullable(ty: ValueType) -> ValueType {
    match ty {
        ValueType::Ref(reference) => ValueType::Ref(RefType {
            nullable: true,
            ..reference
        }),
        ValueType::I32 | ValueType::I64 | ValueType::F32 | ValueType::F64 | ValueType::V128 => ty,
    }
}

impl<P: WasmTypes, R> Typed<P, R> {
    /// Looks at arguments where the function does not take every `P`.
    #[inline(always)]
    pub(crate) fn check(&self, store: &StoreState, params: P) -> Result<(), CallError> {
        if self.narrow {
            return check_arguments(store, self.function, params);
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn check_arguments<P: WasmTypes>(
    store: &StoreState,
    function: Function,
    params: P,
) -> Result<(), CallError> {
    let ty = function.ty(store);
    let mut expected = ty.function().params.iter().enumerate();
    let mut wrong = None;
    params.visit(&mut |value| {
        if let Some((index, expected)) = expected.next()
            && wrong.is_none()
            && !value.matches(store, *expected)
        {
            wrong = Some(CallError::argument(index, *expected, value.ty()));
        }
    });
    wrong.map_or(Ok(()), Err)
}

impl<P, R> Typed<P, R> {
    /// The function.
    #[inline(always)]
    #[must_use]
    pub fn function(&self) -> Function {
        self.function
    }
}
