//! What differs between systems: pages and their protection, stacks, signals, threads.
//!
//! Everything here is a small type or function over system calls; it knows nothing of WebAssembly.
//! Linux on x86-64 and aarch64 is complete. Other Unix systems have all but what [`OsError::Unsupported`]
//! names. On systems that are no Unix every function returns that error, so that the crates above
//! still type-check there.
//!
//! Pointers that leave this crate are raw: changing a mapping never breaks a reference that
//! was not made by `unsafe` code elsewhere.

#[cfg(unix)]
mod code_space;
mod error;
#[cfg(unix)]
mod pages;
mod parameters;
#[cfg(unix)]
mod signals;
mod stack;
#[cfg(unix)]
mod threads;
#[cfg(not(unix))]
mod unsupported;

#[cfg(unix)]
pub use code_space::CodeSpace;
pub use error::OsError;
#[cfg(unix)]
pub use pages::{Mapping, flush_instructions, memory_file, page_size};
pub use parameters::{FaultKind, Protection};
#[cfg(unix)]
pub use signals::{Fault, Handler, INTERRUPT_SIGNAL_DEFAULT, install, prepare_thread};
pub use stack::Stack;
#[cfg(unix)]
pub use threads::ThreadId;
#[cfg(not(unix))]
pub use unsupported::{
    CodeSpace, Fault, Handler, INTERRUPT_SIGNAL_DEFAULT, Mapping, ThreadId, flush_instructions,
    install, memory_file, page_size, prepare_thread,
};
