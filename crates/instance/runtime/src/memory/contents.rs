//! The first contents of a memory, mapped copy-on-write from a file or copied.

use std::{fs::File, ops::Range, sync::Arc};

use silica_contract::image::Section;
use silica_os::{Mapping, OsError};

use crate::image::Image;

/// First contents of a memory of some module.
pub(crate) struct MemoryContents {
    image: Arc<Image>,
    /// Where they are in the image's section of them.
    bytes: Range<usize>,
    /// Where in the memory they start.
    address: usize,
    /// A file that has them, and from where; `None` where they must be copied.
    file: Option<(Arc<File>, u64)>,
}

impl MemoryContents {
    /// Contents at `bytes` of the image's section of them for `address` of the memory.
    /// `file` is a file that has the same from an offset.
    pub(crate) fn new(
        image: Arc<Image>,
        bytes: Range<usize>,
        address: usize,
        file: Option<(Arc<File>, u64)>,
    ) -> MemoryContents {
        let page = silica_os::page_size();
        let aligned = |(_, offset): &(Arc<File>, u64)| {
            offset % page as u64 == 0 && address.is_multiple_of(page)
        };
        MemoryContents {
            file: file.filter(aligned),
            image,
            bytes,
            address,
        }
    }

    /// The pages of the memory that they are mapped to, if they are mapped.
    pub(crate) fn mapped_pages(&self) -> Option<Range<usize>> {
        self.file.as_ref()?;
        let end = self.address + self.bytes.len();
        Some(self.address..end.next_multiple_of(silica_os::page_size()))
    }

    /// Maps them over their pages of a memory. Does nothing when they must be copied.
    pub(crate) fn map(&self, memory: &Mapping) -> Result<(), OsError> {
        match (&self.file, self.mapped_pages()) {
            (Some((file, offset)), Some(pages)) => memory.overlay_file(pages, file, *offset),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Where in the memory their bytes are, and the bytes.
    pub(crate) fn place(&self) -> (usize, &[u8]) {
        let contents = self.image.section(Section::Memories);
        (self.address, &contents[self.bytes.clone()])
    }
}
