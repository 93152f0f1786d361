//! What calls of components cost: from the host and to it, and between two of them.

use super::{Report, Result, least};
use crate::special;
use engine::component::{Component, Linker};
use engine::{Engine, Store, StoreContextMut};
use std::hint::black_box;

const COMPONENTS: &[u8] = include_bytes!("components.wat");

pub(super) fn calls(report: &Report) -> Result<()> {
    if !report.wants("component") {
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
