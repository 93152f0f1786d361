//! Why no code was made.

/// Why this tier cannot make code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It makes no code for this processor.
    #[error("the baseline tier makes no code for this processor: {0}")]
    Processor(String),
    /// A function is beyond what it can do.
    #[error("too large or too complex for the baseline tier: {0}")]
    Refused(&'static str),
}
