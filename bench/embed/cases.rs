//! The measurements of the embedding API, written once for every engine with an API of this shape.
//!
//! This file is compiled into one program for each engine, where the crate `engine` is that engine
//! under another name and the module `special` says what only that engine has: its pools and its
//! way of being interruptible. Each measurement prints `NAME VALUE`, in nanoseconds.

#[path = "components.rs"]
mod components;

use crate::special;
use engine::{Config, Engine, Instance, Linker, Module, Store};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CALLS: &[u8] = include_bytes!("calls.wat");
const SMALL: &[u8] = include_bytes!("small.wat");
const WORK: &[u8] = include_bytes!("work.wat");
const THROWS: &[u8] = include_bytes!("throws.wat");
const EMPTY: &[u8] = b"(module)";

/// Measures everything whose name contains one of the program's arguments; all without arguments.
pub(crate) fn main() -> Result<()> {
    let report = Report {
        wanted: std::env::args().skip(1).collect(),
    };
    calls(&report)?;
    throws(&report)?;
    components::calls(&report)?;
    instances(&report, "", &special::plain())?;
    components::instances(&report, "", &special::plain())?;
    for (name, config) in special::pools() {
        instances(&report, &format!("_{name}"), &config)?;
        components::instances(&report, &format!("_{name}"), &config)?;
    }
    let base = work(&report, "work", &special::plain(), |_| Ok(()))?;
    let fuel = work(&report, "work_fuel", &special::fuel(), |store| {
        Ok(store.set_fuel(u64::MAX / 2)?)
    })?;
    let interruptible = work(
        &report,
        "work_interruptible",
        &special::interruptible(),
        special::arm,
    )?;
    report.per_cent("fuel_overhead", &base, &fuel);
    report.per_cent("interruptible_overhead", &base, &interruptible);
    Ok(())
}

struct Report {
    wanted: Vec<String>,
}

impl Report {
    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|word| name.contains(word.as_str()))
    }

    fn line(&self, name: &str, value: f64) {
        println!("{name} {value:.2}");
    }

    fn per_cent(&self, name: &str, base: &[(&str, f64)], with: &[(&str, f64)]) {
        for ((kind, base), (_, with)) in base.iter().zip(with) {
            self.line(
                &format!("{name}_{kind}_percent"),
                (with / base - 1.0) * 100.0,
            );
        }
    }
}

/// Nanoseconds for one of `count` that `batch` does: the least of many batches, for a second at most.
fn least(count: u32, mut batch: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    let mut least = Duration::MAX;
    for index in 0.. {
        let began = Instant::now();
        batch()?;
        least = least.min(began.elapsed());
        if index >= 4 && start.elapsed() > Duration::from_millis(700) {
            break;
        }
    }
    Ok(least.as_nanos() as f64 / f64::from(count))
}

fn calls(report: &Report) -> Result<()> {
    if !report.wants("call") {
        return Ok(());
    }
    const COUNT: u32 = 100_000;
    let engine = Engine::new(&special::plain())?;
    let module = Module::new(&engine, CALLS)?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("host", "nothing", || {})?;
    linker.func_wrap("host", "add", |a: i32, b: i32| a.wrapping_add(b))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let nothing = instance.get_typed_func::<(), ()>(&mut store, "nothing")?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    let call_nothing = instance.get_typed_func::<i32, ()>(&mut store, "call_nothing")?;
    let call_add = instance.get_typed_func::<i32, i32>(&mut store, "call_add")?;

    let time = least(COUNT, || {
        for _ in 0..COUNT {
            nothing.call(&mut store, ())?;
        }
        Ok(())
    })?;
    report.line("typed_call_nothing", time);
    let time = least(COUNT, || {
        let mut sum = 0;
        for index in 0..COUNT as i32 {
            sum = add.call(&mut store, (sum, index))?;
        }
        black_box(sum);
        Ok(())
    })?;
    report.line("typed_call_add", time);
    let time = least(COUNT, || Ok(call_nothing.call(&mut store, COUNT as i32)?))?;
    report.line("host_call_nothing", time);
    let time = least(COUNT, || {
        black_box(call_add.call(&mut store, COUNT as i32)?);
        Ok(())
    })?;
    report.line("host_call_add", time);
    Ok(())
}

/// A throw that is caught ten frames up, one that is caught at once, and what handlers cost that nothing is thrown to.
fn throws(report: &Report) -> Result<()> {
    if !report.wants("throw") && !report.wants("handlers") {
        return Ok(());
    }
    const COUNT: u32 = 10_000;
    let engine = Engine::new(&special::exceptions())?;
    let module = Module::new(&engine, THROWS)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    for export in ["far", "near"] {
        let function = instance.get_typed_func::<i32, i32>(&mut store, export)?;
        let time = least(COUNT, || {
            black_box(function.call(&mut store, COUNT as i32)?);
            Ok(())
        })?;
        report.line(&format!("throw_{export}"), time);
    }
    let mut times = [0.0; 2];
    for (export, time) in ["fib", "fib_handled"].into_iter().zip(&mut times) {
        let function = instance.get_typed_func::<i32, i32>(&mut store, export)?;
        *time = least(1, || {
            black_box(function.call(&mut store, 27)?);
            Ok(())
        })?;
    }
    report.line(
        "handlers_overhead_percent",
        (times[1] / times[0] - 1.0) * 100.0,
    );
    Ok(())
}

/// A store and an instance made and dropped.
fn instances(report: &Report, suffix: &str, config: &Config) -> Result<()> {
    if !report.wants("instance") {
        return Ok(());
    }
    const COUNT: u32 = 1000;
    let engine = Engine::new(config)?;
    for (name, text) in [("empty", EMPTY), ("small", SMALL)] {
        let module = Module::new(&engine, text)?;
        let linker: Linker<()> = Linker::new(&engine);
        let ready = linker.instantiate_pre(&module)?;
        let time = least(COUNT, || {
            for _ in 0..COUNT {
                let mut store = Store::new(&engine, ());
                black_box(ready.instantiate(&mut store)?);
            }
            Ok(())
        })?;
        report.line(&format!("instance_{name}{suffix}"), time);
    }
    let module = Module::new(&engine, SMALL)?;
    let time = least(COUNT, || {
        for _ in 0..COUNT {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let bump = instance.get_typed_func::<(), i32>(&mut store, "bump")?;
            black_box(bump.call(&mut store, ())?);
        }
        Ok(())
    })?;
    report.line(&format!("instance_small_called{suffix}"), time);
    Ok(())
}

/// The two kinds of work under one configuration.
fn work(
    report: &Report,
    name: &str,
    config: &Config,
    arm: impl Fn(&mut Store<()>) -> Result<()>,
) -> Result<Vec<(&'static str, f64)>> {
    let mut times = vec![];
    if !report.wants("work") && !report.wants("overhead") {
        return Ok(times);
    }
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, WORK)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    for (kind, export, argument) in [("loop", "sum_memory", 40), ("fib", "fib", 27)] {
        let function = instance.get_typed_func::<i32, i32>(&mut store, export)?;
        let time = least(1, || {
            arm(&mut store)?;
            black_box(function.call(&mut store, argument)?);
            Ok(())
        })?;
        report.line(&format!("{name}_{kind}"), time);
        times.push((kind, time));
    }
    Ok(times)
}
