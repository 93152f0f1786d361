//! Each package takes its lints from the workspace, and declares no cargo feature: a feature would change what another
//! crate of the same build gets. What is optional is another crate; only the facade may have features.

use super::finding::Finding;
use super::workspace::Workspace;

/// The one package that may declare features.
const FACADE: &str = "silica";

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let text = workspace.file(&path).map_or("", |file| file.text.as_str());
        if !text.replace(' ', "").contains("[lints]\nworkspace=true") {
            findings.push(Finding::new(
                &path,
                0,
                "does not take the workspace's lints",
                "add `[lints]` with `workspace = true`",
            ));
        }
        if package.name != FACADE && !package.features.is_empty() {
            let what = format!("declares the features {}", package.features.join(", "));
            findings.push(Finding::new(
                &path,
                0,
                what,
                "make what is optional a crate of its own, or a setting at run time",
            ));
        }
    }
    for file in workspace
        .rust_files()
        .filter(|file| file.path.contains("disabled"))
    {
        findings.push(Finding::new(
            &file.path,
            0,
            "a twin for when something is left out",
            "make what is optional a crate of its own",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(manifest: &str, features: &[&str]) -> Vec<String> {
        let workspace = Workspace::sample(&[("crates/module/Cargo.toml", manifest)]);
        let mut workspace = workspace.with_package("silica-module", "crates/module", &[]);
        workspace.packages[0].features = features.iter().map(|&name| name.to_owned()).collect();
        check(&workspace)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_plain_manifest_passes() {
        assert_eq!(whats("[lints]\nworkspace = true\n", &[]), [""; 0]);
    }

    #[test]
    fn own_lints_and_features_are_found() {
        assert_eq!(
            whats("[package]\n", &[]),
            ["does not take the workspace's lints"]
        );
        assert_eq!(
            whats("[lints]\nworkspace = true\n", &["fast"]),
            ["declares the features fast"]
        );
    }
}
