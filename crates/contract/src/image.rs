//! What a compiled module holds, in memory and in a file: one format for both.
//!
//! An image is position-independent and needs no relocation. It begins with a header (magic, format,
//! checksum, the hash of the module that it was made from, a table of sections); each section starts at a
//! multiple of [`ALIGNMENT`] where it is mapped ([`Section::Text`], [`Section::Memories`]) and of 8 elsewhere.
//!
//! The checksum finds accidents (a cut file, a flipped bit). It can not find malice: who can write an image can
//! write machine code, so loading one is `unsafe` in the embedding API. Even so, reading a bad
//! image gives an [`ImageError`] and never panics here.
//!
//! There are two kinds. An image of a whole module needs nothing else. An image [`Kind::Called`] has the code of those functions that a program
//! called, as it lay in the text of a module whose functions are compiled when they are called, and needs the module's bytes beside it.

use silica_module::{ByteRange, Module};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{
    artefact::InlinedPlace,
    call_sites::{self, Handler, StackMap},
    settings::Settings,
    trap::TrapCode,
};

/// First bytes of an image.
pub const MAGIC: [u8; 8] = *b"\0silica\n";
/// Changes whenever the format, the context's layout, a builtin or the calling convention changes.
pub const FORMAT: u32 = 7;
/// Alignment of mapped sections: the largest page size of the systems that we know.
pub const ALIGNMENT: usize = 16 << 10;

/// The parts of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Section {
    /// [`Metadata`], in `postcard`'s encoding.
    Metadata = 0,
    /// Machine code.
    Text = 1,
    /// For each defined function its offset and length in the text: two `u32`. Of [`Kind::Called`]: what the text has, ascending, each with
    /// its offset, its length, the defined function, whether that is called there (1) and was optimized (2), and where in it the call returns by which it
    /// goes on in other code (or `u32::MAX`): five `u32`.
    Functions = 2,
    /// Offsets of instructions that may trap, ascending: `u32` each.
    TrapOffsets = 3,
    /// The [`TrapCode`] of each trap offset: `u8` each.
    TrapCodes = 4,
    /// Where code came from, ascending: text offset and [`Place`](crate::artefact::Place), two `u32` each. An entry
    /// holds until the next; `u32::MAX` as place means "nowhere".
    Addresses = 5,
    /// Initial contents of memories, each at a multiple of [`ALIGNMENT`].
    Memories = 6,
    /// The module's bytes that outlive compilation: data segments, names, custom sections.
    /// The byte ranges of the metadata's module (except function bodies') point into this section. Of [`Kind::Called`]: nothing, they point into the
    /// module.
    Kept = 7,
    /// References in frames, by return address ([`call_sites::StackMaps`]).
    StackMaps = 8,
    /// Handlers of exceptions, by return address ([`call_sites::Handlers`]).
    Handlers = 9,
    /// The [`InlinedPlace`]s by number: module byte offset, and the [`Place`](crate::artefact::Place) of the call, two `u32` each.
    Inlined = 10,
}

/// How many sections there are.
pub(crate) const SECTIONS: usize = 11;
pub(crate) const HEADER_BYTES: usize = 8 + 4 + 4 + 8 + 8 + 32 + SECTIONS * 16;

/// What an image has code of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// All of the module.
    Whole = 0,
    /// The functions that were called.
    Called = 1,
}

/// Code in the text of an image of [`Kind::Called`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalledFunction {
    /// Where it is.
    pub code: CodeRange,
    /// Of which defined function.
    pub defined: u32,
    /// Whether that is called there. If not, other code of it is.
    pub is_entry: bool,
    /// Whether it is not that of the first call, but was optimized later.
    pub is_optimized: bool,
    /// Where in it the call returns by which it goes on in other code of its own.
    pub continued_at: Option<u32>,
}

/// Bytes of a [`CalledFunction`].
pub(crate) const CALLED_BYTES: usize = 20;

/// The functions of an image that is written.
#[derive(Clone, Copy, Debug)]
pub enum Functions<'a> {
    /// Code of each defined function.
    Whole(&'a [CodeRange]),
    /// What was called, ascending by offset.
    Called(&'a [CalledFunction]),
}

impl Functions<'_> {
    fn kind(self) -> Kind {
        match self {
            Functions::Whole(_) => Kind::Whole,
            Functions::Called(_) => Kind::Called,
        }
    }

    fn section(self) -> Vec<u8> {
        match self {
            Functions::Whole(functions) => {
                words(functions.iter().flat_map(|f| [f.start, f.length]))
            }
            Functions::Called(functions) => words(functions.iter().flat_map(|f| {
                let flags = u32::from(f.is_entry) | u32::from(f.is_optimized) << 1;
                let continued_at = f.continued_at.unwrap_or(u32::MAX);
                [f.code.start, f.code.length, f.defined, flags, continued_at]
            })),
        }
    }
}

/// What of an image is decoded when it is loaded.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Metadata {
    /// Version of the engine that made it, which must be the loader's.
    pub engine_version: String,
    /// Settings that it was made with.
    pub settings: Settings,
    /// The module. Byte ranges point into [`Section::Kept`], but for `bodies`, which say where in the original
    /// module each function was.
    pub module: Module,
    /// Where the code section's contents began in the original module: what DWARF's addresses count from.
    pub code_section_start: u32,
    /// Memories whose first contents are in the image, at most one entry each.
    pub memory_images: Vec<MemoryImage>,
    /// How many of the module's leading active data segments those contents include:
    /// instantiation skips these.
    pub data_in_images: u32,
}

impl Metadata {
    /// Checks that its ranges lie within so many bytes that are kept, and of first contents of memories. The error is what is wrong.
    ///
    /// # Errors
    /// As said.
    pub fn check_ranges(&self, kept: usize, memories: usize) -> Result<(), &'static str> {
        let inside = |r: ByteRange, length: usize| r.start <= r.end && r.end as usize <= length;
        let module = &self.module;
        let mut ranges = (module.data.iter().map(|d| d.bytes))
            .chain(module.custom_sections.iter().map(|c| c.bytes))
            .chain(module.names);
        if !ranges.all(|r| inside(r, kept)) {
            return Err("a range of its metadata lies outside of it");
        }
        let fits = |m: &MemoryImage| {
            inside(m.bytes, memories)
                && (m.bytes.start as usize).is_multiple_of(ALIGNMENT)
                && m.address.is_multiple_of(ALIGNMENT as u64)
                && (m.memory as usize) < module.memories.len()
        };
        if !self.memory_images.iter().all(fits) {
            return Err("a memory's contents lie outside of it");
        }
        Ok(())
    }
}

/// First contents of one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MemoryImage {
    /// Which memory (a defined one).
    pub memory: u32,
    /// Where in the memory it starts: a multiple of [`ALIGNMENT`].
    pub address: u64,
    /// Where in [`Section::Memories`]; a multiple of [`ALIGNMENT`] at the start.
    pub bytes: ByteRange,
}

/// Where a defined function's code is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CodeRange {
    /// Offset of its first byte, which is its entry.
    pub start: u32,
    /// Its length in bytes.
    pub length: u32,
}

/// Why bytes are no image that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It does not begin like an image.
    #[error("not a compiled image: it does not begin with the image magic")]
    NotAnImage,
    /// It has another format.
    #[error(
        "compiled image of format {found}, expected {FORMAT}: compile the module again with this version"
    )]
    Format {
        /// The format that was found.
        found: u32,
    },
    /// It is cut short, or was changed.
    #[error("damaged compiled image: {what} (at byte {offset})")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// It was made by another engine version, or with settings or for a processor that do not fit.
    #[error("compiled image does not fit this engine: {0}")]
    Mismatch(String),
}

/// What a writer of an image gives.
#[derive(Clone, Debug)]
pub struct ImageParts<'a> {
    /// Hash (BLAKE3) of the module's bytes.
    pub module_hash: [u8; 32],
    /// The metadata.
    pub metadata: &'a Metadata,
    /// Machine code.
    pub text: &'a [u8],
    /// Where code is in it.
    pub functions: Functions<'a>,
    /// Trap sites, ascending by offset.
    pub traps: &'a [(u32, TrapCode)],
    /// Text offset to [`Place`](crate::artefact::Place) (or `u32::MAX`), ascending.
    pub addresses: &'a [(u32, u32)],
    /// What those places count.
    pub inlined: &'a [InlinedPlace],
    /// First contents of memories.
    pub memories: &'a [u8],
    /// Kept bytes.
    pub kept: &'a [u8],
    /// References in frames, ascending by return address.
    pub stack_maps: &'a [StackMap],
    /// Handlers, ascending by return address.
    pub handlers: &'a [Handler],
}

/// Writes an image.
///
/// # Errors
/// [`ImageError::Damaged`] if the metadata cannot be encoded.
pub fn write(parts: &ImageParts<'_>) -> Result<Vec<u8>, ImageError> {
    let metadata = postcard::to_stdvec(parts.metadata).map_err(|_| ImageError::Damaged {
        what: "the metadata cannot be encoded",
        offset: 0,
    })?;
    let functions = parts.functions.section();
    let trap_offsets = words(parts.traps.iter().map(|t| t.0));
    let trap_codes: Vec<u8> = parts.traps.iter().map(|t| t.1 as u8).collect();
    let addresses = words(parts.addresses.iter().flat_map(|a| [a.0, a.1]));
    let inlined = words((parts.inlined.iter()).flat_map(|i| [i.module_offset, i.called_at.bits()]));
    let stack_maps = call_sites::write_stack_maps(parts.stack_maps);
    let handlers = call_sites::write_handlers(parts.handlers);
    let sections: [&[u8]; SECTIONS] = [
        &metadata,
        parts.text,
        &functions,
        &trap_offsets,
        &trap_codes,
        &addresses,
        parts.memories,
        parts.kept,
        &stack_maps,
        &handlers,
        &inlined,
    ];
    let mut out = vec![0; HEADER_BYTES];
    let mut table = Vec::with_capacity(SECTIONS * 16);
    for (index, bytes) in sections.iter().enumerate() {
        let align = if is_mapped(index) { ALIGNMENT } else { 8 };
        out.resize(out.len().next_multiple_of(align), 0);
        table.extend_from_slice(&(out.len() as u64).to_le_bytes());
        table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
        if is_mapped(index) {
            out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        }
    }
    out[..8].copy_from_slice(&MAGIC);
    out[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    let kind = parts.functions.kind() as u32;
    out[12..16].copy_from_slice(&kind.to_le_bytes());
    let total = out.len() as u64;
    out[24..32].copy_from_slice(&total.to_le_bytes());
    out[32..64].copy_from_slice(&parts.module_hash);
    out[64..HEADER_BYTES].copy_from_slice(&table);
    let checksum = checksum(&out);
    out[16..24].copy_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

/// Of all of an image but its magic, its format and this itself.
pub(crate) fn checksum(image: &[u8]) -> u64 {
    // The kind is hashed as a seed, since it lies before the checksum.
    xxh3_64_with_seed(&image[24..], u64::from(u32_at(image, 12)))
}

pub(crate) fn is_mapped(section: usize) -> bool {
    section == Section::Text as usize || section == Section::Memories as usize
}

fn words(values: impl Iterator<Item = u32>) -> Vec<u8> {
    values.flat_map(u32::to_le_bytes).collect()
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}
