//! Links between the repository's own documents lead somewhere.
//!
//! Only relative links are followed: what stands elsewhere on the network is not this project's to test.

use super::finding::Finding;
use super::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
    {
        for (line, number) in file.text.lines().zip(1..) {
            for target in targets(line) {
                let path = join(folder_of(&file.path), target);
                if !workspace.exists(&path) {
                    let what = format!("links to `{target}`, and there is no `{path}`");
                    findings.push(Finding::new(
                        &file.path,
                        number,
                        what,
                        "correct or remove the link",
                    ));
                }
            }
        }
    }
    findings
}

/// The relative targets of the line's links, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let paths = ends.map(|target| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains(':'))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&Workspace::sample(&[
            ("docs/a.md", text),
            ("docs/b.md", ""),
            ("README.md", ""),
        ]))
        .len()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        assert_eq!(
            count(
                "[b](b.md#part) [up](../README.md) [far](https://example.org/x) [here](#below) [all](../docs/)"
            ),
            0
        );
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        assert_eq!(count("[gone](c.md)"), 1);
    }
}
