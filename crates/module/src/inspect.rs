//! What a person asks about a module: how big each part is, which proposals it uses, who made it.
//!
//! Nothing here is needed to run one. Custom sections prove nothing and are read as far as they
//! make sense.

use std::collections::BTreeMap;

use wasmparser::{
    BinaryReader, CustomSectionValidator, Encoding, Parser, Payload, ProducersSectionReader,
    ValidPayload, Validator,
};

use crate::decode::section_name;
use crate::{ByteRange, DecodeError, Features, Import, Module, Place};

pub use crate::uses::used_features;

/// A section of a module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Section {
    /// Its name, `custom "…"` for custom sections.
    pub name: String,
    /// Where its contents are.
    pub bytes: ByteRange,
    /// How many entries it has, where it is a list.
    pub count: Option<u32>,
}

/// The sections in order, as far as they can be read.
#[must_use]
pub fn sections(bytes: &[u8]) -> Vec<Section> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        let Some(name) = section_name(&payload) else {
            continue;
        };
        let name = match &payload {
            Payload::CustomSection(custom) => format!("custom {:?}", custom.name()),
            _ => name.to_owned(),
        };
        let Some((_, range)) = payload.as_section() else {
            continue;
        };
        let (start, end) = (range.start as usize, range.end as usize);
        if let Some(bytes) = ByteRange::new(start, end) {
            let count = entries(&payload);
            sections.push(Section { name, bytes, count });
        }
    }
    sections
}

fn entries(payload: &Payload<'_>) -> Option<u32> {
    use Payload::*;
    match payload {
        TypeSection(s) => Some(s.count()),
        ImportSection(s) => Some(s.count()),
        FunctionSection(s) => Some(s.count()),
        TableSection(s) => Some(s.count()),
        MemorySection(s) => Some(s.count()),
        TagSection(s) => Some(s.count()),
        GlobalSection(s) => Some(s.count()),
        ExportSection(s) => Some(s.count()),
        ElementSection(s) => Some(s.count()),
        DataSection(s) => Some(s.count()),
        CodeSectionStart { count, .. } => Some(*count),
        _ => None,
    }
}

/// Imports by module name, in the order of the names.
#[must_use]
pub fn imports_by_module(module: &Module) -> BTreeMap<&str, Vec<&Import>> {
    let mut grouped = BTreeMap::<_, Vec<_>>::new();
    for import in &module.imports {
        grouped
            .entry(import.module.as_str())
            .or_default()
            .push(import);
    }
    grouped
}

/// One line of the `producers` section: what, its name, its version.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// For example `rustc`.
    pub name: String,
    /// For example `1.95.0`.
    pub version: String,
}

/// What the `producers` section says, as far as it can be read.
#[must_use]
pub fn producers(bytes: &[u8], module: &Module) -> Vec<Producer> {
    let mut producers = Vec::new();
    let Some(reader) = custom(bytes, module, "producers") else {
        return producers;
    };
    let Ok(fields) = ProducersSectionReader::new(reader) else {
        return producers;
    };
    for field in fields.into_iter().map_while(Result::ok) {
        for value in field.values.into_iter().map_while(Result::ok) {
            producers.push(Producer {
                field: field.name.to_owned(),
                name: value.name.to_owned(),
                version: value.version.to_owned(),
            });
        }
    }
    producers
}

/// What the `target_features` section says, each with its `+` or `-`.
#[must_use]
pub fn target_features(bytes: &[u8], module: &Module) -> Vec<String> {
    let mut features = Vec::new();
    let Some(mut reader) = custom(bytes, module, "target_features") else {
        return features;
    };
    let Ok(count) = reader.read_var_u32() else {
        return features;
    };
    for _ in 0..count {
        let (Ok(prefix), Ok(name)) = (reader.read_u8(), reader.read_string()) else {
            break;
        };
        features.push(format!("{}{name}", char::from(prefix)));
    }
    features
}

/// Validates the custom sections that the specification defines: names, branch hints. An engine need
/// not, and a module with wrong ones is valid; a tool may want to know.
///
/// # Errors
/// [`DecodeError`] of the first thing that is wrong in them, or in the module.
pub fn check_custom_sections(bytes: &[u8]) -> Result<(), DecodeError> {
    let error = |e| DecodeError::new(&e, Place::Section("custom"));
    let mut validator = Validator::new_with_features(Features::all().for_sections());
    let mut custom = CustomSectionValidator::new();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(error)?;
        if let Payload::Version {
            encoding: Encoding::Component,
            ..
        } = payload
        {
            return Err(DecodeError::Component);
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(error)? {
            bodies.push((function.index, body));
        }
        custom.payload(&payload, &validator).map_err(error)?;
    }
    // The only module of the bytes is the first that the validator saw.
    for (index, body) in &bodies {
        custom.code_section_entry(0, *index, body).map_err(error)?;
    }
    Ok(())
}

fn custom<'a>(bytes: &'a [u8], module: &Module, name: &str) -> Option<BinaryReader<'a>> {
    let section = module.custom_sections.iter().find(|s| s.name == name)?;
    let contents = bytes.get(section.bytes.indices())?;
    Some(BinaryReader::new(contents, u64::from(section.bytes.start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_text;

    #[test]
    fn sections_are_listed() {
        let bytes = parse_text(b"(module $m (func) (memory 1) (data \"abc\"))", None).unwrap();
        let names: Vec<_> = sections(&bytes).into_iter().map(|s| s.name).collect();
        assert!(names.contains(&"code".to_owned()) && names.contains(&"data".to_owned()));
        assert!(names.contains(&"custom \"name\"".to_owned()));
    }
}
