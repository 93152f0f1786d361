//! `silica print`, also `silica wat`: a module as text, or text as a module.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::{Failure, Result};
use crate::status::Status;
use crate::{input, output};

/// The arguments of `silica print`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica print app.wasm | less\n  \
    silica print --skeleton app.wasm\n  \
    silica print --binary app.wat -o app.wasm")]
pub(crate) struct Print {
    /// The module, binary or text; `-` is standard input
    #[arg(value_hint = clap::ValueHint::FilePath)]
    module: PathBuf,

    /// Where to write
    #[arg(short, long, value_name = "FILE", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,

    /// Writes the binary format instead of text
    #[arg(long, conflicts_with_all = ["skeleton", "offsets"])]
    binary: bool,

    /// Leaves out bodies and data
    #[arg(long)]
    skeleton: bool,

    /// Shows each operator's byte offset
    #[arg(long)]
    offsets: bool,
}

impl Print {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let binary = input::module(&self.module)?;
        if self.binary {
            output::write(&self.output, &binary, true)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut config = wasmprinter::Config::new();
        config
            .print_skeleton(self.skeleton)
            .print_offsets(self.offsets);
        let mut text = String::new();
        config
            .print(&binary, &mut wasmprinter::PrintFmtWrite(&mut text))
            .map_err(|error| {
                let message = format!("{}: {error:#}", self.module.display());
                Failure::new(Status::BadModule, message)
            })?;
        output::write(&self.output, text.as_bytes(), false)?;
        Ok(ExitCode::SUCCESS)
    }
}
