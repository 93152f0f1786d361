//! WASI 0.2 on the host's capabilities: a thin face on `silica_wasi_host`, by bindings made of `wit/`.
//!
//! A program gets what its [`WasiContext`] was granted, and of that only the interfaces that its linker has:
//! [`add_to_linker`] adds all of this crate's, `add_to_linker` of a module those of one package, and those in
//! [`bindings`] one interface each. Everything runs on the calling thread: there is no reactor, and no thread is
//! started.
//!
//! ```
//! use silica_component::{Component, Linker, ResourceTable};
//! use silica_engine::{Engine, Store};
//! use silica_wasi_p2::{Command, WasiContext, WasiContextView, WasiView};
//!
//! struct Data { wasi: WasiContext, table: ResourceTable }
//! impl WasiView for Data {
//!     fn wasi(&mut self) -> WasiContextView<'_> {
//!         WasiContextView { context: &mut self.wasi, table: &mut self.table }
//!     }
//! }
//!
//! # fn main() -> silica_engine::Result<()> {
//! # let program = r#"(component
//! #     (core module $m (func (export "run") (result i32) (i32.const 0)))
//! #     (core instance $i (instantiate $m))
//! #     (func $run (result (result)) (canon lift (core func $i "run")))
//! #     (instance $run (export "run" (func $run)))
//! #     (export "wasi:cli/run@0.2.0" (instance $run)))"#;
//! let engine = Engine::default();
//! let component = Component::new(&engine, program)?;
//! let mut linker = Linker::new(&engine);
//! silica_wasi_p2::add_to_linker(&mut linker)?;
//! let wasi = WasiContext::builder().inherit_stdio().argument("program")?.build();
//! let mut store = Store::new(&engine, Data { wasi, table: ResourceTable::new() });
//! let instance = linker.instantiate(&mut store, &component)?;
//! let succeeded = Command::new(&mut store, &instance)?.run(&mut store)?;
//! assert!(succeeded);
//! # Ok(()) }
//! ```

#![forbid(unsafe_code)]

pub mod bindings;
mod builder;
pub mod cli;
pub mod clocks;
mod command;
pub mod config;
mod context;
pub mod filesystem;
pub mod io;
pub mod random;
mod room;
pub mod sockets;
mod terminal;
mod view;
mod waiter;

pub use builder::WasiContextBuilder;
pub use cli::Exit;
pub use command::Command;
pub use context::WasiContext;
pub use silica_wasi_host as host;
pub use view::{HasWasi, WasiContextView, WasiView};
pub use waiter::{Readiness, Subscribe, Waiter};

use silica_component::Linker;
use silica_engine::Result;

/// Grants all of this crate's interfaces but for drafts, of which each is granted by itself. What they give is what
/// the context was granted.
///
/// # Errors
/// If one of them is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    io::add_to_linker(linker)?;
    clocks::add_to_linker(linker)?;
    random::add_to_linker(linker)?;
    filesystem::add_to_linker(linker)?;
    sockets::add_to_linker(linker)?;
    cli::add_to_linker(linker)
}
