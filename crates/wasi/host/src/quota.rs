//! Bounds on everything that a program can make the host keep.

/// Upper bounds; exceeding one is [`Error::QuotaExceeded`](crate::Error) or the
/// error named, never a panic and never a bigger allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Open descriptors of one program. Exceeding it looks like a full process
    /// table, [`Error::TooManyOpenFiles`](crate::Error). Default 1024, since each may hold one of the
    /// process's own.
    pub descriptors_max: usize,
    /// Bytes of one path. Default 4096, as on Linux.
    pub path_bytes_max: usize,
    /// Buffers of one vectored read or write. Default 1024, as on Linux.
    pub vectors_max: usize,
    /// Subscriptions of one poll. Default 4096.
    pub subscriptions_max: usize,
    /// Sockets that a program has open, among its descriptors. Default 512.
    pub sockets_max: usize,
    /// Names that are being looked up, each by a thread of the host. Default 16.
    pub lookups_max: usize,
    /// Bytes held by one in-memory directory tree, names and links included.
    /// Default 64 MiB.
    pub memory_bytes_max: u64,
    /// Files, directories and links in one in-memory directory tree. Default 65536.
    pub memory_nodes_max: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            descriptors_max: 1_024,
            path_bytes_max: 4_096,
            vectors_max: 1_024,
            subscriptions_max: 4_096,
            sockets_max: 512,
            lookups_max: 16,
            memory_bytes_max: 64 << 20,
            memory_nodes_max: 65_536,
        }
    }
}
