//! Why a function could not be translated.

use silica_module::{DecodeError, Place};

/// Why a function could not be translated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// It is not valid.
    #[error(transparent)]
    Invalid(DecodeError),
    /// It uses an operator that is validated but not yet executed.
    #[error("operator not supported: {operator} (at offset {offset:#x})")]
    Unsupported {
        /// The operator.
        operator: String,
        /// Byte offset in the module.
        offset: u64,
    },
    /// Its branches carry so many values that translating it would cost out of proportion to
    /// its size.
    #[error(
        "function too complex: its branches carry more than {limit} values (at offset {offset:#x})"
    )]
    TooComplex {
        /// How many are accepted for a function of this size.
        limit: u64,
        /// Byte offset in the module where the limit was passed.
        offset: u64,
    },
}

impl From<wasmparser::Error> for TranslateError {
    fn from(error: wasmparser::Error) -> Self {
        TranslateError::Invalid(DecodeError::new(&error, Place::Unknown))
    }
}
