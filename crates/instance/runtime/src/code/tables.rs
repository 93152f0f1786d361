//! What is known of code, by offset in its text.

use smallvec::SmallVec;

use silica_contract::{call_sites::Handler, trap::TrapCode};

use crate::identity::ModuleId;

/// Places of references in a frame: bytes below its frame pointer.
pub(crate) type References = SmallVec<[u32; 32]>;

/// What is known of a module's code, by offset in its text. Looking takes no lock and allocates nothing, but for
/// [`Tables::references_at`], which the handler of faults does not call.
pub(super) trait Tables: Send + Sync {
    /// The module.
    fn module(&self) -> ModuleId;
    /// Whether the code counts fuel in the pinned register.
    fn counts_fuel(&self) -> bool;
    /// Why the instruction there traps, if it is known to.
    fn trap_at(&self, offset: u32) -> Option<TrapCode>;
    /// Whether the function whose call returns there goes on in what it has called, which has a frame of its own.
    fn is_continued_at(&self, return_offset: u32) -> bool;
    /// The handler of exceptions that come out of the call that returns there.
    fn handler_at(&self, return_offset: u32) -> Option<Handler>;
    /// The references that the frame of that call keeps.
    fn references_at(&self, return_offset: u32, into: &mut References);
}
