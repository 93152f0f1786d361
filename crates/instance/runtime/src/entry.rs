//! The border between Rust and compiled code: records, and the assembly that reads them.
//!
//! Compiled code is entered by [`enter`], and by nothing else. It is left in three ways: it returns; it calls
//! a host function or a builtin through one of the `leave` stubs, which note where it was left; or
//! [`resume_host`] throws its frames away and returns from [`enter`] in their place.
//!
//! The assembly reads [`Activation`] by the offsets below, which assertions hold against the struct.

use std::mem::{MaybeUninit, offset_of};

use silica_contract::layout;

use crate::store::StoreFields;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64 as architecture;
#[cfg(target_arch = "x86_64")]
use x86_64 as architecture;

pub(crate) use architecture::{
    builtin_stub, enter, host_stack_exhausted, leave_general, leave_general_fuel, leave_typed,
    leave_typed_fuel, resume_host,
};

/// [`enter`]'s result when compiled code returned.
pub(crate) const RETURNED: u64 = 0;

/// A flag of [`Activation::flags`]: load the float argument registers.
pub(crate) const FLOAT_ARGUMENTS: u64 = 1;
/// Store all integer result registers, not only the first.
pub(crate) const MANY_RESULTS: u64 = 2;
/// Store the float result registers.
pub(crate) const FLOAT_RESULTS: u64 = 4;
/// Fuel is counted: load and store the pinned register.
pub(crate) const FUEL: u64 = 8;

/// Bytes between [`Activation::host_stack_pointer`] and the frame pointer that compiled code is called with.
const FRAME_ABOVE_STACK_POINTER: usize = architecture::FRAME_ABOVE_STACK_POINTER;

/// The registers that arguments and results travel in, by the convention's order.
/// For arguments the first two integers are the contexts.
#[repr(C)]
pub(crate) struct Registers {
    /// Integer class.
    pub(crate) integers: [MaybeUninit<u64>; 8],
    /// Float class.
    pub(crate) floats: [MaybeUninit<u128>; 8],
}

/// One entry into compiled code. It lives on the stack of who calls [`enter`].
#[repr(C)]
pub(crate) struct Activation {
    /// Set by [`enter`]: where the host's registers are saved.
    host_stack_pointer: usize,
    /// Where the stack to switch to begins; 0 to stay. See [`Activation::switch_to`].
    stack_top: usize,
    /// What to call.
    pub(crate) code: usize,
    /// Which registers matter.
    pub(crate) flags: u64,
    /// Arguments that go to the stack, lowest first.
    pub(crate) stack_arguments: *const u64,
    /// How many bytes of them, a multiple of 16.
    pub(crate) stack_arguments_bytes: usize,
    /// The store.
    pub(crate) store: *mut StoreFields,
    padding: usize,
    /// Arguments, then results.
    pub(crate) registers: Registers,
    /// What was entered before on this thread.
    pub(crate) previous: *mut Activation,
    /// What was entered before in this store.
    pub(crate) previous_in_store: *mut Activation,
    /// Where the code of `previous_in_store` was left.
    pub(crate) previous_exit_frame: usize,
    /// The return address there.
    pub(crate) previous_exit_pc: usize,
}

/// Offsets that the assembly uses.
mod offsets {
    pub(super) const HOST_STACK_POINTER: usize = 0;
    pub(super) const STACK_TOP: usize = 8;
    pub(super) const CODE: usize = 16;
    pub(super) const FLAGS: usize = 24;
    pub(super) const STACK_ARGUMENTS: usize = 32;
    pub(super) const STACK_ARGUMENTS_BYTES: usize = 40;
    pub(super) const STORE: usize = 48;
    pub(super) const INTEGERS: usize = 64;
    pub(super) const FLOATS: usize = 128;
    /// Of [`super::Registers`] alone, as a leaving stub makes it.
    pub(super) const FRAME_FLOATS: usize = 64;
    pub(super) const FRAME_BYTES: usize = 192;
}

const _: () = {
    assert!(offset_of!(Activation, host_stack_pointer) == offsets::HOST_STACK_POINTER);
    assert!(offset_of!(Activation, stack_top) == offsets::STACK_TOP);
    assert!(offset_of!(Activation, code) == offsets::CODE);
    assert!(offset_of!(Activation, flags) == offsets::FLAGS);
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
};

impl Activation {
    /// An activation that calls `code` with the contexts in place and no other argument.
    #[inline(always)]
    pub(crate) fn new(store: *mut StoreFields, code: usize, context: u64) -> Activation {
        let mut integers = [MaybeUninit::uninit(); 8];
        integers[0] = MaybeUninit::new(context);
        // The host has no context.
        integers[1] = MaybeUninit::new(0);
        Activation {
            host_stack_pointer: 0,
            stack_top: 0,
            code,
            flags: 0,
            stack_arguments: std::ptr::null(),
            stack_arguments_bytes: 0,
            store,
            padding: 0,
            registers: Registers {
                integers,
                floats: [MaybeUninit::uninit(); 8],
            },
            previous: std::ptr::null_mut(),
            previous_in_store: std::ptr::null_mut(),
            previous_exit_frame: 0,
            previous_exit_pc: 0,
        }
    }

    /// Makes [`enter`] switch to the stack that has this top.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, top: usize) {
        self.stack_top = top - architecture::BELOW_STACK_TOP;
    }

    /// The frame pointer that compiled code was called with: a walk of frames ends where it appears.
    pub(crate) fn entry_frame(&self) -> usize {
        self.host_stack_pointer + FRAME_ABOVE_STACK_POINTER
    }
}
