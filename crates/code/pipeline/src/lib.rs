//! A module's bytes to a compiled image: which function, by which tier, on which thread.
//!
//! [`compile`] decodes a module, validates and compiles its functions in parallel, and lays out code, metadata and the
//! initial contents of memories as an image ([`silica_contract::image`]). The same bytes and settings give
//! the same image, whatever the number of threads.
//!
//! Nothing is run or mapped here; an image is inert bytes. [`Cache`] keeps images in files.

#![forbid(unsafe_code)]

mod bodies;
mod cache;
mod compile;
mod data;
mod error;
mod functions;
mod lazy;
mod listing;
mod options;
mod targets;
mod text;
mod tiers;
mod validate;

pub use cache::{Cache, CacheEntry, CacheKey};
pub use compile::compile;
pub use error::{CodeError, CompileError};
pub use lazy::{LazyModule, LazyParts};
pub use listing::list;
pub use options::{Options, Refused};
pub use silica_optimize::{Listing, host_processor};
