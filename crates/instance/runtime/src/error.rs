//! Why something could not be made or changed. How a *call* ends is in [`crate::outcome`].

use std::any::Any;

use silica_contract::image::ImageError;
use silica_os::OsError;

/// An error of a host function. The runtime carries it from there to who called, and looks into it for two
/// things: a [`silica_contract::trap::TrapCode`] in it makes the call end with that trap,
/// and a [`ThrownException`] throws what is pending in the store.
pub type HostError = Box<dyn Any + Send + Sync>;

/// What a host function returns to throw the store's pending exception on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("thrown WebAssembly exception")]
pub struct ThrownException;

/// An error of the runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The system refused.
    #[error(transparent)]
    System(#[from] OsError),
    /// A memory is larger than address space was, or could be, reserved for it.
    #[error("memory of {bytes} bytes: more than {limit} bytes cannot be had here")]
    MemoryTooLarge {
        /// What was asked for.
        bytes: u128,
        /// What can be had.
        limit: u64,
    },
    /// A memory or a table cannot grow: it is at its maximum, or there is no room.
    #[error("cannot grow: {0}")]
    Growth(&'static str),
    /// The embedder's limiter said no.
    #[error("refused by the store's limiter: {0}")]
    Limited(&'static str),
    /// The embedder's limiter failed; its error is carried on.
    #[error("the store's limiter failed")]
    Limiter(HostError),
    /// The host's memory is exhausted.
    #[error("out of memory: {0}")]
    OutOfMemory(&'static str),
    /// An index beyond the end.
    #[error("out of bounds: {0}")]
    OutOfBounds(&'static str),
    /// A value of another type than needed.
    #[error("{what}: expected {expected}, found {found}")]
    Type {
        /// For what.
        what: &'static str,
        /// The type that is needed.
        expected: String,
        /// The value or type that was given.
        found: String,
    },
    /// What is immutable cannot be set.
    #[error("{0} is immutable")]
    Immutable(&'static str),
    /// The store holds as many external objects as it may.
    #[error("the store holds {0} external objects, as many as it may")]
    ExternQuota(u32),
    /// The store's heap of objects holds something that no code can have put there: no more objects can be made.
    #[error("the store's heap of objects is damaged")]
    HeapDamaged,
    /// A reference was used after the end of its scope.
    #[error("a reference to an object was used after the end of its scope")]
    Unrooted,
    /// An async host function was called by a call that cannot suspend.
    #[error("an async host function was called outside of an async call")]
    NotAsync,
    /// A proposal that this runtime does not run.
    #[error("{0} is not supported by this runtime")]
    Unsupported(&'static str),
}

/// Why an image could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no image that can be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The system refused.
    #[error(transparent)]
    System(#[from] OsError),
    /// The file cannot be read.
    #[error("cannot read the compiled image: {0}")]
    File(#[from] std::io::Error),
}
