//! Asynchronous host functions on tokio: while one guest waits, its stack is suspended and the others run, all on
//! one thread.
//!
//!     cargo run -p silica-examples --bin async

#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use silica::{Caller, Engine, Linker, Module, Result, Store};

const GUEST: &str = r#"(module
    (import "host" "sleep" (func $sleep (param i32) (result i32)))
    (func (export "run") (param i32) (result i32)
        (i32.add (call $sleep (local.get 0)) (call $sleep (local.get 0)))))"#;

async fn guests(engine: &Engine) -> Result<i32> {
    let mut linker = Linker::<()>::new(engine);
    linker.func_wrap_async(
        "host",
        "sleep",
        |_caller: Caller<'_, ()>, (milliseconds,): (i32,)| {
            Box::new(async move {
                let time = Duration::from_millis(milliseconds.unsigned_abs().into());
                tokio::time::sleep(time).await;
                milliseconds
            })
        },
    )?;
    let pre = linker.instantiate_pre(&Module::new(engine, GUEST)?)?;

    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (engine, pre) = (engine.clone(), pre.clone());
        tasks.push(tokio::spawn(async move {
            let mut store = Store::new(&engine, ());
            let instance = pre.instantiate_async(&mut store).await?;
            let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
            run.call_async(&mut store, 50).await
        }));
    }
    let mut slept = 0;
    for task in tasks {
        slept += task.await??;
    }
    Ok(slept)
}

fn main() -> Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let start = Instant::now();
    let slept = tokio.block_on(guests(&Engine::default()))?;
    println!("slept {slept} ms together");
    println!(
        "in less time than that: {}",
        start.elapsed() < Duration::from_millis(900)
    );
    Ok(())
}
