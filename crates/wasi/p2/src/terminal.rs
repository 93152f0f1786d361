//! That a standard stream is a terminal: resources that say no more than that they are there.

/// The resource `wasi:cli/terminal-input.terminal-input`: that the standard input is a terminal.
#[derive(Debug)]
pub struct TerminalInput(pub(crate) ());

/// The resource `wasi:cli/terminal-output.terminal-output`: that an output is a terminal.
#[derive(Debug)]
pub struct TerminalOutput(pub(crate) ());
