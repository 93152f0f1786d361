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
    let module = Module { file: file.path.clone(), ..Module::default() };
    let mut reader = Reader { code: lexer::code(&file.tokens), path, module };
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

    /// The end of the `
