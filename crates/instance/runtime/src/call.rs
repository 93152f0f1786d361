//! Calling compiled code from the host.
//!
//! All calls go through [`run`], which prepares an [`Activation`] and enters it: it picks the stack, notes the
//! activation for the handler of faults, and turns what ended the call into a result.

use std::{mem::MaybeUninit, sync::Arc};

use silica_contract::{abi::Location, trap::TrapCode};
use silica_module::{FunctionType, ValueType};

use crate::{
    CallError, RegisteredType, Value,
    entry::{
        self, Activation, Before, Entrance, FLOAT_ARGUMENTS, FLOAT_RESULTS, FUEL, MANY_RESULTS,
        RETURNED,
    },
    fault,
    handles::Function,
    stacks::StackBounds,
    state::{State, StoreState},
    tuple::{TypeMismatch, Typed, WasmTypes, take_results},
    typed::{Outgoing, ResultArea},
};

impl StoreState {
    /// Calls a function with arguments of its type. Exactly as many results are written as it has.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Arguments`] when the arguments or the places for results
    /// do not fit the function's type.
    ///
    /// # Panics
    /// If the function or an argument belongs to another store. Goes on with the panic of a host function.
    pub fn call(
        &mut self,
        function: Function,
        params: &[Value],
        results: &mut [Value],
    ) -> Result<(), CallError> {
        self.check(function.store(), "the function");
        let ty = function.ty(self);
        let signature = ty.function();
        if params.len() != signature.params.len() || results.len() != signature.results.len() {
            return Err(CallError::Arguments(format!(
                "expected {} arguments and {} results, found {} and {}",
                signature.params.len(),
                signature.results.len(),
                params.len(),
                results.len()
            )));
        }
        for (index, (param, expected)) in params.iter().zip(&signature.params).enumerate() {
            if !param.matches(self, *expected) {
                return Err(CallError::argument(index, *expected, param.ty()));
            }
        }
        let layout = ty.layout();
        let mut area = vec![0_u128; layout.area_bytes as usize / 16];
        let mut stack = vec![0_u64; layout.stack_bytes as usize / 8];
        let state = self.raw();
        let mut place = MaybeUninit::uninit();
        let activation = Activation::init(&mut place, state.cast());
        let mut entrance = function.entrance(state);
        entrance.flags |= FLOAT_ARGUMENTS | MANY_RESULTS | FLOAT_RESULTS;
        if layout.area_bytes > 0 {
            activation.registers.integers[2].write(area.as_mut_ptr() as u64);
        }
        for (param, location) in params.iter().zip(&layout.params) {
            let bits = param.to_bits(self);
            match *location {
                Location::Integer(register) => {
                    activation.registers.integers[register as usize].write(bits as u64);
                }
                Location::Float(register) => {
                    activation.registers.floats[register as usize].write(bits);
                }
                Location::Stack(offset) => put_stack(&mut stack, offset, bits, param),
                Location::Area(_) => unreachable!("parameters are not in the result area"),
            }
        }
        activation.put_on_stack(&mut entrance, stack.as_ptr(), stack.len() * 8);
        // SAFETY: the arguments are those of the function's type, checked above and placed by its layout;
        // function and state belong together; `self` is not used while code runs.
        unsafe { run(state, activation, entrance)? };
        for ((result, location), ty) in results
            .iter_mut()
            .zip(&layout.results)
            .zip(&signature.results)
        {
            let bits = match *location {
                // SAFETY: `enter` stored all result registers, since the flags asked for it.
                Location::Integer(register) => unsafe {
                    u128::from(activation.registers.integers[register as usize].assume_init())
                },
                // SAFETY: as above.
                Location::Float(register) => unsafe {
                    activation.registers.floats[register as usize].assume_init()
                },
                Location::Area(offset) => area[offset as usize / 16],
                Location::Stack(_) => unreachable!("results are not on the stack"),
            };
            // SAFETY: the bits are a result of this type, of code of this store.
            *result = unsafe { Value::from_bits(bits, *ty, self) };
        }
        Ok(())
    }

    /// Proves that a function has this type, so that it can be called without checks.
    ///
    /// # Errors
    /// [`TypeMismatch`] when it has another.
    ///
    /// # Panics
    /// If the function belongs to another store.
    pub fn typed<P: WasmTypes, R: WasmTypes>(
        &self,
        function: Function,
    ) -> Result<Typed<P, R>, TypeMismatch> {
        self.check(function.store(), "the function");
        Typed::new(self, function)
    }

    /// Calls a function whose type was proved.
    ///
    /// # Errors
    /// [`CallError`].
    ///
    /// # Panics
    /// If the function or an argument belongs to another store. Goes on with the panic of a host function.
    #[inline]
    pub fn call_typed<P: WasmTypes, R: WasmTypes>(
        &mut self,
        function: Typed<P, R>,
        params: P,
    ) -> Result<R, CallError> {
        let typed = function;
        let function = typed.function();
        self.check(function.store(), "the function");
        typed.check(self, params)?;
        let state = self.raw();
        let mut place = MaybeUninit::uninit();
        let activation = Activation::init(&mut place, state.cast());
        let mut entrance = function.entrance(state);
        let mut area = ResultArea::uninit();
        let mut outgoing = Outgoing::arguments(activation);
        if !R::IN_REGISTERS {
            outgoing.put_integer(area.as_mut_ptr() as u64);
        }
        params.put(&mut outgoing, self);
        let stack = outgoing.finish();
        activation.put_on_stack(&mut entrance, stack.words.as_ptr().cast(), stack.bytes);
        if P::FLOATS > 0 {
            entrance.flags |= FLOAT_ARGUMENTS;
        }
        if R::IN_REGISTERS && R::INTEGERS > 1 {
            entrance.flags |= MANY_RESULTS;
        }
        if R::IN_REGISTERS && R::FLOATS > 0 {
            entrance.flags |= FLOAT_RESULTS;
        }
        // SAFETY: `Typed` proved that the function takes a `P` and gives an `R`, and `put` has placed a `P` by
        // the calling convention; function and state belong together; `self` is not used while code runs.
        unsafe {
            run(state, activation, entrance)?;
            Ok(take_results(&activation.registers, area.as_ptr(), self))
        }
    }
}

/// Most numbers that a function takes which is called by their bits.
pub const NUMBERS_MAX: usize = 17;

/// A function that takes numbers and gives one or nothing, to be called with their bits.
#[derive(Clone, Debug)]
pub struct Numbers {
    function: Function,
    ty: RegisteredType,
    flags: u64,
}

impl Numbers {
    /// The function.
    #[must_use]
    pub fn function(&self) -> Function {
        self.function
    }
}

/// Whether these are at most [`NUMBERS_MAX`] numbers, and at most one result.
pub(crate) fn only_numbers(signature: &FunctionType) -> bool {
    let is_number = |ty: &ValueType| match ty {
        ValueType::I32 | ValueType::I64 | ValueType::F32 | ValueType::F64 => true,
        ValueType::V128 | ValueType::Ref(_) => false,
    };
    signature.params.len() <= NUMBERS_MAX
        && signature.results.len() <= 1
        && signature
            .params
            .iter()
            .chain(&signature.results)
            .all(is_number)
}

/// The bits that a number of this type has.
#[inline(always)]
pub(crate) fn number_bits(ty: ValueType, bits: u64) -> u64 {
    match ty {
        ValueType::I32 | ValueType::F32 => bits & u64::from(u32::MAX),
        ValueType::I64 | ValueType::F64 | ValueType::V128 | ValueType::Ref(_) => bits,
    }
}

impl StoreState {
    /// Proves that a function takes at most [`NUMBERS_MAX`] numbers and gives one or nothing.
    ///
    /// # Panics
    /// If the function belongs to another store.
    #[must_use]
    pub fn numbers(&self, function: Function) -> Option<Numbers> {
        self.check(function.store(), "the function");
        let ty = function.ty(self);
        let signature = ty.function();
        if !only_numbers(signature) || ty.layout().area_bytes > 0 {
            return None;
        }
        let is_float = |ty: &ValueType| matches!(ty, ValueType::F32 | ValueType::F64);
        let mut flags = 0;
        if signature.params.iter().any(is_float) {
            flags |= FLOAT_ARGUMENTS;
        }
        if signature.results.iter().any(is_float) {
            flags |= FLOAT_RESULTS;
        }
        Some(Numbers {
            function,
            ty,
            flags,
        })
    }

    /// Calls a function with the bits of numbers, each in the lower half where its type is narrower. Gives those of
    /// its result; 0 if it has none.
    ///
    /// # Errors
    /// [`CallError`].
    ///
    /// # Panics
    /// If the function belongs to another store, or takes another number of arguments. Goes on with the panic of a
    /// host function.
    #[inline]
    pub fn call_numbers(&mut self, numbers: &Numbers, params: &[u64]) -> Result<u64, CallError> {
        let function = numbers.function;
        self.check(function.store(), "the function");
        let (signature, layout) = (numbers.ty.function(), numbers.ty.layout());
        assert_eq!(
            params.len(),
            signature.params.len(),
            "arguments of a call by bits"
        );
        let state = self.raw();
        let mut place = MaybeUninit::uninit();
        let activation = Activation::init(&mut place, state.cast());
        let mut entrance = function.entrance(state);
        entrance.flags |= numbers.flags;
        // A whole number of 16 bytes.
        let mut stack = [0_u64; NUMBERS_MAX + 1];
        for ((bits, location), ty) in params.iter().zip(&layout.params).zip(&signature.params) {
            let bits = number_bits(*ty, *bits);
            match *location {
                Location::Integer(register) => {
                    activation.registers.integers[register as usize].write(bits);
                }
                Location::Float(register) => {
                    activation.registers.floats[register as usize].write(u128::from(bits));
                }
                Location::Stack(offset) => stack[offset as usize / 8] = bits,
                Location::Area(_) => unreachable!("parameters are not in the result area"),
            }
        }
        activation.put_on_stack(&mut entrance, stack.as_ptr(), layout.stack_bytes as usize);
        // SAFETY: `numbers` proved that the function takes numbers and needs no area; there are as many as it takes,
        // checked above, placed by its layout; function and state belong together; `self` is not used while code runs.
        unsafe { run(state, activation, entrance)? };
        let bits = match layout.results.first() {
            // SAFETY: the first integer register is always stored.
            Some(Location::Integer(register)) => unsafe {
                activation.registers.integers[*register as usize].assume_init()
            },
            // SAFETY: `enter` stored the float registers, since the flags asked for it.
            Some(Location::Float(register)) => unsafe {
                activation.registers.floats[*register as usize].assume_init() as u64
            },
            Some(Location::Area(_) | Location::Stack(_)) => {
                unreachable!("`numbers` proved that there is no area")
            }
            None => 0,
        };
        Ok(signature
            .results
            .first()
            .map_or(0, |ty| number_bits(*ty, bits)))
    }
}

/// Writes an argument to its place on the stack.
fn put_stack(stack: &mut [u64], offset: u32, bits: u128, param: &Value) {
    let slot = offset as usize / 8;
    stack[slot] = bits as u64;
    if matches!(param, Value::V128(_)) {
        stack[slot + 1] = (bits >> 64) as u64;
    }
}

impl Function {
    /// How this function is called.
    #[inline(always)]
    fn entrance(self, state: *mut State) -> Entrance {
        let (code, context) = self.entry();
        // SAFETY: only a flag of the state is read, while nothing runs.
        let counts_fuel = unsafe { (*state).counts_fuel };
        Entrance {
            code,
            context,
            flags: if counts_fuel { FUEL } else { 0 },
        }
    }
}

/// Enters an activation and waits for its end.
///
/// # Safety
/// `state` is the `whole` of a store that is borrowed exclusively and not otherwise used until this returns;
/// the activation is whole, for a function of this store.
#[inline(always)]
pub(crate) unsafe fn run(
    state: *mut State,
    activation: *mut Activation,
    entrance: Entrance,
) -> Result<(), CallError> {
    // SAFETY: see above.
    unsafe {
        let bounds = (*state).stack;
        let stack = if bounds.contains(activation as usize) {
            0
        } else {
            if bounds.top == 0 || !(*state).fields.activation.is_null() {
                return run_on_new_stack(state, activation, entrance);
            }
            Activation::stack_start(bounds.top)
        };
        run_here(state, activation, entrance, stack)
    }
}

/// As [`run`], with the stack chosen: where it begins, or 0 to stay.
///
/// # Safety
/// As [`run`].
#[inline(always)]
unsafe fn run_here(
    state: *mut State,
    activation: *mut Activation,
    entrance: Entrance,
    stack: usize,
) -> Result<(), CallError> {
    // SAFETY: see above. The activation is taken out of the store and of the thread before this
    // returns, whichever way `enter` does.
    unsafe {
        // Looked up once: the store owns it.
        let interrupt = &*Arc::as_ptr(&(*state).interrupt);
        if interrupt.is_asked() {
            StoreState::from_state(&*state).interrupted()?;
        }
        let thread = silica_os::prepare_thread();
        let thread_before = interrupt.set_thread(thread.number());
        let (previous, thread_slot) = fault::replace_current(activation);
        let before = Before {
            activation: previous,
            in_store: (*state).fields.activation,
            exit_frame: (*state).fields.exit_frame,
            exit_pc: (*state).fields.exit_pc,
        };
        (*activation).link(before, thread_slot);
        (*state).fields.activation = activation;
        let Entrance {
            code,
            context,
            flags,
        } = entrance;
        let ended = entry::enter(activation, code, context, flags, stack);
        let before = (*activation).before();
        (*state).fields.activation = before.in_store;
        (*state).fields.exit_frame = before.exit_frame;
        (*state).fields.exit_pc = before.exit_pc;
        (*activation).unlink_thread(before.activation);
        interrupt.restore_thread(thread_before);
        if ended.status == RETURNED {
            (*activation).registers.integers[0].write(ended.first_result);
            Ok(())
        } else {
            (*state).end_computations(activation, std::ptr::null_mut());
            Err(fault::ended(&mut *state))
        }
    }
}

/// As [`run`], for the first call of a store, and for a call from a stack that is not the store's while its code
/// waits on its own: a host function may have gone to another thread.
///
/// # Safety
/// As [`run`].
#[cold]
#[inline(never)]
unsafe fn run_on_new_stack(
    state: *mut State,
    activation: *mut Activation,
    entrance: Entrance,
) -> Result<(), CallError> {
    // SAFETY: see above; a stack is given back only when nothing runs on it any more.
    unsafe {
        let stack = (*state)
            .runtime
            .stacks()
            .take()
            .map_err(|error| CallError::from_runtime(error.into()))?;
        let bounds = StackBounds::of(&stack);
        let before = (*state).stack;
        (*state).set_stack(bounds);
        let start = Activation::stack_start(bounds.top);
        if before.top == 0 {
            (*state).own_stack = Some(stack);
            return run_here(state, activation, entrance, start);
        }
        let restore = RestoreStack {
            state,
            before,
            stack: Some(stack),
        };
        let result = run_here(state, activation, entrance, start);
        drop(restore);
        result
    }
}

/// Puts the store back on the stack that it was on, even if a panic goes on.
struct RestoreStack {
    state: *mut State,
    before: StackBounds,
    stack: Option<silica_os::Stack>,
}

impl Drop for RestoreStack {
    fn drop(&mut self) {
        // SAFETY: made by `run_on_new_stack`, whose caller has the store exclusively; nothing runs
        // on the stack now.
        unsafe {
            (*self.state).set_stack(self.before);
            if let Some(stack) = self.stack.take() {
                (*self.state).runtime.stacks().give_back(stack);
            }
        }
    }
}

/// The trap of a call that cannot begin.
pub(crate) fn trap_at_once(state: &StoreState, code: TrapCode) -> CallError {
    CallError::Trap {
        code,
        fault_address: None,
        backtrace: state.backtrace(),
    }
}
