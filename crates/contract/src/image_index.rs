//! Where things are in an image: [`ImageIndex`], and what can be asked of it. What a signal handler asks allocates nothing.

use silica_module::FunctionBody;

use crate::{
    artefact::{InlinedPlace, Place},
    call_sites::{Handlers, StackMaps},
    image::{
        ALIGNMENT, CALLED_BYTES, CalledFunction, CodeRange, FORMAT, HEADER_BYTES, ImageError, Kind,
        MAGIC, Metadata, SECTIONS, Section, checksum, is_mapped, u32_at,
    },
    trap::TrapCode,
};

/// Where the sections of an image lie. It borrows nothing: whoever holds it also holds the bytes.
#[derive(Clone, Debug)]
pub struct ImageIndex {
    kind: Kind,
    module_hash: [u8; 32],
    sections: [std::ops::Range<usize>; SECTIONS],
}

impl ImageIndex {
    /// The index of no bytes: all sections are empty.
    #[must_use]
    pub fn empty() -> ImageIndex {
        ImageIndex {
            kind: Kind::Whole,
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
        let kind = match u32_at(bytes, 12) {
            0 => Kind::Whole,
            1 => Kind::Called,
            _ => {
                return Err(ImageError::Damaged {
                    what: "there is no such kind of image",
                    offset: 12,
                });
            }
        };
        if u64_at(bytes, 24) != bytes.len() as u64 {
            return Err(ImageError::Damaged {
                what: "its length is not the one it states",
                offset: 24,
            });
        }
        if u64_at(bytes, 16) != checksum(bytes) {
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
            kind,
            module_hash,
            sections,
        })
    }

    /// What the image has code of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
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

    /// Decodes the metadata, and checks that ranges in it lie within the image, or in its module of so many bytes.
    ///
    /// # Errors
    /// [`ImageError::Damaged`].
    pub fn metadata(&self, image: &[u8], module_bytes: usize) -> Result<Metadata, ImageError> {
        let range = self.range(Section::Metadata);
        let damaged = |what| ImageError::Damaged {
            what,
            offset: range.start,
        };
        let metadata: Metadata = postcard::from_bytes(&image[range.clone()])
            .map_err(|_| damaged("its metadata cannot be decoded"))?;
        let kept = match self.kind {
            Kind::Whole => self.range(Section::Kept).len(),
            Kind::Called => module_bytes,
        };
        let memories = self.range(Section::Memories).len();
        metadata.check_ranges(kept, memories).map_err(damaged)?;
        let text = self.range(Section::Text).len();
        let module = &metadata.module;
        let fits = |f: CodeRange| f.start as usize + f.length as usize <= text;
        let functions = match self.kind {
            Kind::Whole => {
                self.range(Section::Functions).len() == module.bodies.len() * 8
                    && self.functions(image).all(fits)
            }
            Kind::Called => (self.called(image))
                .all(|f| fits(f.code) && (f.defined as usize) < module.bodies.len()),
        };
        if !functions {
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

    /// The code in an image of [`Kind::Called`], ascending.
    pub fn called<'a>(
        &self,
        image: &'a [u8],
    ) -> impl ExactSizeIterator<Item = CalledFunction> + 'a {
        self.section(image, Section::Functions)
            .chunks_exact(CALLED_BYTES)
            .map(called_function)
    }

    /// The code in an image of [`Kind::Called`] that contains this text offset.
    #[must_use]
    pub fn called_at(&self, image: &[u8], text_offset: u32) -> Option<CalledFunction> {
        let section = self.section(image, Section::Functions);
        let after = partition(section.len() / CALLED_BYTES, |index| {
            u32_at(section, index * CALLED_BYTES) <= text_offset
        });
        let at = after.checked_sub(1)? * CALLED_BYTES;
        let found = called_function(section.get(at..at + CALLED_BYTES)?);
        (text_offset - found.code.start < found.code.length).then_some(found)
    }

    /// All instructions that may trap, ascending.
    pub fn traps<'a>(&self, image: &'a [u8]) -> impl Iterator<Item = (u32, TrapCode)> + 'a {
        let offsets = self.section(image, Section::TrapOffsets).chunks_exact(4);
        let codes = self.section(image, Section::TrapCodes);
        (offsets.zip(codes))
            .filter_map(|(at, code)| Some((u32_at(at, 0), TrapCode::from_number(*code)?)))
    }

    /// All that is known of where code came from, ascending: text offset, and [`Place`] or `u32::MAX`.
    pub fn addresses<'a>(&self, image: &'a [u8]) -> impl Iterator<Item = (u32, u32)> + 'a {
        self.section(image, Section::Addresses)
            .chunks_exact(8)
            .map(|entry| (u32_at(entry, 0), u32_at(entry, 4)))
    }

    /// The operators of bodies that stand in place of calls.
    pub fn inlined<'a>(&self, image: &'a [u8]) -> impl Iterator<Item = InlinedPlace> + 'a {
        let entries = self.section(image, Section::Inlined).chunks_exact(8);
        entries.filter_map(inlined_place)
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

    /// The module byte offset that the code at this text offset was made from, and those of the calls that it stands in place of, outwards.
    /// Nothing if it was made from no operator.
    #[must_use]
    pub fn module_offsets_at(&self, image: &[u8], text_offset: u32) -> Vec<u32> {
        let entries = self.section(image, Section::Addresses);
        let after = partition(entries.len() / 8, |i| u32_at(entries, i * 8) <= text_offset);
        let place =
            (after.checked_sub(1)).and_then(|i| Place::from_bits(u32_at(entries, i * 8 + 4)));
        let inlined = self.section(image, Section::Inlined);
        place.map_or_else(Vec::new, |place| {
            place.module_offsets(|number| {
                let at = number as usize * 8;
                inlined_place(inlined.get(at..at + 8)?)
            })
        })
    }

    /// Where in the original module a defined function's body was.
    #[must_use]
    pub fn body(metadata: &Metadata, defined: u32) -> Option<FunctionBody> {
        metadata.module.bodies.get(defined as usize).copied()
    }
}

fn inlined_place(entry: &[u8]) -> Option<InlinedPlace> {
    Some(InlinedPlace {
        module_offset: u32_at(entry, 0),
        called_at: Place::from_bits(u32_at(entry, 4))?,
    })
}

fn called_function(entry: &[u8]) -> CalledFunction {
    CalledFunction {
        code: CodeRange {
            start: u32_at(entry, 0),
            length: u32_at(entry, 4),
        },
        defined: u32_at(entry, 8),
        is_entry: u32_at(entry, 12) & 1 != 0,
        is_optimized: u32_at(entry, 12) & 2 != 0,
        continued_at: Some(u32_at(entry, 16)).filter(|offset| *offset != u32::MAX),
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

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
