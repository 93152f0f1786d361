//! What a compiler makes of one function: inert data, the same from every tier.
//!
//! Where functions end up, and how their calls find each other, is the pipeline's business.

use crate::{
    call_sites::{Handler, StackMap},
    trap::TrapCode,
};

/// Machine code of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledFunction {
    /// The instructions, and the constants that they read.
    pub bytes: Vec<u8>,
    /// Calls of other functions whose distance is to be filled in.
    pub relocations: Vec<Relocation>,
    /// Offsets of instructions that may trap, ascending, and why.
    pub traps: Vec<(u32, TrapCode)>,
    /// Where code came from, ascending.
    pub locations: Vec<SourceLocation>,
    /// Bytes of stack that a call takes, without the return address and the saved frame pointer.
    pub frame_bytes: u32,
    /// References in the frame, ascending by return offset.
    pub stack_maps: Vec<StackMap>,
    /// Where exceptions of calls go on, ascending by return offset.
    pub handlers: Vec<Handler>,
}

/// A direct call of another function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where in the function's bytes.
    pub offset: u32,
    /// The function that is called, in the function index space.
    pub function: u32,
    /// How the distance is written.
    pub kind: RelocationKind,
}

/// How the distance to a called function is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocationKind {
    /// Four bytes: the callee's address minus the address after these bytes.
    X86Relative32,
    /// The low 26 bits of an instruction word: the distance from it in words.
    Aarch64Branch26,
}

/// From this offset on (until the next entry), code was made for this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// Offset in the function's bytes.
    pub offset: u32,
    /// Bytes from the module's start; `None` where the code belongs to no operator.
    pub module_offset: Option<u32>,
}
