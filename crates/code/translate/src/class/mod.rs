//! Which class an operator belongs to: the rows that turn `wasmparser`'s operators into ours.

mod kind;
mod memory;
mod scalar;
mod vector;

pub(crate) use kind::{Class, MemoryArgument};
pub(crate) use memory::argument as memory_argument;
use wasmparser::Operator;

/// The class of an operator, if it has one.
pub(crate) fn classify(operator: &Operator<'_>) -> Option<Class> {
    scalar::classify(operator)
        .or_else(|| memory::classify(operator))
        .or_else(|| vector::classify(operator))
}
