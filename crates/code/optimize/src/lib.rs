//! The optimizing [`Backend`](silica_translate::Backend), on Cranelift.
//!
//! [`Target`] is what code is made for, [`Workspace`] what a thread needs to make it, [`CraneliftBackend`] what a
//! translation writes to, [`CompiledFunction`](silica_contract::artefact::CompiledFunction) what comes out: bytes, calls
//! to resolve, traps, source offsets, references in frames and handlers.
//! Small callees are inlined while they are translated ([`InlineSource`]).
//!
//! This crate knows one function at a time. Which functions, on which threads, and where they end up is
//! `silica-pipeline`'s business.

#![forbid(unsafe_code)]

mod backend;
mod call_sites;
mod error;
mod host;
mod input;
mod places;
mod target;
mod workspace;

pub use backend::{CraneliftBackend, InlineSource, Operand};
pub use error::{Error, Failure};
pub use host::host_processor;
pub use input::FunctionInput;
pub use target::Target;
pub use workspace::{Listing, Workspace};
