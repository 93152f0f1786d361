//! Regular expressions: the `regex` crate on a log: captures, alternation, literals, Unicode.

use programs::{Digest, Random, run};
use regex::Regex;
use std::fmt::Write;

struct State {
    log: String,
    line: Regex,
    address: Regex,
    words: Regex,
    letters: Regex,
}

fn setup() -> State {
    let mut random = Random::new(26);
    let mut log = String::new();
    let messages = [
        "connection refused",
        "Größe überschritten",
        "user alice@example.org left",
        "timeout after 30 s",
        "wrote block",
        "GET /index.html?q=1",
        "error: no such table",
    ];
    for i in 0..1500 {
        let message = messages[random.below(7) as usize];
        let (host, level) = (
            random.below(256),
            ["INFO", "WARN", "ERROR"][random.below(3) as usize],
        );
        writeln!(
            log,
            "2031-04-{:02}T{:02}:{:02}:07 {level} [10.0.{host}.{}] {message} #{i}",
            1 + i % 28,
            i % 24,
            i % 60,
            random.below(256)
        )
        .expect("strings grow");
    }
    let new = |pattern| Regex::new(pattern).expect("the pattern is well formed");
    State {
        log,
        line: new(r"(?m)^(\d{4})-(\d\d)-(\d\d)T\S+ (INFO|WARN|ERROR) \[([0-9.]+)\]"),
        address: new(r"[\w.]+@[\w.]+\.(org|com)"),
        words: new(r"(?i)refused|timeout|no such|überschritten"),
        letters: new(r"\p{Lu}\p{Ll}+\s\p{L}{5,}"),
    }
}

#[inline(never)]
fn round(state: &mut State, index: u32) -> u64 {
    let mut sum = Digest::new();
    for captures in state.line.captures_iter(&state.log) {
        sum.add((captures[3].len() * 7 + captures[4].len() + captures[5].len()) as u64);
    }
    for found in state.address.find_iter(&state.log) {
        sum.add(found.start() as u64);
    }
    sum.add(
        state
            .words
            .find_iter(&state.log)
            .map(|found| found.end() as u64)
            .sum(),
    );
    sum.add(state.letters.find_iter(&state.log).count() as u64);
    sum.add(u64::from(index));
    sum.get()
}

fn main() {
    run("regex_crate", 570, setup, round);
}
