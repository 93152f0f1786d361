//! `wasi:io`: errors, waiting, and streams of bytes.
//!
//! A stream is what is behind it ([`InputSource`], [`OutputSink`]), which pollables share. Where bytes come from and go
//! to is other folders' business.

pub(crate) mod error;
pub(crate) mod input;
pub(crate) mod output;
mod poll;
mod pollable;
mod streams;

pub use error::{IoError, StreamError, StreamResult};
pub use input::{InputSource, InputStream};
pub use output::{OutputSink, OutputStream};
pub use pollable::Pollable;

use silica_component::Linker;
use silica_engine::Result;

use crate::bindings::wasi::io;
use crate::view::{HasWasi, WasiView};

/// Grants `wasi:io`: nothing by itself, but what others give is used by it.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    io::error::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    io::poll::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    io::streams::add_to_linker::<T, HasWasi>(linker, T::wasi)
}
