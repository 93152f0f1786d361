//! The records that the assembly reads and writes, and their offsets, which assertions hold against the structs.

use std::{
    cell::Cell,
    mem::{MaybeUninit, offset_of},
};

use silica_contract::layout;

use crate::computation::{Clause, Computation};

/// What [`super::enter`] calls, beside the activation: it travels in registers, since a call is made of few stores.
#[derive(Clone, Copy)]
pub(crate) struct Entrance {
    /// What to call.
    pub(crate) code: usize,
    /// Its context.
    pub(crate) context: u64,
    /// Which registers matter.
    pub(crate) flags: u64,
}

/// [`super::enter`]'s result when compiled code returned.
pub(crate) const RETURNED: u64 = 0;

/// A flag of [`Entrance::flags`]: load the float argument registers.
pub(crate) const FLOAT_ARGUMENTS: u64 = 1;
/// Store all integer result registers, not only the first.
pub(crate) const MANY_RESULTS: u64 = 2;
/// Store the float result registers.
pub(crate) const FLOAT_RESULTS: u64 = 4;
/// Fuel is counted: load and store the pinned register.
pub(crate) const FUEL: u64 = 8;
/// There are arguments on the stack.
pub(super) const STACK_ARGUMENTS: u64 = 16;
/// What of an entrance is out of the ordinary.
#[cfg(target_arch = "x86_64")]
pub(super) const RARE_ARGUMENTS: u64 = FLOAT_ARGUMENTS | FUEL | STACK_ARGUMENTS;
/// What of a return is out of the ordinary.
#[cfg(target_arch = "x86_64")]
pub(super) const RARE_RESULTS: u64 = MANY_RESULTS | FLOAT_RESULTS | FUEL;

/// Bytes between [`Activation::host_stack_pointer`] and the frame pointer that compiled code is called with: on x86-64
/// five registers lie between them.
const FRAME_ABOVE_STACK_POINTER: usize = if cfg!(target_arch = "x86_64") { 40 } else { 0 };
/// Where `enter` wants a fresh stack to begin, below its top: on x86-64 a return address lies there.
const BELOW_STACK_TOP: usize = if cfg!(target_arch = "x86_64") { 8 } else { 0 };

/// How [`super::enter`] ended, and the first integer result.
#[repr(C)]
pub(crate) struct Ended {
    /// [`RETURNED`] or not.
    pub(crate) status: u64,
    /// Of a call that returned.
    pub(crate) first_result: u64,
}

/// Where control arrives when a stack is left for another.
#[repr(C)]
pub(crate) struct Arrival {
    /// Where the registers are saved that are restored.
    pub(crate) stack_pointer: usize,
    /// What the call gives by which that stack was left.
    pub(crate) result: u64,
}

/// The registers that arguments and results travel in, by the convention's order.
/// For arguments the first two integers are the contexts, which are not read: that of the code comes
/// with the [`Entrance`], and the host has none.
#[repr(C)]
pub(crate) struct Registers {
    /// Integer class.
    pub(crate) integers: [MaybeUninit<u64>; 8],
    /// Float class.
    pub(crate) floats: [MaybeUninit<u128>; 8],
}

/// What compiled code and the stubs touch ([`silica_contract::layout::store`]), and more of the runtime's own.
#[repr(C)]
pub(crate) struct StoreFields {
    pub(crate) exit_frame: usize,
    pub(crate) exit_pc: usize,
    pub(crate) host_stack_limit: usize,
    pub(crate) fuel: u64,
    pub(crate) nursery_next: u32,
    pub(crate) nursery_limit: u32,
    pub(crate) supertypes: *const u32,
    pub(crate) functions: *const usize,
    pub(crate) functions_length: u64,
    pub(crate) reserve_limit: usize,
    pub(crate) reserve_top: usize,
    pub(crate) resume: usize,
    pub(crate) suspend: usize,
    pub(crate) switch: usize,
    pub(crate) passed: *mut u128,
    pub(crate) clauses: *mut Clause,
    /// The innermost activation of this store.
    pub(crate) activation: *mut Activation,
    /// Where the stack begins that functions are compiled on, once the store has an instance whose code grows.
    pub(crate) resolve_stack: usize,
    /// What compiles a function, then.
    pub(crate) resolve: usize,
}

/// One entry into compiled code. It lives on the stack of who calls [`super::enter`].
#[repr(C)]
pub(crate) struct Activation {
    /// Set by [`super::enter`]: where the host's registers are saved.
    host_stack_pointer: MaybeUninit<usize>,
    /// Arguments that go to the stack, lowest first, where the flags say that there are any.
    stack_arguments: MaybeUninit<*const u64>,
    /// How many bytes of them, a multiple of 16.
    stack_arguments_bytes: MaybeUninit<usize>,
    /// The store.
    pub(crate) store: *mut StoreFields,
    /// Arguments, then results.
    pub(crate) registers: Registers,
    /// What was entered before on this thread.
    previous: MaybeUninit<*mut Activation>,
    /// What was entered before in this store.
    previous_in_store: MaybeUninit<*mut Activation>,
    /// Where the code of `previous_in_store` was left.
    previous_exit_frame: MaybeUninit<usize>,
    /// The return address there.
    previous_exit_pc: MaybeUninit<usize>,
    /// Where the thread that runs it notes its innermost activation.
    thread_slot: MaybeUninit<*const Cell<*mut Activation>>,
    /// The innermost computation with a stack of its own that runs in it; null for none.
    pub(crate) computation: *mut Computation,
}

/// What was innermost before an activation.
#[derive(Clone, Copy)]
pub(crate) struct Before {
    /// What was entered before on this thread.
    pub(crate) activation: *mut Activation,
    /// What was entered before in this store.
    pub(crate) in_store: *mut Activation,
    /// Where the code of `in_store` was left: its frame pointer.
    pub(crate) exit_frame: usize,
    /// The return address there.
    pub(crate) exit_pc: usize,
}

/// Offsets that the assembly uses.
pub(super) mod offsets {
    pub(in crate::entry) const HOST_STACK_POINTER: usize = 0;
    pub(in crate::entry) const STACK_ARGUMENTS: usize = 8;
    pub(in crate::entry) const STACK_ARGUMENTS_BYTES: usize = 16;
    pub(in crate::entry) const STORE: usize = 24;
    pub(in crate::entry) const INTEGERS: usize = 32;
    pub(in crate::entry) const FLOATS: usize = 96;
    /// Of [`super::Registers`] alone, as a leaving stub makes it.
    pub(in crate::entry) const FRAME_FLOATS: usize = 64;
    pub(in crate::entry) const FRAME_BYTES: usize = 192;
    /// Of [`super::StoreFields`].
    #[cfg(target_arch = "x86_64")]
    pub(in crate::entry) const RESOLVE_STACK: usize =
        silica_contract::layout::store::BYTES as usize + 8;
    #[cfg(target_arch = "x86_64")]
    pub(in crate::entry) const RESOLVE: usize = RESOLVE_STACK + 8;
}

const _: () = {
    assert!(offset_of!(Activation, host_stack_pointer) == offsets::HOST_STACK_POINTER);
    assert!(offset_of!(Activation, stack_arguments) == offsets::STACK_ARGUMENTS);
    assert!(offset_of!(Activation, stack_arguments_bytes) == offsets::STACK_ARGUMENTS_BYTES);
    assert!(offset_of!(Activation, store) == offsets::STORE);
    assert!(offset_of!(Activation, registers) == offsets::INTEGERS);
    assert!(offset_of!(Activation, registers) + offset_of!(Registers, floats) == offsets::FLOATS);
    assert!(offset_of!(Registers, floats) == offsets::FRAME_FLOATS);
    assert!(size_of::<Registers>() == offsets::FRAME_BYTES);
    assert!(offset_of!(StoreFields, exit_frame) == layout::store::EXIT_FRAME as usize);
    assert!(offset_of!(StoreFields, exit_pc) == layout::store::EXIT_PC as usize);
    assert!(offset_of!(StoreFields, host_stack_limit) == layout::store::HOST_STACK_LIMIT as usize);
    assert!(offset_of!(StoreFields, fuel) == layout::store::FUEL as usize);
    assert!(offset_of!(StoreFields, nursery_next) == layout::store::NURSERY_NEXT as usize);
    assert!(offset_of!(StoreFields, nursery_limit) == layout::store::NURSERY_LIMIT as usize);
    assert!(offset_of!(StoreFields, supertypes) == layout::store::SUPERTYPES as usize);
    assert!(offset_of!(StoreFields, functions) == layout::store::FUNCTIONS as usize);
    assert!(offset_of!(StoreFields, functions_length) == layout::store::FUNCTIONS_LENGTH as usize);
    assert!(offset_of!(StoreFields, activation) == layout::store::BYTES as usize);
    #[cfg(target_arch = "x86_64")]
    assert!(offset_of!(StoreFields, resolve_stack) == offsets::RESOLVE_STACK);
    #[cfg(target_arch = "x86_64")]
    assert!(offset_of!(StoreFields, resolve) == offsets::RESOLVE);
    assert!(offset_of!(StoreFields, reserve_limit) == layout::store::RESERVE_LIMIT as usize);
    assert!(offset_of!(StoreFields, reserve_top) == layout::store::RESERVE_TOP as usize);
    assert!(offset_of!(StoreFields, resume) == layout::store::RESUME as usize);
    assert!(offset_of!(StoreFields, suspend) == layout::store::SUSPEND as usize);
    assert!(offset_of!(StoreFields, switch) == layout::store::SWITCH as usize);
    assert!(offset_of!(StoreFields, passed) == layout::store::PASSED as usize);
    assert!(offset_of!(StoreFields, clauses) == layout::store::CLAUSES as usize);
};

impl Activation {
    /// Makes an activation without arguments. Only what is needed is written: registers are left as they are.
    #[inline(always)]
    pub(crate) fn init(
        place: &mut MaybeUninit<Activation>,
        store: *mut StoreFields,
    ) -> &mut Activation {
        let activation = place.as_mut_ptr();
        // SAFETY: the only fields that must be initialized are written: the others are the registers, the arguments on the
        // stack, and what `enter` and `run` write before anybody reads it.
        unsafe {
            (&raw mut (*activation).store).write(store);
            (&raw mut (*activation).computation).write(std::ptr::null_mut());
            &mut *activation
        }
    }

    /// Gives it arguments on the stack, if there are any: lowest first, a multiple of 16 bytes. They must stay where they are until it is entered.
    #[inline(always)]
    pub(crate) fn put_on_stack(
        &mut self,
        entrance: &mut Entrance,
        arguments: *const u64,
        bytes: usize,
    ) {
        if bytes > 0 {
            entrance.flags |= STACK_ARGUMENTS;
            self.stack_arguments.write(arguments);
            self.stack_arguments_bytes.write(bytes);
        }
    }

    /// The frame pointer that compiled code was called with: a walk of frames ends where it appears.
    pub(crate) fn entry_frame(&self) -> usize {
        // SAFETY: `enter` has written it; this is asked only of activations that were entered.
        unsafe { self.host_stack_pointer.assume_init() + FRAME_ABOVE_STACK_POINTER }
    }

    /// The activation of a computation, on its own stack.
    ///
    /// # Safety
    /// It has begun.
    pub(crate) unsafe fn of(computation: &Computation) -> &Activation {
        // SAFETY: see above: that is what the pointer is.
        unsafe { &*computation.activation.cast::<Activation>() }
    }

    /// Notes what was before, when the activation becomes the innermost.
    #[inline(always)]
    pub(crate) fn link(&mut self, before: Before, thread_slot: *const Cell<*mut Activation>) {
        self.thread_slot.write(thread_slot);
        self.previous.write(before.activation);
        self.previous_in_store.write(before.in_store);
        self.previous_exit_frame.write(before.exit_frame);
        self.previous_exit_pc.write(before.exit_pc);
    }

    /// Where a stack begins for [`super::enter`], below its top.
    #[inline(always)]
    pub(crate) fn stack_start(top: usize) -> usize {
        top - BELOW_STACK_TOP
    }

    /// What was before.
    ///
    /// # Safety
    /// The activation was [`Activation::link`]ed.
    #[inline(always)]
    pub(crate) unsafe fn before(&self) -> Before {
        // SAFETY: see above.
        unsafe {
            Before {
                activation: self.previous.assume_init(),
                in_store: self.previous_in_store.assume_init(),
                exit_frame: self.previous_exit_frame.assume_init(),
                exit_pc: self.previous_exit_pc.assume_init(),
            }
        }
    }

    /// Puts the activation of a suspended call on top of another, on the thread with that slot.
    pub(crate) fn relink(
        &mut self,
        previous: *mut Activation,
        thread_slot: *const Cell<*mut Activation>,
    ) {
        self.previous.write(previous);
        self.thread_slot.write(thread_slot);
    }

    /// Makes what was innermost before innermost again, on the thread that runs the activation now: it may be
    /// another than at the beginning.
    ///
    /// # Safety
    /// The activation was [`Activation::link`]ed, and is its thread's innermost.
    #[inline(always)]
    pub(crate) unsafe fn unlink_thread(&self, before: *mut Activation) {
        // SAFETY: see above; the slot is a thread-local of the thread that runs this.
        unsafe { (*self.thread_slot.assume_init()).set(before) };
    }
}
