//! Images of several modules in one file, with a description of what they are together: how a compiled component is kept.
//!
//! It begins with a header (magic, format, checksum, length) and a table; then the engine's version and the description, which means nothing
//! here; then the images, each at a multiple of [`ALIGNMENT`], so that they are mapped from there as from files of their own. Each image has a checksum
//! itself, so the one here covers only what is before them: with it the table, which says of which module each must be.
//!
//! What [`image`](crate::image) says of accidents and malice holds here.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::image::{ALIGNMENT, FORMAT, ImageError, u32_at};
use crate::image_index::{ImageIndex, u64_at};

/// First bytes of such a file.
pub const SET_MAGIC: [u8; 8] = *b"\0silicas";

/// Magic, format, how many images, checksum, bytes in all, bytes of the version and of the description.
const HEADER_BYTES: usize = 8 + 4 + 4 + 8 + 8 + 8 + 8;
/// What the checksum is not of.
const CHECKED_FROM: usize = 24;
/// Where an image is, how long, and the hash of its module.
const ENTRY_BYTES: usize = 8 + 8 + 32;

/// What is in such a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// The version of the engine that made it.
    pub engine_version: String,
    /// The description.
    pub description: Range<usize>,
    /// The images, in order.
    pub images: Vec<Range<usize>>,
}

/// Writes images, which are whole and good, with a description.
///
/// # Errors
/// [`ImageError`] if one is no image.
pub fn write(
    engine_version: &str,
    description: &[u8],
    images: &[Vec<u8>],
) -> Result<Vec<u8>, ImageError> {
    let mut at = HEADER_BYTES + images.len() * ENTRY_BYTES + engine_version.len();
    at += description.len();
    let mut table = Vec::with_capacity(images.len() * ENTRY_BYTES);
    for image in images {
        at = at.next_multiple_of(ALIGNMENT);
        table.extend_from_slice(&(at as u64).to_le_bytes());
        table.extend_from_slice(&(image.len() as u64).to_le_bytes());
        table.extend_from_slice(&ImageIndex::read(image)?.module_hash());
        at += image.len();
    }
    let mut out = Vec::with_capacity(at);
    out.extend_from_slice(&SET_MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&(images.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    for length in [at, engine_version.len(), description.len()] {
        out.extend_from_slice(&(length as u64).to_le_bytes());
    }
    out.extend_from_slice(&table);
    out.extend_from_slice(engine_version.as_bytes());
    out.extend_from_slice(description);
    let checksum = xxh3_64(&out[CHECKED_FROM..]);
    out[CHECKED_FROM - 8..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
    for image in images {
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend_from_slice(image);
    }
    Ok(out)
}

impl ImageSet {
    /// Reads what is before the images, and checks it, and that the images are of the modules that it says. Whether they are good is
    /// for who reads them.
    ///
    /// # Errors
    /// An [`ImageError`] saying what is wrong.
    pub fn read(bytes: &[u8]) -> Result<ImageSet, ImageError> {
        if !bytes.starts_with(&SET_MAGIC) {
            return Err(ImageError::NotAnImage);
        }
        if bytes.len() < HEADER_BYTES {
            return Err(damaged("the header is cut short", bytes.len()));
        }
        let found = u32_at(bytes, 8);
        if found != FORMAT {
            return Err(ImageError::Format { found });
        }
        if u64_at(bytes, CHECKED_FROM) != bytes.len() as u64 {
            let what = "its length is not the one it states";
            return Err(damaged(what, CHECKED_FROM));
        }
        let count = u32_at(bytes, 12) as usize;
        let version = after(bytes, HEADER_BYTES, (count as u64) * ENTRY_BYTES as u64)?.end;
        let version = after(bytes, version, u64_at(bytes, 32))?;
        let description = after(bytes, version.end, u64_at(bytes, 40))?;
        if u64_at(bytes, 16) != xxh3_64(&bytes[CHECKED_FROM..description.end]) {
            return Err(damaged("its checksum does not match its contents", 16));
        }
        let table = bytes[HEADER_BYTES..version.start].chunks_exact(ENTRY_BYTES);
        let images = table.map(|entry| image(bytes, entry));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(ImageSet {
            engine_version: text(&bytes[version]),
            description,
            images: images.collect::<Result<_, _>>()?,
        })
    }
}

/// Where the image of an entry of the table is.
fn image(bytes: &[u8], entry: &[u8]) -> Result<Range<usize>, ImageError> {
    const MODULE_HASH: Range<usize> = 32..64;
    let outside = || damaged("an image lies outside of it", HEADER_BYTES);
    let start = usize::try_from(u64_at(entry, 0)).map_err(|_| outside())?;
    let range = after(bytes, start, u64_at(entry, 8))?;
    if !start.is_multiple_of(ALIGNMENT) {
        return Err(outside());
    }
    if bytes[range.clone()].get(MODULE_HASH) != Some(&entry[16..]) {
        let what = "an image in it is of another module than it says";
        return Err(damaged(what, start));
    }
    Ok(range)
}

/// So many bytes from `start` on, if they are there.
fn after(bytes: &[u8], start: usize, length: u64) -> Result<Range<usize>, ImageError> {
    let end = usize::try_from(length)
        .ok()
        .and_then(|length| start.checked_add(length))
        .filter(|end| *end <= bytes.len());
    match end {
        Some(end) => Ok(start..end),
        None => Err(damaged("a part of it lies outside of it", start)),
    }
}

fn damaged(what: &'static str, offset: usize) -> ImageError {
    ImageError::Damaged { what, offset }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{self, Functions, ImageParts, Metadata};
    use crate::settings::{Architecture, ProcessorFeatures, Settings};

    fn tiny() -> Vec<u8> {
        let processor = ProcessorFeatures::baseline(Architecture::HOST);
        let metadata = Metadata {
            engine_version: "1".to_owned(),
            settings: Settings::new(processor),
            module: silica_module::Module::default(),
            code_section_start: 0,
            memory_images: Vec::new(),
            data_in_images: 0,
        };
        image::write(&ImageParts {
            module_hash: [7; 32],
            metadata: &metadata,
            text: &[],
            functions: Functions::Whole(&[]),
            traps: &[],
            inlined: &[],
            addresses: &[],
            memories: &[],
            kept: &[],
            stack_maps: &[],
            handlers: &[],
        })
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let images = [tiny(), tiny()];
        let bytes = write("1.2", b"what they are", &images).unwrap();
        let set = ImageSet::read(&bytes).unwrap();
        assert_eq!(set.engine_version, "1.2");
        assert_eq!(&bytes[set.description], b"what they are");
        assert_eq!(set.images.len(), 2);
        for range in set.images {
            assert!(range.start.is_multiple_of(ALIGNMENT));
            assert_eq!(bytes[range], images[0]);
        }
        assert_eq!(
            write("1", b"", &[vec![0; 100]]),
            Err(ImageError::NotAnImage)
        );
    }

    #[test]
    fn what_is_changed_or_cut_is_found() {
        let whole = write("1", b"what it is", &[tiny()]).unwrap();
        let head = ImageSet::read(&whole).unwrap().description.end;
        for at in 0..head {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            assert!(ImageSet::read(&changed).is_err(), "byte {at}");
        }
        for length in 0..head {
            assert!(ImageSet::read(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(ImageSet::read(&whole[..whole.len() - 1]).is_err());
    }

    #[test]
    fn an_image_of_another_module_is_found() {
        let image = tiny();
        let whole = write("1", b"", std::slice::from_ref(&image)).unwrap();
        let at = whole.len() - image.len();
        let mut changed = whole;
        changed[at + 40] ^= 1;
        assert!(matches!(
            ImageSet::read(&changed),
            Err(ImageError::Damaged { what, .. }) if what.contains("another module")
        ));
    }
}
