//! The command line of `silica-bench`.

use crate::build::Guest;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Runs the benchmark's programs under every engine found and compares them.
///
/// Each program is built natively and to WebAssembly from the same source. Times are those that a
/// program takes of its own work, so starting and compiling are not in them; medians over the runs,
/// which are interleaved so that a disturbance hits all engines alike.
#[derive(Parser)]
#[command(name = "silica-bench", max_term_width = 100)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Only programs whose name or family contains one of these words.
    #[arg(long, value_delimiter = ',')]
    pub(crate) filter: Vec<String>,

    /// The engines to run, as `KIND` or `KIND[-LABEL]=PATH`; all that are found when left out.
    ///
    /// Kinds are native, silica, silica-baseline, wasmtime, node, wasmer, wasmedge, wamr and wazero. A path compares two
    /// builds of one engine: `--engines native,silica,silica-before=/tmp/old/silica`.
    #[arg(long, value_delimiter = ',')]
    pub(crate) engines: Vec<String>,

    /// How often each program runs under each engine.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..1000))]
    pub(crate) runs: u32,

    /// Per cent of each program's usual work.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..100_000))]
    pub(crate) percent: u32,

    /// Also run guests built with 128-bit SIMD.
    #[arg(long)]
    pub(crate) simd: bool,

    /// Run only guests built with 128-bit SIMD.
    #[arg(long, conflicts_with = "simd")]
    pub(crate) only_simd: bool,

    /// Compare the processor time of whole processes instead of the time that the programs took.
    ///
    /// For a machine that is busy with other things. It has the engine's start and its other threads in it.
    #[arg(long)]
    pub(crate) processor_time: bool,

    /// Seconds after which a run is stopped and counts as failed.
    #[arg(long, default_value_t = 120)]
    pub(crate) timeout: u64,

    /// Use the `silica` binary as it is instead of building this tree's.
    #[arg(long)]
    pub(crate) no_build: bool,

    /// List the programs and what each stands for.
    #[arg(long)]
    pub(crate) list: bool,

    /// Write the tables as Markdown.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// Write a plot.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write everything that was measured.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measures calls, instances, fuel, compilation, process start and file access.
    Micro(Micro),
    /// Runs programs made of garbage-collected objects under Silica and Node.js: their times, and the memory that they take.
    ///
    /// The options before the subcommand choose programs, engines and runs.
    Objects,
    /// Measures whole processes to their first output and to their end, for modules of all sizes, with nothing kept and with what engines keep.
    ///
    /// The options before the subcommand choose programs, engines and runs.
    Starts,
    /// Measures what it takes to move bytes through WASI 0.2: by files, TCP and UDP, in large pieces and in small ones.
    ///
    /// The options before the subcommand choose engines and runs.
    Transfers,
    /// Runs a command and prints the most memory that it had resident, in KiB, on standard error.
    #[command(hide = true)]
    Peak {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

/// Options of `micro`.
#[derive(Args)]
pub(crate) struct Micro {
    /// Only measurements whose name contains one of these words.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// How often each measurement is made; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..1000))]
    pub(crate) samples: u32,

    /// Also measure other engines through their crates, which fetches and builds them.
    #[arg(long)]
    pub(crate) peers: bool,

    /// A WebAssembly module for measuring compilation; the largest of the programs when left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,

    /// Write the table as Markdown.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// Write everything that was measured.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// The builds of guests that were asked for.
    pub(crate) fn guests(&self) -> Vec<Guest> {
        match (self.simd, self.only_simd) {
            (_, true) => vec![Guest::Simd],
            (true, false) => vec![Guest::Plain, Guest::Simd],
            (false, false) => vec![Guest::Plain],
        }
    }
}

impl Micro {
    /// Whether a measurement of this name is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }

    /// Whether anything of the embedding API is wanted.
    pub(crate) fn embedding(&self) -> bool {
        ["typed_call", "host_call", "instance", "work", "overhead"]
            .iter()
            .any(|name| self.wants(name))
    }
}
