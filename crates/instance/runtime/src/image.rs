//! A compiled image in memory: read and checked, but not yet trusted.

use std::{fs::File, ops::Range, sync::Arc};

use silica_contract::{
    image::{ImageError, Kind, Metadata, Section},
    image_index::ImageIndex,
};
use silica_os::{Mapping, Protection};

use crate::LoadError;

enum Bytes {
    Owned(Vec<u8>),
    /// The file stays open, to map parts of it again.
    Mapped(Mapping, usize, Arc<File>),
    /// Nothing was written: this is a section, and what is not the module's is empty.
    Memories(Vec<u8>),
}

/// The bytes of an image and what they say. Nothing of it is executable yet.
pub struct Image {
    bytes: Bytes,
    /// The module, of an image that needs it beside it: what it keeps is there.
    module: Option<Arc<Vec<u8>>>,
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
        Image::new(Bytes::Owned(bytes), None)
    }

    /// An image from a file, which is mapped and not read. As long as the image is used nobody may change
    /// the file in place; a file that another is renamed to is fine.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn open(file: File) -> Result<Image, LoadError> {
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| ImageError::NotAnImage)?;
        let mapping = Mapping::file(&file, 0, length, Protection::Read)?;
        Ok(Image::new(
            Bytes::Mapped(mapping, length, Arc::new(file)),
            None,
        )?)
    }

    /// As [`Image::open`], of code of the functions that a program called, whose module these bytes are.
    ///
    /// # Errors
    /// [`LoadError`], also if it was made from another module. The module's hash is the caller's to compare.
    pub fn open_called(file: File, module: Arc<Vec<u8>>) -> Result<Image, LoadError> {
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| ImageError::NotAnImage)?;
        let mapping = Mapping::file(&file, 0, length, Protection::Read)?;
        Ok(Image::new(
            Bytes::Mapped(mapping, length, Arc::new(file)),
            Some(module),
        )?)
    }

    /// An image of a module whose code is made later: the module, which the metadata's ranges point into, and first contents of memories.
    /// It has no [`Image::bytes`].
    ///
    /// # Errors
    /// [`ImageError::Damaged`] if a range points out of them.
    pub fn without_code(
        metadata: Metadata,
        module: Arc<Vec<u8>>,
        memories: Vec<u8>,
    ) -> Result<Image, ImageError> {
        metadata
            .check_ranges(module.len(), memories.len())
            .map_err(|what| ImageError::Damaged { what, offset: 0 })?;
        Ok(Image {
            bytes: Bytes::Memories(memories),
            module: Some(module),
            index: ImageIndex::empty(),
            metadata,
        })
    }

    fn new(bytes: Bytes, module: Option<Arc<Vec<u8>>>) -> Result<Image, ImageError> {
        let index = ImageIndex::read(bytes.as_slice())?;
        let expected = if module.is_some() {
            Kind::Called
        } else {
            Kind::Whole
        };
        if index.kind() != expected {
            let found = format!("it has code of {:?}, not {expected:?}", index.kind());
            return Err(ImageError::Mismatch(found));
        }
        let module_bytes = module.as_ref().map_or(0, |module| module.len());
        let metadata = index.metadata(bytes.as_slice(), module_bytes)?;
        Ok(Image {
            bytes,
            module,
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
        match (&self.bytes, section, &self.module) {
            (_, Section::Kept, Some(module)) => module,
            (Bytes::Memories(memories), Section::Memories, _) => memories,
            _ => self.index.section(self.bytes(), section),
        }
    }

    /// The section's place in the file that the image was opened from, if it was.
    pub(crate) fn file(&self, section: Section) -> Option<(Arc<File>, Range<usize>)> {
        match &self.bytes {
            Bytes::Owned(_) | Bytes::Memories(_) => None,
            Bytes::Mapped(_, _, file) => Some((Arc::clone(file), self.index.range(section))),
        }
    }
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Memories(_) => &[],
            Bytes::Mapped(mapping, length, _) => {
                // SAFETY: the mapping is readable, at least `length` bytes long and lives as long as `self`;
                // it is private, and that nobody changes the file is what `Image::open` asks for.
                unsafe { std::slice::from_raw_parts(mapping.base(), *length) }
            }
        }
    }
}
