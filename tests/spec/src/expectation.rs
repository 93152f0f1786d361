//! Scripts that cannot pass yet, each with its reason. The list turns red when one of them passes.

use std::path::Path;

use silica::Feature;

/// Why a script fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Some of its modules need these proposals, which are not executed yet. Everything else in it must pass.
    Needs(&'static [Feature]),
    /// As [`Reason::Needs`]; and some are refused with this message by a validator that is older than the script.
    Older(&'static [Feature], &'static str),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Reason::Needs(features) | Reason::Older(features, _)) = self;
        let names: Vec<_> = features.iter().map(|feature| feature.name()).collect();
        write!(f, "needs {}", names.join(", "))
    }
}

/// Making and reading descriptors is validated only.
const DESCRIPTORS: &[Feature] = &[Feature::CustomDescriptors];
const NEEDS: Reason = Reason::Needs(DESCRIPTORS);
/// The proposal has come to allow that a type has a descriptor and its supertype has none.
const OLDER: Reason = Reason::Older(
    DESCRIPTORS,
    "sub type with descriptor must have super type with descriptor",
);

/// Paths, or folders that end in `/`, with the reason that they fail.
#[rustfmt::skip]
pub const LISTED: &[(&str, Reason)] = &[
    ("proposals/custom-descriptors/br_on_cast_desc_eq.wast", OLDER),
    ("proposals/custom-descriptors/br_on_cast_desc_eq_fail.wast", OLDER),
    ("proposals/custom-descriptors/descriptors.wast", OLDER),
    ("proposals/custom-descriptors/ref_cast_desc_eq.wast", OLDER),
    ("proposals/custom-descriptors/ref_get_desc.wast", NEEDS),
    ("proposals/custom-descriptors/struct_new_desc.wast", NEEDS),
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
