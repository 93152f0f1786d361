//! What the code of one module says about other modules of its crate: which it declares, brings in, re-exports and uses.
//!
//! This reads paths and nothing else: no types, no macros' insides beyond the paths that stand in them. Where a path leads
//! is for [`super::cycles`] to find, which sees all modules.

use super::lexer::{self, Kind, Token};
use super::workspace::File;
use std::collections::{BTreeMap, BTreeSet};

/// A path of modules from the crate's root: `a::b` is `["a", "b"]`, the root is empty.
pub(super) type ModulePath = Vec<String>;

/// One module: a file, with what its paths say.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: String,
    pub(super) children: BTreeSet<String>,
    /// What `use` brings in under each name, and whether it is a re-export.
    pub(super) names: BTreeMap<String, ModulePath>,
    /// Modules whose every item is brought in.
    pub(super) globs: Vec<ModulePath>,
    /// Items that are defined in the file.
    pub(super) items: BTreeSet<String>,
    /// The paths that its code uses, with their lines.
    pub(super) uses: Vec<(ModulePath, usize)>,
}

/// What the code of one file, which is the module `path`, says.
pub(super) fn read(path: ModulePath, file: &File) -> Module {
    let module = Module {
        file: file.path.clone(),
        ..Module::default()
    };
    let mut reader = Reader {
        code: lexer::code(&file.tokens),
        path,
        module,
    };
    reader.read();
    reader.module
}

struct Reader<'a> {
    code: Vec<&'a Token>,
    path: ModulePath,
    module: Module,
}

/// One leaf of a `use`, or one path of an expression.
struct Leaf {
    path: ModulePath,
    alias: Option<String>,
}

impl Reader<'_> {
    fn read(&mut self) {
        self.children();
        let mut inline: Vec<usize> = Vec::new();
        let mut braces = 0;
        let mut index = 0;
        while index < self.code.len() {
            let token = self.code[index];
            if token.is_sign('{') {
                braces += 1;
            } else if token.is_sign('}') {
                braces -= 1;
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            } else if let Some(end) = self.test_module(index) {
                index = end;
                continue;
            } else if token.is_word("mod") && self.sign(index + 2, '{') {
                inline.push(braces);
            } else if token.is_word("use") && !self.sign(index + 1, '<') {
                index = self.read_use(index, inline.len());
                continue;
            } else if self.starts_path(index) {
                let line = token.line;
                let (leaves, end) = self.leaves(index);
                self.add_uses(&leaves, inline.len(), line);
                index = end;
                continue;
            }
            self.add_item(index);
            index += 1;
        }
    }

    fn sign(&self, index: usize, sign: char) -> bool {
        self.code
            .get(index)
            .is_some_and(|token| token.is_sign(sign))
    }

    fn word(&self, index: usize) -> Option<&str> {
        self.code
            .get(index)
            .filter(|token| token.kind == Kind::Word)
            .map(|token| token.text.as_str())
    }

    fn separator(&self, index: usize) -> bool {
        self.sign(index, ':') && self.sign(index + 1, ':')
    }

    fn children(&mut self) {
        for index in 0..self.code.len() {
            if self.code[index].is_word("mod") && self.sign(index + 2, ';') {
                let name = self.word(index + 1).unwrap_or_default().to_owned();
                self.module.children.insert(name);
            }
        }
    }

    fn add_item(&mut self, index: usize) {
        const DEFINING: &[&str] = &[
            "struct", "enum", "union", "trait", "fn", "const", "static", "type",
        ];
        let defining = DEFINING.iter().any(|word| self.code[index].is_word(word));
        if let Some(name) = self.word(index + 1).filter(|_| defining) {
            let name = name.to_owned();
            self.module.items.insert(name);
        }
    }

    /// The end of the `#[cfg(test)]` item that starts here, if one does.
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
        let visibility = index > 2
            && self.code[index - 1].is_word("in")
            && self.code[index - 2].is_sign('(')
            && self.code[index - 3].is_word("pub");
        let known =
            matches!(word, "crate" | "self" | "super") || self.module.children.contains(word);
        known && !inside && !visibility && self.separator(index + 1)
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
        matches!(first, "crate" | "self" | "super")
            || self.module.children.contains(first)
            || self.module.names.contains_key(first)
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
