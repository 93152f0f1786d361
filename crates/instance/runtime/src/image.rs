//! A compiled image in memory: read and checked, but not yet trusted.

use std::{fs::File, ops::Range, sync::Arc};

use silica_contract::image::{ImageError, ImageIndex, Metadata, Section};
use silica_os::{Mapping, Protection};

use crate::LoadError;

enum Bytes {
    Owned(Vec<u8>),
    /// The file stays open, to map parts of it again.
    Mapped(Mapping, usize, Arc<File>),
    /// Nothing was written: these are two of the sections, and the others are empty.
    Sections {
        kept: Arc<Vec<u8>>,
        memories: Vec<u8>,
    },
}

/// The bytes of an image and what they say. Nothing of it is executable yet.
pub struct Image {
    bytes: Bytes,
    index: ImageIndex,
    metadata: Metadata,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

impl Image {
    /// An image from bytes.
    ///
    /// # Errors
    /// An [`ImageError`] saying what is wrong with them.
    pub fn from_vec(bytes: Vec<u8>) -> Result<Image, ImageError> {
        Image::new(Bytes::Owned(bytes))
    }

    /// An image from a file, which is mapped and not read. As long as the image is used nobody may change
    /// the file in place; a file that another is renamed to is fine.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn open(file: File) -> Result<Image, LoadError> {
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| ImageError::NotAnImage)?;
        let mapping = Mapping::file(&file, 0, length, Protection::Read)?;
        Ok(Image::new(Bytes::Mapped(mapping, length, Arc::new(file)))?)
    }

    /// An image of a module whose code is made later, with what such a one needs: the bytes that the metadata's ranges point into, which may be
    /// the module itself, and first contents of memories. It has no [`Image::bytes`].
    ///
    /// # Errors
    /// [`ImageError::Damaged`] if a range points out of them.
    pub fn without_code(
        metadata: Metadata,
        kept: Arc<Vec<u8>>,
        memories: Vec<u8>,
    ) -> Result<Image, ImageError> {
        metadata
            .check_ranges(kept.len(), memories.len())
            .map_err(|what| ImageError::Damaged { what, offset: 0 })?;
        Ok(Image {
            bytes: Bytes::Sections { kept, memories },
            index: ImageIndex::empty(),
            metadata,
        })
    }

    fn new(bytes: Bytes) -> Result<Image, ImageError> {
        let index = ImageIndex::read(bytes.as_slice())?;
        let metadata = index.metadata(bytes.as_slice())?;
        Ok(Image {
            bytes,
            index,
            metadata,
        })
    }

    /// All bytes of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Where its sections are.
    #[must_use]
    pub fn index(&self) -> &ImageIndex {
        &self.index
    }

    /// What it says of itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// A section's bytes.
    #[must_use]
    pub fn section(&self, section: Section) -> &[u8] {
        match (&self.bytes, section) {
            (Bytes::Sections { kept, .. }, Section::Kept) => kept,
            (Bytes::Sections { memories, .. }, Section::Memories) => memories,
            _ => self.index.section(self.bytes(), section),
        }
    }

    /// The section's place in the file that the image was opened from, if it was.
    pub(crate) fn file(&self, section: Section) -> Option<(Arc<File>, Range<usize>)> {
        match &self.bytes {
            Bytes::Owned(_) | Bytes::Sections { .. } => None,
            Bytes::Mapped(_, _, file) => Some((Arc::clone(file), self.index.range(section))),
        }
    }
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Sections { .. } => &[],
            Bytes::Mapped(mapping, length, _) => {
                // SAFETY: the mapping is readable, at least `length` bytes long and lives as long as `self`;
                // it is private, and that nobody changes the file is what `Image::open` asks for.
                unsafe { std::slice::from_raw_parts(mapping.base(), *length) }
            }
        }
    }
}
