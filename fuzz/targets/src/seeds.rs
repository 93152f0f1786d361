//! The seeds of `fuzz/seeds`, assembled, and what a fuzzer would first make of them.

use std::path::{Path, PathBuf};

use crate::random::Random;

/// A seed: its file's stem, and the bytes of the module or the component.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Name of its file, without the ending.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its module, or component.
    pub bytes: Vec<u8>,
}

impl Seed {
    /// Whether it is a component, and not a module.
    #[must_use]
    pub fn is_component(&self) -> bool {
        silica_component_describe::is_component(&self.bytes)
    }
}

/// Where the sources are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds")
}

/// All seeds, by name.
///
/// # Panics
/// Where a seed cannot be read or assembled: that is a mistake in the repository.
#[must_use]
pub fn all() -> Vec<Seed> {
    let entries = std::fs::read_dir(folder()).expect("fuzz/seeds is part of the repository");
    let mut seeds: Vec<Seed> = entries
        .map(|entry| entry.expect("fuzz/seeds can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .map(|path| read(&path))
        .collect();
    seeds.sort_by(|a, b| a.name.cmp(&b.name));
    seeds
}

fn read(path: &Path) -> Seed {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let bytes = wat::parse_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Seed { name, text, bytes }
}

/// The bytes with a few things done to them that a fuzzer does: flips, cuts, repeats.
#[must_use]
pub fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next_u64() as u8,
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.next_u64() as u8),
            4 => {
                let end = (at + random.below(16)).min(bytes.len());
                let repeated = bytes[at..end].to_vec();
                bytes.splice(at..at, repeated);
            }
            _ => bytes[at] = [0, 0x7f, 0x80, 0xff][random.below(4)],
        }
    }
    bytes
}
