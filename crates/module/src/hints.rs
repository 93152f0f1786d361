//! Which way branches go, as the module's producer thinks: the custom section `metadata.code.branch_hint`.
//!
//! Hints prove nothing and change no result. They are read as far as they make sense and no further, and what is wrong
//! with them is no error.

use wasmparser::{BinaryReader, BranchHintFunction, BranchHintSectionReader};

use crate::{FunctionBody, Module};

/// The hints of a module's branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchHints {
    /// Offset of the operator in the module, and whether its condition is likely to hold. Sorted.
    entries: Vec<(u32, bool)>,
}

impl BranchHints {
    /// Reads the hints. Costs eight bytes for each, which takes three in the section at least.
    #[must_use]
    pub fn read(bytes: &[u8], module: &Module) -> BranchHints {
        let mut entries = Vec::new();
        let mut sections = module.custom_sections.iter();
        let section = sections.find(|section| section.name == "metadata.code.branch_hint");
        let contents = section.and_then(|section| bytes.get(section.bytes.indices()));
        let reader = contents.map(|contents| BinaryReader::new(contents, 0));
        let functions = reader.and_then(|reader| BranchHintSectionReader::new(reader).ok());
        for function in functions.into_iter().flatten().map_while(Result::ok) {
            let defined = module.defined_function(function.func);
            if let Some(body) = defined.and_then(|index| module.bodies.get(index as usize)) {
                add(&mut entries, &function, *body);
            }
        }
        entries.sort_unstable();
        entries.dedup_by_key(|&mut (offset, _)| offset);
        BranchHints { entries }
    }

    /// Whether the condition of the `if` or `br_if` at this offset of the module is likely to hold; `None` where nothing
    /// is known.
    #[must_use]
    pub fn at(&self, offset: u64) -> Option<bool> {
        let offset = u32::try_from(offset).ok()?;
        let found = self.entries.binary_search_by_key(&offset, |entry| entry.0);
        found.ok().map(|index| self.entries[index].1)
    }
}

fn add(entries: &mut Vec<(u32, bool)>, function: &BranchHintFunction<'_>, body: FunctionBody) {
    for hint in function.hints.clone().into_iter().map_while(Result::ok) {
        if hint.func_offset < body.bytes.len() {
            entries.push((body.bytes.start + hint.func_offset, hint.taken));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Features, Limits, decode, parse_text};

    fn hints(bytes: &[u8]) -> (Module, BranchHints) {
        let decoded = decode(bytes, &Features::default(), &Limits::default()).unwrap();
        let hints = BranchHints::read(bytes, &decoded.module);
        (decoded.module, hints)
    }

    #[test]
    fn hints_are_found_at_their_operators() {
        let text = br#"(module (import "" "" (func))
            (func (param i32) local.get 0 (@metadata.code.branch_hint "\01") if end)
            (func (param i32) local.get 0 (@metadata.code.branch_hint "\00") br_if 0))"#;
        let (module, hints) = hints(&parse_text(text, None).unwrap());
        let operators = |body: usize| u64::from(module.bodies[body].bytes.start) + 1;
        assert_eq!(hints.entries.len(), 2);
        assert_eq!(hints.at(operators(0)), None);
        assert_eq!(hints.at(operators(0) + 2), Some(true));
        assert_eq!(hints.at(operators(1) + 2), Some(false));
    }

    #[test]
    fn hints_that_make_no_sense_are_no_error() {
        let mut bytes = parse_text(b"(module (func))", None).unwrap().into_owned();
        let name = b"metadata.code.branch_hint";
        // Two functions, the first with an offset behind its end, the second not there.
        let contents = [2, 0, 1, 99, 1, 1, 7, 200, 200, 200, 200, 0];
        bytes.extend([0, (1 + name.len() + contents.len()) as u8, name.len() as u8]);
        bytes.extend(name);
        bytes.extend(contents);
        assert_eq!(hints(&bytes).1, BranchHints::default());
    }
}
