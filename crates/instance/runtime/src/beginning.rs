//! How a computation begins on its own stack, and how it ends there.
//!
//! It begins in a stub, which calls [`begin`]: that enters compiled code as every call from the host does, on the stack that it is on. When the
//! function returns, control goes to who waits for it, and the stack becomes idle.

use std::{
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind},
};

use silica_contract::{
    abi::{CallLayout, Location, RESULT_SLOT_BYTES},
    continuation::{SLOT_BYTES, outcome},
    trap::TrapCode,
};
use silica_module::ValueType;

use crate::{
    computation::{Computation, Left},
    entry::{
        self, Activation, Arrival, Entrance, FLOAT_ARGUMENTS, FLOAT_RESULTS, FUEL, MANY_RESULTS,
        prepare_stack, start_stub,
    },
    heap::{Damaged, HeapError},
    raise::Raise,
    stacks::StackBounds,
    state::State,
};

start_stub!(start, start_fuel, begin);

// A result area has one slot after the other, as what is passed.
const _: () = assert!(RESULT_SLOT_BYTES == SLOT_BYTES);

impl State {
    /// Gives a continuation that has not begun a stack on which it will begin.
    ///
    /// # Safety
    /// It is in the table.
    pub(crate) unsafe fn give_stack(
        &mut self,
        continuation: *mut Computation,
    ) -> Result<(), Raise> {
        // SAFETY: see above; the function lives as long as the store.
        let type_id = unsafe { (*(*continuation).function).type_id };
        let ty = self.runtime.types().get(type_id).ok_or(Damaged)?;
        self.trim_stacks();
        let stack = match self.continuations.take_idle() {
            Some(stack) => stack,
            None => self.new_stack()?,
        };
        let bounds = StackBounds::of(&stack);
        let start = match self.counts_fuel {
            true => start_fuel,
            false => start,
        };
        // SAFETY: see above; nothing runs on the stack.
        unsafe {
            (*continuation).stack = Some(stack);
            (*continuation).function_type = Some(ty);
            let state = std::ptr::from_mut(&mut self.fields);
            (*continuation).left = Left {
                stack_pointer: prepare_stack(bounds.top, start, continuation.cast(), state),
                frame: 0,
                pc: 0,
                bounds,
            };
        }
        Ok(())
    }

    /// A stack from the runtime's pool, if the limiter allows it.
    fn new_stack(&mut self) -> Result<silica_os::Stack, Raise> {
        let stack = self.runtime.stacks().take();
        let stack = stack.map_err(|error| Raise::from(HeapError::System(error)))?;
        if let Some(stacks) = self.continuations.to_be_granted() {
            let bytes = stack.top() - stack.start();
            let mut limits = self.limits();
            let ask = || {
                limits.ask(Ok(true), |limiter| {
                    limiter.memory_growing((stacks - 1) * bytes, stacks * bytes, None)
                })
            };
            let answer = catch_unwind(AssertUnwindSafe(ask));
            let refused = match answer {
                Ok(Ok(true)) => None,
                Ok(Ok(false)) => Some(Raise::Trap(TrapCode::ContinuationsExhausted)),
                Ok(Err(error)) => Some(Raise::host(error)),
                Err(payload) => Some(Raise::Panic(payload)),
            };
            if let Some(raise) = refused {
                self.runtime.stacks().give_back(stack);
                return Err(raise);
            }
            self.continuations.grant(stacks);
        }
        self.continuations.note_stack();
        Ok(stack)
    }
}

/// What a computation does on its own stack, from beginning to end: calls its function with what is passed, and passes the results
/// to who waits for them.
///
/// Where a call ends early, or an exception comes out of it, this frame is thrown away: it holds nothing to drop.
unsafe extern "C" fn begin(computation: *mut Computation, state: *mut State) -> Arrival {
    let mut place = MaybeUninit::uninit();
    let activation = Activation::init(&mut place, state.cast());
    // SAFETY: called by the stub that `prepare_stack` has named, with what it was given; whoever went here has made the computation the
    // innermost one, and has passed the arguments of its function. While compiled code runs, nothing here is used.
    unsafe {
        let entrance = place_arguments(state, computation, activation);
        (*computation).activation = std::ptr::from_mut(activation).cast();
        let Entrance {
            code,
            context,
            flags,
        } = entrance;
        // Whatever else ends it goes on in the activation that is linked, or in who has resumed it.
        let ended = entry::enter(activation, code, context, flags, 0);
        activation.registers.integers[0].write(ended.first_result);
        pass_results(state, computation, activation);
        let linked = (*state).fields.activation;
        let (parent, resumer) = ((*computation).parent, (*computation).resumer);
        (*state).end_computations(linked, parent);
        Arrival {
            stack_pointer: resumer.stack_pointer,
            result: outcome::RETURNED,
        }
    }
}

/// The layout of calls of a computation's function.
///
/// # Safety
/// The computation has begun.
unsafe fn layout_of<'a>(computation: *mut Computation) -> (&'a CallLayout, &'a [ValueType]) {
    // SAFETY: see above; the type lives as long as the computation.
    let ty = unsafe { (*computation).function_type.as_ref() };
    let ty = ty.expect("it was looked up before the computation got its stack");
    (ty.layout(), &ty.function().params)
}

/// Places what is passed as arguments of a computation's function.
///
/// # Safety
/// As [`begin`].
unsafe fn place_arguments(
    state: *mut State,
    computation: *mut Computation,
    activation: &mut Activation,
) -> Entrance {
    // SAFETY: see above.
    let (state, function, (layout, params)) = unsafe {
        let function = &*(*computation).function;
        (&mut *state, function, layout_of(computation))
    };
    let mut entrance = Entrance {
        code: function.code,
        context: function.context as u64,
        flags: FLOAT_ARGUMENTS | MANY_RESULTS | FLOAT_RESULTS,
    };
    if state.counts_fuel {
        entrance.flags |= FUEL;
    }
    let passed = state.fields.passed;
    if layout.area_bytes > 0 {
        // Results go where they are passed, which is laid out in the same way.
        activation.registers.integers[2].write(passed as u64);
    }
    let stack = &mut state.continuations.stack_arguments;
    stack.clear();
    stack.resize(layout.stack_bytes as usize / 8, 0);
    for (slot, (location, ty)) in layout.params.iter().zip(params).enumerate() {
        // SAFETY: there are more slots than a function has parameters.
        let bits = unsafe { *passed.add(slot) };
        match *location {
            Location::Integer(register) => {
                activation.registers.integers[register as usize].write(bits as u64);
            }
            Location::Float(register) => {
                activation.registers.floats[register as usize].write(bits);
            }
            Location::Stack(offset) => {
                let slot = offset as usize / 8;
                stack[slot] = bits as u64;
                if *ty == ValueType::V128 {
                    stack[slot + 1] = (bits >> 64) as u64;
                }
            }
            Location::Area(_) => unreachable!("parameters are not in the result area"),
        }
    }
    activation.put_on_stack(&mut entrance, stack.as_ptr(), stack.len() * 8);
    entrance
}

/// Passes the results of a computation's function, which has returned.
///
/// # Safety
/// As [`begin`]; the activation has all results that are in registers.
unsafe fn pass_results(state: *mut State, computation: *mut Computation, activation: &Activation) {
    // SAFETY: see above; there are more slots than a function has results.
    unsafe {
        let passed = (*state).fields.passed;
        let (layout, _) = layout_of(computation);
        for (slot, location) in layout.results.iter().enumerate() {
            let bits = match *location {
                Location::Integer(register) => {
                    u128::from(activation.registers.integers[register as usize].assume_init())
                }
                Location::Float(register) => {
                    activation.registers.floats[register as usize].assume_init()
                }
                Location::Area(_) => continue,
                Location::Stack(_) => unreachable!("results are not on the stack"),
            };
            passed.add(slot).write(bits);
        }
    }
}
