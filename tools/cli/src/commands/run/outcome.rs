//! How a program ended.

use std::process::ExitCode;

use silica::component::CanonicalTrap;
use silica::wasi::p1::Exit;
use silica::wasi::p2;
use silica::{Error, Trap};

use crate::failure::{Failure, Result};
use crate::flags::LimitFlags;
use crate::status::Status;

/// A program that ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It returned.
    Returned,
    /// It asked to end with this status.
    Exited(u32),
}

impl Outcome {
    /// Ends the process. The system takes back the program's memory faster than it could be given back.
    pub(super) fn finish(self) -> ExitCode {
        match self {
            Outcome::Returned => std::process::exit(0),
            // What a parent process sees of a status is its lowest byte.
            Outcome::Exited(status) => std::process::exit((status & 0xff) as i32),
        }
    }
}

/// What the error of a call means: a program that exited did nothing wrong.
pub(super) fn of_error(error: &Error, limits: &LimitFlags) -> Result<Outcome> {
    if let Some(exit) = error.downcast_ref::<Exit>() {
        return Ok(Outcome::Exited(exit.0));
    }
    if let Some(exit) = error.downcast_ref::<p2::Exit>() {
        return Ok(Outcome::Exited(exit.0.into()));
    }
    if let Some(trap) = error.downcast_ref::<CanonicalTrap>() {
        let message = format!("the program broke a rule of its interface: {trap}");
        return Err(Failure::new(Status::Trap, message));
    }
    Err(match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let fuel = limits.fuel.unwrap_or_default();
            Failure::new(Status::OutOfFuel, format!("out of fuel: {error}"))
                .remedy(format!("`--fuel` gives it more than {fuel}"))
        }
        Some(Trap::Interrupt) => {
            let seconds = limits.timeout.map_or(0.0, |span| span.0.as_secs_f64());
            let message = format!("the program ran longer than {seconds} s");
            Failure::new(Status::TimedOut, message).remedy("`--timeout` gives it more")
        }
        Some(Trap::StackOverflow) => Failure::new(Status::Trap, error.to_string())
            .remedy("if it is not endless recursion, `--max-stack 8MiB` gives it more stack"),
        Some(_) => Failure::new(Status::Trap, error.to_string()),
        None => Failure::new(Status::Software, format!("{error:#}")),
    })
}
