//! Classes of the atomic operators (threads proposal). All are sequentially consistent.

/// How much of memory an atomic operator touches; narrower than its type, it widens unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the widths")]
pub enum AtomicWidth {
    B1,
    B2,
    B4,
    B8,
}

impl AtomicWidth {
    /// Bytes touched; also the alignment that is required at run time.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            AtomicWidth::B1 => 1,
            AtomicWidth::B2 => 2,
            AtomicWidth::B4 => 4,
            AtomicWidth::B8 => 8,
        }
    }
}

/// Read-modify-write operators; the result is the value before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the proposal's")]
pub enum AtomicRmw {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Xchg,
}
