//! `silica wast`: runs specification scripts.

use std::path::PathBuf;
use std::process::ExitCode;

use silica_wast::{Options, Report};

use crate::failure::{Failure, Result};
use crate::flags::{EngineFlags, LimitFlags, Span};
use crate::status::Status;
use crate::{input, output};

/// The arguments of `silica wast`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica wast i32.wast\n  \
    silica wast --proposals -simd --quiet tests/*.wast")]
pub(crate) struct Wast {
    #[command(flatten)]
    engine: EngineFlags,

    /// Stops a directive after this time
    #[arg(long, value_name = "TIME", default_value = "60s")]
    timeout: Span,

    /// Prints totals only
    #[arg(short, long)]
    quiet: bool,

    /// Scripts; `-` is standard input
    #[arg(required = true, value_name = "SCRIPT", value_hint = clap::ValueHint::FilePath)]
    scripts: Vec<PathBuf>,
}

impl Wast {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let engine = self.engine.engine(&LimitFlags::default())?;
        let options = Options {
            timeout: self.timeout.0,
            print: !self.quiet,
        };
        let mut total = Report::default();
        for path in &self.scripts {
            let bytes = input::read(path)?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                let message = format!("{}: is no UTF-8 text (offset {at:#x})", path.display());
                Failure::new(Status::BadModule, message)
            })?;
            let report = silica_wast::run(&engine, path, &text, &options);
            for failure in &report.failures {
                if !self.quiet {
                    output::complain(failure);
                }
            }
            if self.scripts.len() > 1 && !self.quiet {
                output::print(format!("{}: {report}\n", path.display()))?;
            }
            total.merge(report);
        }
        output::print(format!("{total}\n"))?;
        Ok(match total.failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(Status::AssertionsFailed.code()),
        })
    }
}
