//! The ways to run a straight-line program, and what each came to.

mod evaluator;
mod silica;
mod v8;
mod wasmi;

pub use evaluator::on_evaluator;
pub use silica::{EngineKind, engine, on_silica, silica_bits, silica_trap, silica_value};
pub use v8::{Answer, NODE, V8, memory_digest, trap_class, v8};
pub use wasmi::{on_wasmi, wasmi_bits, wasmi_trap, wasmi_value};

use crate::straight_line::Program;

/// How a run of [`Program`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Bits of the results, and of the globals afterwards.
    Returned {
        /// One for each result.
        results: Vec<u128>,
        /// One for each global.
        globals: Vec<u128>,
    },
    /// Why it trapped.
    Trapped(String),
}

/// The program as bytes.
///
/// # Panics
/// Where the generator wrote what is no module.
#[must_use]
pub fn assemble(program: &Program) -> Vec<u8> {
    match wat::parse_str(&program.text) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}\n{}", program.text),
    }
}
