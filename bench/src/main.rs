//! `silica-bench`: builds the benchmark's programs, runs each under every engine found on this
//! machine, checks that all print the same, and shows times as ratios.
//!
//! The programs are in [`programs`]; how an engine is found and called is in [`engines`]; the
//! order of runs and what is taken from each is in [`measure`]. What one call, one instance or one
//! file access costs is another question, asked by `silica-bench micro` (see [`micro`]); programs made of
//! garbage-collected objects have a table of their own, `silica-bench objects` (see [`objects`]); and how soon a program
//! says something, by `silica-bench starts` (see [`starts`]); what moving bytes through WASI 0.2 takes, by `silica-bench transfers` (see [`transfers`]).

#![forbid(unsafe_code)]

mod build;
mod engines;
mod machine;
mod measure;
mod micro;
mod objects;
mod options;
mod paths;
mod plot;
mod plot_starts;
mod process;
mod programs;
mod results;
mod start;
mod starts;
mod table;
mod transfers;

use anyhow::{Context, Result, bail};
use clap::Parser;
use options::{Command, Options};
use paths::Paths;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("silica-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    match &options.command {
        Some(Command::Peak { command }) => process::report_peak(command),
        Some(Command::Micro(micro)) => micro::run(&Paths::find()?, options, micro),
        Some(Command::Starts) => starts::run(&Paths::find()?, options),
        Some(Command::Transfers) => transfers::run(&Paths::find()?, options),
        Some(Command::Objects) => objects::run(&Paths::find()?, options),
        None => compare(&Paths::find()?, options),
    }
}

fn compare(paths: &Paths, options: &Options) -> Result<ExitCode> {
    let chosen = programs::matching(&options.filter);
    if chosen.is_empty() {
        bail!(
            "no program has a name or family containing {:?}",
            options.filter
        );
    }
    if options.list {
        print!("{}", programs::list(&chosen));
        return Ok(ExitCode::SUCCESS);
    }
    let engines = engines::find(paths, options)?;
    let built = build::build(paths, &chosen, &options.guests())?;
    let results = measure::measure(paths, options, &engines, &built)?;
    print!("{}", table::text(&results));
    paths::write(&options.markdown, || table::markdown(&results))?;
    paths::write(&options.svg, || plot::svg(&results))?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&results)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if results.failures().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
