//! `--profile tiers`: what was compiled while the program ran, when, and what it cost.

use std::time::Duration;

use silica::{FunctionCompilation, Module};

use crate::flags::show_bytes;
use crate::output;

/// Functions that are listed, those that cost most.
const SHOWN: usize = 20;

/// Writes a table to standard error.
pub(super) fn tell(module: &Module) {
    output::complain(match module.compilations() {
        None => "silica: all functions were compiled before the program began".to_owned(),
        Some(compiled) => table(compiled),
    });
}

fn table(mut compiled: Vec<FunctionCompilation>) -> String {
    let took = compiled.iter().map(|function| function.took).sum();
    let bodies: usize = compiled.iter().map(|function| function.body_bytes).sum();
    let code: usize = compiled.iter().map(|function| function.code_bytes).sum();
    let count = compiled.len();
    let mut text = format!(
        "silica: {count} functions were compiled at their first call, in {}: {} became {}",
        milliseconds(took),
        show_bytes(bodies as u64),
        show_bytes(code as u64),
    );
    compiled.sort_by_key(|function| std::cmp::Reverse(function.took));
    compiled.truncate(SHOWN);
    if count > SHOWN {
        text += &format!("; the {SHOWN} that took longest:");
    }
    compiled.sort_by_key(|function| function.at);
    for function in compiled {
        let name = match function.name {
            Some(name) => name,
            None => format!("function {}", function.index),
        };
        text += &format!(
            "\n  at {:>12}  {:>11}  {:>10}  {name}",
            milliseconds(function.at),
            milliseconds(function.took),
            show_bytes(function.code_bytes as u64),
        );
    }
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costliest_are_listed_in_the_order_of_time() {
        let function = |index: u32, took| FunctionCompilation {
            index,
            name: (index == 1).then(|| "one".to_owned()),
            at: Duration::from_millis(u64::from(index)),
            took: Duration::from_micros(took),
            body_bytes: 10,
            code_bytes: 50,
        };
        let text = table(vec![function(2, 500), function(1, 400)]);
        assert!(
            text.contains("2 functions") && text.contains("0.900 ms: 20 B became 100 B"),
            "{text}"
        );
        let one = text.find("one").unwrap();
        assert!(one < text.find("function 2").unwrap(), "{text}");
        let many: Vec<_> = (0..100).map(|n| function(n, u64::from(n))).collect();
        let text = table(many);
        assert_eq!(text.lines().count(), 1 + SHOWN);
        assert!(
            text.contains("function 99") && !text.contains("function 79 "),
            "{text}"
        );
    }
}
