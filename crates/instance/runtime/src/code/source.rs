//! What compiles the functions of growing code.

use silica_contract::{artefact::CompiledFunction, image::ImageError};

use crate::error::HostError;

/// What compiles the functions of a module when they are called.
pub trait ModuleSource: Send + Sync {
    /// The code of a defined function, always the same. Any thread may ask.
    ///
    /// # Errors
    /// Why it cannot be compiled; the call that needs it ends with that.
    fn compile(&self, defined: u32) -> Result<CompiledFunction, HostError>;

    /// The best code of a defined function, in which nothing counts: of all of it, or to go on at one of its loops, which is named by its
    /// offset in the module, with what [`silica_contract::abi::PASSED_SLOT_BYTES`] says.
    ///
    /// # Errors
    /// Why there is none.
    fn optimize(&self, defined: u32, entrance: Option<u32>) -> Result<CompiledFunction, HostError>;

    /// Keeps what was compiled of the module, here and in an earlier run, for the next, if it keeps such. `image` writes the image of it, of
    /// [`Kind::Called`](silica_contract::image::Kind), with the hash of the module.
    fn keep(&self, image: &mut dyn FnMut([u8; 32]) -> Result<Vec<u8>, ImageError>);

    /// The image of the whole module, all functions compiled.
    ///
    /// # Errors
    /// Why there is none.
    fn image(&self) -> Result<Vec<u8>, HostError>;
}
