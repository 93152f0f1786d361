//! `wasi:cli`: what a command is started with, its standard streams, and how it ends.

use std::sync::Arc;

use silica_component::{Linker, Resource};
use silica_engine::Result;

use crate::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use crate::io::{InputStream, OutputStream};
pub use crate::terminal::{TerminalInput, TerminalOutput};
use crate::view::{HasWasi, WasiContextView, WasiView};

/// The error by which a program ends that asks to end. It did nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the program exited with status {0}")]
pub struct Exit(
    /// The status; 0 for success.
    pub u8,
);

/// Grants `wasi:cli`: arguments, variables and standard streams, as far as the context has them.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    environment::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    exit::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    add_stdio_to_linker(linker)
}

/// Grants the standard streams of `wasi:cli`, and whether they are terminals.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_stdio_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    stdin::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    stdout::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    stderr::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    terminal_input::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    terminal_output::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    terminal_stdin::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    terminal_stdout::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    terminal_stderr::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

impl environment::Host for WasiContextView<'_> {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.context.environment.variables().to_vec())
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        Ok(self.context.environment.arguments().to_vec())
    }

    fn initial_cwd(&mut self) -> Result<Option<String>> {
        Ok(self.context.initial_directory.clone())
    }
}

impl exit::Host for WasiContextView<'_> {
    fn exit(&mut self, status: std::result::Result<(), ()>) -> Result<()> {
        Err(Exit(status.is_err().into()).into())
    }

    fn exit_with_code(&mut self, status: u8) -> Result<()> {
        Err(Exit(status).into())
    }
}

impl stdin::Host for WasiContextView<'_> {
    fn get_stdin(&mut self) -> Result<Resource<InputStream>> {
        let source = Arc::clone(&self.context.stdin);
        Ok(self.table.push(InputStream::new(source))?)
    }
}

impl stdout::Host for WasiContextView<'_> {
    fn get_stdout(&mut self) -> Result<Resource<OutputStream>> {
        let sink = Arc::clone(&self.context.stdout);
        Ok(self.table.push(OutputStream::new(sink))?)
    }
}

impl stderr::Host for WasiContextView<'_> {
    fn get_stderr(&mut self) -> Result<Resource<OutputStream>> {
        let sink = Arc::clone(&self.context.stderr);
        Ok(self.table.push(OutputStream::new(sink))?)
    }
}

impl terminal_input::Host for WasiContextView<'_> {}

impl terminal_input::HostTerminalInput for WasiContextView<'_> {
    fn drop(&mut self, terminal: Resource<TerminalInput>) -> Result<()> {
        self.table.delete(terminal)?;
        Ok(())
    }
}

impl terminal_output::Host for WasiContextView<'_> {}

impl terminal_output::HostTerminalOutput for WasiContextView<'_> {
    fn drop(&mut self, terminal: Resource<TerminalOutput>) -> Result<()> {
        self.table.delete(terminal)?;
        Ok(())
    }
}

impl WasiContextView<'_> {
    fn terminal_output(&mut self, is_terminal: bool) -> Result<Option<Resource<TerminalOutput>>> {
        if !is_terminal {
            return Ok(None);
        }
        Ok(Some(self.table.push(TerminalOutput(()))?))
    }
}

impl terminal_stdin::Host for WasiContextView<'_> {
    fn get_terminal_stdin(&mut self) -> Result<Option<Resource<TerminalInput>>> {
        if !self.context.stdin.is_terminal() {
            return Ok(None);
        }
        Ok(Some(self.table.push(TerminalInput(()))?))
    }
}

impl terminal_stdout::Host for WasiContextView<'_> {
    fn get_terminal_stdout(&mut self) -> Result<Option<Resource<TerminalOutput>>> {
        self.terminal_output(self.context.stdout.is_terminal())
    }
}

impl terminal_stderr::Host for WasiContextView<'_> {
    fn get_terminal_stderr(&mut self) -> Result<Option<Resource<TerminalOutput>>> {
        self.terminal_output(self.context.stderr.is_terminal())
    }
}
