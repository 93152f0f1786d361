//! Names of functions, read from the name section when somebody asks.
//!
//! A name section proves nothing: it is read as far as it makes sense and no further, and what is
//! wrong with it is no error.

use wasmparser::{BinaryReader, Name, NameSectionReader};

use crate::{ByteRange, Module};

/// Where the names of functions lie in the module's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FunctionNames {
    /// Function index and its name's range, sorted by index.
    entries: Vec<(u32, ByteRange)>,
}

impl FunctionNames {
    /// Reads where the names are. Costs a pass over the name section and twelve bytes a name.
    #[must_use]
    pub fn index(bytes: &[u8], module: &Module) -> FunctionNames {
        let mut entries = Vec::new();
        let count = module.functions.len();
        if let Some(range) = module.names {
            for_each_function_name(bytes, range, |index, name| {
                if (index as usize) < count && entries.len() < count {
                    entries.push((index, name));
                }
                true
            });
        }
        entries.sort_by_key(|&(index, _)| index);
        entries.dedup_by_key(|&mut (index, _)| index);
        FunctionNames { entries }
    }

    /// The name of function `index`. `bytes` is the module that was indexed.
    #[must_use]
    pub fn get<'a>(&self, bytes: &'a [u8], index: u32) -> Option<&'a str> {
        let at = self.entries.binary_search_by_key(&index, |e| e.0).ok()?;
        let name = bytes.get(self.entries[at].1.indices())?;
        std::str::from_utf8(name).ok()
    }

    /// How many functions have names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no function has a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The name of one function, without an index: for an error that happens once.
/// `range` is [`Module::names`].
#[must_use]
pub fn function_name(bytes: &[u8], range: Option<ByteRange>, index: u32) -> Option<&str> {
    let mut found = None;
    for_each_function_name(bytes, range?, |i, name| {
        if i == index {
            found = Some(name);
        }
        found.is_none()
    });
    std::str::from_utf8(bytes.get(found?.indices())?).ok()
}

/// The module's own name, from its name section.
#[must_use]
pub fn module_name(bytes: &[u8], range: Option<ByteRange>) -> Option<&str> {
    let reader = section(bytes, range?)?;
    reader.map_while(Result::ok).find_map(|name| match name {
        Name::Module { name, .. } => Some(name),
        _ => None,
    })
}

fn section(bytes: &[u8], range: ByteRange) -> Option<NameSectionReader<'_>> {
    let contents = bytes.get(range.indices())?;
    let reader = BinaryReader::new(contents, u64::from(range.start));
    Some(NameSectionReader::new(reader))
}

/// Calls `visit` with each function's index and where its name is, until it returns false.
fn for_each_function_name(
    bytes: &[u8],
    range: ByteRange,
    mut visit: impl FnMut(u32, ByteRange) -> bool,
) {
    let Some(reader) = section(bytes, range) else {
        return;
    };
    for name in reader.map_while(Result::ok) {
        let Name::Function(map) = name else { continue };
        let mut names = map.names;
        loop {
            let offset = names.original_position();
            let Some(Ok(naming)) = names.next() else {
                break;
            };
            let Some(name) = name_range(bytes, offset, naming.index, naming.name.len()) else {
                return;
            };
            if !visit(naming.index, name) {
                return;
            }
        }
    }
}

/// A name follows its function's index and its own length, both LEB128 of any permitted width.
fn name_range(bytes: &[u8], offset: u64, index: u32, length: usize) -> Option<ByteRange> {
    let offset = usize::try_from(offset).ok()?;
    let mut reader = BinaryReader::new(bytes.get(offset..)?, 0);
    let found = reader.read_var_u32().ok()?;
    let found_length = reader.read_var_u32().ok()?;
    debug_assert!(found == index && found_length as usize == length);
    let start = offset + reader.current_position();
    ByteRange::new(start, start + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Features, Limits, decode, parse_text};

    const TEXT: &[u8] = b"(module $app (func $first) (func) (func $third))";

    fn module() -> (Vec<u8>, Module) {
        let bytes = parse_text(TEXT, None).unwrap().into_owned();
        let module = decode(&bytes, &Features::default(), &Limits::default())
            .unwrap()
            .module;
        (bytes, module)
    }

    #[test]
    fn names_are_found() {
        let (bytes, module) = module();
        let names = FunctionNames::index(&bytes, &module);
        assert_eq!(names.len(), 2);
        for (index, name) in [(0, Some("first")), (1, None), (2, Some("third")), (9, None)] {
            assert_eq!(names.get(&bytes, index), name);
            assert_eq!(function_name(&bytes, module.names, index), name);
        }
        assert_eq!(module_name(&bytes, module.names), Some("app"));
    }

    #[test]
    fn a_spoilt_name_section_is_no_error() {
        let (bytes, module) = module();
        let range = module.names.unwrap();
        for at in range.indices() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                let names = FunctionNames::index(&bytes, &module);
                for index in 0..4 {
                    let _ = names.get(&bytes, index);
                }
                let _ = function_name(&bytes, module.names, 2);
            }
        }
    }
}
