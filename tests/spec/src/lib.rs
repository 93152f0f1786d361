//! The WebAssembly specification's scripts, where they come from and what each needs.
//!
//! [`suite`] finds scripts, [`expectation`] says which of them cannot pass yet, and why, and [`runner`]
//! runs them. The test `specification` prints the totals.

#![forbid(unsafe_code)]

pub mod expectation;
pub mod runner;
pub mod suite;
