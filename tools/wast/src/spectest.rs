//! The module `spectest`, which every script may import from.

use silica::{
    AsContextMut, Global, GlobalType, Linker, Memory, MemoryType, Mutability, Ref, RefType, Result,
    SharedMemory, Store, Table, TableType, Val, ValType,
};

use crate::limits::Allowance;

/// Defines all of `spectest`. `print` says whether its functions print.
pub(crate) fn define(
    linker: &mut Linker<Allowance>,
    store: &mut Store<Allowance>,
    print: bool,
) -> Result<()> {
    functions(linker, print)?;
    for (name, ty, value) in [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::from(666.6_f32)),
        ("global_f64", ValType::F64, Val::from(666.6_f64)),
    ] {
        let ty = GlobalType::new(ty, Mutability::Const);
        let global = Global::new(store.as_context_mut(), ty, value)?;
        linker.define(&mut *store, "spectest", name, global)?;
    }
    for (name, ty) in [
        ("table", TableType::new(RefType::FUNCREF, 10, Some(20))),
        ("table64", TableType::new64(RefType::FUNCREF, 10, Some(20))),
    ] {
        let table = Table::new(store.as_context_mut(), ty, Ref::Func(None))?;
        linker.define(&mut *store, "spectest", name, table)?;
    }
    let memory = Memory::new(store.as_context_mut(), MemoryType::new(1, Some(2)))?;
    linker.define(&mut *store, "spectest", "memory", memory)?;
    let engine = store.engine().clone();
    let shared = SharedMemory::new(&engine, MemoryType::shared(1, 2))?;
    linker.define(&mut *store, "spectest", "shared_memory", shared)?;
    Ok(())
}

fn functions(linker: &mut Linker<Allowance>, print: bool) -> Result<()> {
    linker.func_wrap("spectest", "print", || {})?;
    linker.func_wrap("spectest", "print_i32", move |v: i32| show(print, &[&v]))?;
    linker.func_wrap("spectest", "print_i64", move |v: i64| show(print, &[&v]))?;
    linker.func_wrap("spectest", "print_f32", move |v: f32| show(print, &[&v]))?;
    linker.func_wrap("spectest", "print_f64", move |v: f64| show(print, &[&v]))?;
    linker.func_wrap("spectest", "print_i32_f32", move |a: i32, b: f32| {
        show(print, &[&a, &b]);
    })?;
    linker.func_wrap("spectest", "print_f64_f64", move |a: f64, b: f64| {
        show(print, &[&a, &b]);
    })?;
    Ok(())
}

/// Prints to standard output; a closed one loses the line and nothing else.
fn show(print: bool, values: &[&dyn std::fmt::Display]) {
    use std::io::Write as _;
    if print {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        let _ = writeln!(std::io::stdout(), "{}", values.join(" "));
    }
}
