//! Each Rust file opens with `//!`: what it is for, what it deliberately does not do, where to go next.
//!
//! Only that something is said is checked; whether it is worth reading is for the reviewer.

use super::finding::Finding;
use super::lexer::Kind;
use super::workspace::Workspace;

/// The fewest characters that can say what a file is for.
const CHARACTERS_MIN: usize = 15;

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace.rust_files() {
        let mut tokens = file
            .tokens
            .iter()
            .skip_while(|token| token.text.starts_with("//@"));
        let lines = tokens
            .by_ref()
            .take_while(|token| token.kind == Kind::Comment && token.text.starts_with("//!"));
        let said: usize = lines
            .map(|token| token.text.trim_start_matches("//!").trim().chars().count())
            .sum();
        if said < CHARACTERS_MIN {
            let what = match said {
                0 => "does not open with `//!`".to_owned(),
                _ => format!(
                    "opens with {said} characters of `//!`, too few to say what the file is for"
                ),
            };
            findings.push(Finding::new(
                &file.path,
                1,
                what,
                "say what the file is for and what it deliberately does not do",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(source: &str) -> usize {
        check(&Workspace::sample(&[("a.rs", source)])).len()
    }

    #[test]
    fn a_file_that_says_what_it_is_for_passes() {
        assert_eq!(
            count("//! Reads one thing, writes another, and never both.\nfn main() {}"),
            0
        );
        assert_eq!(
            count("//@ flags: -g\n//! Reads one thing, writes another, and never both.\n"),
            0
        );
    }

    #[test]
    fn a_file_that_says_nothing_is_found() {
        assert_eq!(count("fn main() {}"), 1);
        assert_eq!(count("//! x\nfn main() {}"), 1);
        assert_eq!(
            count("// Reads one thing, writes another, and never both.\n"),
            1
        );
        assert_eq!(
            count("use std::fs;\n//! Reads one thing, writes another, and never both.\n"),
            1
        );
    }
}
