//! Why no code was made.

/// Why Cranelift cannot make code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The processor features of the settings cannot be used.
    #[error("cannot make code for this processor: {0}")]
    Processor(String),
    /// A function is beyond what the code generator can do, at any optimization level.
    #[error("too large or too complex for the code generator: {0}")]
    Refused(String),
    /// A function that it calls, and that would stand in place of the call, is not valid.
    #[error("function {0}, which it calls, is not valid")]
    InvalidCallee(u32),
    /// The code generator failed in a way that it should not.
    #[error("the code generator failed: {0}")]
    Internal(String),
}

/// Why a function was not compiled: its translation failed, or Cranelift did.
#[derive(Debug)]
pub enum Failure<E> {
    /// What the translation said.
    Translation(E),
    /// What Cranelift said.
    Code(Error),
}
