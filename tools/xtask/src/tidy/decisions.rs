//! Each decision in `docs/decisions/` is a numbered page with its question, choice and price, and the list there links it.

use super::finding::Finding;
use super::workspace::Workspace;
use std::collections::BTreeMap;

const FOLDER: &str = "docs/decisions/";
const LIST: &str = "docs/decisions/README.md";
const HEADINGS: &[&str] = &["## Question", "## Choice", "## What we gave up"];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let list = workspace.file(LIST).map_or("", |file| file.text.as_str());
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in &workspace.files {
        let Some(name) = file.path.strip_prefix(FOLDER).filter(|_| file.path != LIST) else {
            continue;
        };
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4
            || !number.bytes().all(|byte| byte.is_ascii_digit())
            || !name.ends_with(".md")
        {
            findings.push(Finding::new(
                &file.path,
                0,
                "is not named NNNN-title.md",
                "give it the next free number",
            ));
        } else if let Some(other) = numbers.insert(number, &file.path) {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("has the number of {other}"),
                "give it the next free number",
            ));
        }
        if !list.contains(&format!("({name})")) {
            findings.push(Finding::new(
                &file.path,
                0,
                "is not linked",
                format!("add it to {LIST}"),
            ));
        }
        for heading in HEADINGS {
            if !file.text.lines().any(|line| line.trim_end() == *heading) {
                findings.push(Finding::new(
                    &file.path,
                    0,
                    format!("has no `{heading}`"),
                    "say the question, the choice and the price",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "# Title\n## Question\n## Choice\n## What we gave up\n";

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        check(&Workspace::sample(files))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_whole_and_linked_decision_passes() {
        assert_eq!(
            whats(&[
                (LIST, "[One](0001-one.md)"),
                ("docs/decisions/0001-one.md", WHOLE)
            ]),
            [""; 0]
        );
    }

    #[test]
    fn an_unlinked_one_a_second_number_and_a_missing_part_are_found() {
        assert_eq!(
            whats(&[(LIST, ""), ("docs/decisions/0001-one.md", WHOLE)]),
            ["is not linked"]
        );
        let list = "(0001-one.md) (0001-two.md)";
        let found = whats(&[
            (LIST, list),
            ("docs/decisions/0001-one.md", WHOLE),
            ("docs/decisions/0001-two.md", WHOLE),
        ]);
        assert_eq!(found, ["has the number of docs/decisions/0001-one.md"]);
        let found = whats(&[
            (LIST, "(0001-one.md)"),
            ("docs/decisions/0001-one.md", "## Question\n## Choice\n"),
        ]);
        assert_eq!(found, ["has no `## What we gave up`"]);
    }
}
