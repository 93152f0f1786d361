//! The one-pass [`Backend`](silica_translate::Backend): machine code at once, as the operators come.
//!
//! [`Target`] is what code is made for, [`Workspace`] what a thread needs to make it, [`BaselineBackend`] what a translation
//! writes to. How values are held until they are used, and what is the same at every merge, is in
//! `docs/decisions/0013-one-pass.md`; the states of a value are in `value`, places in the frame in `frame`, and all that knows
//! the processor is in `x86_64`.
//!
//! This crate knows one function at a time, and nothing is optimized across its operators.

#![forbid(unsafe_code)]

mod error;
mod frame;
mod target;
mod value;
mod workspace;
mod x86_64;

pub use error::Error;
pub use target::Target;
pub use value::Value;
pub use workspace::{Failure, FunctionInput, Workspace};
pub use x86_64::{BaselineBackend, Block};
