//! Code of an image, mapped whole.

use std::{ops::Range, sync::Arc};

use silica_contract::{
    call_sites::Handler,
    image::{CodeRange, Section},
    trap::TrapCode,
};
use silica_os::{Mapping, OsError, Protection};

use super::{
    registry::REGISTRY,
    tables::{References, Tables},
};
use crate::{identity::ModuleId, image::Image};

/// Code of an image that can run.
pub(crate) struct PublishedCode {
    module: ModuleId,
    mapping: Mapping,
    length: usize,
    image: Arc<Image>,
    counts_fuel: bool,
}

impl PublishedCode {
    /// Maps the image's text, and makes it known to the registry.
    ///
    /// # Errors
    /// [`OsError`] when the system refuses.
    pub(crate) fn publish(
        module: ModuleId,
        image: &Arc<Image>,
    ) -> Result<Arc<PublishedCode>, OsError> {
        let text = image.section(Section::Text);
        let code = Arc::new(PublishedCode {
            module,
            mapping: map_text(image, text)?,
            length: text.len(),
            counts_fuel: image.metadata().settings.fuel,
            image: Arc::clone(image),
        });
        if code.length > 0 {
            let tables: &dyn Tables = &*code;
            // SAFETY: it is removed when the last handle to it is dropped, and does not move before; the mapping is its own.
            unsafe { REGISTRY.add(code.range(), tables) };
        }
        Ok(code)
    }

    /// The addresses of its code.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.mapping.base() as usize;
        start..start + self.length
    }

    pub(super) fn function(&self, defined: u32) -> Option<CodeRange> {
        self.image.index().function(self.image.bytes(), defined)
    }

    pub(super) fn entry(&self, defined: u32) -> usize {
        let start = self.function(defined).map_or(0, |code| code.start);
        self.range().start + start as usize
    }

    pub(super) fn function_at(&self, offset: u32) -> Option<u32> {
        self.image.index().function_at(self.image.bytes(), offset)
    }

    pub(super) fn module_offsets_at(&self, offset: u32) -> Vec<u32> {
        let index = self.image.index();
        index.module_offsets_at(self.image.bytes(), offset)
    }
}

impl Tables for PublishedCode {
    fn module(&self) -> ModuleId {
        self.module
    }

    fn counts_fuel(&self) -> bool {
        self.counts_fuel
    }

    fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        self.image.index().trap_at(self.image.bytes(), offset)
    }

    fn is_continued_at(&self, _return_offset: u32) -> bool {
        false
    }

    fn handler_at(&self, return_offset: u32) -> Option<Handler> {
        let handlers = self.image.index().handlers(self.image.bytes());
        handlers.at(return_offset)
    }

    fn references_at(&self, return_offset: u32, into: &mut References) {
        let maps = self.image.index().stack_maps(self.image.bytes());
        into.extend(maps.at(return_offset).into_iter().flatten());
    }
}

fn map_text(image: &Image, text: &[u8]) -> Result<Mapping, OsError> {
    if let Some((file, range)) = image.file(Section::Text)
        && !range.is_empty()
        && range.start.is_multiple_of(silica_os::page_size())
        // Where files may not be executed, their contents may.
        && let Ok(mapping) = Mapping::file(
            &file,
            range.start as u64,
            range.len(),
            Protection::ReadExecute,
        )
    {
        return Ok(mapping);
    }
    let mapping = Mapping::anonymous(text.len())?;
    // SAFETY: the mapping is fresh, writable and at least as long as the text.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), mapping.base(), text.len()) };
    mapping.protect(0..mapping.len(), Protection::ReadExecute)?;
    silica_os::flush_instructions(mapping.base(), text.len());
    Ok(mapping)
}

impl Drop for PublishedCode {
    fn drop(&mut self) {
        if self.length > 0 {
            REGISTRY.remove(self.range().start);
        }
    }
}
