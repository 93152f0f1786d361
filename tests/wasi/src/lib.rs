//! Finds and runs the official test cases of WASI (`wasi-testsuite`).
//!
//! A case is a `.wasm` file; a `.json` file beside it says with what arguments,
//! variables and directory it is run and what must come of it. The cases are not
//! part of this project: they are looked for in `$SILICA_TESTS`, then beside the
//! project, in `../shared/tests`. This crate knows the cases of WASI 0.1 and of
//! its threads, which are described by the suite's first format; components are
//! run by [`component`].

#![forbid(unsafe_code)]

mod case;
pub mod component;
mod run;

pub use case::{Case, Expected};
pub use run::run;

use std::path::{Path, PathBuf};

/// The folder of the suite, or why it is not there.
///
/// # Errors
/// The places that were looked at, in words.
pub fn suite() -> Result<PathBuf, String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tests");
    let tests = match std::env::var_os("SILICA_TESTS") {
        Some(tests) => PathBuf::from(tests),
        None => beside,
    };
    let suite = tests.join("wasi-testsuite");
    if suite.is_dir() {
        Ok(suite)
    } else {
        Err(format!(
            "no wasi-testsuite in {}; SILICA_TESTS can name the folder that has it",
            tests.display()
        ))
    }
}
