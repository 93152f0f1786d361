//! `silica-bench micro`: what one call, one instance, one process or one file access costs.
//!
//! Two kinds of measurements end up in one table with a column for each engine. Those of the
//! embedding API are made by small programs of their own ([`embed`]), since they need the engine as
//! a crate. Those of the command are made here ([`commands`]).

mod commands;
mod embed;
mod values;

use crate::engines;
use crate::options::{Micro, Options};
use crate::paths::Paths;
use crate::table::{aligned, piped};
use anyhow::{Context, Result};
use std::process::ExitCode;
use values::Values;

/// Makes every measurement that is wanted and shows the table.
///
/// # Errors
/// A program cannot be built or run; an output file cannot be written.
pub(crate) fn run(paths: &Paths, options: &Options, micro: &Micro) -> Result<ExitCode> {
    let mut values = Values::new();
    let found = engines::find(paths, options)?;
    if micro.embedding() {
        embed::measure(paths, &found, micro, &mut values)?;
    }
    commands::measure(paths, &found, options, micro, &mut values)?;
    println!("{}", values.machine.line());
    print!("{}", aligned(&values.grid()));
    if let Some(path) = &micro.markdown {
        let text = format!("{}\n\n{}", values.machine.line(), piped(&values.grid()));
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &micro.json {
        let text = serde_json::to_string_pretty(&values)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
