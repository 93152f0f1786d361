//! What the compiler is told about a function beside its body.

/// Which function is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionInput {
    /// Its index in the function index space.
    pub function: u32,
    /// Bytes of its body.
    pub body_bytes: u32,
    /// The loop that it is entered at, by its offset in the module, if it is not entered at its beginning. The parameters are then the contexts and, where
    /// results do not fit in registers, their area, as ever; and after them the address of what is passed
    /// ([`silica_contract::abi::PASSED_SLOT_BYTES`]) in the place of WebAssembly's.
    pub entrance: Option<u32>,
}
