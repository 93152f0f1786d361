//! A computation with a stack of its own: what a continuation stands for.
//!
//! This is the record only. Who owns it is [`crate::continuations`], who changes stacks [`crate::switching`], who walks its
//! frames [`crate::fault`].

use silica_os::Stack;
use smallvec::SmallVec;

use crate::{entries::FunctionReference, stacks::StackBounds, types::RegisteredType};

/// Where a stack was left for another, and what the store has to know of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    /// Where its registers are saved.
    pub(crate) stack_pointer: usize,
    /// The frame pointer of the compiled code that left it.
    pub(crate) frame: usize,
    /// The return address there.
    pub(crate) pc: usize,
    pub(crate) bounds: StackBounds,
}

/// A clause of the `resume` that a computation runs under.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The number of its tag.
    pub(crate) tag: u32,
    /// The type of the continuations that it gets; 0 for those that `switch` makes.
    pub(crate) type_id: u32,
}

/// What a computation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has not begun. It is a continuation.
    Fresh,
    /// It was suspended, with all that run in it. It is a continuation.
    Suspended,
    /// It was suspended as part of another, which had resumed it.
    Inner,
    /// It runs, or waits for one that it has resumed.
    Running,
}

/// A value that a continuation will be resumed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// As in a slot.
    pub(crate) bits: u128,
    /// Whether it is a reference to an object.
    pub(crate) is_object: bool,
}

/// A computation.
pub(crate) struct Computation {
    /// Its place in the store's table.
    pub(crate) place: u32,
    pub(crate) stage: Stage,
    /// The canonical id of the type that it has as a continuation.
    pub(crate) type_id: u32,
    /// What it begins with.
    pub(crate) function: *mut FunctionReference,
    /// The type of that, once it has begun.
    pub(crate) function_type: Option<RegisteredType>,
    /// Once it has begun.
    pub(crate) stack: Option<Stack>,
    /// Its own activation, which is not linked; null until it has begun.
    pub(crate) activation: *const (),
    /// Where it was left, when it is the innermost of what was suspended.
    pub(crate) left: Left,
    /// The innermost of what was suspended with it, perhaps itself.
    pub(crate) innermost: *mut Computation,
    /// Who has resumed it: another, or null where that was code on the stack of the activation.
    pub(crate) parent: *mut Computation,
    /// Where who has resumed it waits.
    pub(crate) resumer: Left,
    /// The clauses of that `resume`.
    pub(crate) clauses: SmallVec<[Clause; 4]>,
    /// What it was bound to.
    pub(crate) bound: Vec<Bound>,
    /// Whether it is in the list of those that may refer to young objects.
    pub(crate) is_young: bool,
    /// Whether the collection that goes on has found it.
    pub(crate) is_marked: bool,
}

impl Computation {
    /// One that begins with calling a function.
    pub(crate) fn new(place: u32, function: *mut FunctionReference, type_id: u32) -> Computation {
        Computation {
            place,
            stage: Stage::Fresh,
            type_id,
            function,
            function_type: None,
            stack: None,
            activation: std::ptr::null(),
            left: Left::default(),
            innermost: std::ptr::null_mut(),
            parent: std::ptr::null_mut(),
            resumer: Left::default(),
            clauses: SmallVec::new(),
            bound: Vec::new(),
            is_young: false,
            is_marked: false,
        }
    }

    /// Whether it is a continuation, which an object may stand for.
    pub(crate) fn is_continuation(&self) -> bool {
        match self.stage {
            Stage::Fresh | Stage::Suspended => true,
            Stage::Inner | Stage::Running => false,
        }
    }
}
