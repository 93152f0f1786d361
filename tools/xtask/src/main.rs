//! `cargo xtask`: the chores of this repository. `tidy` holds the design's invariants, `fuzz` runs every fuzz target.
//!
//! Building, testing and documenting are plain cargo commands and are not wrapped here.

#![forbid(unsafe_code)]

mod fuzz;
mod tidy;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask tidy            check the invariants that ARCHITECTURE.md states
cargo xtask tidy --lower    the same, and lower the ratchets of tools/xtask/ratchets.txt to what is reached
cargo xtask fuzz [--seconds N] [TARGET]...
                            run these fuzz targets, or all, for N seconds (10), one after the other";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(&repository()?, false),
        ["tidy", "--lower"] => tidy::run(&repository()?, true),
        ["fuzz", "--seconds", seconds, targets @ ..] => {
            let seconds = seconds
                .parse()
                .with_context(|| format!("--seconds {seconds}: expected a whole number"))?;
            fuzz::run(&repository()?, seconds, targets)
        }
        ["fuzz", targets @ ..] => fuzz::run(&repository()?, 10, targets),
        ["help" | "--help"] | [] => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("unknown chore: {}\n\n{HELP}", other.join(" ")),
    }
}

/// The repository that this program was built from.
fn repository() -> Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    path.canonicalize()
        .with_context(|| format!("{}", path.display()))
}
