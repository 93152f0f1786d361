//! The plot: one line a program, one mark an engine, times as multiples of native on a logarithmic
//! scale, and the geometric means below.

use crate::build::Guest;
use crate::engines::Kind;
use crate::results::Results;
use std::fmt::Write;

const LEFT: f64 = 130.0;
const WIDTH: f64 = 720.0;
const TOP: f64 = 64.0;
const STEP: f64 = 19.0;
const RIGHT: f64 = 30.0;

/// The ratios at the two ends and those with a line.
struct Scale {
    least: f64,
    most: f64,
}

const TICKS: [f64; 9] = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];

impl Scale {
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (0.8_f64, 2.0_f64);
        for ratio in ratios {
            least = least.min(ratio);
            most = most.max(ratio);
        }
        Self {
            least: least.max(0.2) * 0.95,
            most: most.min(12.0) * 1.05,
        }
    }

    fn x(&self, ratio: f64) -> f64 {
        let clamped = ratio.clamp(self.least, self.most);
        LEFT + WIDTH * (clamped / self.least).ln() / (self.most / self.least).ln()
    }
}

pub(crate) fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Native => "#555555",
        Kind::Silica => "#c2410c",
        Kind::Baseline => "#f59e0b",
        Kind::Wasmtime => "#1d4ed8",
        Kind::Node => "#15803d",
        Kind::Wasmer => "#7e22ce",
        Kind::Wasmedge => "#b45309",
        Kind::Wamr => "#0e7490",
        Kind::Wazero => "#be185d",
    }
}

/// A mark: filled for guests with SIMD or where there is only one build, hollow for those without.
fn mark(x: f64, y: f64, kind: Kind, hollow: bool, title: &str) -> String {
    let colour = colour(kind);
    let fill = if hollow { "#ffffff" } else { colour };
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{fill}\" stroke=\"{colour}\" \
         stroke-width=\"1.8\"><title>{title}</title></circle>\n"
    )
}

/// The plot as an SVG document.
pub(crate) fn svg(results: &Results) -> String {
    let base = results.native();
    let shown: Vec<usize> = (0..results.columns.len())
        .filter(|index| Some(*index) != base)
        .collect();
    let both = results
        .columns
        .iter()
        .any(|column| column.guest == Some(Guest::Plain))
        && results
            .columns
            .iter()
            .any(|column| column.guest == Some(Guest::Simd));
    let ratio =
        |row: usize, column: usize| base.and_then(|base| results.rows[row].ratio(column, base));
    let all = (0..results.rows.len())
        .flat_map(|row| shown.iter().filter_map(move |&column| ratio(row, column)));
    let scale = Scale::of(all);
    let bottom = TOP + STEP * (results.rows.len() as f64 + 1.5);

    let mut body = grid(&scale, bottom);
    for (index, row) in results.rows.iter().enumerate() {
        let y = TOP + STEP * (index as f64 + 0.5);
        body += &line(
            row.program,
            y,
            shown.iter().map(|&column| (column, ratio(index, column))),
            results,
            &scale,
            both,
        );
    }
    let means = shown
        .iter()
        .map(|&column| (column, base.and_then(|base| results.mean(column, base))));
    body += &line(
        "geometric mean",
        bottom - STEP * 0.5,
        means,
        results,
        &scale,
        both,
    );
    body += &legend(results, &shown, both);
    let (width, height) = (LEFT + WIDTH + RIGHT, bottom + 36.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" font-weight=\"600\">Time as a multiple of native (left is faster)</text>\n\
         {body}<text x=\"10\" y=\"{:.0}\" fill=\"#666666\" font-size=\"11\">{}; medians of {} runs</text>\n</svg>\n",
        height - 8.0,
        escape(&results.machine.line()),
        results.runs
    )
}

fn grid(scale: &Scale, bottom: f64) -> String {
    let mut out = String::new();
    for tick in TICKS
        .into_iter()
        .filter(|tick| (scale.least..=scale.most).contains(tick))
    {
        let x = scale.x(tick);
        let stroke = if (tick - 1.0).abs() < 1e-9 {
            "#111111"
        } else {
            "#dddddd"
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\" stroke=\"{stroke}\"/>"
        );
        let y = bottom + 14.0;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"#444444\">{tick}</text>"
        );
    }
    out
}

fn line(
    name: &str,
    y: f64,
    marks: impl Iterator<Item = (usize, Option<f64>)>,
    results: &Results,
    scale: &Scale,
    both: bool,
) -> String {
    let mut out = String::new();
    let (x, right, base) = (LEFT - 10.0, LEFT + WIDTH, y + 4.0);
    let _ = writeln!(
        out,
        "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#eeeeee\"/>"
    );
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>",
        escape(name)
    );
    for (column, ratio) in marks {
        if let Some(ratio) = ratio {
            let column = &results.columns[column];
            let title = format!("{}: {} {ratio:.2}", escape(name), escape(&column.title()));
            out += &mark(
                scale.x(ratio),
                y,
                column.kind,
                both && column.guest == Some(Guest::Plain),
                &title,
            );
        }
    }
    out
}

fn legend(results: &Results, shown: &[usize], both: bool) -> String {
    let mut out = String::new();
    let mut x = LEFT;
    for &column in shown {
        let column = &results.columns[column];
        let title = escape(&column.title());
        out += &mark(
            x,
            44.0,
            column.kind,
            both && column.guest == Some(Guest::Plain),
            &title,
        );
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"48\">{title}</text>", x + 9.0);
        x += 26.0 + 7.2 * title.chars().count() as f64;
    }
    out
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ratio_has_a_mark() {
        let text = svg(&crate::results::sample());
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        // One program in two engines, their two means, two in the legend.
        assert_eq!(text.matches("<circle ").count(), 6, "{text}");
        assert!(text.contains("<title>one: silica 1.20</title>"), "{text}");
    }

    #[test]
    fn the_scale_keeps_marks_inside() {
        let scale = Scale::of([0.01, 500.0].into_iter());
        assert!((scale.x(0.01) - LEFT).abs() < 1e-9);
        assert!((scale.x(500.0) - LEFT - WIDTH).abs() < 1e-9);
    }
}
