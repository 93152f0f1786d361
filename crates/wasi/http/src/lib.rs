//! `wasi:http`: requests to hosts that are granted, by HTTP/1.1 and HTTP/2, with and without TLS.
//!
//! Requests are made by a thread of their own with tokio, hyper and rustls, which is started by the
//! first request: a program that makes none pays for none of it. Guests wait by pollables, as for
//! everything else.
//!
//! Where to go next: [`HttpContext`] for what is granted and how much may be held,
//! [`add_to_linker`] for a guest's side, which is in `host`, `client` for the other.

#![forbid(unsafe_code)]

mod answer;
pub mod bindings;
mod body;
mod client;
mod context;
mod error;
mod failure;
mod fields;
mod grant;
mod host;
mod incoming;
mod limits;
mod queue;
mod received;
mod request;
mod response;
mod task;

pub use body::OutgoingBody;
pub use context::{HasHttp, HttpContext, HttpContextView, HttpView};
pub use error::{HttpError, HttpResult};
pub use failure::Failure;
pub use fields::Fields;
pub use grant::HttpGrant;
pub use incoming::{FutureTrailers, IncomingBody};
pub use limits::HttpLimits;
pub use request::{IncomingRequest, OutgoingRequest, RequestOptions};
pub use response::{FutureIncomingResponse, IncomingResponse, OutgoingResponse, ResponseOutparam};

use silica_component::Linker;
use silica_engine::Result;

use bindings::wasi::http;

/// Grants `wasi:http`: requests to the hosts that the context has. What its streams need of
/// `wasi:io` is added by `silica_wasi_p2`.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: HttpView>(linker: &mut Linker<T>) -> Result<()> {
    http::types::add_to_linker::<T, HasHttp>(linker, T::http)?;
    http::outgoing_handler::add_to_linker::<T, HasHttp>(linker, T::http)
}
