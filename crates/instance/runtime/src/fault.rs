//! Traps: faults of compiled code and what host code raises, and the record that they leave.
//!
//! Whatever ends a call writes a [`Record`] while the frames are still there, and then goes to
//! [`resume_host`], which throws them away. The record is of fixed size, since the handler of faults may not
//! allocate.

use std::cell::Cell;

use silica_contract::trap::TrapCode;
use silica_os::{Fault, FaultKind};

use crate::{
    code::{self, CodeAddress, References},
    computation::Computation,
    entry::{Activation, host_stack_exhausted, resume_host},
    error::ThrownException,
    heap::{Damaged, Visit},
    outcome::{Backtrace, CallError},
    raise::{Raise, Record},
    state::{State, StoreState},
    throw,
};

thread_local! {
    /// The innermost activation of this thread.
    static CURRENT: Cell<*mut Activation> = const { Cell::new(std::ptr::null_mut()) };
}

/// The innermost activation of this thread.
pub(crate) fn current() -> *mut Activation {
    CURRENT.get()
}

/// Makes another activation the innermost; gives what was, and where this thread notes it.
#[inline(always)]
pub(crate) fn replace_current(
    activation: *mut Activation,
) -> (*mut Activation, *const Cell<*mut Activation>) {
    CURRENT.with(|current| (current.replace(activation), std::ptr::from_ref(current)))
}

/// Where this thread notes its innermost activation.
#[inline(never)]
pub(crate) fn thread_slot() -> *const Cell<*mut Activation> {
    CURRENT.with(std::ptr::from_ref)
}

/// Makes another activation the innermost, after a call that may have moved to another thread: not inlined, so that
/// the address of the old thread's variable is not reused.
#[inline(never)]
pub(crate) fn set_current(activation: *mut Activation) {
    CURRENT.set(activation);
}

/// Decides about a fault. `false`: it is not ours.
///
/// Runs in the middle of anything; allocates nothing and takes no lock.
pub(crate) fn on_fault(fault: &mut Fault<'_>) -> bool {
    let activation = CURRENT.get();
    if activation.is_null() {
        return false;
    }
    // SAFETY: the thread's current activation is alive: it is on the stack of who waits for it,
    // and it is taken out of `CURRENT` before that returns. Its store is borrowed by who made it.
    let state = unsafe { (*activation).store.cast::<State>() };
    let pc = fault.pc();
    if pc == host_stack_exhausted as *const () as usize {
        // SAFETY: the stub that faulted has just noted where the store's code was left; nothing else
        // uses the store while its thread is stopped here.
        unsafe { note_exit(state, TrapCode::StackOverflow) };
        fault.resume_at(resume_host as *const () as usize, activation as usize);
        return true;
    }
    let Some(address) = code::find(pc) else {
        return false;
    };
    // SAFETY: the fault is in compiled code, so that no Rust code uses the store now.
    let Some(code) = (unsafe { classify(fault, &address, state) }) else {
        return false;
    };
    let by_access = fault.kind() == FaultKind::Access;
    // SAFETY: as above; the frame pointer is that of compiled code of this activation.
    unsafe {
        let record = &mut (*state).record;
        record.code = code;
        record.fault_address = by_access.then(|| fault.address());
        record.first_is_exact = true;
        note_frames(record, activation, pc, fault.frame_pointer());
        if address.counts_fuel {
            (*state).fields.fuel = fault.pinned_register();
        }
    }
    fault.resume_at(resume_host as *const () as usize, activation as usize);
    true
}

/// Which trap a fault in compiled code is.
///
/// # Safety
/// `state` is the store of the current activation, and compiled code is what was stopped.
unsafe fn classify(
    fault: &Fault<'_>,
    address: &CodeAddress,
    state: *mut State,
) -> Option<TrapCode> {
    match fault.kind() {
        FaultKind::Access => {
            // SAFETY: see above.
            let stack = unsafe { (*state).stack };
            if stack.is_guard(fault.address()) {
                Some(TrapCode::StackOverflow)
            } else {
                address.trap
            }
        }
        FaultKind::Illegal | FaultKind::Arithmetic => address.trap,
        // SAFETY: see above.
        FaultKind::Interrupt => unsafe { (*state).interrupt.take() }.then_some(TrapCode::Interrupt),
    }
}

/// Records a trap where the store's code was last left.
///
/// # Safety
/// `state` is the store of the current activation, whose code has called the host and waits.
pub(crate) unsafe fn note_exit(state: *mut State, code: TrapCode) {
    // SAFETY: see above.
    unsafe {
        let (pc, frame) = ((*state).fields.exit_pc, (*state).fields.exit_frame);
        let activation = (*state).fields.activation;
        let record = &mut (*state).record;
        record.code = code;
        record.fault_address = None;
        record.first_is_exact = false;
        note_frames(record, activation, pc, frame);
    }
}

/// # Safety
/// As [`walk`].
unsafe fn note_frames(record: &mut Record, activation: *const Activation, pc: usize, frame: usize) {
    record.count = 0;
    // SAFETY: see above.
    unsafe { walk(activation, pc, frame, &mut |pc, _| record.push(pc)) };
}

/// Tells an address of compiled code and the frame pointer there; `false` ends the walk.
type Tell<'a> = dyn FnMut(usize, usize) -> bool + 'a;

/// Tells each address of the store's compiled frames and the frame pointer there, innermost first, until `tell` says `false`.
///
/// # Safety
/// `activation` is the store's innermost, `pc` and `frame` are where its code is and the frame pointer there.
unsafe fn walk(activation: *const Activation, pc: usize, frame: usize, tell: &mut Tell<'_>) {
    let (mut activation, mut pc, mut frame) = (activation, pc, frame);
    // SAFETY: activations are alive while a later one is, and so is what runs in them.
    unsafe {
        while let Some(entered) = activation.as_ref() {
            let mut computation = entered.computation.cast_const();
            while let Some(running) = computation.as_ref() {
                if !walk_stack(pc, frame, Activation::of(running).entry_frame(), tell) {
                    return;
                }
                (pc, frame) = (running.resumer.pc, running.resumer.frame);
                computation = running.parent;
            }
            if !walk_stack(pc, frame, entered.entry_frame(), tell) {
                return;
            }
            let before = entered.before();
            (pc, frame) = (before.exit_pc, before.exit_frame);
            activation = before.in_store;
        }
    }
}

/// As [`walk`], of one stack, up to the frame that compiled code was entered in. `false` where `tell` has ended it.
///
/// # Safety
/// `pc` and `frame` are where code is that was entered with the frame pointer `end`.
unsafe fn walk_stack(pc: usize, frame: usize, end: usize, tell: &mut Tell<'_>) -> bool {
    let mut frame = frame;
    // An address that is not compiled code is left out when it is resolved.
    if !tell(pc, frame) {
        return false;
    }
    // SAFETY: compiled code keeps a frame pointer, so each frame begins with the caller's frame pointer and
    // the return address, up to the frame that `enter` called with. A frame pointer that does not go up is none.
    unsafe {
        while frame != end && frame.is_multiple_of(8) && frame != 0 {
            let next = *(frame as *const usize);
            if next == end {
                break;
            }
            if !tell(*((frame + 8) as *const usize), next) || next <= frame {
                return false;
            }
            frame = next;
        }
    }
    true
}

/// Tells each reference to an object that the frames of a suspended continuation keep, and puts what it gets in its place.
///
/// # Safety
/// It is suspended, and nobody else uses its frames.
pub(crate) unsafe fn visit_suspended(
    continuation: *mut Computation,
    visit: &mut Visit<'_>,
) -> Result<(), Damaged> {
    let mut visiting = Visiting::new(visit);
    // SAFETY: see above: from the innermost on each computation was resumed by the next, up to the continuation.
    unsafe {
        let mut computation = (*continuation).innermost;
        let (mut pc, mut frame) = ((*computation).left.pc, (*computation).left.frame);
        loop {
            let end = Activation::of(&*computation).entry_frame();
            walk_stack(pc, frame, end, &mut |pc, frame| visiting.frame(pc, frame));
            if computation == continuation || visiting.result.is_err() {
                return visiting.result;
            }
            (pc, frame) = ((*computation).resumer.pc, (*computation).resumer.frame);
            computation = (*computation).parent;
        }
    }
}

/// Looking through frames for references to objects.
struct Visiting<'a, 'b> {
    visit: &'a mut Visit<'b>,
    places: References,
    result: Result<(), Damaged>,
}

impl<'a, 'b> Visiting<'a, 'b> {
    fn new(visit: &'a mut Visit<'b>) -> Visiting<'a, 'b> {
        Visiting {
            visit,
            places: References::new(),
            result: Ok(()),
        }
    }

    /// Looks through one frame; `false` if something is wrong.
    ///
    /// # Safety
    /// The frame waits for the call that returns to `pc`, and nobody else uses it.
    unsafe fn frame(&mut self, pc: usize, frame: usize) -> bool {
        code::find_references(pc, &mut self.places);
        for below in self.places.drain(..) {
            let place = (frame - below as usize) as *mut u32;
            // SAFETY: the compiler says that the frame keeps a reference at that distance below its frame pointer while it
            // waits for the call that returns to `pc`.
            match (self.visit)(unsafe { *place }) {
                // SAFETY: as above.
                Ok(moved) => unsafe { *place = moved },
                Err(damaged) => {
                    self.result = Err(damaged);
                    return false;
                }
            }
        }
        true
    }
}

/// Where a store's code was left: its innermost activation, the return address there and the frame pointer.
#[derive(Clone, Copy)]
pub(crate) struct Exit {
    activation: *const Activation,
    pc: usize,
    frame: usize,
}

impl Exit {
    /// Where the code of a store was left.
    pub(crate) fn of(state: &State) -> Exit {
        Exit {
            activation: state.fields.activation,
            pc: state.fields.exit_pc,
            frame: state.fields.exit_frame,
        }
    }

    /// Tells each reference to an object that the frames keep, and puts what it gets in its place.
    ///
    /// # Safety
    /// The store's code waits where it was left, and nobody else uses its frames.
    pub(crate) unsafe fn visit_frames(self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        let mut visiting = Visiting::new(visit);
        // SAFETY: see above.
        unsafe {
            walk(self.activation, self.pc, self.frame, &mut |pc, frame| {
                visiting.frame(pc, frame)
            });
        }
        visiting.result
    }
}

/// The frames below the host function that runs now, if one does.
pub(crate) fn backtrace(state: &State) -> Backtrace {
    let activation = state.fields.activation;
    let mut frames = Vec::new();
    // SAFETY: the store is borrowed, so that its code waits where it was last left, or does not run.
    unsafe {
        walk(
            activation,
            state.fields.exit_pc,
            state.fields.exit_frame,
            &mut |pc, _| {
                frames.push(pc);
                frames.len() < Backtrace::FRAMES_MAX
            },
        );
    }
    Backtrace::resolve(&frames, false)
}

/// Ends the current call from host code.
///
/// # Safety
/// `state` is the store of this thread's current activation, whose code has called the caller of this function,
/// and no frame since has anything left to drop.
#[cold]
pub(crate) unsafe fn raise(state: *mut State, raise: Raise) -> ! {
    // SAFETY: see above.
    unsafe {
        match raise {
            // A host function may say so with no exception there: then that is an error like any other.
            Raise::Exception if (*state).exception == 0 => {
                note_exit(state, TrapCode::Unreachable);
                (*state).pending = Some(Raise::Error(Box::new(ThrownException)));
            }
            Raise::Exception => {
                throw::go_on(state);
                note_exit(state, TrapCode::Unreachable);
                (*state).pending = Some(Raise::Exception);
            }
            Raise::Trap(code) => note_exit(state, code),
            pending @ (Raise::Error(_) | Raise::Panic(_)) => {
                note_exit(state, TrapCode::Unreachable);
                (*state).pending = Some(pending);
            }
        }
        resume_host((*state).fields.activation)
    }
}

/// How a call ended that [`resume_host`] ended. Goes on with the panic of a host function.
#[cold]
pub(crate) fn ended(state: &mut State) -> CallError {
    let backtrace = state.record.backtrace();
    match state.pending.take() {
        None => CallError::Trap {
            code: state.record.code,
            fault_address: state.record.fault_address,
            backtrace,
        },
        Some(Raise::Trap(code)) => CallError::Trap {
            code,
            fault_address: None,
            backtrace,
        },
        Some(Raise::Error(error)) => CallError::Host { error, backtrace },
        Some(Raise::Exception) => CallError::Exception { backtrace },
        Some(Raise::Panic(payload)) => std::panic::resume_unwind(payload),
    }
}

impl StoreState {
    /// The frames of compiled code below the host function that runs now.
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        backtrace(self.state())
    }

    /// Takes a pending interruption, if one was asked for, as the call's end.
    pub(crate) fn interrupted(&self) -> Result<(), CallError> {
        self.check_interrupt().map_err(|code| CallError::Trap {
            code,
            fault_address: None,
            backtrace: self.backtrace(),
        })
    }
}
