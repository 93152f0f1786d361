//! `silica compose`: one component of several.

use std::path::PathBuf;
use std::process::ExitCode;

use silica_component_compose::{ComposeError, plug};

use crate::failure::{Failure, Result};
use crate::status::Status;
use crate::{input, output};

/// The arguments of `silica compose`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica compose app.wasm --plug parser.wasm -o whole.wasm\n  \
    silica compose app.wasm --plug a.wasm --plug b.wasm -o whole.wasm")]
pub(crate) struct Compose {
    /// The component whose imports are given, binary or text
    #[arg(value_name = "COMPONENT", value_hint = clap::ValueHint::FilePath)]
    socket: PathBuf,

    /// A component that exports what is imported; may be given several times
    #[arg(long = "plug", value_name = "COMPONENT", required = true, value_hint = clap::ValueHint::FilePath)]
    plugs: Vec<PathBuf>,

    /// Where to write the composed component
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
}

impl Compose {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let socket = self.socket.to_string_lossy();
        let bytes = input::module(&self.socket)?;
        let mut plugs = Vec::with_capacity(self.plugs.len());
        for path in &self.plugs {
            plugs.push((path.to_string_lossy(), input::module(path)?));
        }
        let parts: Vec<(&str, &[u8])> = plugs
            .iter()
            .map(|(name, bytes)| (&**name, bytes.as_slice()))
            .collect();
        let whole = plug((&socket, &bytes), &parts).map_err(failure)?;
        output::write(&self.output, &whole, true)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What does not fit together is no mistake of one file's.
pub(super) fn failure(error: ComposeError) -> Failure {
    let status = match error {
        ComposeError::NothingPlugged { .. }
        | ComposeError::PluggedTwice { .. }
        | ComposeError::Import { .. }
        | ComposeError::Misfit(_) => Status::Unavailable,
        _ => Status::BadModule,
    };
    Failure::new(status, error.to_string())
}
