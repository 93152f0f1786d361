//! Linear memories: address space, contents, growth.
//!
//! A memory's base never moves: its whole possible size is reserved when it is made, and growing only makes more
//! of it accessible. This module knows bytes and pages; what a store's [`crate::Memory`] handle may
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
