//! `silica-bench objects`: programs made of garbage-collected objects, beside V8.
//!
//! They are written in WebAssembly's text, in `programs/objects`, since no compiler of another language is at hand wherever the
//! benchmark is. Each module exports `run(percent) -> checksum` and needs nothing; here the fields of `command.wat` are put at its
//! beginning, which make a WASI program of it. There is no native build to compare with: the base is Node.js.

use crate::build::{Built, Guest};
use crate::engines::{self, Engine, Kind};
use crate::measure;
use crate::options::Options;
use crate::paths::{self, Paths};
use crate::process;
use crate::results::{Cell, Results, geometric_mean};
use crate::table::{Grid, aligned, number, piped, summary};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A program, whose source is `programs/objects/NAME.wat`.
struct Program {
    name: &'static str,
    text: &'static str,
}

/// The fields that make a command of a program.
const COMMAND: &str = include_str!("../programs/objects/command.wat");

macro_rules! programs {
    ($($name:literal),*) => { &[$(Program {
        name: $name,
        text: include_str!(concat!("../programs/objects/", $name, ".wat")),
    }),*] };
}
const PROGRAMS: &[Program] = programs!("trees", "lists", "map", "richards", "deltablue");

/// Runs the programs and shows the table.
///
/// # Errors
/// No program is chosen, an engine is missing, a file cannot be written. A program that fails is a failed cell.
pub(crate) fn run(paths: &Paths, options: &Options) -> Result<ExitCode> {
    let wanted = |program: &&Program| {
        options.filter.is_empty()
            || options
                .filter
                .iter()
                .any(|word| program.name.contains(word))
    };
    let programs: Vec<&Program> = PROGRAMS.iter().filter(wanted).collect();
    if programs.is_empty() {
        bail!("no program has a name containing {:?}", options.filter);
    }
    let engines = match options.engines.is_empty() {
        true => engines::named(paths, options, &["silica", "node"])?,
        false => engines::find(paths, options)?,
    };
    let built = programs.iter().map(|program| build(paths, program));
    let built: Vec<Built> = built.collect::<Result<_>>()?;
    let results = measure::measure(paths, options, &engines, &built)?;
    let peaks = peaks(paths, options, &engines, &built);
    let grid = grid(&results, &peaks);
    println!("{}\n{}", summary(&results), aligned(&grid));
    for (program, column, reason) in results.failures() {
        println!("{program} failed in {column}: {reason}");
    }
    paths::write(&options.markdown, || {
        format!("{}\n\n{}", summary(&results), piped(&grid))
    })?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&results)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(match results.failures().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The text of a command that runs a program.
fn command(program: &str) -> String {
    program.replacen("(module", &format!("(module {COMMAND}"), 1)
}

fn build(paths: &Paths, program: &'static Program) -> Result<Built> {
    let bytes = wat::parse_str(command(program.text))
        .with_context(|| format!("programs/objects/{}.wat", program.name))?;
    let file = module(paths, program.name);
    let folder = paths.out.join("objects");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&file, bytes))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Built {
        name: program.name,
        family: "objects",
        native: None,
        guests: vec![(Guest::Plain, file)],
    })
}

fn module(paths: &Paths, name: &str) -> PathBuf {
    paths.out.join("objects").join(name).with_extension("wasm")
}

/// For each program, the most memory that it had resident in each engine, in KiB.
fn peaks(
    paths: &Paths,
    options: &Options,
    engines: &[Engine],
    built: &[Built],
) -> Vec<Vec<Option<u64>>> {
    let timeout = Duration::from_secs(options.timeout);
    let arguments = [options.percent.to_string()];
    let peak = |engine: &Engine, name: &str| {
        let folder = paths.out.join("compiled").join(Guest::Plain.name());
        let file = engine.prepare(&module(paths, name), &folder, timeout)?.file;
        let command = engine.command(&file, &[], &arguments);
        process::peak(&paths.runner, &command, timeout)
    };
    let of_program = |program: &Built| {
        engines
            .iter()
            .map(|engine| peak(engine, program.name).ok())
            .collect()
    };
    built.iter().map(of_program).collect()
}

/// Times, as multiples of the first other engine's, and memory.
fn grid(results: &Results, peaks: &[Vec<Option<u64>>]) -> Grid {
    let base = results
        .columns
        .iter()
        .position(|column| column.kind == Kind::Node);
    let compared: Vec<usize> = (0..results.columns.len())
        .filter(|column| base.is_some_and(|base| base != *column))
        .collect();
    let title = |column: usize| results.columns[column].title();
    let mut titles = vec![String::from("program")];
    titles.extend(
        results
            .columns
            .iter()
            .map(|column| format!("{}, ms", column.title())),
    );
    titles.extend(
        compared
            .iter()
            .map(|column| format!("{}/node", title(*column))),
    );
    titles.extend(
        results
            .columns
            .iter()
            .map(|column| format!("{}, MiB", column.title())),
    );
    let mut grid = vec![titles];
    let ratio = |row: usize, column: usize| results.rows[row].ratio(column, base?);
    for (index, row) in results.rows.iter().enumerate() {
        let mut line = vec![row.program.to_owned()];
        line.extend(row.cells.iter().map(|cell| match cell {
            Cell::Absent => "–".to_owned(),
            Cell::Failed(_) => "failed".to_owned(),
            Cell::Measured(times) => format!("{:.0}", times.time_ns as f64 / 1e6),
        }));
        line.extend(compared.iter().map(|column| number(ratio(index, *column))));
        line.extend(peaks[index].iter().map(|kib| match kib {
            None => "–".to_owned(),
            Some(kib) => format!("{:.0}", *kib as f64 / 1024.0),
        }));
        grid.push(line);
    }
    let mut line = vec![String::from("geometric mean")];
    line.extend(results.columns.iter().map(|_| String::new()));
    line.extend(compared.iter().map(|column| {
        let ratios = (0..results.rows.len()).filter_map(|row| ratio(row, *column));
        number(geometric_mean(&ratios.collect::<Vec<_>>()))
    }));
    line.extend(results.columns.iter().map(|_| String::new()));
    grid.push(line);
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_a_program() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/objects");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is part of the tree")
            .map(|entry| entry.expect("the folder is readable").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        let mut expected: Vec<String> = PROGRAMS
            .iter()
            .map(|program| format!("{}.wat", program.name))
            .collect();
        expected.push(String::from("command.wat"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_program_is_a_module_alone_and_as_a_command() {
        for program in PROGRAMS {
            for text in [program.text.to_owned(), command(program.text)] {
                let parsed = wat::parse_str(text);
                assert!(parsed.is_ok(), "{}: {parsed:?}", program.name);
            }
        }
    }

    #[test]
    fn the_document_has_every_program() {
        let document = include_str!("../../docs/performance.md");
        for program in PROGRAMS {
            let name = format!("| `{}` in objects |", program.name);
            assert!(
                document.contains(&name),
                "docs/performance.md lacks {}",
                program.name
            );
        }
    }
}
