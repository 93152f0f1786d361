//! Going from one stack to another: `resume`, `suspend` and `switch` ([`silica_contract::continuation`]).
//!
//! Each is a stub, which notes where compiled code was left and saves the registers that compiled code counts on; a routine here,
//! which decides where to go on; and the end of the stub, which goes on there, restoring what was saved on that stack. How a computation
//! begins and ends is in [`crate::beginning`].
//!
//! A computation that runs is the innermost of its activation, or the parent of one that is. So nothing is ever suspended with a
//! frame of Rust on it but the one that it begins with, which has nothing to drop, and whatever ends a call early needs to know nothing of this.

use silica_contract::{
    continuation::{CLAUSES_SHIFT, outcome},
    layout::header,
    object::CONTINUATION_PLACE,
    trap::TrapCode,
};

use crate::{
    computation::{Clause, Computation, Left, Stage},
    continuations::{Buffers, set_stages},
    entry::{Arrival, switching_stub},
    fault,
    raise::Raise,
    state::State,
};

switching_stub!(resume_stub, resume_stub_fuel, resume);
switching_stub!(suspend_stub, suspend_stub_fuel, suspend);
switching_stub!(switch_stub, switch_stub_fuel, switch);

impl State {
    /// Lets code use continuations.
    pub(crate) fn make_continuations(&mut self) {
        type Stub = unsafe extern "C" fn();
        let address = |plain: Stub, counting: Stub| match self.counts_fuel {
            true => counting as *const () as usize,
            false => plain as *const () as usize,
        };
        self.fields.resume = address(resume_stub, resume_stub_fuel);
        self.fields.suspend = address(suspend_stub, suspend_stub_fuel);
        self.fields.switch = address(switch_stub, switch_stub_fuel);
        let Buffers { passed, clauses } = self.continuations.buffers();
        self.fields.passed = passed;
        self.fields.clauses = clauses;
    }
}

/// The store of the instance whose code has called.
///
/// # Safety
/// `context` is an instance's, whose code has called the caller of this function.
#[inline(always)]
unsafe fn state_of(context: *mut u8) -> *mut State {
    // SAFETY: see above: the context's header points to the store's fields, which are the first of its state.
    unsafe {
        context
            .add(header::STORE as usize)
            .cast::<*mut State>()
            .read()
    }
}

/// Where control arrives, or the end of the call.
///
/// # Safety
/// `state` is the store of code that has called the caller of this function, which has nothing left to drop.
#[inline(always)]
unsafe fn arrive(state: *mut State, arrival: Result<Arrival, Raise>) -> Arrival {
    match arrival {
        Ok(arrival) => arrival,
        // SAFETY: see above.
        Err(raise) => unsafe { fault::raise(state, raise) },
    }
}

/// The routine of `resume`.
unsafe extern "C" fn resume(
    context: *mut u8,
    stack_pointer: usize,
    place: u32,
    type_id: u32,
    count: u32,
    exception: u32,
) -> Arrival {
    // SAFETY: called by the stub, which compiled code called with its context; nobody else uses the store meanwhile.
    unsafe {
        let state = state_of(context);
        let values = (count & ((1 << CLAUSES_SHIFT) - 1)) as usize;
        let clauses = count >> CLAUSES_SHIFT;
        let arrival = (*state).resume(
            stack_pointer,
            (place, type_id),
            (values, clauses),
            exception,
        );
        arrive(state, arrival)
    }
}

/// The routine of `suspend`.
unsafe extern "C" fn suspend(context: *mut u8, stack_pointer: usize, tag: u32) -> Arrival {
    // SAFETY: as for `resume`.
    unsafe {
        let state = state_of(context);
        let arrival = (*state).suspend(stack_pointer, tag);
        arrive(state, arrival)
    }
}

/// The routine of `switch`.
unsafe extern "C" fn switch(
    context: *mut u8,
    stack_pointer: usize,
    place: u32,
    type_id: u32,
    values: u32,
    continuation: u32,
) -> Arrival {
    // SAFETY: as for `resume`.
    unsafe {
        let state = state_of(context);
        let arrival = (*state).switch(
            stack_pointer,
            (place, type_id),
            values as usize,
            continuation,
        );
        arrive(state, arrival)
    }
}

impl State {
    /// Where the code of the stack that this is on has just left it.
    #[inline(always)]
    fn left(&self, stack_pointer: usize) -> Left {
        Left {
            stack_pointer,
            frame: self.fields.exit_frame,
            pc: self.fields.exit_pc,
            bounds: self.stack,
        }
    }

    /// # Safety
    /// Called for code of this store, which has left its stack and waits.
    unsafe fn resume(
        &mut self,
        stack_pointer: usize,
        (place, type_id): (u32, u32),
        (values, clauses): (usize, u32),
        exception: u32,
    ) -> Result<Arrival, Raise> {
        let outermost = self.continuation(place, type_id)?;
        let here = self.left(stack_pointer);
        // SAFETY: the continuation is in the table, and with it what was suspended in it; the activation is this store's innermost.
        unsafe {
            if (*outermost).stage == Stage::Fresh {
                if exception != 0 {
                    // It is thrown where the computation would have begun, and so right out of it.
                    self.continuations.remove(outermost);
                    self.exception = exception;
                    return Err(Raise::Exception);
                }
                self.give_stack(outermost)?;
            }
            let activation = self.fields.activation;
            (*outermost).parent = (*activation).computation;
            (*outermost).resumer = here;
            (*outermost).clauses.clear();
            let clauses = self.continuations.clauses(clauses);
            (*outermost).clauses.extend_from_slice(clauses);
            if exception != 0 {
                (*outermost).bound.clear();
                let Left { frame, pc, .. } = self.go_to(outermost);
                self.fields.exit_frame = frame;
                self.fields.exit_pc = pc;
                self.exception = exception;
                return Err(Raise::Exception);
            }
            self.pass_bound(outermost, values)?;
            let left = self.go_to(outermost);
            Ok(Arrival {
                stack_pointer: left.stack_pointer,
                result: 0,
            })
        }
    }

    /// Makes a continuation run, whose parent is set; gives where it was left.
    ///
    /// # Safety
    /// It is a continuation of this store, which has a stack; what runs now waits.
    #[inline(always)]
    unsafe fn go_to(&mut self, outermost: *mut Computation) -> Left {
        // SAFETY: see above.
        unsafe {
            set_stages(outermost, Stage::Running, Stage::Running);
            let innermost = (*outermost).innermost;
            (*self.fields.activation).computation = innermost;
            let left = (*innermost).left;
            self.set_stack(left.bounds);
            left
        }
    }

    /// The clause of `resume` around the code that runs to which a tag goes: which computation runs under it, and its index there.
    ///
    /// # Safety
    /// Called for code of this store, which waits.
    #[inline(always)]
    unsafe fn find_clause(
        &self,
        is_it: impl Fn(&Clause) -> bool,
    ) -> Result<(*mut Computation, usize, Clause), Raise> {
        // SAFETY: the activation is alive, and what runs in it is in the table.
        unsafe {
            let mut computation = (*self.fields.activation).computation;
            while let Some(found) = computation.as_ref() {
                if let Some(index) = found.clauses.iter().position(&is_it) {
                    return Ok((computation, index, found.clauses[index]));
                }
                computation = found.parent;
            }
        }
        Err(Raise::Trap(TrapCode::UnhandledTag))
    }

    /// # Safety
    /// Called for code of this store, which has left its stack and waits.
    unsafe fn suspend(&mut self, stack_pointer: usize, tag: u32) -> Result<Arrival, Raise> {
        // SAFETY: see above.
        unsafe {
            let (outermost, index, clause) =
                self.find_clause(|clause| clause.tag == tag && clause.type_id != 0)?;
            let left = self.left(stack_pointer);
            let resumer = self.put_aside(outermost, left, clause.type_id);
            (*self.fields.activation).computation = (*outermost).parent;
            self.set_stack(resumer.bounds);
            let place = u64::from((*outermost).place) << outcome::PLACE_SHIFT;
            Ok(Arrival {
                stack_pointer: resumer.stack_pointer,
                result: place | (index as u64 + u64::from(outcome::SUSPENDED)),
            })
        }
    }

    /// Makes what runs, up to `outermost`, a continuation of a type; gives where who resumed it waits.
    ///
    /// # Safety
    /// `outermost` runs in this store's innermost activation, whose innermost code was left as `left` says.
    #[inline(always)]
    unsafe fn put_aside(&mut self, outermost: *mut Computation, left: Left, type_id: u32) -> Left {
        // SAFETY: see above.
        unsafe {
            let innermost = (*self.fields.activation).computation;
            (*innermost).left = left;
            (*outermost).innermost = innermost;
            (*outermost).type_id = type_id;
            set_stages(outermost, Stage::Inner, Stage::Suspended);
            self.continuations.note_young(outermost);
            (*outermost).resumer
        }
    }

    /// # Safety
    /// Called for code of this store, which has left its stack and waits; `continuation` is an object that it has just made.
    unsafe fn switch(
        &mut self,
        stack_pointer: usize,
        (place, type_id): (u32, u32),
        values: usize,
        continuation: u32,
    ) -> Result<Arrival, Raise> {
        let target = self.continuation(place, type_id)?;
        let Clause {
            tag,
            type_id: own_type,
        } = self.continuations.clauses(1)[0];
        // SAFETY: see above; the target is in the table.
        unsafe {
            let (outermost, ..) =
                self.find_clause(|clause| clause.tag == tag && clause.type_id == 0)?;
            if (*target).stage == Stage::Fresh {
                self.give_stack(target)?;
            }
            self.pass_bound(target, values)?;
            let own_place = (*outermost).place.to_le_bytes();
            let objects = self.heap()?.objects();
            objects
                .field_mut(continuation, CONTINUATION_PLACE, 4)?
                .copy_from_slice(&own_place);
            let left = self.left(stack_pointer);
            (*target).resumer = self.put_aside(outermost, left, own_type);
            (*target).parent = (*outermost).parent;
            (*target).clauses = std::mem::take(&mut (*outermost).clauses);
            let left = self.go_to(target);
            Ok(Arrival {
                stack_pointer: left.stack_pointer,
                result: 0,
            })
        }
    }
}
