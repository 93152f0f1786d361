//! Bounds on what a program can make the host hold.

use std::time::Duration;

/// How much a program can make the host hold, and how long a request may take unless it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Bytes of one header section, or of trailers, names and values together. Default 128 KiB.
    pub header_bytes_max: usize,
    /// Bytes of a body that are held in each direction. Default 256 KiB.
    pub body_bytes_held_max: usize,
    /// Requests that are under way at once. Default 64.
    pub requests_max: usize,
    /// How long connecting, the first byte and each further one may take; 10 minutes.
    pub timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            header_bytes_max: 128 << 10,
            body_bytes_held_max: 256 << 10,
            requests_max: 64,
            timeout: Duration::from_secs(600),
        }
    }
}
