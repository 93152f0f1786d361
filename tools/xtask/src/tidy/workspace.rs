//! What the rules look at: every file that git knows or would add, and every package with what it depends on.
//!
//! Reading happens here and nowhere else, so each rule is a pure function with small samples as its tests.

use super::lexer::{self, Token};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A text file of the repository, by its path from the root with `/` between the parts.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Its tokens, if it is Rust.
    pub(crate) tokens: Vec<Token>,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let tokens = if path.ends_with(".rs") {
            lexer::tokens(&text)
        } else {
            Vec::new()
        };
        Self {
            path: path.to_owned(),
            text,
            tokens,
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// A package of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, from the repository's root.
    pub(crate) folder: String,
    /// The packages that it names in `dependencies` and `build-dependencies`.
    pub(crate) dependencies: BTreeSet<String>,
    /// The first file of each of its libraries, programs, tests, examples and benchmarks.
    pub(crate) roots: Vec<String>,
    /// The cargo features that it declares.
    pub(crate) features: Vec<String>,
}

/// The repository.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) files: Vec<File>,
    pub(crate) packages: Vec<Package>,
    /// For each package that takes part, ours or not, what it builds upon (tests apart).
    pub(crate) graph: BTreeMap<String, BTreeSet<String>>,
    /// The licence of each package, ours or not, as an SPDX expression.
    pub(crate) licences: Vec<(String, String)>,
}

impl Workspace {
    /// Reads the repository at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut workspace = Self {
            files: files(root)?,
            ..Self::default()
        };
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version", "1"])
            .current_dir(root)
            .output()
            .context("cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        workspace.packages = packages(&metadata, root);
        workspace.graph = graph(&metadata);
        workspace.licences = list(&metadata["packages"])
            .map(|package| (text(&package["name"]), text(&package["license"])))
            .collect();
        Ok(workspace)
    }

    /// The Rust files.
    pub(crate) fn rust_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file, or a folder that holds one.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self
                .files
                .iter()
                .any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// A workspace of the given files, for the rules' own tests.
    #[cfg(test)]
    pub(crate) fn sample(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File::new(path, (*text).to_owned()))
            .collect();
        Self {
            files,
            ..Self::default()
        }
    }

    /// The same with a package in `folder` that depends on `dependencies`.
    #[cfg(test)]
    pub(crate) fn with_package(mut self, name: &str, folder: &str, dependencies: &[&str]) -> Self {
        let dependencies: BTreeSet<String> =
            dependencies.iter().map(|&name| name.to_owned()).collect();
        self.graph.insert(name.to_owned(), dependencies.clone());
        let roots = vec![format!("{folder}/src/lib.rs")];
        let (name, folder) = (name.to_owned(), folder.to_owned());
        self.packages.push(Package {
            name,
            folder,
            dependencies,
            roots,
            features: Vec::new(),
        });
        self
    }
}

/// Every text file that git tracks or would add. What is not UTF-8 is no text.
fn files(root: &Path) -> Result<Vec<File>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git ls-files")?;
    ensure!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).context("git ls-files")?;
    let mut names: Vec<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let read = |name: &str| {
        std::fs::read_to_string(root.join(name))
            .ok()
            .map(|text| File::new(name, text))
    };
    Ok(names.into_iter().filter_map(read).collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn packages(metadata: &Value, root: &Path) -> Vec<Package> {
    let members: BTreeSet<&str> = list(&metadata["workspace_members"])
        .filter_map(Value::as_str)
        .collect();
    let relative = |path: &Value| {
        let path = Path::new(path.as_str().unwrap_or_default());
        path.strip_prefix(root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let mut packages = Vec::new();
    for package in list(&metadata["packages"]) {
        if !package["id"]
            .as_str()
            .is_some_and(|id| members.contains(id))
        {
            continue;
        }
        let manifest = relative(&package["manifest_path"]);
        let shipped =
            list(&package["dependencies"]).filter(|dependency| dependency["kind"] != "dev");
        packages.push(Package {
            name: text(&package["name"]),
            folder: manifest
                .trim_end_matches("Cargo.toml")
                .trim_end_matches('/')
                .to_owned(),
            dependencies: shipped
                .map(|dependency| text(&dependency["name"]))
                .collect(),
            roots: list(&package["targets"])
                .map(|target| relative(&target["src_path"]))
                .collect(),
            features: package["features"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
        });
    }
    packages
}

fn graph(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<&str, String> = list(&metadata["packages"])
        .filter_map(|package| {
            let name = package["name"].as_str()?;
            let label = format!("{name} {}", package["version"].as_str()?);
            Some((package["id"].as_str()?, label))
        })
        .collect();
    // Of most crates there is one version, of which nobody needs to be told.
    let count = |name: &str| {
        let same = |label: &&String| crate_name(label) == name;
        names.values().filter(same).count()
    };
    let name_of = |id: &Value| {
        let label = id.as_str().and_then(|id| names.get(id));
        let name = label.map_or("", |label| crate_name(label));
        match label {
            Some(label) if count(name) > 1 => label.clone(),
            Some(_) | None => name.to_owned(),
        }
    };
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let shipped = list(&node["deps"])
            .filter(|edge| list(&edge["dep_kinds"]).any(|kind| kind["kind"] != "dev"));
        graph
            .entry(name_of(&node["id"]))
            .or_default()
            .extend(shipped.map(|edge| name_of(&edge["pkg"])));
    }
    graph
}

/// The name in a label of the graph, which also has a version where a name alone would be of two crates.
pub(crate) fn crate_name(label: &str) -> &str {
    label.split_once(' ').map_or(label, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_versions_of_a_crate_are_two_crates() {
        let edge = |to: &str| serde_json::json!({ "pkg": to, "dep_kinds": [{ "kind": null }] });
        let metadata = serde_json::json!({
            "packages": [
                { "id": "a", "name": "a", "version": "1.0.0" },
                { "id": "b1", "name": "b", "version": "1.0.0" },
                { "id": "b2", "name": "b", "version": "2.0.0" },
                { "id": "c", "name": "c", "version": "1.0.0" },
            ],
            "resolve": { "nodes": [
                { "id": "a", "deps": [edge("b1")] },
                { "id": "b1", "deps": [] },
                { "id": "b2", "deps": [edge("c")] },
                { "id": "c", "deps": [] },
            ] },
        });
        let graph = graph(&metadata);
        let of = |name: &str| graph[name].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("a"), ["b 1.0.0"]);
        assert_eq!(of("b 2.0.0"), ["c"]);
        assert_eq!(crate_name("b 2.0.0"), "b");
    }
}
