//! Commands: components that export `wasi:cli/run`.

use silica_component::{Component, Instance, TypedFunc};
use silica_engine::{AsContextMut, Error, Result};

/// The interface that a command exports; a compatible version of it does as well.
const INTERFACE: &str = "wasi:cli/run@0.2.12";

/// The function of a command that runs it.
#[derive(Debug)]
pub struct Command {
    run: TypedFunc<(), (std::result::Result<(), ()>,)>,
}

impl Command {
    /// Whether a component is a command.
    #[must_use]
    pub fn is(component: &Component) -> bool {
        component.get_export_index(None, INTERFACE).is_some()
    }

    /// The command that `instance` is.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(mut store: impl AsContextMut, instance: &Instance) -> Result<Command> {
        let none = || Error::msg("the component is no command: it exports no `wasi:cli/run`");
        let interface = instance
            .get_export_index(&mut store, None, INTERFACE)
            .ok_or_else(none)?;
        let run = instance
            .get_export_index(&mut store, Some(&interface), "run")
            .ok_or_else(none)?;
        let run = instance.get_typed_func(&mut store, run)?;
        Ok(Command { run })
    }

    /// Runs it to its end, and gives whether it says that it succeeded. It can be run once.
    ///
    /// # Errors
    /// [`Exit`](crate::Exit) if it asked to end; a trap.
    pub fn run(&self, store: impl AsContextMut) -> Result<bool> {
        let (result,) = self.run.call(store, ())?;
        Ok(result.is_ok())
    }
}
