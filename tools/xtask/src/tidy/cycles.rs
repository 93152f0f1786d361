//! No cycle between the modules of a crate.
//!
//! A file uses another if a path in its code (tests apart) leads to an item there. Declaring a module and re-exporting from
//! it are how a parent presents its children, and are no use; a path through a re-export counts for the file that it
//! leads to in the end.

use super::finding::Finding;
use super::paths::{self, Module, ModulePath};
use super::workspace::{File, Workspace};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let source = format!("{}/src/", package.folder);
        let files: Vec<&File> = workspace
            .rust_files()
            .filter(|file| file.path.starts_with(&source))
            .collect();
        findings.extend(cycles(&Crate::read(&source, &files)));
    }
    findings
}

struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    fn read(source: &str, files: &[&File]) -> Self {
        let mut modules = BTreeMap::new();
        for file in files {
            let path = module_path(&file.path[source.len()..]);
            let module = paths::read(path.clone(), file);
            modules.insert(path, module);
        }
        Self { modules }
    }

    /// The module whose file a path leads to.
    fn resolve(&self, path: &[String], depth: usize) -> ModulePath {
        let mut here = ModulePath::new();
        for (index, part) in path.iter().enumerate() {
            let mut below = here.clone();
            below.push(part.clone());
            if self.modules.contains_key(&below) {
                here = below;
                continue;
            }
            let Some(module) = self.modules.get(&here).filter(|_| depth < 16) else {
                return here;
            };
            if let Some(target) = module.names.get(part) {
                let whole: ModulePath = target.iter().chain(&path[index + 1..]).cloned().collect();
                return self.resolve(&whole, depth + 1);
            }
            let defines = |glob: &&ModulePath| {
                self.modules
                    .get(*glob)
                    .is_some_and(|module| module.items.contains(part))
            };
            return module.globs.iter().find(defines).cloned().unwrap_or(here);
        }
        here
    }

    /// For each module, the modules that it uses, with the first line that does.
    fn edges(&self) -> BTreeMap<&ModulePath, BTreeMap<ModulePath, usize>> {
        let mut edges: BTreeMap<&ModulePath, BTreeMap<ModulePath, usize>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let targets = edges.entry(path).or_default();
            for (used, line) in &module.uses {
                let target = self.resolve(used, 0);
                if target != *path && self.modules.contains_key(&target) {
                    targets.entry(target).or_insert(*line);
                }
            }
        }
        edges
    }
}

/// One finding for each shortest cycle, told at the module of it that comes first.
fn cycles(code: &Crate) -> Vec<Finding> {
    let edges = code.edges();
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for start in code.modules.keys() {
        let Some(cycle) = shortest_cycle(&edges, start) else {
            continue;
        };
        if cycle.iter().any(|path| told.contains(path)) {
            continue;
        }
        let mut steps = Vec::new();
        for (index, path) in cycle.iter().enumerate() {
            let next = &cycle[(index + 1) % cycle.len()];
            let line = edges
                .get(path)
                .and_then(|targets| targets.get(next))
                .copied()
                .unwrap_or(0);
            steps.push(format!(
                "{} (line {line}) uses {}",
                name_of(path),
                name_of(next)
            ));
        }
        let file = &code.modules[start].file;
        let remedy = "move what both need into a module that neither is part of, or turn one of the uses round";
        findings.push(Finding::new(
            file,
            0,
            format!("a cycle of modules: {}", steps.join(", ")),
            remedy,
        ));
        told.extend(cycle);
    }
    findings
}

fn name_of(path: &ModulePath) -> String {
    if path.is_empty() {
        "the crate's root".to_owned()
    } else {
        path.join("::")
    }
}

/// The shortest way from `start` back to it, breadth first.
fn shortest_cycle(
    edges: &BTreeMap<&ModulePath, BTreeMap<ModulePath, usize>>,
    start: &ModulePath,
) -> Option<Vec<ModulePath>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start.clone()]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way
                .last()
                .and_then(|last| edges.get(last))
                .into_iter()
                .flat_map(BTreeMap::keys)
            {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    let mut extended = way.clone();
                    extended.push(next.clone());
                    longer.push(extended);
                }
            }
        }
        ways = longer;
    }
    None
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` and `main.rs` are the root.
fn module_path(file: &str) -> ModulePath {
    let mut parts: ModulePath = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    let last = parts.last().map(String::as_str);
    if last == Some("mod") || (parts.len() == 1 && matches!(last, Some("lib" | "main"))) {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<(String, &str)> = files
            .iter()
            .map(|(path, text)| (format!("crates/x/src/{path}"), *text))
            .collect();
        let files: Vec<(&str, &str)> = paths
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        let workspace = Workspace::sample(&files).with_package("x", "crates/x", &[]);
        check(&workspace)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn two_modules_that_use_each_other_are_found() {
        let found = whats(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "pub struct B;\nfn f() { super::a::A; }"),
        ]);
        assert_eq!(
            found,
            ["a cycle of modules: a (line 1) uses b, b (line 2) uses a"]
        );
    }

    #[test]
    fn a_longer_cycle_through_a_group_and_a_child_is_found() {
        let found = whats(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod inner;\nuse inner::I;"),
            ("a/inner.rs", "use crate::{b::{self, B}, Other};"),
            ("b.rs", "use crate::a::A;"),
        ]);
        assert_eq!(
            found,
            [
                "a cycle of modules: a (line 2) uses a::inner, a::inner (line 1) uses b, b (line 1) uses a"
            ]
        );
    }

    #[test]
    fn a_path_through_a_re_export_counts_for_where_it_leads() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
            ("a.rs", "use crate::B; pub struct A;"),
            ("b.rs", "pub struct B;"),
        ];
        assert_eq!(whats(&files), [""; 0]);
        let found = whats(&[files[0], files[1], ("b.rs", "use crate::A; pub struct B;")]);
        assert_eq!(
            found,
            ["a cycle of modules: a (line 1) uses b, b (line 1) uses a"]
        );
    }

    #[test]
    fn a_parent_and_a_child_that_use_each_other_are_found() {
        let found = whats(&[
            ("lib.rs", "mod a;\npub struct Root;\nfn f() { a::g() }"),
            ("a.rs", "use super::Root;"),
        ]);
        assert_eq!(
            found,
            [
                "a cycle of modules: the crate's root (line 3) uses a, a (line 1) uses the crate's root"
            ]
        );
    }

    #[test]
    fn an_alias_leads_to_the_module_that_it_names() {
        let found = whats(&[
            ("lib.rs", "mod a; mod user;"),
            ("a.rs", "mod inner; use inner as other; pub use other::I;"),
            ("a/inner.rs", "pub struct I; fn f() { crate::a::I; }"),
            ("user.rs", "use crate::a::I;"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn tests_inline_modules_and_other_crates_do_not_count() {
        let found = whats(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use std::b::C; use crate::b::B;"),
            (
                "b.rs",
                "mod tables { use super::B; } #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
