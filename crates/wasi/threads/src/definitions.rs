//! What a program with threads imports, and what it must export.

use crate::program::{Program, START};
use silica_engine::{
    Caller, ExternType, Linker, MemoryType, Module, Result, SharedMemory, Store, ValType,
    format_err,
};
use std::sync::Arc;

/// The import by which a program starts a thread.
pub(crate) const THREAD_SPAWN: (&str, &str) = ("wasi", "thread-spawn");

/// Whether `module` starts threads: it imports `wasi.thread-spawn`.
pub fn spawns(module: &Module) -> bool {
    module
        .imports()
        .any(|import| (import.module(), import.name()) == THREAD_SPAWN)
}

/// The shared memories that `module` imports: module name, field name, type.
pub(crate) fn shared_memories(module: &Module) -> impl Iterator<Item = (&str, &str, MemoryType)> {
    module.imports().filter_map(|import| match import.ty() {
        ExternType::Memory(ty) if ty.is_shared() => Some((import.module(), import.name(), ty)),
        ExternType::Func(_)
        | ExternType::Table(_)
        | ExternType::Memory(_)
        | ExternType::Global(_)
        | ExternType::Tag(_) => None,
    })
}

/// Fails unless `module` can have threads.
pub(crate) fn check(module: &Module) -> Result<()> {
    let start = module.get_export(START);
    let fits = start.as_ref().is_some_and(|ty| match ty {
        ExternType::Func(ty) => {
            ty.params().eq([ValType::I32, ValType::I32]) && ty.results().next().is_none()
        }
        ExternType::Table(_)
        | ExternType::Memory(_)
        | ExternType::Global(_)
        | ExternType::Tag(_) => false,
    });
    if !fits {
        let found = start.map_or("nothing".to_owned(), |ty| format!("a {ty}"));
        return Err(format_err!(
            "a program with threads exports `{START}`, a function of two `i32` without results, but this one exports {found} as that"
        ));
    }
    if shared_memories(module).next().is_none() {
        return Err(format_err!(
            "a program with threads imports the memory that they share, but this one imports no shared memory"
        ));
    }
    Ok(())
}

/// Makes the shared memories that `module` imports and that are not defined yet, and defines them.
pub(crate) fn memories<T: 'static>(
    linker: &mut Linker<T>,
    store: &mut Store<T>,
    module: &Module,
) -> Result<()> {
    for (module, name, ty) in shared_memories(module) {
        if linker.get(&mut *store, module, name).is_none() {
            let memory = SharedMemory::in_store(&mut *store, ty)?;
            linker.define(&*store, module, name, memory)?;
        }
    }
    Ok(())
}

/// Defines `wasi.thread-spawn`.
pub(crate) fn thread_spawn<T: Send + 'static>(
    linker: &mut Linker<T>,
    program: &Arc<Program<T>>,
) -> Result<()> {
    let (module, name) = THREAD_SPAWN;
    let program = Arc::clone(program);
    linker.func_wrap(
        module,
        name,
        move |caller: Caller<'_, T>, argument: i32| -> Result<i32> {
            program.spawn(caller.engine(), caller.data(), argument)
        },
    )?;
    Ok(())
}
