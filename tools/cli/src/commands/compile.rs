//! `silica compile`: a module or a component to an image, which starts without a compiler.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use silica::CodeBuilder;
use silica::component::Component;
use silica::component::describe::is_component;

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

    /// The module or component, binary or text; `-` is standard input
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
        let refusals = Refusals::default();
        let tell = |function, why: &str| refusals.add(function, why);
        let compile = || match is_component(&binary) {
            true => Component::from_binary(&engine, &binary)?.serialize(),
            false => CodeBuilder::new(&engine, &binary)
                .refused(&tell)
                .compile_module_serialized(),
        };
        let compiled = progress::during(&doing, compile)
            .map_err(|error| image::refused(&self.module, &error))?;
        refusals.show();
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

/// Functions that the tier which was asked for has refused.
#[derive(Default)]
struct Refusals {
    count: AtomicUsize,
    /// The first of them, by index.
    first: Mutex<Option<(u32, String)>>,
}

impl Refusals {
    fn add(&self, function: u32, why: &str) {
        self.count.fetch_add(1, Ordering::Relaxed);
        // A poisoned lock still holds a function.
        let mut first = self.first.lock().unwrap_or_else(|e| e.into_inner());
        if first.as_ref().is_none_or(|(known, _)| function < *known) {
            *first = Some((function, why.to_owned()));
        }
    }

    fn show(&self) {
        let first = self.first.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((function, why)) = &*first {
            let count = self.count.load(Ordering::Relaxed);
            eprintln!(
                "note: the other tier compiled {count} of the functions; the first is {function}: {why}"
            );
        }
    }
}
