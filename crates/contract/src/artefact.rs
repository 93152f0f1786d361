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
    /// Where the call returns by which the function goes on in other code of its own: that frame stands for this one.
    pub continued_at: Option<u32>,
}

/// What refers to a function: mostly, a direct call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where in the function's bytes.
    pub offset: u32,
    /// The function that is referred to, in the function index space.
    pub function: u32,
    /// How the distance is written.
    pub kind: RelocationKind,
}

/// How the distance to a function, or to what there is for it in front of a growing text, is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocationKind {
    /// Four bytes: the callee's address minus the address after these bytes.
    X86Relative32,
    /// The low 26 bits of an instruction word: the distance from it in words.
    Aarch64Branch26,
    /// Four bytes: the address where the function's code is written, minus the address after these bytes. This and the next two are
    /// only of functions that count ([`Settings::counters`](crate::settings::Settings::counters)).
    X86Entry32,
    /// Four bytes: the address of the function's counter (32 bits), minus the address after these bytes.
    X86Counter32,
    /// Four bytes: the address of what asks for the function's code anew, minus the address after these bytes.
    X86Ask32,
}

/// From this offset on (until the next entry), code was made for this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// Offset in the function's bytes.
    pub offset: u32,
    /// Bytes from the module's start; `None` where the code belongs to no operator.
    pub module_offset: Option<u32>,
}
