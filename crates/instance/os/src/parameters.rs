//! Plain words that the system-specific modules share.

/// What may be done with pages. There is no "writable and executable".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing: every access faults.
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    ReadWrite,
    /// Reading and executing.
    ReadExecute,
}

/// Why the system stopped a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// An access to memory that is not there or not allowed.
    Access,
    /// An instruction that does not exist, or that exists to trap.
    Illegal,
    /// An arithmetic instruction without a result.
    Arithmetic,
    /// Somebody asked for an interruption.
    Interrupt,
}
