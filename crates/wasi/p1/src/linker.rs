//! Puts the functions where an instance's imports find them.

use crate::calls::{self, for_each_function, for_each_new_function, for_each_socket_function};
use crate::{GuestMemory, WasiP1Context};
use silica_engine::{Caller, Error, Extern, ExternType, Linker, Module, Result, format_err};

/// Defines `wasi_snapshot_preview1`. `context` finds the context in the store's data.
///
/// A program that ends itself makes its call fail with [`Exit`](crate::Exit), which
/// `downcast_ref` finds.
///
/// # Errors
/// Where the linker has one of the functions already.
///
/// ```
/// use silica_engine::{Engine, Linker, Module, Store};
/// use silica_wasi_p1::{Exit, WasiP1Context, add_to_linker};
///
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (memory (export "memory") 1)
///     (func (export "_start") (call $exit (i32.const 3))))"#)?;
/// let mut linker = Linker::new(&engine);
/// add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
/// let mut store = Store::new(&engine, WasiP1Context::builder().build());
/// let instance = linker.instantiate(&mut store, &module)?;
/// let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
/// let error = start.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&Exit(3)));
/// # Ok(()) }
/// ```
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_standard(linker, context)?;
    macro_rules! define {
        ($($rows:tt)*) => { define_functions!(linker, context, preview1: $($rows)*); };
    }
    for_each_new_function!(define);
    Ok(())
}

/// The name that programs import from.
const MODULE: &str = "wasi_snapshot_preview1";

/// Everything but `sock_accept`, which has two forms.
fn define_standard<T: 'static>(
    linker: &mut Linker<T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context + Copy + Send + Sync + 'static,
) -> Result<()> {
    macro_rules! define {
        ($($rows:tt)*) => { define_functions!(linker, context, preview1: $($rows)*); };
    }
    for_each_function!(define);
    define_proc_exit(linker, context, MODULE)
}

/// As [`add_to_linker`], with the functions on sockets by which programs for WasmEdge
/// connect, listen and look names up, as far as `modules` import them. Some had another form
/// once, with the same name: each is defined in the form in which it is imported.
///
/// What they reach is what [`network`](crate::WasiP1ContextBuilder::network) grants.
///
/// # Errors
/// Where the linker has one of the functions already.
pub fn add_to_linker_with_sockets<T: 'static>(
    linker: &mut Linker<T>,
    modules: &[Module],
    context: impl Fn(&mut T) -> &mut WasiP1Context + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_standard(linker, context)?;
    let imported = imported_socket_functions(modules);
    if !imported.contains(&("sock_accept", 2)) {
        macro_rules! define {
            ($($rows:tt)*) => { define_functions!(linker, context, preview1: $($rows)*); };
        }
        for_each_new_function!(define);
    }
    macro_rules! define_imported {
        ($(
            $name:ident $method:ident ($($argument:ident: $type:ident $kind:ident),*);
        )*) => {
            $(if imported.contains(&(stringify!($name), [$(stringify!($argument)),*].len())) {
                linker.func_wrap(
                    MODULE,
                    stringify!($name),
                    move |mut caller: Caller<'_, T>, $($argument: $type),*| -> Result<i32> {
                        with_memory(&mut caller, context, |context, memory| {
                            calls::sockets::$method(context, memory, $($argument),*)
                        })
                    },
                )?;
            })*
        };
    }
    for_each_socket_function!(define_imported);
    Ok(())
}

/// What modules import of sockets: each name once, with its number of parameters.
fn imported_socket_functions(modules: &[Module]) -> Vec<(&str, usize)> {
    let mut imported: Vec<(&str, usize)> = Vec::new();
    for import in modules.iter().flat_map(Module::imports) {
        let is_new = !imported.iter().any(|(name, _)| *name == import.name());
        if import.module() == MODULE
            && import.name().starts_with("sock_")
            && is_new
            && let ExternType::Func(ty) = import.ty()
        {
            imported.push((import.name(), ty.params().len()));
        }
    }
    imported
}

/// Defines `wasi_unstable`, for programs of 2019.
///
/// # Errors
/// Where the linker has one of the functions already.
pub fn add_unstable_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_unstable";
    macro_rules! define {
        ($($rows:tt)*) => { define_functions!(linker, context, unstable: $($rows)*); };
    }
    for_each_function!(define);
    define_proc_exit(linker, context, MODULE)
}

macro_rules! define_functions {
    ($linker:ident, $context:ident, $version:ident: $(
        $name:ident $first:ident $second:ident
        ($($argument:ident: $type:ident $kind:ident),*);
    )*) => {
        $($linker.func_wrap(
            MODULE,
            stringify!($name),
            move |mut caller: Caller<'_, T>, $($argument: $type),*| -> Result<i32> {
                with_memory(&mut caller, $context, |context, memory| {
                    calls::$version::$name(context, memory, $($argument),*)
                })
            },
        )?;)*
    };
}
use define_functions;

fn define_proc_exit<T: 'static>(
    linker: &mut Linker<T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context + Copy + Send + Sync + 'static,
    module: &str,
) -> Result<()> {
    let exit = move |mut caller: Caller<'_, T>, status: u32| -> Result<()> {
        let exit = calls::proc_exit(context(caller.data_mut()), status);
        Err(Error::new(exit))
    };
    linker.func_wrap(module, "proc_exit", exit)?;
    Ok(())
}

/// Makes a call with the memory that the calling instance exports. One that was interrupted ends the program's call.
#[inline]
fn with_memory<T: 'static>(
    caller: &mut Caller<'_, T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context,
    call: impl FnOnce(&mut WasiP1Context, &mut GuestMemory<'_>) -> i32,
) -> Result<i32> {
    let known = context(caller.data_mut()).interruption.take();
    let known = known.filter(|handle| caller.is_interrupted_by(handle));
    let interruption = known.unwrap_or_else(|| caller.interrupt_handle());
    context(caller.data_mut()).interruption = Some(interruption);
    let code = call_with_memory(caller, context, call)?;
    // Whatever came of it: a program that does little else than call is nearly always where no signal ends it.
    caller.check_interrupt()?;
    Ok(code)
}

#[inline]
fn call_with_memory<T: 'static>(
    caller: &mut Caller<'_, T>,
    context: impl Fn(&mut T) -> &mut WasiP1Context,
    call: impl FnOnce(&mut WasiP1Context, &mut GuestMemory<'_>) -> i32,
) -> Result<i32> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            let (bytes, data) = memory.data_and_store_mut(caller);
            Ok(call(context(data), &mut GuestMemory::new(bytes)))
        }
        Some(Extern::SharedMemory(memory)) => {
            let mut memory = GuestMemory::shared(memory.bytes());
            Ok(call(context(caller.data_mut()), &mut memory))
        }
        Some(Extern::Func(_) | Extern::Global(_) | Extern::Table(_) | Extern::Tag(_)) | None => {
            Err(format_err!(
                "the program calls WASI but exports no memory named `memory`"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use silica_engine::{Engine, Module, Store, Trap};
    use silica_wasi_host::{InputPipe, InputStream};
    use std::time::Duration;

    /// No signal wakes a thread that waits for a pipe in memory.
    #[test]
    fn a_wait_for_a_pipe_in_memory_is_interrupted() -> Result<()> {
        let engine = Engine::default();
        let module = Module::new(
            &engine,
            r#"(module
            (import "wasi_snapshot_preview1" "fd_read"
                (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\10\00\00\00")
            (func (export "read") (result i32)
                (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))"#,
        )?;
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
        let pipe = InputPipe::bounded(8);
        let input = InputStream::Pipe(pipe.clone());
        let mut store = Store::new(&engine, WasiP1Context::builder().stdin(input).build());
        let instance = linker.instantiate(&mut store, &module)?;
        let read = instance.get_typed_func::<(), i32>(&mut store, "read")?;
        let handle = store.interrupt_handle();
        let helper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            handle.interrupt();
            while handle.is_pending() {
                std::thread::yield_now();
            }
            // Long enough that the second read waits more than once.
            std::thread::sleep(Duration::from_millis(30));
            pipe.provide(b"x")
        });
        let error = read.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
        assert_eq!(
            read.call(&mut store, ())?,
            0,
            "it waits until there are bytes"
        );
        helper.join().unwrap().unwrap();
        Ok(())
    }
}
