//! How values and control go from one stack to another.
//!
//! `resume`, `suspend` and `switch` are calls of three routines of the runtime, whose addresses are among the store's fields
//! ([`crate::layout::store::RESUME`] and what follows). They are called as WebAssembly functions are ([`crate::abi`]), in the
//! caller's own context, with all arguments in registers, and so exceptions come out of them as out of any call. They collect nothing.
//!
//! What a stack passes to another lies in slots ([`crate::layout::store::PASSED`]), as in machine code, each value at the start of one. It
//! is written right before the call, and read right after the call that it arrives at: no other call comes between.
//!
//! - `resume(place, type_id, count, exception)`: goes on in the continuation at a place, which is expected to be of a type, with so many values that
//!   are passed. `count` has the number of values in its low and that of clauses in its high half. An `exception` that is not null is thrown there
//!   instead of passing values. Gives an [`outcome`].
//! - `suspend(tag)`: suspends up to the innermost clause for a tag, passing its parameters; what it is resumed with is passed back.
//! - `switch(place, type_id, count, continuation)`: as both at once: goes on in another continuation in place of this one, which becomes
//!   `continuation`, a new object that is the last of the values passed. The tag, and the type of the continuation that this
//!   one becomes, are in the first clause.

use silica_module::{RefType, ValueType};

/// Bytes of a slot.
pub const SLOT_BYTES: u32 = 16;
/// How many there are: no function has more parameters or results.
pub const SLOTS: u32 = 1000;
/// Bytes of a clause ([`clause`]).
pub const CLAUSE_BYTES: u32 = 8;
/// How many clauses there may be.
pub const CLAUSES: u32 = 10_000;
/// In the count that `resume` gets, the clauses begin at this bit.
pub const CLAUSES_SHIFT: u32 = 16;

/// Fields of a clause of a `resume`.
pub mod clause {
    /// The number of its tag in the store, 32 bits.
    pub const TAG: u32 = 0;
    /// The canonical id of the type that a continuation has that is suspended to it, 32 bits; 0 for what handles `switch`.
    pub const TYPE: u32 = 4;
}

/// What `resume` gives, 64 bits.
pub mod outcome {
    /// All of it: the function of the continuation has returned, and its results are passed.
    pub const RETURNED: u64 = 0;
    /// Otherwise one of the clauses applies: the low half is its index plus this, and the tag's parameters are passed.
    pub const SUSPENDED: u32 = 1;
    /// The high half is the place of the continuation, for the object that stands for it.
    pub const PLACE_SHIFT: u32 = 32;
}

/// Types of the arguments of the routine that `resume` calls.
pub const RESUME_PARAMS: [ValueType; 4] = [
    ValueType::I32,
    ValueType::I32,
    ValueType::I32,
    ValueType::Ref(RefType::EXTERNREF),
];
/// Types of the arguments of the routine that `suspend` calls.
pub const SUSPEND_PARAMS: [ValueType; 1] = [ValueType::I32];
/// Types of the arguments of the routine that `switch` calls.
pub const SWITCH_PARAMS: [ValueType; 4] = RESUME_PARAMS;
