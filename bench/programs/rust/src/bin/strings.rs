//! String processing: words counted, reversed, wrapped, replaced; characters beyond ASCII.

use programs::{Digest, Random, run};
use std::collections::BTreeMap;

fn setup() -> String {
    let mut random = Random::new(31);
    let words = [
        "the",
        "stack",
        "überträgt",
        "naïve",
        "module",
        "値",
        "of",
        "a",
        "linear-memory",
        "Δx",
        "imports",
        "EXPORTS",
        "\n",
        "and,",
        "then.",
        "don't",
    ];
    let mut text = String::new();
    for _ in 0..12_000 {
        text.push_str(words[(random.below(16) * random.below(16) / 16) as usize]);
        text.push(' ');
    }
    text
}

#[inline(never)]
fn count_words(text: &str) -> u64 {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for word in text.split_whitespace() {
        let word = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut sum = Digest::new();
    for (word, count) in &counts {
        sum.add_bytes(word.as_bytes());
        sum.add(u64::from(*count));
    }
    sum.get()
}

#[inline(never)]
fn reverse(text: &str) -> u64 {
    let reversed: String = text.chars().rev().filter(|c| !c.is_control()).collect();
    let capitals = reversed.chars().map(|c| {
        if c.is_ascii_lowercase() {
            c.to_ascii_uppercase()
        } else {
            c
        }
    });
    capitals.fold(0, |sum: u64, c| {
        sum.wrapping_mul(31) + u64::from(u32::from(c))
    })
}

#[inline(never)]
fn wrap(text: &str, width: usize) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column + length >= width {
            lines.push('\n');
            column = 0;
        }
        lines.push_str(word);
        lines.push(' ');
        column += length + 1;
    }
    lines
}

#[inline(never)]
fn round(text: &mut String, index: u32) -> u64 {
    let mut sum = Digest::new();
    sum.add(count_words(text));
    sum.add(reverse(text));
    let wrapped = wrap(text, 40 + index as usize % 40);
    sum.add(wrapped.lines().count() as u64);
    let replaced = wrapped.replace("module", "component").replace('\n', "\r\n");
    sum.add(replaced.len() as u64);
    sum.add(replaced.find("値 値 値").unwrap_or(0) as u64);
    sum.get()
}

fn main() {
    run("strings", 270, setup, round);
}
