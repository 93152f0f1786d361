//! Bounds for a guest that nobody trusts: memory, fuel, and stack.
//!
//!     cargo run -p silica-examples --bin limits

#![forbid(unsafe_code)]

use silica::{
    Config, Engine, Instance, Module, Result, Store, StoreLimits, StoreLimitsBuilder, Trap,
};

const GUEST: &str = r#"(module
    (memory 1)
    (func (export "hog") (result i32)
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (memory.size))
    (func (export "spin") (loop $forever (br $forever)))
    (func $recurse (export "recurse") (call $recurse)))"#;

fn main() -> Result<()> {
    let mut config = Config::new();
    config.consume_fuel(true).max_wasm_stack(256 << 10);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;

    let limits: StoreLimits = StoreLimitsBuilder::new().memory_size(1 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    store.set_fuel(1_000_000)?;
    let instance = Instance::new(&mut store, &module, &[])?;

    let hog = instance.get_typed_func::<(), u32>(&mut store, "hog")?;
    println!("memory stopped at {} KiB", hog.call(&mut store, ())? * 64);

    for name in ["spin", "recurse"] {
        let call = instance.get_typed_func::<(), ()>(&mut store, name)?;
        let error = call
            .call(&mut store, ())
            .expect_err("it cannot end by itself");
        let trap = error.downcast_ref::<Trap>().expect("it is a trap");
        println!("{name}: {trap}");
        store.set_fuel(1_000_000)?;
    }
    Ok(())
}
