//! `silica-bench micro`: what one call, one instance, one process or one file access costs.
//!
//! Two kinds of measurements end up in one table with a column for each engine. Those of the
//! embedding API are made by small programs of their own ([`embed`]), since they need the engine as
//! a crate. Those of the command are made here ([`commands`]).

mod commands;
mod embed;

use crate::engines;
use crate::machine::Machine;
use crate::options::{Micro, Options};
use crate::paths::Paths;
use crate::table::{Grid, aligned, piped};
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// What a value is, which decides how it is shown.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Nanoseconds,
    Milliseconds,
    PerCent,
    MebibytesPerSecond,
    Mebibytes,
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Milliseconds => "ms",
            Self::PerCent => "%",
            Self::MebibytesPerSecond => "MiB/s",
            Self::Mebibytes => "MiB",
        }
    }
}

/// The values of all engines, by measurement, in the order in which they were first made.
#[derive(Debug, Serialize)]
pub(crate) struct Values {
    machine: Machine,
    engines: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    unit: Unit,
    values: BTreeMap<String, f64>,
}

impl Values {
    /// Adds what one engine's measurement gave.
    pub(crate) fn add(&mut self, engine: &str, name: &str, unit: Unit, value: f64) {
        if !self.engines.iter().any(|known| known == engine) {
            self.engines.push(engine.to_owned());
        }
        if !self.rows.iter().any(|row| row.name == name) {
            self.rows.push(Row {
                name: name.to_owned(),
                unit,
                values: BTreeMap::new(),
            });
        }
        if let Some(row) = self.rows.iter_mut().find(|row| row.name == name) {
            row.values.insert(engine.to_owned(), value);
        }
    }

    fn grid(&self) -> Grid {
        let mut heading = vec![String::from("measurement"), String::from("unit")];
        heading.extend(self.engines.iter().cloned());
        let mut grid = vec![heading];
        for row in &self.rows {
            let mut line = vec![row.name.clone(), row.unit.symbol().to_owned()];
            line.extend(self.engines.iter().map(|engine| {
                row.values
                    .get(engine)
                    .map_or_else(|| String::from("–"), |value| format!("{value:.2}"))
            }));
            grid.push(line);
        }
        grid
    }
}

/// Makes every measurement that is wanted and shows the table.
///
/// # Errors
/// A program cannot be built or run; an output file cannot be written.
pub(crate) fn run(paths: &Paths, options: &Options, micro: &Micro) -> Result<ExitCode> {
    let mut values = Values {
        machine: Machine::this(),
        engines: vec![],
        rows: vec![],
    };
    let found = engines::find(paths, options)?;
    if micro.embedding() {
        embed::measure(paths, &found, micro, &mut values)?;
    }
    commands::measure(paths, &found, options, micro, &mut values)?;
    println!("{}", values.machine.line());
    print!("{}", aligned(&values.grid()));
    if let Some(path) = &micro.markdown {
        let text = format!("{}\n\n{}", values.machine.line(), piped(&values.grid()));
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &micro.json {
        let text = serde_json::to_string_pretty(&values)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
