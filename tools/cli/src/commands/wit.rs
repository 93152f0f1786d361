//! `silica wit`: what a component imports and exports, in WIT.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::Result;
use crate::{input, output};

/// The arguments of `silica wit`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica wit app.wasm | less\n  \
    silica wit app.wasm -o app.wit")]
pub(crate) struct Wit {
    /// The component, binary or text; `-` is standard input
    #[arg(value_name = "COMPONENT", value_hint = clap::ValueHint::FilePath)]
    component: PathBuf,

    /// Where to write
    #[arg(short, long, value_name = "FILE", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
}

impl Wit {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let binary = input::module(&self.component)?;
        let name = self.component.to_string_lossy();
        let text =
            silica_component_compose::wit(&name, &binary).map_err(super::compose::failure)?;
        output::write(&self.output, text.as_bytes(), false)?;
        Ok(ExitCode::SUCCESS)
    }
}
