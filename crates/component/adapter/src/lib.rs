//! The code between two components, as a core module: it takes what the caller has lowered, checks and copies it into
//! the callee's memory, calls, and brings the result back.
//!
//! What is generated is validated and compiled like any module and can do no more than one: pointers, lengths and
//! discriminants are checked by its own instructions, and a mistake here can at worst hand one guest's bytes to the
//! other. Handles and strings, which are the host's business, go through functions that it imports.
//!
//! Each type that lies in a memory gets one function that copies it, so the code grows with the number of types, not
//! with how often they are used. `generate` writes the function that is called, `values`, `lists` and
//! `scalars` those, `body` the instructions.

#![forbid(unsafe_code)]

mod body;
mod generate;
mod imports;
mod lists;
mod scalars;
mod values;

pub use generate::{Adapter, generate};
pub use imports::{AdapterImport, AdapterTrap, Side};
