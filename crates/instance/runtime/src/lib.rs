//! Code to instances: instances, memories, tables, globals, traps, and entering compiled code.
//!
//! This crate runs what was compiled elsewhere; no compiler is within its reach. `engine` builds the embedding API
//! on it. Everything public is safe to use but [`CompiledModule::new`], which trusts machine code.
//!
//! From an embedder's call to compiled code and back:
//!
//! - [`Store`] owns everything that code may refer to; handles ([`Function`], [`Memory`], …) name parts of it.
//! - `call` prepares an activation, `entry` holds the assembly that enters and leaves code.
//! - `host` and `builtins` are what code calls; `fault` is how a call ends early, `throw` where an exception goes on.
//! - `instantiate` makes instances of a [`CompiledModule`]; `memory`, `handles` and `types` are what they are made of.
//! - `switching` is what `resume`, `suspend` and `switch` do; `continuations` are a store's, each a `computation` with a stack of its own.
//! - `interrupt` stops a call from another thread; `suspend` puts a call aside while the host waits.

mod arrays;
mod beginning;
mod binding;
mod builtins;
mod call;
mod code;
mod collection;
mod computation;
mod continuations;
mod entries;
mod entry;
mod error;
mod escaping;
mod fault;
mod from_code;
mod function_numbers;
mod growth;
mod handles;
mod heap;
mod host;
mod host_call;
mod host_context;
mod host_roots;
mod identity;
mod image;
mod imports;
mod instance;
mod instantiate;
mod interrupt;
mod limiter;
mod memory;
mod module;
mod outcome;
mod raise;
mod record;
mod resolve;
mod running;
mod runtime;
mod segments;
mod stacks;
mod start;
mod state;
mod store;
mod supertypes;
mod suspend;
mod suspender;
mod switching;
mod throw;
mod tuple;
mod typed;
mod types;
mod value;

pub use call::{NUMBERS_MAX, Numbers};
pub use code::{Compilation, ModuleSource, Occasion, TierUp};
pub use error::{HostError, LoadError, RuntimeError, ThrownException};
pub use handles::{
    AnyObject, ExnObject, Extern, ExternObject, Function, Global, GlobalI32, Memory, Object,
    OwnedObject, RootMark, Table, Tag,
};
pub use host::HostFunction;
pub use host_call::HostCall;
pub use identity::{ModuleId, StoreId};
pub use image::Image;
pub use imports::ImportMismatch;
pub use instance::Instance;
pub use instantiate::InstantiateError;
pub use interrupt::InterruptHandle;
pub use limiter::ResourceLimiter;
pub use memory::{SharedMemory, WaitOutcome};
pub use module::CompiledModule;
pub use outcome::{Backtrace, CallError, Frame};
pub use runtime::{Runtime, RuntimeConfig};
pub use state::StoreState;
pub use store::{Store, StoreMut, StoreRef};
pub use suspend::HostFuture;
pub use tuple::{TypeMismatch, Typed, WasmTypes};
pub use typed::{V128, WasmType};
pub use types::RegisteredType;
pub use value::Value;
