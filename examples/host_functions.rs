//! Functions of the host that a module imports: they read its memory, keep state in the store, and fail with
//! errors of their own.
//!
//!     cargo run -p silica-examples --bin host-functions

#![forbid(unsafe_code)]

use silica::{Caller, Engine, Extern, Linker, Module, Result, Store, bail};

/// What the host keeps beside the instance.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
}

const GUEST: &str = r#"(module
    (import "host" "log" (func $log (param i32 i32)))
    (import "host" "divide" (func $divide (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "hello from the guest")
    (func (export "greet") (call $log (i32.const 0) (i32.const 20)))
    (func (export "divide") (param i32 i32) (result i32) (call $divide (local.get 0) (local.get 1))))"#;

fn log(mut caller: Caller<'_, Log>, at: u32, length: u32) -> Result<()> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        bail!("the guest exports no memory");
    };
    let (bytes, log) = memory.data_and_store_mut(&mut caller);
    // What the guest says of its memory is a claim until it is checked.
    let Some(text) = bytes.get(at as usize..at as usize + length as usize) else {
        bail!("the guest's string is out of bounds");
    };
    log.lines.push(String::from_utf8_lossy(text).into_owned());
    Ok(())
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "log", log)?;
    linker.func_wrap("host", "divide", |a: i32, b: i32| match a.checked_div(b) {
        Some(quotient) => Ok(quotient),
        None => bail!("the host does not divide {a} by {b}"),
    })?;

    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, Log::default());
    let instance = linker.instantiate(&mut store, &module)?;

    instance
        .get_typed_func::<(), ()>(&mut store, "greet")?
        .call(&mut store, ())?;
    println!("logged: {}", store.data().lines.join(", "));

    let divide = instance.get_typed_func::<(i32, i32), i32>(&mut store, "divide")?;
    println!("7 / 2 = {}", divide.call(&mut store, (7, 2))?);
    if let Err(error) = divide.call(&mut store, (1, 0)) {
        println!("error: {}", error.root_cause());
    }
    Ok(())
}
