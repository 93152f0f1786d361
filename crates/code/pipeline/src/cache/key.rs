//! What compiled code was made from, as the name of a file.

use std::fmt::Write as _;

use silica_contract::{image::FORMAT, settings::Settings};
use silica_module::Features;

/// Hexadecimal digits of the module's hash.
const MODULE_DIGITS: usize = 64;
/// And of the hash of all else.
const SETTINGS_DIGITS: usize = 32;

/// What decides what code a module becomes: its bytes, the proposals and settings, the processor, and the program that compiles. The
/// same key means the same image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    name: String,
    module_hash: [u8; 32],
}

impl CacheKey {
    /// The key of a module's bytes. None where the program that compiles cannot tell itself from another version of it.
    #[must_use]
    pub fn new(module: &[u8], settings: &Settings, features: &Features) -> Option<CacheKey> {
        let mut rest = blake3::Hasher::new();
        let version = env!("CARGO_PKG_VERSION");
        let facts = format!(
            "{version} {FORMAT} {} {features:?} {settings:?}",
            program()?
        );
        rest.update(facts.as_bytes());
        let module = blake3::hash(module);
        let mut name = module.to_hex().to_string();
        let rest = rest.finalize().to_hex();
        let _ = write!(name, "-{}", &rest[..SETTINGS_DIGITS]);
        Some(CacheKey {
            name,
            module_hash: module.into(),
        })
    }

    /// The key of what was compiled of the module because it was called, under the same conditions; and whether it counts how much it is used.
    #[must_use]
    pub fn called(&self, counts: bool) -> CacheKey {
        let counts = if counts { "counting" } else { "not counting" };
        let rest = blake3::hash(format!("called, {counts}, {}", self.name).as_bytes()).to_hex();
        let module = self.name.split('-').next().unwrap_or_default();
        CacheKey {
            name: format!("{module}-{}", &rest[..SETTINGS_DIGITS]),
            module_hash: self.module_hash,
        }
    }

    /// The BLAKE3 hash of the module's bytes.
    #[must_use]
    pub fn module_hash(&self) -> [u8; 32] {
        self.module_hash
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The hash of the module in an entry's name, if it is such a name.
pub(super) fn module_of(name: &str) -> Option<&str> {
    let (module, rest) = name.split_once('-')?;
    let is_hash = |text: &str, digits| {
        text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    (is_hash(module, MODULE_DIGITS) && is_hash(rest, SETTINGS_DIGITS)).then_some(module)
}

/// What tells this program's file from every other, also from one of the same version that was built at another time.
#[cfg(unix)]
fn program() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let file = if cfg!(target_os = "linux") {
        // The file that runs, even if another is in its place now.
        std::fs::metadata("/proc/self/exe")
    } else {
        std::env::current_exe().and_then(std::fs::metadata)
    };
    let file = file.ok()?;
    let (changed, modified) = (
        (file.ctime(), file.ctime_nsec()),
        (file.mtime(), file.mtime_nsec()),
    );
    let (device, inode, bytes) = (file.dev(), file.ino(), file.size());
    Some(format!("{device} {inode} {bytes} {changed:?} {modified:?}"))
}

#[cfg(not(unix))]
fn program() -> Option<String> {
    None
}
