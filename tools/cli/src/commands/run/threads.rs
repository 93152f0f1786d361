//! Programs with threads (`wasm32-wasip1-threads`).

use silica::wasi::threads::Threads;
use silica::{Instance, Linker, Module, Result, Store};

use crate::commands::run::state::{self, State};
use crate::failure::Failure;
use crate::status::Status;

/// Runs a program and its threads, to the end of the first that ends it. `start` runs the first thread.
pub(super) fn run<R>(
    mut linker: Linker<State>,
    store: &mut Store<State>,
    module: &Module,
    threads_max: u32,
    start: impl FnOnce(&mut Store<State>, Instance) -> R,
) -> Result<R> {
    let threads = Threads::new(threads_max, state::store_of_thread);
    threads.add_to_linker(&mut linker, store, module)?;
    let program = linker.instantiate_pre(module)?;
    threads.run(store, &program, |store, instance| {
        Ok(start(store, instance))
    })
}

/// The error of a program with threads whose imports another module is to provide: its instance would
/// have to be one for all threads, and belongs to one.
pub(super) fn with_preload(name: &str) -> Failure {
    let message = format!("--preload {name}: the program has threads, which share no instance");
    Failure::new(Status::Usage, message).remedy("link the two into one module")
}
