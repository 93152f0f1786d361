//! The embedding API: compile WebAssembly modules, give them what they import, call what they export.
//!
//! ```
//! use silica_engine::{Caller, Engine, Linker, Module, Store};
//!
//! # fn main() -> silica_engine::Result<()> {
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module
//!     (import "host" "count" (func $count (param i32)))
//!     (func (export "run") (param i32)
//!         (call $count (local.get 0))))"#)?;
//!
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("host", "count", |mut caller: Caller<'_, i32>, n: i32| *caller.data_mut() += n)?;
//!
//! let mut store = Store::new(&engine, 0);
//! let instance = linker.instantiate(&mut store, &module)?;
//! let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
//! run.call(&mut store, 5)?;
//! assert_eq!(*store.data(), 5);
//! # Ok(()) }
//! ```
//!
//! An [`Engine`] holds the settings ([`Config`]). A [`Module`] is compiled code. A [`Store`] owns [`Instance`]s and all that
//! they can reach: [`Func`], [`Memory`], [`Table`], [`Global`] are handles into it, cheap to copy. A
//! handle used with another store than its own panics with a message. A [`Linker`] finds imports by name.
//!
//! This crate sees both the compiler and the runtime, and is the only one that does. It makes no code and runs
//! none itself: what is unsafe about that is in `silica_runtime`; here is only the vouching for images, in `load`.

#![deny(unsafe_code)]

mod aggregate;
mod backtrace;
mod caller;
mod compile;
mod compiler;
mod config;
mod context;
mod engine;
mod error;
mod exception;
mod external;
mod func;
mod global;
mod handle;
mod host;
mod host_error;
mod inner;
mod instance;
mod limits;
mod linker;
mod load;
mod memory;
mod module;
mod numeric;
mod outcome;
mod pooling;
mod rooted;
mod shared_memory;
mod store;
mod symbols;
mod table;
mod tag;
mod trap;
mod types;
mod value;
mod wasm_types;

pub use anyhow::{Error, bail, ensure, format_err};
pub use silica_module::{Feature, Features};
pub use silica_pipeline::{Cache, CacheEntry};
pub use silica_runtime::{InterruptHandle, ThrownException};

pub use aggregate::{ArrayRef, ArrayRefPre, EqRef, StructRef, StructRefPre};
pub use backtrace::{FrameInfo, WasmBacktrace};
pub use caller::Caller;
pub use compile::CodeBuilder;
pub use config::{Config, InstanceAllocationStrategy, OptLevel, Processor, Tier};
pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub use engine::{Engine, Precompiled};
pub use error::EngineError;
pub use external::{Export, Extern};
pub use func::TypedFunc;
pub use global::{Global, GlobalI32};
pub use handle::{Func, Instance};
pub use host::{BoxFuture, IntoFunc};
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::{InstancePre, Linker};
pub use memory::{Memory, MemoryAccessError};
pub use module::{FunctionAddress, FunctionCompilation, Module, ModuleExport};
pub use numeric::{NUMERIC_PARAMS_MAX, NumericFunc};
pub use pooling::PoolingAllocationConfig;
pub use rooted::{AnyRef, ContRef, ExnRef, ExternRef, I31, OwnedRooted, RootScope, Rooted};
pub use shared_memory::{SharedMemory, WaitResult};
pub use silica_runtime::Occasion;
pub use store::Store;
pub use symbols::FrameSymbol;
pub use table::Table;
pub use tag::Tag;
pub use trap::Trap;
pub use types::{
    ArrayType, ContType, ExportType, ExternType, FieldType, Finality, FuncType, GlobalType,
    HeapType, ImportType, MemoryType, MemoryTypeBuilder, Mutability, RefType, StorageType,
    StructType, TableType, TagType, ValType,
};
pub use value::{Ref, V128, Val};
pub use wasm_types::{WasmParams, WasmResults, WasmRet, WasmTy};

/// What fallible functions give: [`Error`] is `anyhow`'s.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors, and how to add to them.
pub mod error_handling {
    pub use anyhow::{Context, Error, bail, ensure, format_err};
}
