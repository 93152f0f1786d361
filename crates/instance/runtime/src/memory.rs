//! Linear memories: address space, contents, growth.
//!
//! As much of a memory's possible size as is configured, by default all, is reserved when it is made, and growing only makes
//! more of it accessible. Beyond that it moves, or cannot grow. This module knows bytes and pages; what a store's [`crate::Memory`] handle may
//! do with them is in [`crate::handles`].

mod contents;
mod linear;
mod plan;
mod pool;
mod shared;
mod wait;

pub(crate) use contents::MemoryContents;
pub(crate) use linear::{LinearMemory, MemoryDefinition};
pub(crate) use plan::MemoryPlan;
pub(crate) use pool::MemoryPool;
pub use shared::SharedMemory;
pub(crate) use shared::check_atomic;
pub(crate) use wait::WaitEnd;
pub use wait::WaitOutcome;
