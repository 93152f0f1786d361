//! Where in a program's sources an instruction is: names from the name section, files and lines from DWARF.
//!
//! Both were written by whoever made the module: they may be wrong, but not harmful. Nothing
//! here is kept between two questions; errors are rare.

use std::borrow::Cow;

use gimli::{EndianSlice, LittleEndian};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// A place in sources. Inlined calls give several for one instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameSymbol {
    pub(crate) name: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl FrameSymbol {
    /// The function's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The source file.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, from 1.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

/// A function's name as its author wrote it, from a linker's name of it.
pub(crate) fn demangle(name: &str) -> String {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        return format!("{rust:#}");
    }
    if name.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(name)
        && let Ok(text) = symbol.demangle()
    {
        return text;
    }
    name.to_owned()
}

/// Source places of the instruction at `offset` bytes into the code section's contents, innermost inlined call
/// first. `section` gives the contents of a custom section. Empty where the module has no DWARF that says.
pub(crate) fn places<'a>(section: impl Fn(&str) -> &'a [u8], offset: u64) -> Vec<FrameSymbol> {
    if section(".debug_info").is_empty() {
        return Vec::new();
    }
    let section = |id: gimli::SectionId| -> Result<Bytes<'a>, gimli::Error> {
        Ok(EndianSlice::new(section(id.name()), LittleEndian))
    };
    gimli::Dwarf::load(section)
        .and_then(addr2line::Context::from_dwarf)
        .and_then(|context| find(&context, offset))
        .unwrap_or_default()
}

fn find(
    context: &addr2line::Context<Bytes<'_>>,
    offset: u64,
) -> Result<Vec<FrameSymbol>, gimli::Error> {
    /// Deeper inlining than this is not told.
    const PLACES_MAX: usize = 64;
    let mut places = Vec::new();
    let mut frames = context.find_frames(offset).skip_all_loads()?;
    while let Some(frame) = frames.next()? {
        let name = frame
            .function
            .as_ref()
            .and_then(|function| function.raw_name().ok())
            .map(|name: Cow<'_, str>| demangle(&name));
        let location = frame.location;
        places.push(FrameSymbol {
            name,
            file: location.as_ref().and_then(|l| l.file.map(str::to_owned)),
            line: location.as_ref().and_then(|l| l.line),
            column: location.as_ref().and_then(|l| l.column),
        });
        if places.len() == PLACES_MAX {
            break;
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::demangle;

    #[test]
    fn names_are_as_written() {
        assert_eq!(
            demangle("_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE"),
            "core::fmt::Formatter::write_str"
        );
        assert_eq!(demangle("_Z3addii"), "add(int, int)");
        assert_eq!(demangle("main"), "main");
        assert_eq!(demangle("_Znonsense"), "_Znonsense");
    }
}
