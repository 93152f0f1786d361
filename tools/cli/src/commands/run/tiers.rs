//! `--profile tiers`: what was compiled while the program ran, when, and what it cost.

use std::time::Duration;

use silica::{FunctionCompilation, Module, Occasion};

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

/// How many, in which time, and what came out.
fn sum(compiled: &[FunctionCompilation], of: impl Fn(Occasion) -> bool) -> (usize, String) {
    let (mut count, mut took, mut bodies, mut code) = (0, Duration::ZERO, 0, 0);
    for function in compiled.iter().filter(|function| of(function.occasion)) {
        count += 1;
        took += function.took;
        bodies += function.body_bytes as u64;
        code += function.code_bytes as u64;
    }
    let cost = format!(
        "in {}: {} became {}",
        milliseconds(took),
        show_bytes(bodies),
        show_bytes(code)
    );
    (count, cost)
}

fn table(mut compiled: Vec<FunctionCompilation>) -> String {
    let (first, cost) = sum(&compiled, |occasion| occasion == Occasion::FirstCall);
    let mut text = format!("silica: {first} functions were compiled at their first call, {cost}");
    let (used, cost) = sum(&compiled, |occasion| occasion == Occasion::Use);
    if used > 0 {
        text += &format!("\nsilica: {used} functions were optimized beside the program, {cost}");
    }
    let (loops, cost) = sum(&compiled, |occasion| matches!(occasion, Occasion::Loop(_)));
    if loops > 0 {
        text += &format!("\nsilica: {loops} loops were optimized to be entered, {cost}");
    }
    let count = compiled.len();
    compiled.sort_by_key(|function| std::cmp::Reverse(function.took));
    compiled.truncate(SHOWN);
    if count > SHOWN {
        text += &format!("\nsilica: the {SHOWN} that took longest:");
    }
    compiled.sort_by_key(|function| function.at);
    for function in compiled {
        let name = match function.name {
            Some(name) => name,
            None => format!("function {}", function.index),
        };
        let occasion = match function.occasion {
            Occasion::FirstCall => String::new(),
            Occasion::Use => ", optimized".to_owned(),
            Occasion::Loop(offset) => format!(", optimized from its loop at {offset:#x}"),
        };
        text += &format!(
            "\n  at {:>12}  {:>11}  {:>10}  {name}{occasion}",
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
            occasion: match index {
                3 => Occasion::Use,
                4 => Occasion::Loop(16),
                _ => Occasion::FirstCall,
            },
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
        let text = table(vec![function(2, 500), function(3, 100), function(4, 200)]);
        for part in [
            "1 functions were optimized beside the program, in 0.100 ms",
            "1 loops were optimized to be entered, in 0.200 ms",
            "function 3, optimized\n",
            "function 4, optimized from its loop at 0x10",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let many: Vec<_> = (0..100).map(|n| function(n, u64::from(n))).collect();
        let text = table(many);
        assert_eq!(text.lines().count(), 4 + SHOWN);
        assert!(
            text.contains("function 99") && !text.contains("function 79 "),
            "{text}"
        );
    }
}
