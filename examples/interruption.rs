//! Stopping a guest after some time. Until it is used this costs the guest nothing.
//!
//!     cargo run -p silica-examples --bin interruption

#![forbid(unsafe_code)]

use std::time::Duration;

use silica::{Engine, Instance, Module, Result, Store, Trap};

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (global $turns (export "turns") (mut i64) (i64.const 0))
            (func (export "spin") (loop $forever
                (global.set $turns (i64.add (global.get $turns) (i64.const 1)))
                (br $forever))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;

    let handle = store.interrupt_handle();
    let watch = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        handle.interrupt();
    });

    let error = spin
        .call(&mut store, ())
        .expect_err("it cannot end by itself");
    watch.join().expect("the watch does not panic");
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));

    // The store is as the guest left it, and can be used.
    let turns = instance
        .get_global(&mut store, "turns")
        .and_then(|global| global.get(&mut store).i64())
        .unwrap_or_default();
    println!("interrupted after some turns: {}", turns > 0);
    Ok(())
}
