//! What a process may still do, and what became of asking for it.

use std::path::PathBuf;

/// What the process may still do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Files and folders, with all that is below, that may be read.
    pub readable: Vec<PathBuf>,
    /// Those that may be read and changed.
    pub writable: Vec<PathBuf>,
    /// What may be done on the network beyond using sockets that are open.
    pub sockets: Sockets,
}

/// Sockets that may be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Any at all.
    pub may_open: bool,
    /// Names may be looked up, by whatever the system's resolver does for that.
    pub may_look_up: bool,
    /// The ports that TCP may connect to.
    pub tcp_connect: Ports,
    /// The ports that TCP may listen on.
    pub tcp_listen: Ports,
}

/// Ports of TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ports {
    /// Every one.
    All,
    /// These and no others.
    Only(Vec<u16>),
}

impl Default for Ports {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// Whether the kernel holds what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforced {
    /// All of it.
    Fully,
    /// As much as this kernel knows of.
    Partially,
    /// The kernel has no such thing.
    Not,
}

/// Why a process could not be restricted, where the kernel could do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files could not be restricted.
    #[error("files cannot be restricted: {0}")]
    Files(String),
    /// System calls could not be restricted.
    #[error("system calls cannot be restricted: {0}")]
    Calls(String),
}
