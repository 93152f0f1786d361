//! Why the system refused.

/// An error of the system.
#[derive(Debug, thiserror::Error)]
pub enum OsError {
    /// A system call failed.
    #[error("{operation} failed: {source}")]
    Call {
        /// What was attempted.
        operation: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A range is not within its mapping or not on page boundaries.
    #[error(
        "{operation}: bytes {start:#x}..{end:#x} are no pages of a mapping of {length:#x} bytes"
    )]
    Range {
        /// What was attempted.
        operation: &'static str,
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// Bytes of the mapping.
        length: usize,
    },
    /// This system has no such thing.
    #[error("{0} is not supported on this system")]
    Unsupported(&'static str),
}
