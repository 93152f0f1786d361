//! What components cost: calls from the host and to it, and between two of them; instances, of a small one and of
//! whatever `SILICA_BENCH_COMPONENT` names, which is a large one.

use super::{Report, Result, least};
use crate::special;
use engine::component::{Component, Linker};
use engine::{Config, Engine, Store, StoreContextMut};
use std::hint::black_box;

const COMPONENTS: &[u8] = include_bytes!("components.wat");

pub(super) fn calls(report: &Report) -> Result<()> {
    if !report.wants("component_call") {
        return Ok(());
    }
    const COUNT: u32 = 20_000;
    let engine = Engine::new(&special::plain())?;
    let component = Component::new(&engine, COMPONENTS)?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.root().func_wrap(
        "host-add",
        |_: StoreContextMut<'_, ()>, (a, b): (u32, u32)| Ok((a.wrapping_add(b),)),
    )?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
    let time = least(COUNT, || {
        let mut sum = 0;
        for index in 0..COUNT {
            (sum,) = add.call(&mut store, (sum, index))?;
        }
        black_box(sum);
        Ok(())
    })?;
    report.line("component_call_add", time);
    for (name, label) in [
        ("call-host", "component_host_call_add"),
        ("call-other", "component_to_component_add"),
    ] {
        let many = instance.get_typed_func::<(u32,), (u32,)>(&mut store, name)?;
        let time = least(COUNT, || {
            black_box(many.call(&mut store, (COUNT,))?);
            Ok(())
        })?;
        report.line(label, time);
    }
    let text = "x".repeat(100);
    let echo = instance.get_typed_func::<(&str,), (String,)>(&mut store, "echo")?;
    let time = least(COUNT, || {
        for _ in 0..COUNT {
            black_box(echo.call(&mut store, (&text,))?);
        }
        Ok(())
    })?;
    report.line("component_call_echo_100_bytes", time);
    let numbers: Vec<u64> = (0..1 << 17).collect();
    let echo = instance.get_typed_func::<(&[u64],), (Vec<u64>,)>(&mut store, "echo-list")?;
    let time = least(1, || {
        black_box(echo.call(&mut store, (&numbers,))?);
        Ok(())
    })?;
    report.line("component_call_echo_1_mib_of_u64", time);
    Ok(())
}

/// A store and an instance made and dropped. Nothing is called, so nothing that is imported is there.
pub(super) fn instances(report: &Report, suffix: &str, config: &Config) -> Result<()> {
    if !report.wants("component_instance") {
        return Ok(());
    }
    let engine = Engine::new(config)?;
    let small = Component::new(&engine, COMPONENTS)?;
    instance(
        report,
        &format!("component_instance_small{suffix}"),
        200,
        &small,
    )?;
    if let Some(path) = std::env::var_os("SILICA_BENCH_COMPONENT") {
        // Compiling it takes most of a minute, in each process.
        let engine = Engine::new(&special::cached(config)?)?;
        let large = Component::from_file(&engine, path)?;
        instance(
            report,
            &format!("component_instance_large{suffix}"),
            5,
            &large,
        )?;
    }
    Ok(())
}

fn instance(report: &Report, name: &str, count: u32, component: &Component) -> Result<()> {
    let engine = component.engine();
    let mut linker: Linker<()> = Linker::new(engine);
    special::define_as_traps(&mut linker, component)?;
    let ready = linker.instantiate_pre(component)?;
    let time = least(count, || {
        for _ in 0..count {
            let mut store = Store::new(engine, ());
            black_box(ready.instantiate(&mut store)?);
        }
        Ok(())
    })?;
    report.line(name, time);
    Ok(())
}
