//! WASI 0.1 (`wasi_snapshot_preview1`, and the older `wasi_unstable`) on the
//! capabilities of `silica-wasi-host`.
//!
//! This crate converts: guest pointers to checked slices, numbers to flags,
//! errors to `errno`. What a program may do is decided by what it was granted
//! there, and by the rights that each descriptor holds here.
//!
//! Where to go next: [`WasiP1ContextBuilder`] grants, [`WasiP1Context`] has one
//! method for each function, `calls` lists the functions with their parameters,
//! [`add_to_linker`] puts them where an instance finds them.

#![forbid(unsafe_code)]

mod abi;
mod builder;
mod calls;
mod context;
mod errno;
mod functions;
mod linker;
mod memory;
mod table;
mod trace;
mod vectors;

pub use abi::{Abi, EventReadWriteFlags, FdFlags, FileStatTimes, LookupFlags, OpenFlags, Rights};
pub use builder::WasiP1ContextBuilder;
pub use context::WasiP1Context;
pub use errno::{Errno, Exit};
pub use linker::{add_to_linker, add_to_linker_with_sockets, add_unstable_to_linker};
pub use memory::GuestMemory;
pub use trace::{TraceRecord, Traced};

pub use silica_wasi_host as host;
pub use silica_wasi_host::{DirPerms, FilePerms, Quotas};
