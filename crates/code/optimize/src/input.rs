//! What the compiler is told about a function beside its body.

/// Which function is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionInput {
    /// Its index in the function index space.
    pub function: u32,
    /// Bytes of its body.
    pub body_bytes: u32,
}
