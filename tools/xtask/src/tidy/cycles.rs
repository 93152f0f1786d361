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

#[cfg(test)]` item that starts here, if one does.
    fn test_module(&self, index: usize) -> Option<usize> {
        let opening = ["#", "[", "cfg", "(", "test", ")", "]"];
        let starts = opening.iter().enumerate().all(|(step, text)| {
            self.code
                .get(index + step)
                .is_some_and(|token| token.text == *text)
        });
        if !starts {
            return None;
        }
        let mut depth = 0;
        for (step, token) in self.code.iter().enumerate().skip(index + opening.len()) {
            if token.is_sign('{') {
                depth += 1;
            } else if token.is_sign('}') {
                depth -= 1;
            }
            if depth == 0 && (token.is_sign('}') || token.is_sign(';')) {
                return Some(step + 1);
            }
        }
        Some(self.code.len())
    }

    /// Whether a path into this crate starts here: by `crate`, `self` or `super`, or by the name of a child.
    fn starts_path(&self, index: usize) -> bool {
        let Some(word) = self.word(index) else {
            return false;
        };
        let inside = index > 0
            && (self.code[index - 1].is_sign('.')
                || self.code[index - 1].is_sign(':') && self.sign(index.wrapping_sub(2), ':'));
        let known =
            matches!(word, "crate" | "self" | "super") || self.module.children.contains(word);
        known && !inside && self.separator(index + 1)
    }

    fn read_use(&mut self, index: usize, inline: usize) -> usize {
        let line = self.code[index].line;
        let public =
            index > 0 && (self.code[index - 1].is_word("pub") || self.code[index - 1].is_sign(')'));
        let (leaves, end) = self.leaves(index + 1);
        let leaves: Vec<Leaf> = leaves
            .into_iter()
            .filter(|leaf| self.is_ours(leaf))
            .collect();
        if !public {
            self.add_uses(&leaves, inline, line);
        }
        if inline == 0 {
            for leaf in leaves {
                let Some(mut path) = self.absolute(&leaf.path, inline) else {
                    continue;
                };
                match path.last().map(String::as_str) {
                    Some("*") => {
                        path.pop();
                        self.module.globs.push(path);
                    }
                    Some("self") => {
                        path.pop();
                    }
                    Some(last) => {
                        let name = leaf.alias.unwrap_or_else(|| last.to_owned());
                        self.module.names.insert(name, path);
                    }
                    None => {}
                }
            }
        }
        end
    }

    fn is_ours(&self, leaf: &Leaf) -> bool {
        let first = leaf.path.first().map_or("", String::as_str);
        matches!(first, "crate" | "self" | "super") || self.module.children.contains(first)
    }

    fn add_uses(&mut self, leaves: &[Leaf], inline: usize, line: usize) {
        for leaf in leaves {
            if let Some(path) = self.absolute(&leaf.path, inline) {
                self.module.uses.push((path, line));
            }
        }
    }

    /// The path from the crate's root. `super` in an inline module first leaves that.
    fn absolute(&self, path: &[String], inline: usize) -> Option<ModulePath> {
        let mut base = self.path.clone();
        let mut inline = inline;
        let mut rest = path;
        if rest.first().is_some_and(|first| first == "crate") {
            base.clear();
            rest = &rest[1..];
        }
        while let Some(first) = rest.first() {
            match first.as_str() {
                "super" if inline > 0 => inline -= 1,
                "super" => {
                    base.pop()?;
                }
                "self" if rest.len() > 1 => {}
                _ => break,
            }
            rest = &rest[1..];
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// Every leaf of the path or tree of paths that starts here, and where it ends.
    fn leaves(&self, index: usize) -> (Vec<Leaf>, usize) {
        let mut path = ModulePath::new();
        let mut index = index;
        loop {
            if self.sign(index, '{') {
                return self.group(&path, index + 1);
            }
            if self.sign(index, '*') {
                path.push("*".to_owned());
                return (vec![Leaf { path, alias: None }], index + 1);
            }
            let Some(word) = self.word(index) else {
                return (vec![Leaf { path, alias: None }], index.max(1));
            };
            path.push(word.to_owned());
            index += 1;
            if !self.separator(index) || self.sign(index + 2, '<') {
                break;
            }
            index += 2;
        }
        let alias = if self.word(index) == Some("as") {
            self.word(index + 1).map(str::to_owned)
        } else {
            None
        };
        let end = if alias.is_some() { index + 2 } else { index };
        (vec![Leaf { path, alias }], end)
    }

    fn group(&self, prefix: &[String], index: usize) -> (Vec<Leaf>, usize) {
        let mut all = Vec::new();
        let mut index = index;
        while index < self.code.len() && !self.sign(index, '}') {
            if self.sign(index, ',') {
                index += 1;
                continue;
            }
            let (leaves, end) = self.leaves(index);
            for leaf in leaves {
                let path = prefix.iter().chain(&leaf.path).cloned().collect();
                all.push(Leaf {
                    path,
                    alias: leaf.alias,
                });
            }
            index = end.max(index + 1);
        }
        (all, index + 1)
    }
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
