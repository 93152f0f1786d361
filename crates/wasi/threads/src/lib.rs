//! Threads of WASI 0.1 programs (`wasi-threads`, the target `wasm32-wasip1-threads`):
//! the import `wasi.thread-spawn`, the shared memory that the program imports, and what
//! happens when one of its threads ends.
//!
//! Each thread is an instance of the same module in a store of its own, on a thread of
//! the host's; they share the memory and whatever the embedder puts into each store. They
//! end together: with the first that traps or exits, or when the first thread returns.
//! What interrupts them is [`InterruptHandle`](silica_engine::InterruptHandle), which
//! reaches compiled code, waits for notifications and calls of the system.
//!
//! This crate knows nothing of the rest of WASI. Where to go next: [`Threads`], then
//! `program` for how threads begin and end.

#![forbid(unsafe_code)]

mod definitions;
mod program;

pub use definitions::spawns;

use program::Program;
use silica_engine::{Engine, Instance, InstancePre, Linker, Module, Result, Store};
use std::fmt;
use std::sync::Arc;

/// How many threads a program may have at once, its first included, where nobody said
/// otherwise: each costs the host a thread and address space.
pub const THREADS_MAX: u32 = 64;

/// The threads that one run of a program may have.
///
/// ```
/// use silica_engine::{Engine, Linker, Module, Store};
/// use silica_wasi_p1::WasiP1Context;
/// use silica_wasi_threads::Threads;
///
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// // The first thread waits for the second, whose argument is 7.
/// let module = Module::new(&engine, r#"(module
///     (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
///     (import "env" "memory" (memory 1 1 shared))
///     (func (export "_start")
///         (if (i32.lt_s (call $spawn (i32.const 7)) (i32.const 0)) (then unreachable))
///         (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
///     (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
///         (i32.atomic.store (i32.const 0) (local.get $argument))
///         (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))"#)?;
///
/// let mut linker = Linker::new(&engine);
/// silica_wasi_p1::add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
/// let mut store = Store::new(&engine, WasiP1Context::builder().build());
///
/// // What each further thread gets: a store with the same descriptors.
/// let threads = Threads::new(8, |engine, context: &WasiP1Context, thread| {
///     Ok(Store::new(engine, context.for_thread(thread)))
/// });
/// threads.add_to_linker(&mut linker, &mut store, &module)?;
/// let program = linker.instantiate_pre(&module)?;
/// threads.run(&mut store, &program, |store, instance| {
///     instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ())
/// })?;
/// # Ok(()) }
/// ```
pub struct Threads<T: 'static> {
    program: Arc<Program<T>>,
}

impl<T> fmt::Debug for Threads<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Threads")
            .field(&self.program)
            .finish()
    }
}

impl<T: Send + 'static> Threads<T> {
    /// At most `threads_max` at once, the program's first included; more are refused, as
    /// are those that the host's system refuses. `store` makes the store of each thread
    /// but the first: it gets the data of the store that starts it, and the new thread's
    /// number. Limits are to be set there, as they were for the first.
    pub fn new(
        threads_max: u32,
        store: impl Fn(&Engine, &T, u32) -> Result<Store<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            program: Arc::new(Program::new(threads_max, Box::new(store))),
        }
    }

    /// Defines what `module` imports for its threads: `wasi.thread-spawn`, and its shared
    /// memory. `store` is the first thread's, whose limiter is asked for the memory.
    ///
    /// # Errors
    /// Where `module` would start threads and cannot have them: it exports no
    /// `wasi_thread_start` with two `i32` as parameters, or imports no shared memory; where
    /// the linker has `wasi.thread-spawn` already; where the memory cannot be had.
    pub fn add_to_linker(
        &self,
        linker: &mut Linker<T>,
        store: &mut Store<T>,
        module: &Module,
    ) -> Result<()> {
        if spawns(module) {
            definitions::check(module)?;
        }
        definitions::memories(linker, store, module)?;
        definitions::thread_spawn(linker, &self.program)
    }

    /// Instantiates the program in the first thread's store and calls `main` with the
    /// instance. All threads have ended when this returns: they are interrupted when `main`
    /// returns or fails, and `main` is when another thread traps or exits.
    ///
    /// # Errors
    /// The error of the thread that ended the program.
    ///
    /// # Panics
    /// With the panic of a host function that ended the program, in whichever thread.
    pub fn run<R>(
        self,
        store: &mut Store<T>,
        program: &InstancePre<T>,
        main: impl FnOnce(&mut Store<T>, Instance) -> Result<R>,
    ) -> Result<R> {
        self.program.run(store, program, main)
    }
}

/// Whether a module is one for threads: it imports `wasi.thread-spawn`, or a shared memory, which
/// [`Threads::add_to_linker`] makes.
///
/// ```
/// use silica_engine::{Engine, Module};
/// let module = Module::new(&Engine::default(), "(module)").unwrap();
/// assert!(!silica_wasi_threads::is_needed(&module));
/// ```
pub fn is_needed(module: &Module) -> bool {
    spawns(module) || definitions::shared_memories(module).next().is_some()
}
