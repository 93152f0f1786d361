//! Tools for components that need none of them to run: [`plug`] makes one component of several, and [`wit`] says in WIT
//! what one imports and exports.
//!
//! Types are copied from section to section, never made anew: what a component says of its imports is what the
//! composed one says of them.

#![forbid(unsafe_code)]

mod error;
mod imports;
mod plug;
mod wit;

pub use error::ComposeError;
pub use plug::plug;
pub use wit::wit;
