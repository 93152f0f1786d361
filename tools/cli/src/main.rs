//! The `silica` command.
//!
//! Its start is kept small: no thread and no runtime is started before something needs it.
//! `arguments` says what can be asked, `commands` do it, `flags` are shared among them, and
//! every error is a [`failure::Failure`] with an exit status from [`status::Status`].

#![deny(unsafe_code)]

mod arguments;
mod commands;
mod configuration;
mod failure;
mod flags;
mod image;
mod input;
mod output;
mod progress;
mod status;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use arguments::{Arguments, Command};
use failure::Result;
use status::Status;

fn main() -> ExitCode {
    match start(std::env::args_os().collect()) {
        Ok(code) => code,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.status.code())
        }
    }
}

fn start(line: Vec<OsString>) -> Result<ExitCode> {
    let line = configuration::apply(arguments::with_run(line))?;
    match Arguments::try_parse_from(line) {
        Ok(arguments) => dispatch(arguments.command),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                output::print(error.render().to_string())?;
                Ok(ExitCode::SUCCESS)
            }
            _ => {
                output::complain(error.render().to_string().trim_end());
                Ok(ExitCode::from(Status::Usage.code()))
            }
        },
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run(run) => run.execute(),
        Command::Compile(compile) => compile.execute(),
        Command::Validate(validate) => validate.execute(),
        Command::Inspect(inspect) => inspect.execute(),
        Command::Wast(wast) => wast.execute(),
        Command::Print(print) => print.execute(),
        Command::Wit(wit) => wit.execute(),
        Command::Compose(compose) => compose.execute(),
        Command::Completions(completions) => completions.execute(Arguments::command()),
        Command::Cache(cache) => cache.execute(),
        Command::Config(config) => config.execute(),
        Command::Help(help) => help.execute(Arguments::command()),
    }
}
