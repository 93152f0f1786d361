//! What can be wrong with a module, said so that its author finds the place.

use crate::{Feature, features};

/// Why bytes are not a module that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are malformed, or the module is invalid.
    #[error("{message} ({place}offset {offset:#x})")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where.
        place: Place,
        /// At which byte of the module.
        offset: u64,
    },
    /// The module uses a proposal that is off.
    #[error(
        "{message} ({place}offset {offset:#x}): the `{feature}` proposal is off; \
         `--proposals {feature}`, or `Config` in an embedding, turns it on"
    )]
    FeatureOff {
        /// The proposal.
        feature: Feature,
        /// What needs it.
        message: String,
        /// Where.
        place: Place,
        /// At which byte of the module.
        offset: u64,
    },
    /// The module is valid, as far as it was looked at, and does what only validation knows.
    #[error("`{operator}` is validated, but not executed yet ({place}offset {offset:#x})")]
    NotExecuted {
        /// The operator, as the specification's encoding is known to the decoder.
        operator: &'static str,
        /// Where.
        place: Place,
        /// At which byte of the module.
        offset: u64,
    },
    /// A count or a size is above its limit.
    #[error("{what}: {found} are more than the limit of {limit} (offset {offset:#x})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much there may be.
        limit: u64,
        /// At which byte of the module.
        offset: u64,
    },
    /// The bytes are a component.
    #[error("this is a WebAssembly component, where a core module is needed")]
    Component,
    /// A component needs something that this engine has not.
    #[error("{0} are not supported")]
    Unsupported(&'static str),
    /// The bytes are neither a module nor text.
    #[error("not WebAssembly: {0}")]
    NotWebAssembly(&'static str),
    /// The text format does not parse. The message shows the place.
    #[error("{0}")]
    Text(String),
}

/// Where in a module an error is. Displays as a prefix that ends in `, `, or as nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Not known.
    Unknown,
    /// In a section.
    Section(&'static str),
    /// In a function.
    Function {
        /// Its index.
        index: u32,
        /// Its name, where there is one.
        name: Option<String>,
    },
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Unknown => Ok(()),
            Place::Section(name) => write!(f, "{name} section, "),
            Place::Function { index, name: None } => write!(f, "function {index}, "),
            Place::Function {
                index,
                name: Some(name),
            } => write!(f, "function {index} \"{}\", ", name.escape_debug()),
        }
    }
}

impl DecodeError {
    /// The error of `wasmparser`, with the place where it happened.
    #[must_use]
    pub fn new(error: &wasmparser::Error, place: Place) -> DecodeError {
        let message = error.message().to_owned();
        let offset = error.offset();
        match error.missing_wasm_feature().and_then(features::missing) {
            Some(feature) => DecodeError::FeatureOff {
                feature,
                message,
                place,
                offset,
            },
            None => DecodeError::Invalid {
                message,
                place,
                offset,
            },
        }
    }

    /// The error of validating the body of function `index`.
    #[must_use]
    pub fn in_function(error: &wasmparser::Error, index: u32, name: Option<&str>) -> DecodeError {
        let name = name.map(str::to_owned);
        DecodeError::new(error, Place::Function { index, name })
    }

    /// The same error, said to be of function `index`, where its place was not known.
    #[must_use]
    pub fn at_function(mut self, index: u32, name: Option<&str>) -> DecodeError {
        if let DecodeError::Invalid { place, .. } | DecodeError::FeatureOff { place, .. } =
            &mut self
            && *place == Place::Unknown
        {
            let name = name.map(str::to_owned);
            *place = Place::Function { index, name };
        }
        self
    }

    /// The byte of the module at which the error was found, where that is known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self {
            DecodeError::Invalid { offset, .. }
            | DecodeError::FeatureOff { offset, .. }
            | DecodeError::NotExecuted { offset, .. }
            | DecodeError::Limit { offset, .. } => Some(*offset),
            DecodeError::Component
            | DecodeError::Unsupported(_)
            | DecodeError::NotWebAssembly(_)
            | DecodeError::Text(_) => None,
        }
    }
}
