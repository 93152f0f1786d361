//! An image that was cut, altered or made up is refused; none panics.
//!
//! A checksum protects images from accidents, so the target also repairs it and tries what lies behind.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use silica_contract::image_index::ImageIndex;
use silica_contract::settings::Settings;
use silica_module::{Features, Limits};
use silica_pipeline::{Options, compile, host_processor};

use crate::seeds;

/// Images of the seeds, which the bytes say how to damage.
static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let settings = Settings::new(host_processor());
    let image = |seed: &seeds::Seed| {
        let (features, limits) = (Features::default(), Limits::default());
        compile(
            &seed.bytes,
            &features,
            &limits,
            &settings,
            &Options::default(),
        )
    };
    seeds::all()
        .iter()
        .filter(|seed| !seed.is_component())
        .map(|seed| image(seed).expect("the seeds compile"))
        .collect()
});

/// Where the checksum lies, and what it covers.
const CHECKSUM_AT: usize = 16;
const KIND_AT: usize = 12;
const CHECKED_FROM: usize = 24;

/// Reads the bytes as an image, and damaged images.
pub(super) fn run(bytes: &[u8]) {
    read_all(bytes);
    let mut choices = Unstructured::new(bytes);
    let Ok(mut image) = damaged(&mut choices) else {
        return;
    };
    read_all(&image);
    repair(&mut image);
    read_all(&image);
}

/// An image with some bytes changed, or cut short.
fn damaged(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut image = choices.choose(&IMAGES)?.clone();
    for _ in 0..choices.int_in_range(1..=8u8)? {
        let at = match choices.arbitrary()? {
            // The header and the metadata behind it are where it hurts.
            true => choices.choose_index(image.len().min(600))?,
            false => choices.choose_index(image.len())?,
        };
        if choices.ratio(1, 16)? {
            image.truncate(at.max(1));
        } else {
            image[at] = choices.arbitrary()?;
        }
    }
    Ok(image)
}

/// Makes length and checksum fit the contents, as whoever forges an image would.
fn repair(image: &mut [u8]) {
    if image.len() > CHECKED_FROM + 8 {
        let length = (image.len() as u64).to_le_bytes();
        image[CHECKED_FROM..CHECKED_FROM + 8].copy_from_slice(&length);
        let kind = u64::from(u32::from_le_bytes(
            image[KIND_AT..KIND_AT + 4].try_into().expect("four bytes"),
        ));
        let checksum = xxhash_rust::xxh3::xxh3_64_with_seed(&image[CHECKED_FROM..], kind);
        image[CHECKSUM_AT..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Asks an image everything it can be asked.
fn read_all(image: &[u8]) {
    let index = match ImageIndex::read(image) {
        Ok(index) => index,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let _ = index.module_hash();
    if let Ok(metadata) = index.metadata(image, usize::MAX) {
        for defined in 0..metadata.module.bodies.len() as u32 {
            let _ = (
                index.function(image, defined),
                ImageIndex::body(&metadata, defined),
            );
        }
    }
    let _ = (index.called(image).count(), index.traps(image).count());
    let _ = (
        index.addresses(image).count(),
        index.handlers(image).all().count(),
    );
    let _ = index.stack_maps(image).all().count();
    for offset in [0, 1, 16, 1000, u32::MAX] {
        let _ = index.function_at(image, offset);
        let _ = index.called_at(image, offset);
        let _ = index.trap_at(image, offset);
        let _ = index.module_offsets_at(image, offset);
    }
}
