//! Code of an earlier run at the start of a growing text, and the image that a later run finds it in.
//!
//! Such an image has the text as it lay there, from its first byte to its last, so that it is mapped and nothing in it is moved: stubs, and functions in the
//! order in which they were first called. Its tables are searched where they lie.

use std::sync::Arc;

use silica_contract::{
    artefact::{InlinedPlace, Place},
    call_sites::{Handler, StackMap},
    image::{self, CalledFunction, Functions, ImageError, ImageParts, Section},
    image_index::ImageIndex,
    trap::TrapCode,
};
use silica_os::CodeSpace;

use super::{
    placed::{Occasion, Placed},
    stubs::Stubs,
    tables::References,
};
use crate::{LoadError, image::Image};

/// Code of an earlier run.
pub(super) struct Earlier {
    image: Arc<Image>,
    /// Where it ends in the text.
    end: usize,
}

impl Earlier {
    /// Puts the text of an image where no code is yet.
    ///
    /// # Errors
    /// [`LoadError`] if it is too long, or not the text of a module with such stubs.
    pub(super) fn place(
        image: &Arc<Image>,
        space: &CodeSpace,
        stubs: Stubs,
    ) -> Result<Earlier, LoadError> {
        let text = image.section(Section::Text);
        let damaged = |what| {
            let offset = image.index().range(Section::Text).start;
            LoadError::Image(ImageError::Damaged { what, offset })
        };
        if text.len() < stubs.bytes() {
            return Err(damaged("its code is shorter than its stubs"));
        }
        let before_stubs = |f: CalledFunction| (f.code.start as usize) < stubs.bytes();
        if image.index().called(image.bytes()).any(before_stubs) {
            return Err(damaged("a function lies among its stubs"));
        }
        let mapped = image.file(Section::Text).is_some_and(|(file, range)| {
            // Where files may not be executed, their contents may.
            space.map(&file, range.start as u64, text.len()).is_ok()
        });
        let end = match mapped {
            // The rest of the last page is the file's, too.
            true => text.len().next_multiple_of(silica_os::page_size()),
            false => {
                space.write(0, text)?;
                text.len()
            }
        };
        Ok(Earlier {
            image: Arc::clone(image),
            end,
        })
    }

    /// Where it ends in the text.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Its functions, ascending.
    pub(super) fn functions(&self) -> impl Iterator<Item = CalledFunction> + '_ {
        self.index().called(self.image.bytes())
    }

    pub(super) fn function(&self, offset: u32) -> Option<CalledFunction> {
        self.index().called_at(self.image.bytes(), offset)
    }

    pub(super) fn module_offsets_at(&self, offset: u32) -> Vec<u32> {
        self.index().module_offsets_at(self.image.bytes(), offset)
    }

    pub(super) fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        self.index().trap_at(self.image.bytes(), offset)
    }

    pub(super) fn handler_at(&self, return_offset: u32) -> Option<Handler> {
        self.index().handlers(self.image.bytes()).at(return_offset)
    }

    pub(super) fn references_at(&self, return_offset: u32, into: &mut References) {
        let maps = self.index().stack_maps(self.image.bytes());
        into.extend(maps.at(return_offset).into_iter().flatten());
    }

    fn index(&self) -> &ImageIndex {
        self.image.index()
    }
}

/// What is known of all code of a text, to be written.
#[derive(Default)]
pub(super) struct Collected {
    functions: Vec<CalledFunction>,
    traps: Vec<(u32, TrapCode)>,
    addresses: Vec<(u32, u32)>,
    inlined: Vec<InlinedPlace>,
    stack_maps: Vec<StackMap>,
    handlers: Vec<Handler>,
}

impl Collected {
    /// Of an earlier run.
    pub(super) fn new(earlier: Option<&Earlier>) -> Collected {
        let Some(earlier) = earlier else {
            return Collected::default();
        };
        let (index, bytes) = (earlier.index(), earlier.image.bytes());
        Collected {
            functions: index.called(bytes).collect(),
            traps: index.traps(bytes).collect(),
            addresses: index.addresses(bytes).collect(),
            inlined: index.inlined(bytes).collect(),
            stack_maps: index.stack_maps(bytes).all().collect(),
            handlers: index.handlers(bytes).all().collect(),
        }
    }

    /// And of a function after all others.
    pub(super) fn add(&mut self, placed: &Placed, is_entry: bool) {
        let start = placed.start;
        self.functions.push(CalledFunction {
            code: placed.code(),
            defined: placed.defined,
            is_entry,
            is_optimized: placed.compilation.occasion != Occasion::FirstCall,
            continued_at: placed.continued_at,
        });
        let traps = placed.traps().iter();
        self.traps
            .extend(traps.map(|(at, code)| (start + at, *code)));
        let before = self.inlined.len() as u32;
        let bits =
            |place: Option<Place>| place.map_or(u32::MAX, |place| place.after(before).bits());
        let locations = placed.locations().iter();
        self.addresses
            .extend(locations.map(|l| (start + l.offset, bits(l.place))));
        let inlined = placed.inlined().iter().map(|place| place.after(before));
        self.inlined.extend(inlined);
        self.stack_maps
            .extend(placed.stack_maps().all().map(|map| StackMap {
                return_offset: start + map.return_offset,
                ..map
            }));
        self.handlers
            .extend(placed.handlers().all().map(|handler| Handler {
                return_offset: start + handler.return_offset,
                handler_offset: start + handler.handler_offset,
                ..handler
            }));
    }

    /// The image, with the rest from another of the same module.
    ///
    /// # Errors
    /// [`ImageError`] if it cannot be written.
    pub(super) fn write(
        &mut self,
        of: &Image,
        module_hash: [u8; 32],
        text: &[u8],
    ) -> Result<Vec<u8>, ImageError> {
        self.forget_superseded();
        image::write(&ImageParts {
            module_hash,
            metadata: of.metadata(),
            text,
            functions: Functions::Called(&self.functions),
            traps: &self.traps,
            addresses: &self.addresses,
            inlined: &self.inlined,
            memories: of.section(Section::Memories),
            kept: &[],
            stack_maps: &self.stack_maps,
            handlers: &self.handlers,
        })
    }

    /// A function has one entry: the last that was made.
    fn forget_superseded(&mut self) {
        let mut known = std::collections::HashSet::new();
        for function in self.functions.iter_mut().rev() {
            function.is_entry = function.is_entry && known.insert(function.defined);
        }
    }
}
