//! What a compiled module holds, in memory and in a file: one format for both.
//!
//! An image is position-independent and needs no relocation. It begins with a header (magic, format,
//! checksum, the hash of the module that it was made from, a table of sections); each section starts at a
//! multiple of [`ALIGNMENT`] where it is mapped ([`Section::Text`], [`Section::Memories`]) and of 8 elsewhere.
//!
//! The checksum finds accidents (a cut file, a flipped bit). It can not find malice: who can write an image can
//! write machine code, so loading one is `unsafe` in the embedding API. Even so, reading a bad
//! image gives an [`ImageError`] and never panics here.

use silica_module::{ByteRange, FunctionBody, Module};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    call_sites::{self, Handler, Handlers, StackMap, StackMaps},
    settings::Settings,
    trap::TrapCode,
};

/// First bytes of an image.
pub const MAGIC: [u8; 8] = *b"\0silica\n";
/// Changes whenever the format, the context's layout, a builtin or the calling convention changes.
pub const FORMAT: u32 = 4;
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
    /// For each defined function its offset and length in the text: two `u32`.
    Functions = 2,
    /// Offsets of instructions that may trap, ascending: `u32` each.
    TrapOffsets = 3,
    /// The [`TrapCode`] of each trap offset: `u8` each.
    TrapCodes = 4,
    /// Where code came from, ascending: text offset and module byte offset, two `u32` each. An entry
    /// holds until the next; `u32::MAX` as module offset means "nowhere".
    Addresses = 5,
    /// Initial contents of memories, each at a multiple of [`ALIGNMENT`].
    Memories = 6,
    /// The module's bytes that outlive compilation: data segments, names, custom sections.
    /// The byte ranges of the metadata's module (except function bodies') point into this section.
    Kept = 7,
    /// References in frames, by return address ([`StackMaps`]).
    StackMaps = 8,
    /// Handlers of exceptions, by return address ([`Handlers`]).
    Handlers = 9,
}

/// How many sections there are.
const SECTIONS: usize = 10;
const HEADER_BYTES: usize = 8 + 4 + 4 + 8 + 8 + 32 + SECTIONS * 16;

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
    /// Code of each defined function.
    pub functions: &'a [CodeRange],
    /// Trap sites, ascending by offset.
    pub traps: &'a [(u32, TrapCode)],
    /// Text offset to module offset, ascending.
    pub addresses: &'a [(u32, u32)],
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
    let functions = words(parts.functions.iter().flat_map(|f| [f.start, f.length]));
    let trap_offsets = words(parts.traps.iter().map(|t| t.0));
    let trap_codes: Vec<u8> = parts.traps.iter().map(|t| t.1 as u8).collect();
    let addresses = words(parts.addresses.iter().flat_map(|a| [a.0, a.1]));
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
    let total = out.len() as u64;
    out[24..32].copy_from_slice(&total.to_le_bytes());
    out[32..64].copy_from_slice(&parts.module_hash);
    out[64..HEADER_BYTES].copy_from_slice(&table);
    let checksum = xxh3_64(&out[24..]);
    out[16..24].copy_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

fn is_mapped(section: usize) -> bool {
    section == Section::Text as usize || section == Section::Memories as usize
}

fn words(values: impl Iterator<Item = u32>) -> Vec<u8> {
    values.flat_map(u32::to_le_bytes).collect()
}

/// Where the sections of an image lie. It borrows nothing: whoever holds it also holds the bytes.
#[derive(Clone, Debug)]
pub struct ImageIndex {
    module_hash: [u8; 32],
    sections: [std::ops::Range<usize>; SECTIONS],
}

impl ImageIndex {
    /// The index of no bytes: all sections are empty.
    #[must_use]
    pub fn empty() -> ImageIndex {
        ImageIndex {
            module_hash: [0; 32],
            sections: Default::default(),
        }
    }

    /// Reads and checks the header of an image: its format, length and checksum.
    ///
    /// # Errors
    /// An [`ImageError`] saying what is wrong.
    pub fn read(bytes: &[u8]) -> Result<ImageIndex, ImageError> {
        if bytes.len() < MAGIC.len() || bytes[..8] != MAGIC {
            return Err(ImageError::NotAnImage);
        }
        if bytes.len() < HEADER_BYTES {
            return Err(ImageError::Damaged {
                what: "the header is cut short",
                offset: bytes.len(),
            });
        }
        let found = u32_at(bytes, 8);
        if found != FORMAT {
            return Err(ImageError::Format { found });
        }
        if u32_at(bytes, 12) != 0 {
            return Err(ImageError::Damaged {
                what: "bytes that must be zero are not",
                offset: 12,
            });
        }
        if u64_at(bytes, 24) != bytes.len() as u64 {
            return Err(ImageError::Damaged {
                what: "its length is not the one it states",
                offset: 24,
            });
        }
        if u64_at(bytes, 16) != xxh3_64(&bytes[24..]) {
            return Err(ImageError::Damaged {
                what: "its checksum does not match its contents",
                offset: 16,
            });
        }
        let mut sections: [std::ops::Range<usize>; SECTIONS] = Default::default();
        for (index, range) in sections.iter_mut().enumerate() {
            let entry = 64 + index * 16;
            *range = section_range(bytes, entry, is_mapped(index))?;
        }
        let mut module_hash = [0; 32];
        module_hash.copy_from_slice(&bytes[32..64]);
        Ok(ImageIndex {
            module_hash,
            sections,
        })
    }

    /// Hash (BLAKE3) of the module that the image was made from.
    #[must_use]
    pub fn module_hash(&self) -> [u8; 32] {
        self.module_hash
    }

    /// Where a section lies in the image.
    #[must_use]
    pub fn range(&self, section: Section) -> std::ops::Range<usize> {
        self.sections[section as usize].clone()
    }

    /// A section of the image whose index this is.
    ///
    /// # Panics
    /// If `image` is shorter than the bytes that the index was read from.
    #[must_use]
    pub fn section<'a>(&self, image: &'a [u8], section: Section) -> &'a [u8] {
        &image[self.range(section)]
    }

    /// Decodes the metadata, and checks that ranges in it lie within the image.
    ///
    /// # Errors
    /// [`ImageError::Damaged`].
    pub fn metadata(&self, image: &[u8]) -> Result<Metadata, ImageError> {
        let range = self.range(Section::Metadata);
        let damaged = |what| ImageError::Damaged {
            what,
            offset: range.start,
        };
        let metadata: Metadata = postcard::from_bytes(&image[range.clone()])
            .map_err(|_| damaged("its metadata cannot be decoded"))?;
        let kept = self.range(Section::Kept).len();
        let memories = self.range(Section::Memories).len();
        metadata.check_ranges(kept, memories).map_err(damaged)?;
        let text = self.range(Section::Text).len();
        let module = &metadata.module;
        if self.range(Section::Functions).len() != module.bodies.len() * 8
            || !self
                .functions(image)
                .all(|f| f.start as usize + f.length as usize <= text)
        {
            return Err(damaged("a function lies outside of its code"));
        }
        if !(self.handlers(image).all()).all(|h| (h.handler_offset as usize) < text) {
            return Err(damaged("a handler lies outside of its code"));
        }
        Ok(metadata)
    }

    /// The references in frames, by return address.
    #[must_use]
    pub fn stack_maps<'a>(&self, image: &'a [u8]) -> StackMaps<'a> {
        StackMaps::new(self.section(image, Section::StackMaps))
    }

    /// The handlers of exceptions, by return address.
    #[must_use]
    pub fn handlers<'a>(&self, image: &'a [u8]) -> Handlers<'a> {
        Handlers::new(self.section(image, Section::Handlers))
    }

    /// Code of each defined function.
    pub fn functions<'a>(&self, image: &'a [u8]) -> impl ExactSizeIterator<Item = CodeRange> + 'a {
        self.section(image, Section::Functions)
            .chunks_exact(8)
            .map(|entry| CodeRange {
                start: u32_at(entry, 0),
                length: u32_at(entry, 4),
            })
    }

    /// Code of one defined function.
    #[must_use]
    pub fn function(&self, image: &[u8], defined: u32) -> Option<CodeRange> {
        let at = defined as usize * 8;
        let entry = self.section(image, Section::Functions).get(at..at + 8)?;
        Some(CodeRange {
            start: u32_at(entry, 0),
            length: u32_at(entry, 4),
        })
    }

    /// The defined function whose code contains this text offset. Functions are placed in order.
    #[must_use]
    pub fn function_at(&self, image: &[u8], text_offset: u32) -> Option<u32> {
        let section = self.section(image, Section::Functions);
        let after = partition(section.len() / 8, |i| u32_at(section, i * 8) <= text_offset);
        let defined = after.checked_sub(1)? as u32;
        let code = self.function(image, defined)?;
        (text_offset - code.start < code.length).then_some(defined)
    }

    /// Why the instruction at this text offset traps, if it is known to.
    #[must_use]
    pub fn trap_at(&self, image: &[u8], text_offset: u32) -> Option<TrapCode> {
        let offsets = self.section(image, Section::TrapOffsets);
        let index = partition(offsets.len() / 4, |i| u32_at(offsets, i * 4) < text_offset);
        if offsets.get(index * 4..index * 4 + 4)? != text_offset.to_le_bytes() {
            return None;
        }
        TrapCode::from_number(*self.section(image, Section::TrapCodes).get(index)?)
    }

    /// The module byte offset that the code at this text offset was made from.
    #[must_use]
    pub fn module_offset_at(&self, image: &[u8], text_offset: u32) -> Option<u32> {
        let entries = self.section(image, Section::Addresses);
        let after = partition(entries.len() / 8, |i| u32_at(entries, i * 8) <= text_offset);
        let entry = after.checked_sub(1)? * 8;
        Some(u32_at(entries, entry + 4)).filter(|offset| *offset != u32::MAX)
    }

    /// Where in the original module a defined function's body was.
    #[must_use]
    pub fn body(metadata: &Metadata, defined: u32) -> Option<FunctionBody> {
        metadata.module.bodies.get(defined as usize).copied()
    }
}

fn section_range(
    bytes: &[u8],
    entry: usize,
    mapped: bool,
) -> Result<std::ops::Range<usize>, ImageError> {
    let damaged = ImageError::Damaged {
        what: "a section lies outside of it",
        offset: entry,
    };
    let start = usize::try_from(u64_at(bytes, entry)).map_err(|_| damaged.clone())?;
    let length = usize::try_from(u64_at(bytes, entry + 8)).map_err(|_| damaged.clone())?;
    let end = start.checked_add(length).ok_or_else(|| damaged.clone())?;
    if end > bytes.len() || (mapped && !start.is_multiple_of(ALIGNMENT)) {
        return Err(damaged);
    }
    Ok(start..end)
}

/// First index below `count` for which `before` is false; `before` holds for a prefix.
fn partition(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle) {
            low = middle + 1
        } else {
            high = middle
        }
    }
    low
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
