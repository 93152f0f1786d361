//! Orders words by how often they are in a text, as whoever it is put together with counts them.

silica_guest::bindgen!({ world: "totals", path: "wit" });

use exports::test::totals::summary::{Guest, Line};

struct Totals;

export!(Totals);

impl Guest for Totals {
    fn most(text: String, lines: u32) -> Vec<Line> {
        let mut counted = count(&text);
        let total: u32 = counted.iter().map(|(_, times)| times).sum();
        // In the order of the words where they are equally often.
        counted.sort_by(|(a, times_a), (b, times_b)| times_b.cmp(times_a).then(a.cmp(b)));
        let line = |(word, times)| Line {
            word,
            times,
            share: f64::from(times) / f64::from(total),
        };
        counted.into_iter().take(lines as usize).map(line).collect()
    }
}
