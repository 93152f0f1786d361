//! The least that an embedding needs: compile a module, instantiate it, call what it exports.
//!
//!     cargo run -p silica-examples --bin ten-lines

#![forbid(unsafe_code)]

use silica::{Engine, Instance, Module, Store};

fn main() -> silica::Result<()> {
    let engine = Engine::default();
    let text = r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#;
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    println!("40 + 2 = {}", add.call(&mut store, (40, 2))?);
    Ok(())
}
