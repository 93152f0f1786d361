//! Silica, the WebAssembly runtime outside the browser: what an embedder depends on.
//!
//! ```
//! use silica::{Engine, Instance, Module, Store};
//!
//! # fn main() -> silica::Result<()> {
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module
//!     (func (export "add") (param i32 i32) (result i32)
//!         (i32.add (local.get 0) (local.get 1))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
//! assert_eq!(add.call(&mut store, (40, 2))?, 42);
//! # Ok(()) }
//! ```
//!
//! This crate only gathers: the embedding API is `silica_engine`'s and `silica_component`'s, the system interface that of `wasi`'s crates.

#![forbid(unsafe_code)]

pub use silica_engine::*;

/// Components: modules with an interface.
pub mod component {
    pub use silica_component::*;
}

/// The WebAssembly System Interface.
pub mod wasi {
    pub use silica_wasi_host as host;
    pub use silica_wasi_p1 as p1;
    pub use silica_wasi_p2 as p2;
    pub use silica_wasi_threads as threads;
}
