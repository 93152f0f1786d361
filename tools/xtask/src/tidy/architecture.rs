//! `ARCHITECTURE.md` names every package by its folder, and nothing that is gone.

use super::finding::Finding;
use super::workspace::Workspace;

const PAGE: &str = "ARCHITECTURE.md";

/// First parts of the paths that the page may name.
const PLACES: &[&str] = &[
    "crates", "tools", "tests", "bench", "fuzz", "examples", "docs",
];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let Some(page) = workspace.file(PAGE) else {
        return vec![Finding::new(
            PAGE,
            0,
            "is missing",
            "describe the pipeline and each crate on one page",
        )];
    };
    let mut findings = Vec::new();
    let spans: Vec<(&str, usize)> = page
        .text
        .lines()
        .zip(1..)
        .flat_map(|(line, number)| code_spans(line).map(move |span| (span, number)))
        .collect();
    for package in &workspace.packages {
        if !spans
            .iter()
            .any(|(span, _)| span.trim_end_matches('/') == package.folder)
        {
            let what = format!("does not name `{}` ({})", package.folder, package.name);
            findings.push(Finding::new(
                PAGE,
                0,
                what,
                "add a line that says what the crate is for",
            ));
        }
    }
    for (span, line) in spans {
        let is_path = span
            .split('/')
            .next()
            .is_some_and(|first| PLACES.contains(&first))
            && span.contains('/');
        if is_path && !span.contains(['*', ' ', '<', 'N']) && !workspace.exists(span) {
            findings.push(Finding::new(
                PAGE,
                line,
                format!("names `{span}`, which is not there"),
                "remove or correct it",
            ));
        }
        let is_crate = span.starts_with("silica-")
            && span
                .chars()
                .all(|character| character == '-' || character.is_alphanumeric());
        if is_crate
            && !workspace
                .packages
                .iter()
                .any(|package| package.name == span)
        {
            findings.push(Finding::new(
                PAGE,
                line,
                format!("names the crate `{span}`, which is not there"),
                "remove or correct it",
            ));
        }
    }
    findings
}

/// What stands between backticks in a line.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(page: &str) -> Vec<String> {
        let workspace = Workspace::sample(&[(PAGE, page), ("crates/module/src/lib.rs", "")]);
        let workspace = workspace.with_package("silica-module", "crates/module", &[]);
        check(&workspace)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_page_that_names_what_is_there_passes() {
        assert_eq!(
            whats("- `crates/module`: bytes to `silica-module`"),
            [""; 0]
        );
    }

    #[test]
    fn what_is_missing_and_what_is_gone_are_found() {
        assert_eq!(
            whats("a page"),
            ["does not name `crates/module` (silica-module)"]
        );
        assert_eq!(
            whats("`crates/module` `crates/old`"),
            ["names `crates/old`, which is not there"]
        );
        assert_eq!(
            whats("`crates/module` `silica-old`"),
            ["names the crate `silica-old`, which is not there"]
        );
    }
}
