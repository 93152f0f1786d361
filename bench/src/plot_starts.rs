//! The plot of starts: a module's size across, time up, both logarithmic; a line for each engine, to the first output and, dashed, to the end.

use crate::machine::Machine;
use crate::plot::{colour, escape};
use crate::start::{Kept, Start};
use std::fmt::Write;

const LEFT: f64 = 70.0;
const TOP: f64 = 70.0;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;

/// A logarithmic scale.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        Self {
            least: least / 1.3,
            most: most * 1.3,
        }
    }

    /// From 0 to 1.
    fn at(&self, value: f64) -> f64 {
        (value / self.least).ln() / (self.most / self.least).ln()
    }

    /// Powers of ten within it.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (first, last) = (self.least.log10().ceil(), self.most.log10().floor());
        (first as i32..=last as i32).map(|power| 10_f64.powi(power))
    }
}

/// The plot as an SVG document.
pub(crate) fn svg(starts: &[Start], machine: &Machine, runs: u32) -> String {
    let sizes = Scale::of(starts.iter().map(|start| start.bytes as f64));
    let times = Scale::of(
        starts
            .iter()
            .flat_map(|start| [start.first_ms, start.end_ms]),
    );
    let x = |start: &Start| LEFT + WIDTH * sizes.at(start.bytes as f64);
    let y = |ms: f64| TOP + HEIGHT * (1.0 - times.at(ms));
    let mut body = String::new();
    for tick in times.ticks() {
        let (y, label) = (y(tick), milliseconds(tick));
        let right = LEFT + WIDTH;
        let _ = writeln!(
            body,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444444\">{label}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    body += &programs(starts, &x);
    let mut titles: Vec<String> = Vec::new();
    for start in starts {
        if !titles.contains(&start.title()) {
            titles.push(start.title());
        }
    }
    for (index, title) in titles.iter().enumerate() {
        let of: Vec<&Start> = starts.iter().filter(|s| s.title() == *title).collect();
        body += &series(&of, title, index, (&x, &y));
    }
    let (width, height) = (LEFT + WIDTH + 40.0, TOP + HEIGHT + 70.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" font-weight=\"600\">From the command to the first output (solid) and to the end (dashed), by the module's size</text>\n\
         {body}<text x=\"10\" y=\"{:.0}\" fill=\"#666666\" font-size=\"11\">{}; medians of {runs} runs</text>\n</svg>\n",
        height - 8.0,
        escape(&machine.line())
    )
}

/// The lines and marks of one engine with what it keeps, and its place in the legend.
fn series(
    of: &[&Start],
    title: &str,
    index: usize,
    (x, y): (&impl Fn(&Start) -> f64, &impl Fn(f64) -> f64),
) -> String {
    let Some(first) = of.first() else {
        return String::new();
    };
    let colour = colour(first.kind);
    let (fill, width) = match first.kept {
        Kept::Cache => ("#ffffff", 1.2),
        Kept::Nothing => (colour, 2.4),
    };
    let line = |dash: &str, ms: &dyn Fn(&Start) -> f64| {
        let points: Vec<String> = (of.iter())
            .map(|start| format!("{:.1},{:.1}", x(start), y(ms(start))))
            .collect();
        format!(
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dash}\" points=\"{}\"/>\n",
            points.join(" ")
        )
    };
    let mut out = line("none", &|start| start.first_ms) + &line("4 3", &|start| start.end_ms);
    for start in of {
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{fill}\" stroke=\"{colour}\"><title>{}: {} {:.1} ms</title></circle>",
            x(start),
            y(start.first_ms),
            escape(start.program),
            escape(title),
            start.first_ms
        );
    }
    let at = LEFT + 150.0 * index as f64;
    let _ = writeln!(
        out,
        "<circle cx=\"{at:.1}\" cy=\"46\" r=\"4\" fill=\"{fill}\" stroke=\"{colour}\"/><text x=\"{:.1}\" y=\"50\">{}</text>",
        at + 9.0,
        escape(title)
    );
    out
}

/// The programs' names, below where they are.
fn programs(starts: &[Start], x: &impl Fn(&Start) -> f64) -> String {
    let mut out = String::new();
    let mut known = Vec::new();
    for start in starts {
        if known.contains(&start.program) {
            continue;
        }
        // Neighbours do not cover each other.
        let row = known.len() % 2;
        known.push(start.program);
        let (x, bottom) = (x(start), TOP + HEIGHT);
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#eeeeee\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444444\">{}</text>",
            bottom + 18.0 + 16.0 * row as f64,
            escape(start.program)
        );
    }
    out
}

fn milliseconds(ms: f64) -> String {
    if ms < 1000.0 {
        format!("{ms} ms")
    } else {
        format!("{} s", ms / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::Kind;

    #[test]
    fn every_start_has_a_mark() {
        let start = |bytes, kept| Start {
            program: "one",
            bytes,
            kind: Kind::Silica,
            engine: "silica".to_owned(),
            kept,
            first_ms: 3.0,
            end_ms: 40.0,
            processor_ms: 1.0,
            peak_kib: 1,
        };
        let starts = [start(2_000, Kept::Nothing), start(75_000_000, Kept::Cache)];
        let text = svg(&starts, &Machine::this(), 3);
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        // Two starts, and two in the legend.
        assert_eq!(text.matches("<circle ").count(), 4, "{text}");
        assert_eq!(text.matches("<polyline ").count(), 4, "{text}");
    }
}
