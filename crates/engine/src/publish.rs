//! Where an image becomes code that runs: the one place at which this crate vouches for machine code.

#![expect(
    unsafe_code,
    reason = "vouching for machine code cannot be checked by the compiler"
)]

use silica_runtime as rt;

use crate::{Engine, Result};

/// Publishes an image that this engine's compiler has just made, in this process.
pub(crate) fn fresh(engine: &Engine, image: Vec<u8>) -> Result<rt::CompiledModule> {
    let image = rt::Image::from_vec(image)?;
    // SAFETY: the only callers pass what `compile` returned: code made by `optimize` from a module that was validated on the
    // way, with this engine's settings, which ask for no processor features that the host lacks (`Compiler::compile`
    // refuses others).
    Ok(unsafe { rt::CompiledModule::new(engine.runtime(), image)? })
}

/// Publishes an image that was loaded.
///
/// # Safety
/// Its machine code was made by this version's compiler from a validated module, with settings and for a
/// processor that fit this engine.
pub(crate) unsafe fn trusted(engine: &Engine, image: rt::Image) -> Result<rt::CompiledModule> {
    // SAFETY: promised by the caller, in the same words.
    Ok(unsafe { rt::CompiledModule::new(engine.runtime(), image)? })
}
