//! Compiling once and running many times: the image is written to a file, which is mapped when it is loaded.
//!
//!     cargo run -p silica-examples --bin precompiled

// Loading machine code is the one thing that only the embedder can vouch for.
#![deny(unsafe_op_in_unsafe_fn)]

use silica::{Engine, Instance, Module, Result, Store};

const GUEST: &str = r#"(module
    (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))"#;

fn main() -> Result<()> {
    let path = std::env::temp_dir().join(format!("square-{}.image", std::process::id()));

    // This may happen in another process, on another day.
    let image = Engine::default().precompile_module(GUEST.as_bytes())?;
    std::fs::write(&path, &image)?;

    let engine = Engine::default();
    // SAFETY: nobody but this program has written that file, and nobody changes it while it is mapped.
    let module = unsafe { Module::deserialize_file(&engine, &path)? };
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let square = instance.get_typed_func::<i32, i32>(&mut store, "square")?;
    println!("12 * 12 = {}", square.call(&mut store, 12)?);

    // What was damaged by accident is found, not run.
    // SAFETY: a cut image is refused.
    let error = unsafe { Module::deserialize(&engine, &image[..image.len() / 2]) }
        .expect_err("half an image is none");
    println!("half of it: {error}");

    std::fs::remove_file(&path)?;
    Ok(())
}
