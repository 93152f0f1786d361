//! The tables, for a terminal and as Markdown.

use crate::results::{Cell, Results, Times, median};
use std::fmt::Write;

/// Cells by rows; the first row is the heading.
pub(crate) type Grid = Vec<Vec<String>>;

/// Everything for a terminal.
pub(crate) fn text(results: &Results) -> String {
    let mut out = format!("{}\n{}\n", summary(results), aligned(&times(results)));
    out += &format!("{}\n", aligned(&processes(results)));
    for (program, column, reason) in results.failures() {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{program} failed in {column}: {reason}");
    }
    out
}

/// Everything as Markdown.
pub(crate) fn markdown(results: &Results) -> String {
    let mut out = format!("{}\n\n", summary(results));
    for column in &results.columns {
        let _ = writeln!(out, "- {}: {}", column.title(), column.version);
    }
    out += &format!(
        "\n{}\n{}",
        piped(&times(results)),
        piped(&processes(results))
    );
    for (program, column, reason) in results.failures() {
        let _ = writeln!(out, "\n`{program}` failed in {column}: {reason}");
    }
    out
}

/// The machine, the runs, what is counted.
pub(crate) fn summary(results: &Results) -> String {
    let share = if results.percent == 100 {
        String::new()
    } else {
        format!(" of {} % of the work", results.percent)
    };
    let clock = if results.processor_time {
        ", in processor time of whole processes"
    } else {
        ""
    };
    format!(
        "{}; medians of {} runs{share}{clock}.",
        results.machine.line(),
        results.runs
    )
}

/// A ratio, if there is one.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| String::from("–"), |value| format!("{value:.2}"))
}

/// Native milliseconds, then each engine's multiple of them, then Silica's multiple of wasmtime.
fn times(results: &Results) -> Grid {
    let native = results.native();
    let versus = results.versus_wasmtime();
    let heading = |index: usize| {
        let title = results.columns[index].title();
        if native.is_none_or(|native| native == index) {
            format!("{title}, ms")
        } else {
            title
        }
    };
    let mut titles = vec![String::from("program"), String::from("family")];
    titles.extend((0..results.columns.len()).map(heading));
    titles.extend(versus.iter().map(|(ours, theirs)| {
        format!(
            "{}/{}",
            results.columns[*ours].title(),
            results.columns[*theirs].label
        )
    }));
    let mut grid = vec![titles];
    for row in &results.rows {
        let mut line = vec![row.program.to_owned(), row.family.to_owned()];
        for (index, cell) in row.cells.iter().enumerate() {
            line.push(match (cell, native) {
                (Cell::Absent, _) => String::from("–"),
                (Cell::Failed(_), _) => String::from("failed"),
                (Cell::Measured(_), Some(base)) if base != index => number(row.ratio(index, base)),
                (Cell::Measured(times), _) => format!("{:.0}", times.time_ns as f64 / 1e6),
            });
        }
        line.extend(
            versus
                .iter()
                .map(|&(ours, theirs)| number(row.ratio(ours, theirs))),
        );
        grid.push(line);
    }
    grid.push(means(results));
    grid
}

fn means(results: &Results) -> Vec<String> {
    let mut line = vec![String::from("geometric mean"), String::new()];
    for index in 0..results.columns.len() {
        line.push(match results.native() {
            Some(base) if base != index => number(results.mean(index, base)),
            Some(_) | None => String::new(),
        });
    }
    let versus = results.versus_wasmtime();
    line.extend(
        versus
            .iter()
            .map(|&(ours, theirs)| number(results.mean(ours, theirs))),
    );
    line
}

/// For each column: what a process takes besides the program's work, compiling, and how runs differ.
fn processes(results: &Results) -> Grid {
    let heading = [
        "engine",
        "start and end, ms",
        "compile all, s",
        "spread of runs, %",
        "programs",
    ];
    let mut grid = vec![heading.map(str::to_owned).to_vec()];
    for (index, column) in results.columns.iter().enumerate() {
        let ran: Vec<&Times> = results
            .rows
            .iter()
            .filter_map(|row| match &row.cells[index] {
                Cell::Measured(times) => Some(times),
                Cell::Absent | Cell::Failed(_) => None,
            })
            .collect();
        let around: Vec<u64> = ran.iter().map(|times| times.around_ns).collect();
        let compile: Option<u64> = ran.iter().map(|times| times.compile_ns).sum();
        let spread: Vec<u64> = ran.iter().map(|times| spread_per_mille(times)).collect();
        grid.push(vec![
            column.title(),
            format!("{:.1}", median(&around) as f64 / 1e6),
            number(
                compile
                    .filter(|_| !ran.is_empty())
                    .map(|ns| ns as f64 / 1e9),
            ),
            format!("{:.1}", median(&spread) as f64 / 10.0),
            ran.len().to_string(),
        ]);
    }
    grid
}

fn spread_per_mille(times: &Times) -> u64 {
    let least = times.samples_ns.iter().min().copied().unwrap_or(0);
    let most = times.samples_ns.iter().max().copied().unwrap_or(0);
    (most - least) * 1000 / times.time_ns.max(1)
}

/// Columns padded with spaces: the first to the right of its text, the others to the left.
pub(crate) fn aligned(grid: &Grid) -> String {
    let width = |column: usize| {
        grid.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..grid[0].len()).map(width).collect();
    let mut out = String::new();
    for row in grid {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| {
                if column == 0 {
                    format!("{cell:width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    out
}

/// A Markdown table.
pub(crate) fn piped(grid: &Grid) -> String {
    let mut out = String::new();
    for (index, row) in grid.iter().enumerate() {
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if index == 0 {
            let _ = writeln!(out, "|---{}|", "|--:".repeat(row.len() - 1));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        vec![
            vec!["a".into(), "time".into()],
            vec!["longer".into(), "1".into()],
        ]
    }

    #[test]
    fn text_is_aligned() {
        assert_eq!(aligned(&grid()), "a       time\nlonger     1\n");
    }

    #[test]
    fn markdown_has_pipes() {
        assert_eq!(piped(&grid()), "| a | time |\n|---|--:|\n| longer | 1 |\n");
    }

    #[test]
    fn ratios_are_to_native_and_to_wasmtime() {
        let text = markdown(&crate::results::sample());
        assert!(
            text.contains("| one | tests | 10 | 1.20 | 1.50 | 0.80 |"),
            "{text}"
        );
        assert!(
            text.contains("| two | tests | 10 | failed | – | – |"),
            "{text}"
        );
        assert!(text.contains("| silica | 3.0 | – | 0.0 | 1 |"), "{text}");
        assert!(text.contains("`two` failed in silica: a trap"), "{text}");
    }
}
