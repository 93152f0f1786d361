//! A compiled image in memory: read and checked, but not yet trusted.

use std::{fs::File, ops::Range, sync::Arc};

use silica_contract::{
    image::{ALIGNMENT, ImageError, Kind, Metadata, Section},
    image_index::ImageIndex,
    image_set::ImageSet,
};
use silica_os::{Mapping, Protection};

use crate::LoadError;

enum Bytes {
    Owned(Vec<u8>),
    /// The file stays open, to map parts of it again.
    Mapped(MappedFile),
    /// Nothing was written: this is a section, and what is not the module's is empty.
    Memories(Vec<u8>),
}

/// Bytes of a file from some page on.
struct MappedFile {
    mapping: Mapping,
    length: usize,
    /// Where in the file they begin.
    start: usize,
    file: Arc<File>,
}

impl MappedFile {
    fn new(file: Arc<File>, range: Range<usize>) -> Result<MappedFile, LoadError> {
        let mapping = Mapping::file(&file, range.start as u64, range.len(), Protection::Read)?;
        Ok(MappedFile {
            mapping,
            length: range.len(),
            start: range.start,
            file,
        })
    }

    fn whole(file: Arc<File>) -> Result<MappedFile, LoadError> {
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| ImageError::NotAnImage)?;
        MappedFile::new(file, 0..length)
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: the mapping is readable, at least `length` bytes long and lives as long as `self`;
        // it is private, and that nobody changes the file is what `Image::open` asks for.
        unsafe { std::slice::from_raw_parts(self.mapping.base(), self.length) }
    }
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
        let file = MappedFile::whole(Arc::new(file))?;
        Ok(Image::new(Bytes::Mapped(file), None)?)
    }

    /// The images of several modules that are in one file, mapped as [`Image::open`] does, with their description.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn open_set(file: File) -> Result<(ImageSet, Vec<u8>, Vec<Image>), LoadError> {
        let file = Arc::new(file);
        let whole = MappedFile::whole(Arc::clone(&file))?;
        let set = ImageSet::read(whole.as_slice())?;
        let description = whole.as_slice()[set.description.clone()].to_vec();
        drop(whole);
        let open = |range: &Range<usize>| {
            // A page that is larger than images are aligned to cannot be mapped from within.
            if !range.start.is_multiple_of(silica_os::page_size()) {
                let message = format!("pages here are larger than {ALIGNMENT} bytes");
                return Err(ImageError::Mismatch(message).into());
            }
            let file = MappedFile::new(Arc::clone(&file), range.clone())?;
            Ok(Image::new(Bytes::Mapped(file), None)?)
        };
        let images = set
            .images
            .iter()
            .map(open)
            .collect::<Result<_, LoadError>>()?;
        Ok((set, description, images))
    }

    /// As [`Image::open_set`], of bytes.
    ///
    /// # Errors
    /// An [`ImageError`] saying what is wrong with them.
    pub fn set_from_bytes(bytes: &[u8]) -> Result<(ImageSet, Vec<u8>, Vec<Image>), ImageError> {
        let set = ImageSet::read(bytes)?;
        let description = bytes[set.description.clone()].to_vec();
        let image = |range: &Range<usize>| Image::from_vec(bytes[range.clone()].to_vec());
        let images = set.images.iter().map(image).collect::<Result<_, _>>()?;
        Ok((set, description, images))
    }

    /// As [`Image::open`], of code of the functions that a program called, whose module these bytes are.
    ///
    /// # Errors
    /// [`LoadError`], also if it was made from another module. The module's hash is the caller's to compare.
    pub fn open_called(file: File, module: Arc<Vec<u8>>) -> Result<Image, LoadError> {
        let file = MappedFile::whole(Arc::new(file))?;
        Ok(Image::new(Bytes::Mapped(file), Some(module))?)
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
            Bytes::Mapped(mapped) => {
                let Range { start, end } = self.index.range(section);
                let range = start + mapped.start..end + mapped.start;
                Some((Arc::clone(&mapped.file), range))
            }
        }
    }
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Memories(_) => &[],
            Bytes::Mapped(mapped) => mapped.as_slice(),
        }
    }
}
