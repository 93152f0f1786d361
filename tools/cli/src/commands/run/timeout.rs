//! `--timeout`: ends a program that runs for too long.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use silica::InterruptHandle;

use crate::failure::Failure;
use crate::output;
use crate::status::Status;

/// How long a program that was interrupted may take to end: it may be in a call of the system that no signal ends, such as
/// one to a file system over a network.
const GRACE: Duration = Duration::from_millis(500);

/// Watches until it is dropped.
pub(super) struct Watch {
    _alive: Sender<()>,
}

/// Interrupts the program after `time`; ends the process if that does not help.
pub(super) fn start(time: Duration, handle: InterruptHandle) -> Watch {
    let (alive, ended) = channel::<()>();
    std::thread::spawn(move || {
        if ended.recv_timeout(time) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        handle.interrupt();
        if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
            let seconds = time.as_secs_f64();
            let message = format!("the program ran longer than {seconds} s");
            output::complain(Failure::new(Status::TimedOut, message));
            std::process::exit(i32::from(Status::TimedOut.code()));
        }
    });
    Watch { _alive: alive }
}
