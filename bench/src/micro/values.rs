//! What the micro-benchmarks gave: values with units, by measurement and engine.

use crate::machine::Machine;
use crate::table::Grid;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a value is, which decides how it is shown.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Nanoseconds,
    Milliseconds,
    PerCent,
    MebibytesPerSecond,
    Mebibytes,
    Times,
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Milliseconds => "ms",
            Self::PerCent => "%",
            Self::MebibytesPerSecond => "MiB/s",
            Self::Mebibytes => "MiB",
            Self::Times => "times",
        }
    }
}

/// The values of all engines, by measurement, in the order in which they were first made.
#[derive(Debug, Serialize)]
pub(super) struct Values {
    pub(super) machine: Machine,
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
    /// Nothing yet, of this machine.
    pub(super) fn new() -> Self {
        Self {
            machine: Machine::this(),
            engines: vec![],
            rows: vec![],
        }
    }

    /// Adds what one engine's measurement gave.
    pub(super) fn add(&mut self, engine: &str, name: &str, unit: Unit, value: f64) {
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

    /// The table: a row for each measurement, a column for each engine.
    pub(super) fn grid(&self) -> Grid {
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
