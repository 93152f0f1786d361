//! Nothing unfinished is kept: no placeholder macros, no ignored tests, no notes that promise something later.

use super::finding::Finding;
use super::lexer::{Kind, Token};
use super::workspace::Workspace;

/// Macros that stand for code that is not there, or that someone forgot.
const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Notes of unfinished work, in lower case. Split, so that this file is not its own finding.
const NOTES: &[&str] = &[
    concat!("fix", "me"),
    concat!("to", "do:"),
    concat!("xx", "x:"),
    concat!("for", " now"),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &workspace.files {
        if file.is_rust() {
            findings.extend(in_code(&file.path, &file.tokens));
            let comments = file
                .tokens
                .iter()
                .filter(|token| token.kind == Kind::Comment);
            findings.extend(comments.filter_map(|token| note(&file.path, token.line, &token.text)));
        } else if [".md", ".toml", ".sh", ".c", ".h", "/run"]
            .iter()
            .any(|ending| file.path.ends_with(ending))
        {
            findings.extend(
                file.text
                    .lines()
                    .zip(1..)
                    .filter_map(|(line, number)| note(&file.path, number, line)),
            );
        }
    }
    findings
}

fn in_code(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for window in tokens.windows(3) {
        let [first, second, third] = window else {
            continue;
        };
        if first.kind == Kind::Word
            && MACROS.contains(&first.text.as_str())
            && second.is_sign('!')
            && !third.is_sign('=')
        {
            let what = format!("`{}!` stands where code should", first.text);
            findings.push(Finding::new(
                path,
                first.line,
                what,
                "write the code, or return an error that says what is not supported",
            ));
        }
        if first.is_sign('#') && second.is_sign('[') && third.is_word("ignore") {
            findings.push(Finding::new(
                path,
                third.line,
                "an ignored test",
                "make it pass, or remove it",
            ));
        }
    }
    findings
}

fn note(path: &str, line: usize, text: &str) -> Option<Finding> {
    let lower = text.to_lowercase();
    let found = NOTES.iter().find(|note| lower.contains(*note))?;
    let what = format!(
        "a note of unfinished work: `{}`",
        found.trim_end_matches(':')
    );
    Some(Finding::new(
        path,
        line,
        what,
        "finish it, or say plainly what the limit is and why",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, source: &str) -> usize {
        check(&Workspace::sample(&[(path, source)])).len()
    }

    #[test]
    fn placeholders_and_ignored_tests_are_found() {
        assert_eq!(count("a.rs", "fn a() { todo!() }"), 1);
        assert_eq!(count("a.rs", "fn a() { unimplemented!(\"later\") }"), 1);
        assert_eq!(count("a.rs", "#[test] #[ignore = \"slow\"] fn a() {}"), 1);
    }

    #[test]
    fn notes_are_found_in_comments_and_documents() {
        let promise = format!("// This is enough {} now.", "for");
        assert_eq!(count("a.rs", &promise), 1);
        assert_eq!(count("README.md", &promise), 1);
    }

    #[test]
    fn words_in_strings_and_other_macros_are_not() {
        assert_eq!(
            count(
                "a.rs",
                "const A: &str = \"todo!()\"; fn b() { unreachable!() }"
            ),
            0
        );
    }
}
