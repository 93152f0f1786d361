//! A request on its way: what is sent, where, and how long that may take.

use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use silica_wasi_host::Network;

use crate::failure::Failure;
use crate::queue::Source;

/// A request, and where it goes.
pub(crate) struct Request {
    pub(crate) whole: http::Request<Option<Source>>,
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) network: Network,
    pub(crate) times: Times,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) between_bytes: Duration,
}

/// A body that hyper sends.
pub(super) type Body = UnsyncBoxBody<bytes::Bytes, Failure>;
