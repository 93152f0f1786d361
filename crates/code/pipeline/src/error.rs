//! Why a module could not be compiled.

use silica_contract::image::ImageError;
use silica_module::DecodeError;
use silica_translate::TranslateError;

/// Why no code could be made, by one tier or the other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// What the baseline tier says.
    #[error(transparent)]
    Baseline(#[from] silica_baseline::Error),
    /// What the optimizing tier says.
    #[error(transparent)]
    Optimize(#[from] silica_optimize::Error),
}

/// Why a module could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It is malformed or invalid, or uses a proposal that is off.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A function cannot be translated.
    #[error("{}: {error}", function_name(*.index, .name))]
    Translate {
        /// The function's index.
        index: u32,
        /// Its name, where it has one.
        name: Option<String>,
        /// Why.
        error: TranslateError,
    },
    /// No code can be made of a function.
    #[error("{}: {error}", function_name(*.index, .name))]
    Function {
        /// The function's index.
        index: u32,
        /// Its name, where it has one.
        name: Option<String>,
        /// Why.
        error: CodeError,
    },
    /// The settings ask for what the code generator cannot do.
    #[error(transparent)]
    Settings(CodeError),
    /// All functions together are too large.
    #[error("the module's code is too large: {bytes} bytes, at most {limit} are possible")]
    TooLarge {
        /// Bytes of machine code.
        bytes: u64,
        /// Bytes at most.
        limit: u64,
    },
    /// The image could not be written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// [`crate::Options::cancelled`] was set.
    #[error("compilation was cancelled")]
    Cancelled,
}

fn function_name(index: u32, name: &Option<String>) -> String {
    match name {
        Some(name) => format!("function {index} \"{}\"", name.escape_debug()),
        None => format!("function {index}"),
    }
}
