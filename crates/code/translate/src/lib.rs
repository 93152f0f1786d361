//! Each operator's meaning, once.
//!
//! [`Backend`] is the narrow interface to whatever makes code: Cranelift (`silica-optimize`), the evaluator in this
//! crate, and later tiers. Address computation, bounds, tables, calls through tables, references, exceptions and fuel
//! are written here, above it, and only here. The translation is driven by the validator: each operator is validated
//! and lowered in one pass over the bytes.

#![forbid(unsafe_code)]

mod backend;
mod body;
mod bulk;
mod class;
mod continuation;
mod control;
mod dispatch;
mod edges;
mod entrance;
mod environment;
mod error;
pub mod evaluator;
mod exceptions;
mod frame;
mod function;
mod known;
mod memory;
mod numeric;
mod object;
mod quiet;
mod reference;
mod step;
mod survey;

pub use backend::{
    Access, Backend, BranchTarget, CallTarget, Field, FieldKind, FieldType, Memory, Region,
};
pub use body::{Scratch, declared_locals, translate_body};
pub use environment::{Environment, Layouts};
pub use error::TranslateError;
pub use function::translate_function;
pub use survey::Survey;
