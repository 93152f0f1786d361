//! `silica validate`: whether modules and components are valid, without running or compiling them.

use std::path::PathBuf;
use std::process::ExitCode;

use silica::component::describe::{ComponentLimits, is_component, validate};
use silica_module::Limits;

use crate::failure::Result;
use crate::flags::EngineFlags;
use crate::{input, output};

/// The arguments of `silica validate`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica validate app.wasm\n  \
    silica validate --proposals -simd,-threads *.wasm")]
pub(crate) struct Validate {
    #[command(flatten)]
    engine: EngineFlags,

    /// Modules or components, binary or text; `-` is standard input
    #[arg(required = true, value_name = "MODULE", value_hint = clap::ValueHint::FilePath)]
    modules: Vec<PathBuf>,
}

impl Validate {
    /// All are looked at, also after one that is not valid.
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        for path in &self.modules {
            let result = input::module(path).and_then(|binary| {
                let features = self.engine.features();
                let valid = if is_component(&binary) {
                    validate(&binary, features, &ComponentLimits::default())
                } else {
                    silica_module::validate(&binary, &features, &Limits::default()).map(drop)
                };
                valid.map_err(|error| input::bad_module(path, &error))
            });
            if let Err(failure) = result {
                output::complain(&failure);
                code = ExitCode::from(failure.status.code());
            }
        }
        Ok(code)
    }
}
