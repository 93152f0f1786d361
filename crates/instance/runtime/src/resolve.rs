//! [`resolve`]: what a function's stub in growing code comes to when the function is called and not compiled, or asks for better code.

use crate::{from_code::run, raise::Raise};

/// Compiles a function that code has called, unless it is there, or has it optimized because it was used much. Gives the address of its code.
///
/// # Safety
/// `context` is the context of an instance of the module, whose function was called just now.
pub(crate) unsafe extern "C" fn resolve(context: *mut u8, defined: u64) -> u64 {
    // SAFETY: passed on.
    unsafe {
        run(context, |state, instance| {
            let module = state.instances[instance as usize].module().clone();
            let code = module
                .growing()
                .expect("only growing code has stubs that ask");
            // A stub's number has 32 bits.
            code.ask(defined as u32, state.runtime.optimizer())
                .map(|code| code as u64)
                .map_err(Raise::host)
        })
    }
}
