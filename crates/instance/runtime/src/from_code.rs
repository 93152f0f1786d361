//! [`run`]: what compiled code calls with its context, from the pointer to a result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use silica_contract::layout::header;

use crate::{fault, raise::Raise, record::InstanceRecord, state::State};

/// Runs the body of what code calls, for the instance of a context.
///
/// # Safety
/// `context` is the context of an instance whose code has called the caller of this function.
#[inline(always)]
pub(crate) unsafe fn run(
    context: *mut u8,
    body: impl FnOnce(&mut State, u32) -> Result<u64, Raise>,
) -> u64 {
    // SAFETY: see above: the header points to the record, which points to its store; while it
    // runs nobody else uses them. When the result is an error, nothing is left to drop but the error itself.
    unsafe {
        let record = context
            .add(header::INSTANCE as usize)
            .cast::<*const InstanceRecord>()
            .read();
        let (state, index) = ((*record).state.cast::<State>(), (*record).index);
        let result = catch_unwind(AssertUnwindSafe(|| body(&mut *state, index)));
        match result.unwrap_or_else(|payload| Err(Raise::Panic(payload))) {
            Ok(value) => value,
            Err(raise) => fault::raise(state, raise),
        }
    }
}
