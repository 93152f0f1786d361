//! Requests that a guest makes, and their options.

use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;

use crate::client::Times;
use crate::fields::Fields;
use crate::queue::Queue;

/// The resource `wasi:http/types.incoming-request`: nothing makes one here.
#[derive(Debug)]
pub enum IncomingRequest {}

/// The resource `wasi:http/types.outgoing-request`.
#[derive(Debug)]
pub struct OutgoingRequest {
    pub(crate) method: http::Method,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) authority: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) fields: Fields,
    pub(crate) queue: Arc<Queue>,
    /// Its body was given out.
    pub(crate) has_body: bool,
}

/// The resource `wasi:http/types.request-options`, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOptions {
    pub(crate) connect: Option<u64>,
    pub(crate) first_byte: Option<u64>,
    pub(crate) between_bytes: Option<u64>,
}

impl RequestOptions {
    pub(crate) fn times(self, otherwise: Duration) -> Times {
        let time = |told: Option<u64>| told.map_or(otherwise, Duration::from_nanos);
        Times {
            connect: time(self.connect),
            first_byte: time(self.first_byte),
            between_bytes: time(self.between_bytes),
        }
    }
}
