//! Running the programs: engine after engine, round after round, and checking what they print.
//!
//! A round runs every engine once and the next begins with another one, so that what disturbs the
//! machine for a while, and what the first after a pause enjoys, spreads over all of them.

use crate::build::{Built, Guest};
use crate::engines::{Engine, Kind};
use crate::machine::Machine;
use crate::options::Options;
use crate::paths::Paths;
use crate::process::{self, field};
use crate::results::{Cell, Column, Results, Row, Times, median};
use anyhow::{Context, Result};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Runs every program in every engine.
///
/// # Errors
/// No directory can be made for compiled guests. A program that fails is a failed cell, no error.
pub(crate) fn measure(
    paths: &Paths,
    options: &Options,
    engines: &[Engine],
    built: &[Built],
) -> Result<Results> {
    let columns = columns(engines, &options.guests());
    let mut rows = vec![];
    for (index, program) in built.iter().enumerate() {
        progress(&format!("[{}/{}] {}", index + 1, built.len(), program.name));
        let cells = Contest::prepare(paths, options, &columns, program)?.run(options);
        rows.push(Row {
            program: program.name,
            family: program.family,
            cells,
        });
    }
    progress("");
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let (runs, percent, processor_time) = (options.runs, options.percent, options.processor_time);
    Ok(Results {
        machine: Machine::this(),
        runs,
        percent,
        processor_time,
        columns,
        rows,
    })
}

/// Says on a terminal what is going on, over what was said before.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text} ");
    }
}

fn columns<'a>(engines: &'a [Engine], guests: &[Guest]) -> Vec<(&'a Engine, Column)> {
    let column = |engine: &Engine, guest| Column {
        label: engine.label.clone(),
        kind: engine.kind,
        guest,
        version: engine.version.clone(),
    };
    let mut columns = vec![];
    for engine in engines {
        if engine.kind == Kind::Native {
            columns.push((engine, column(engine, None)));
        } else {
            columns.extend(
                guests
                    .iter()
                    .map(|&guest| (engine, column(engine, Some(guest)))),
            );
        }
    }
    columns
}

/// One program, everywhere.
struct Contest {
    entries: Vec<Entry>,
}

/// One program in one column, while it is being measured.
enum Entry {
    Absent,
    Failed(String),
    Running(Box<Running>),
}

struct Running {
    command: Command,
    compile: Option<Duration>,
    times: Vec<u64>,
    wall: Vec<u64>,
    around: Vec<u64>,
    processor: Vec<u64>,
}

impl Contest {
    fn prepare(
        paths: &Paths,
        options: &Options,
        columns: &[(&Engine, Column)],
        built: &Built,
    ) -> Result<Self> {
        let timeout = Duration::from_secs(options.timeout);
        let arguments = [options.percent.to_string()];
        let mut entries = vec![];
        for (engine, column) in columns {
            let module = match column.guest {
                None => built.native.as_ref(),
                Some(guest) => built
                    .guests
                    .iter()
                    .find(|(found, _)| *found == guest)
                    .map(|(_, path)| path),
            };
            let Some(module) = module else {
                entries.push(Entry::Absent);
                continue;
            };
            let folder = compiled(paths, column)?;
            entries.push(match engine.prepare(module, &folder, timeout) {
                Err(error) => Entry::Failed(format!("{error:#}")),
                Ok(prepared) => Entry::Running(Box::new(Running {
                    command: engine.command(&prepared.file, &[], &arguments),
                    compile: prepared.compile,
                    times: vec![],
                    wall: vec![],
                    around: vec![],
                    processor: vec![],
                })),
            });
        }
        Ok(Self { entries })
    }

    fn run(mut self, options: &Options) -> Vec<Cell> {
        let mut expected: Option<String> = None;
        let count = self.entries.len();
        for round in 0..options.runs as usize {
            for place in 0..count {
                let entry = &mut self.entries[(round + place) % count];
                if let Entry::Running(running) = entry
                    && let Err(error) = running.once(options, &mut expected)
                {
                    *entry = Entry::Failed(format!("{error:#}"));
                }
            }
        }
        self.entries.into_iter().map(Entry::cell).collect()
    }
}

fn compiled(paths: &Paths, column: &Column) -> Result<PathBuf> {
    let folder = paths
        .out
        .join("compiled")
        .join(column.guest.map_or("native", Guest::name));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", Path::display(&folder)))?;
    Ok(folder)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Running {
    fn once(&mut self, options: &Options, expected: &mut Option<String>) -> Result<()> {
        let run = process::run(&mut self.command, Duration::from_secs(options.timeout))?;
        let inside = field(&run.stderr, "time_ns").context("it printed no time")?;
        let expected = expected.get_or_insert_with(|| run.stdout.clone());
        anyhow::ensure!(
            *expected == run.stdout,
            "it printed {:?}, not {:?}",
            run.stdout.trim(),
            expected.trim()
        );
        let (wall, processor) = (nanoseconds(run.wall), nanoseconds(run.processor));
        self.times.push(if options.processor_time {
            processor
        } else {
            inside
        });
        self.wall.push(wall);
        self.around.push(wall.saturating_sub(inside));
        self.processor.push(processor);
        Ok(())
    }
}

impl Entry {
    fn cell(self) -> Cell {
        match self {
            Self::Absent => Cell::Absent,
            Self::Failed(reason) => Cell::Failed(reason),
            Self::Running(running) => Cell::Measured(Times {
                time_ns: median(&running.times),
                wall_ns: median(&running.wall),
                around_ns: median(&running.around),
                processor_ns: median(&running.processor),
                compile_ns: running.compile.map(nanoseconds),
                samples_ns: running.times,
            }),
        }
    }
}
