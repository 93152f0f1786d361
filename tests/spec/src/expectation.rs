//! Scripts that cannot pass yet, each with its reason. The list turns red when one of them passes.

use std::path::Path;

use silica::Feature;

/// Why a script fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Some of its modules need these proposals, which are not executed yet. Everything else in it must pass.
    Needs(&'static [Feature]),
    /// It is about a proposal that the engine does not have at all.
    Without(&'static str),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Needs(features) => {
                let names: Vec<_> = features.iter().map(|feature| feature.name()).collect();
                write!(f, "needs {}", names.join(", "))
            }
            Reason::Without(proposal) => write!(f, "is about {proposal}"),
        }
    }
}

const CUSTOM_DESCRIPTORS: Reason = Reason::Without("custom descriptors, which build on GC");

/// Paths, or folders that end in `/`, with the reason that they fail.
#[rustfmt::skip]
pub const LISTED: &[(&str, Reason)] = &[
    ("proposals/custom-descriptors/array_new_exact.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/binary-descriptors.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/br_on_cast.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/br_on_cast_desc_eq.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/br_on_cast_desc_eq_fail.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/br_on_cast_fail.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/descriptors.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/exact-casts.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/exact-func-import.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/exact.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/ref_cast_desc_eq.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/ref_get_desc.wast", CUSTOM_DESCRIPTORS),
    ("proposals/custom-descriptors/struct_new_desc.wast", CUSTOM_DESCRIPTORS),
];

/// The reason that the script at `path` fails, if it is listed.
#[must_use]
pub fn of(path: &Path) -> Option<Reason> {
    let path = path.to_str()?;
    let listed = LISTED
        .iter()
        .find(|(place, _)| path == *place || (place.ends_with('/') && path.starts_with(place)));
    listed.map(|(_, reason)| *reason)
}
