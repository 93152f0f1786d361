//! No file names a path of the machine that it was written on: the project works wherever it is cloned.

use super::finding::Finding;
use super::workspace::Workspace;

/// Folders that only a particular machine has. Split, so that this file is not its own finding.
const FOLDERS: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "farm/"),
    concat!("/", "opt/peers/"),
    concat!("/", "tmp/target/"),
    concat!("/", "tmp/helper"),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &workspace.files {
        for (line, number) in file.text.lines().zip(1..) {
            if let Some(folder) = FOLDERS.iter().find(|folder| starts_path(line, folder)) {
                let what = format!("names `{folder}`, a path of one machine");
                findings.push(Finding::new(
                    &file.path,
                    number,
                    what,
                    "use a path from the repository's root, or ask the environment",
                ));
            }
        }
    }
    findings
}

/// Whether `folder` stands in the line as the start of an absolute path, and not inside a longer one.
fn starts_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        !before.is_some_and(|character| {
            character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '}' | '~')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_machine_is_found_in_any_file() {
        for path in ["a.rs", ".ci/run", "README.md"] {
            let text = format!("first\ncd {}main", FOLDERS[0]);
            let found = check(&Workspace::sample(&[(path, &text)]));
            assert_eq!((found.len(), found[0].line), (1, 2), "{path}");
        }
    }

    #[test]
    fn the_same_name_inside_a_relative_path_is_not() {
        let text = format!("tests{}a and ..{}b", FOLDERS[0], FOLDERS[1]);
        assert_eq!(check(&Workspace::sample(&[("a.md", &text)])), []);
    }
}
