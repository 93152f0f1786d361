//! What was measured, and the ratios and means that are made of it.

use crate::build::Guest;
use crate::engines::Kind;
use crate::machine::Machine;
use serde::Serialize;

/// Everything that one run of the benchmark measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) runs: u32,
    pub(crate) percent: u32,
    /// Whether processor time counts instead of the time that passed.
    pub(crate) processor_time: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// One engine with one build of the guests.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// The build of the guests; none for native programs.
    pub(crate) guest: Option<Guest>,
    pub(crate) version: String,
}

/// One program.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) program: &'static str,
    pub(crate) family: &'static str,
    /// One for each column.
    pub(crate) cells: Vec<Cell>,
}

/// One program in one column.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cell {
    /// There is no such build of this program.
    Absent,
    /// It did not run, or printed something else than the others, for this reason.
    Failed(String),
    /// It ran.
    Measured(Times),
}

/// The medians of a program's runs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Times {
    /// What counts: what the program took for its own work, or its processor time.
    pub(crate) time_ns: u64,
    /// What the whole process took.
    pub(crate) wall_ns: u64,
    /// What the whole process took besides the program's own work.
    pub(crate) around_ns: u64,
    /// The processor time of the whole process.
    pub(crate) processor_ns: u64,
    /// What compiling ahead of time took.
    pub(crate) compile_ns: Option<u64>,
    /// Each run's time, of the kind that counts.
    pub(crate) samples_ns: Vec<u64>,
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0,
        length if length % 2 == 1 => sorted[middle],
        _ => sorted[middle - 1].midpoint(sorted[middle]),
    }
}

/// The middle one of fractions, the lower one of two; not a number of nothing.
pub(crate) fn median_of(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
        .get(sorted.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}

/// The geometric mean; none of nothing.
pub(crate) fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (sum / ratios.len() as f64).exp())
}

impl Column {
    /// What the tables call it.
    pub(crate) fn title(&self) -> String {
        match self.guest {
            Some(Guest::Simd) => format!("{} SIMD", self.label),
            Some(Guest::Plain | Guest::Threads | Guest::Component) | None => self.label.clone(),
        }
    }
}

impl Row {
    /// What the program took of its own time in a column.
    pub(crate) fn time(&self, column: usize) -> Option<u64> {
        match &self.cells[column] {
            Cell::Measured(times) => Some(times.time_ns),
            Cell::Absent | Cell::Failed(_) => None,
        }
    }

    /// The time in one column as a multiple of that in another.
    pub(crate) fn ratio(&self, column: usize, base: usize) -> Option<f64> {
        Some(self.time(column)? as f64 / self.time(base)? as f64)
    }
}

impl Results {
    /// The column of native programs.
    pub(crate) fn native(&self) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.kind == Kind::Native)
    }

    /// For each column of Silica, the column of wasmtime with the same guests.
    pub(crate) fn versus_wasmtime(&self) -> Vec<(usize, usize)> {
        let with = |guest| {
            let same = |column: &Column| column.kind == Kind::Wasmtime && column.guest == guest;
            self.columns.iter().position(same)
        };
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.kind == Kind::Silica)
            .filter_map(|(index, column)| Some((index, with(column.guest)?)))
            .collect()
    }

    /// The geometric mean, over the programs that ran in both, of one column's multiple of another.
    pub(crate) fn mean(&self, column: usize, base: usize) -> Option<f64> {
        let ratios: Vec<f64> = self
            .rows
            .iter()
            .filter_map(|row| row.ratio(column, base))
            .collect();
        geometric_mean(&ratios)
    }

    /// `(program, column, reason)` of everything that failed.
    pub(crate) fn failures(&self) -> Vec<(&'static str, String, &str)> {
        let cells = self.rows.iter().flat_map(|row| {
            row.cells
                .iter()
                .zip(&self.columns)
                .map(move |(cell, column)| (row.program, column, cell))
        });
        cells
            .filter_map(|(program, column, cell)| match cell {
                Cell::Failed(reason) => Some((program, column.title(), reason.as_str())),
                Cell::Absent | Cell::Measured(_) => None,
            })
            .collect()
    }
}

/// Results of two programs in three columns, for the tests of what is made of results.
#[cfg(test)]
pub(crate) fn sample() -> Results {
    let column = |label: &str, kind, guest| Column {
        label: label.to_owned(),
        kind,
        guest,
        version: String::from("1 <2>"),
    };
    let cell = |time_ns| {
        Cell::Measured(Times {
            time_ns,
            wall_ns: time_ns + 3_000_000,
            around_ns: 3_000_000,
            processor_ns: time_ns,
            compile_ns: None,
            samples_ns: vec![time_ns],
        })
    };
    let row = |program, cells| Row {
        program,
        family: "tests",
        cells,
    };
    let failed = || Cell::Failed(String::from("a trap"));
    Results {
        machine: Machine::this(),
        runs: 1,
        percent: 100,
        processor_time: false,
        columns: vec![
            column("native", Kind::Native, None),
            column("silica", Kind::Silica, Some(Guest::Plain)),
            column("wasmtime", Kind::Wasmtime, Some(Guest::Plain)),
        ],
        rows: vec![
            row(
                "one",
                vec![cell(10_000_000), cell(12_000_000), cell(15_000_000)],
            ),
            row("two", vec![cell(10_000_000), failed(), Cell::Absent]),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), 0);
        assert_eq!(median(&[3, 1, 2]), 2);
        assert_eq!(median(&[4, 1, 2, 3]), 2);
    }

    #[test]
    fn geometric_means() {
        assert_eq!(geometric_mean(&[]), None);
        let mean = geometric_mean(&[0.5, 2.0]).expect("two ratios have a mean");
        assert!((mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ratios_leave_out_what_did_not_run() {
        let results = sample();
        assert_eq!(results.native(), Some(0));
        assert_eq!(results.versus_wasmtime(), [(1, 2)]);
        let mean = results.mean(1, 2).expect("one program ran in both");
        assert!((mean - 0.8).abs() < 1e-12);
        assert_eq!(
            results.failures(),
            [("two", String::from("silica"), "a trap")]
        );
    }
}
