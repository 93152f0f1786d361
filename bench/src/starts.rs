//! `silica-bench starts`: whole processes, from a module's file to its first output and to its end, with nothing kept from an earlier run and with
//! what an engine keeps.
//!
//! The programs are of all sizes, from the tests' own guests to what other people published (`tests/guests`); one that cannot be had here is left out, and
//! that is said. Nothing is compiled beforehand: a person types a line, and waits.

use crate::engines::{Engine, Kind, find};
use crate::machine::Machine;
use crate::options::Options;
use crate::paths::{self, Paths};
use crate::plot_starts;
use crate::process;
use crate::start::{Kept, Start};
use crate::table::{Grid, aligned, piped};
use anyhow::{Context, Result, bail};
use silica_test_guests::{Skipped, guest, programs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// A program, and the line that has it say something.
struct Program {
    name: &'static str,
    find: fn() -> Result<PathBuf, Skipped>,
    /// The export that is called instead of the program, whose result is shown.
    invoked: Option<&'static str>,
    arguments: &'static [&'static str],
}

const PROGRAMS: [Program; 8] = [
    Program {
        name: "a line (C)",
        find: || guest("c/line"),
        invoked: None,
        arguments: &[],
    },
    Program {
        name: "hello (C)",
        find: || guest("c/hello"),
        invoked: None,
        arguments: &[],
    },
    Program {
        name: "hello (Rust)",
        find: || guest("hello"),
        invoked: None,
        arguments: &[],
    },
    Program {
        name: "jaq",
        find: programs::jaq,
        invoked: None,
        arguments: &["--version"],
    },
    Program {
        name: "CPython",
        find: programs::python,
        invoked: None,
        arguments: &["-c", "print(1)"],
    },
    Program {
        name: "Pandoc",
        find: programs::pandoc,
        invoked: Some("malloc"),
        arguments: &["16"],
    },
    Program {
        name: "Yosys",
        find: || programs::ice40_tools().map(|tools| tools.yosys.module),
        invoked: None,
        arguments: &["--version"],
    },
    Program {
        name: "clang",
        find: || programs::clang().map(|program| program.module),
        invoked: None,
        arguments: &["clang", "--version"],
    },
];

/// Measures all programs and shows the table.
///
/// # Errors
/// No program is chosen or can be had, an engine is missing, a program fails, a file cannot be written.
pub(crate) fn run(paths: &Paths, options: &Options) -> Result<ExitCode> {
    let wanted = |program: &&Program| {
        let name = program.name.to_lowercase();
        options.filter.is_empty() || options.filter.iter().any(|word| name.contains(word))
    };
    let mut found = Vec::new();
    for program in PROGRAMS.iter().filter(wanted) {
        match (program.find)() {
            Ok(path) => found.push((program, path)),
            Err(skipped) => eprintln!("{} is left out: {skipped}", program.name),
        }
    }
    if found.is_empty() {
        bail!(
            "there is no program with a name containing {:?}",
            options.filter
        );
    }
    let engines = find(paths, options)?;
    let mut starts = Vec::new();
    for (program, module) in &found {
        for engine in &engines {
            for kept in [Kept::Nothing, Kept::Cache] {
                match measure(paths, options, engine, kept, (program, module)) {
                    Ok(start) => starts.extend(start),
                    Err(error) => eprintln!("{} in {}: {error:#}", program.name, engine.label),
                }
            }
        }
    }
    let grid = grid(&starts);
    println!("{}", aligned(&grid));
    paths::write(&options.markdown, || piped(&grid))?;
    paths::write(&options.svg, || {
        plot_starts::svg(&starts, &Machine::this(), options.runs)
    })?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&starts)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The command for a start, if the engine has such starts. Whatever it keeps is in `folder`.
fn command(
    engine: &Engine,
    kept: Kept,
    (program, module): (&Program, &Path),
    folder: &Path,
) -> Option<Command> {
    let mut command = Command::new(&engine.program);
    match (engine.kind, kept) {
        (Kind::Silica, Kept::Nothing) => command.args(["run", "--tier", "auto", "--cache", "off"]),
        (Kind::Silica, Kept::Cache) => command.args(["run", "--tier", "auto", "--cache", "on"]),
        (Kind::Wasmtime, Kept::Nothing) => command.args(["run", "-C", "cache=n"]),
        (Kind::Wasmtime, Kept::Cache) => command.args(["run", "-C", "cache=y"]),
        (Kind::Node, Kept::Nothing) => command.arg("--no-warnings").arg(&engine.script),
        (Kind::Wasmer, Kept::Nothing) => command.args(["run", "--disable-cache"]),
        (Kind::Wasmer, Kept::Cache) => command.arg("run"),
        (Kind::Wasmedge | Kind::Wamr, Kept::Nothing) => &mut command,
        (Kind::Wazero, Kept::Nothing) => command.arg("run"),
        (Kind::Native | Kind::Baseline, _)
        | (Kind::Node | Kind::Wasmedge | Kind::Wamr | Kind::Wazero, Kept::Cache) => return None,
    };
    match (engine.kind, program.invoked) {
        (_, None) => {}
        (Kind::Silica | Kind::Wasmtime | Kind::Node, Some(name)) => {
            _ = command.args(["--invoke", name])
        }
        // Others have their own ways, or none.
        (_, Some(_)) => return None,
    }
    command.arg(module);
    if engine.kind == Kind::Wasmer {
        command.arg("--");
    }
    command
        .env("XDG_CACHE_HOME", folder)
        .env("WASMER_DIR", folder)
        .env_remove("SILICA_CACHE");
    Some(command)
}

fn measure(
    paths: &Paths,
    options: &Options,
    engine: &Engine,
    kept: Kept,
    (program, module): (&Program, &Path),
) -> Result<Option<Start>> {
    let folder = paths.out.join("starts").join(&engine.label);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot empty a cache")?;
    }
    std::fs::create_dir_all(&folder).context("cannot make a cache")?;
    let new = || {
        let mut command = command(engine, kept, (program, module), &folder)?;
        command.args(program.arguments);
        Some(command)
    };
    let timeout = Duration::from_secs(options.timeout);
    let Some(first) = new() else {
        return Ok(None);
    };
    // Its file is read, and what it keeps is kept. Code that gets hot may be kept the second time.
    let warming = if kept == Kept::Cache { 3 } else { 1 };
    let peak_kib = process::peak(&paths.runner, &first, timeout)?;
    for _ in 1..warming {
        process::run(&mut new().context("as before")?, timeout)?;
    }
    let (mut firsts, mut ends, mut processor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.runs {
        let run = process::run(&mut new().context("as before")?, timeout)?;
        firsts.push(run.first_output.context("it wrote nothing")?);
        ends.push(run.wall);
        processor.push(run.processor);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    Ok(Some(Start {
        program: program.name,
        bytes: module.metadata().context("the module is gone")?.len(),
        kind: engine.kind,
        engine: engine.label.clone(),
        kept,
        first_ms: median(firsts),
        end_ms: median(ends),
        processor_ms: median(processor),
        peak_kib,
    }))
}

fn grid(starts: &[Start]) -> Grid {
    let titles = [
        "program",
        "size",
        "engine",
        "first output, ms",
        "end, ms",
        "processor, ms",
        "peak, MiB",
    ];
    let mut grid = vec![titles.map(str::to_owned).to_vec()];
    for start in starts {
        let size = match start.bytes {
            bytes if bytes < 1 << 20 => format!("{:.0} KB", bytes as f64 / 1e3),
            bytes => format!("{:.0} MB", bytes as f64 / 1e6),
        };
        grid.push(vec![
            start.program.to_owned(),
            size,
            start.title(),
            format!("{:.1}", start.first_ms),
            format!("{:.1}", start.end_ms),
            format!("{:.1}", start.processor_ms),
            format!("{:.0}", start.peak_kib as f64 / 1024.0),
        ]);
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_is_a_line() {
        let start = Start {
            program: "one",
            bytes: 64_000,
            kind: Kind::Silica,
            engine: "silica".to_owned(),
            kept: Kept::Cache,
            first_ms: 1.25,
            end_ms: 2.0,
            processor_ms: 1.5,
            peak_kib: 2048,
        };
        let grid = grid(&[start]);
        let line = ["one", "64 KB", "silica, cached", "1.2", "2.0", "1.5", "2"];
        assert_eq!(grid[1], line);
    }
}
