//! The border between Rust and compiled code: records, and the assembly that reads them.
//!
//! Compiled code is entered by [`enter`], and by nothing else. It is left in three ways: it returns; it calls
//! a host function or a builtin through one of the `leave` stubs, which note where it was left; or
//! [`resume_host`] throws its frames away and returns from [`enter`] in their place. [`resume_handler`] throws only the
//! innermost ones away, and goes on in compiled code.
//!
//! A stack is left for another by a `switching` stub, and begins with a `start` stub; both end alike, by restoring what a `switching` stub
//! has saved on the stack where control arrives, or [`prepare_stack`].
//!
//! The assembly reads [`Activation`] by offsets, which stand beside the struct in `activation`.

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod activation;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64 as architecture;
#[cfg(target_arch = "x86_64")]
use x86_64 as architecture;

pub(crate) use architecture::{
    ASK_BYTES, ask_code, builtin_stub, enter, host_stack_exhausted, leave_general,
    leave_general_fuel, leave_typed, leave_typed_fuel, prepare_stack, resume_handler, resume_host,
    start_stub, switching_stub,
};

#[cfg(target_arch = "aarch64")]
pub(crate) use architecture::arrive;

pub(crate) use activation::{
    Activation, Arrival, Before, Entrance, FLOAT_ARGUMENTS, FLOAT_RESULTS, FUEL, MANY_RESULTS,
    RETURNED, Registers, StoreFields,
};
