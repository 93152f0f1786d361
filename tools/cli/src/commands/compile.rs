//! `silica compile`: a module to an image, which starts without a compiler.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::failure::Result;
use crate::flags::{EngineFlags, LimitFlags};
use crate::{image, input, output, progress};

/// The arguments of `silica compile`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica compile app.wasm                        writes app.cwasm\n  \
    silica compile --processor baseline app.wasm   for other machines, too\n  \
    silica run --allow-precompiled app.cwasm\n\n\
    An image holds what it was compiled with. A run with other settings (`--fuel`, `--max-stack`,\n\
    `--proposals`, `--deterministic`) refuses it: give them here, too.")]
pub(crate) struct Compile {
    #[command(flatten)]
    engine: EngineFlags,

    /// Compiles code that counts fuel, for `run --fuel`
    #[arg(long, num_args = 0..=1, default_missing_value = "1", value_name = "N", require_equals = true)]
    fuel: Option<u64>,

    /// Compiles code for this much stack, for `run --max-stack`
    #[arg(long, value_name = "SIZE")]
    max_stack: Option<crate::flags::Bytes>,

    /// The module, binary or text; `-` is standard input
    #[arg(value_hint = clap::ValueHint::FilePath)]
    module: PathBuf,

    /// Where to write; the module's name with `.cwasm` unless given
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl Compile {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let limits = LimitFlags {
            fuel: self.fuel,
            max_stack: self.max_stack,
            ..LimitFlags::default()
        };
        let engine = self.engine.engine(&limits)?;
        let binary = input::module(&self.module)?;
        let doing = format!("compiling {}", self.module.display());
        let compiled = progress::during(&doing, || engine.precompile_module(&binary))
            .map_err(|error| image::refused(&self.module, &error))?;
        output::write(&self.output_path(), &compiled, true)?;
        Ok(ExitCode::SUCCESS)
    }

    fn output_path(&self) -> PathBuf {
        match &self.output {
            Some(path) => path.clone(),
            None if self.module == Path::new("-") => PathBuf::from("-"),
            None => self.module.with_extension("cwasm"),
        }
    }
}
