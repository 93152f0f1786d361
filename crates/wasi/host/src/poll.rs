//! Waiting for the first of several things: a descriptor that can be read or
//! written, or the end of a time.

use crate::pipe::InputPipe;
use crate::{Clocks, Error, Result, system};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// What to wait on.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Kind<'a> {
    Host(BorrowedFd<'a>),
    Ready(u64),
    Pipe(&'a InputPipe),
}

impl<'a> Source<'a> {
    pub(crate) fn host(fd: BorrowedFd<'a>) -> Self {
        Self {
            kind: Kind::Host(fd),
        }
    }

    /// Never waits; this many bytes are there.
    pub(crate) fn ready(bytes: u64) -> Self {
        Self {
            kind: Kind::Ready(bytes),
        }
    }

    pub(crate) fn pipe(pipe: &'a InputPipe) -> Self {
        Self {
            kind: Kind::Pipe(pipe),
        }
    }
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// That reading does not wait.
    Readable,
    /// That writing does not wait.
    Writable,
}

/// One thing to wait for.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'a> {
    /// On what.
    pub source: Source<'a>,
    /// For what.
    pub interest: Interest,
}

/// A wait that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Which of the waits.
    pub index: usize,
    /// Bytes that can be read at once, where that is known; at least 1 for writing.
    pub bytes: u64,
    /// The other end is closed.
    pub hung_up: bool,
}

/// How often pipes in memory are looked at while something else is waited for.
const PIPE_INTERVAL: Duration = Duration::from_millis(2);

/// The longest single wait that is asked of the host, which limits how it counts.
const SLICE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Waits until at least one of `waits` is over or `timeout` has passed (`None`:
/// for ever; zero: not at all), and calls `ready` for each that is over. With
/// clocks of the embedder's own, a timeout passes there instead of here. Where a
/// signal comes first, `go_on` says whether to wait for what is left.
///
/// # Errors
/// [`Error::Interrupted`] where `go_on` said no; what the host reports.
pub fn poll(
    waits: &[Wait<'_>],
    timeout: Option<Duration>,
    clocks: &Clocks,
    go_on: &dyn Fn() -> bool,
    ready: &mut dyn FnMut(Ready),
) -> Result<()> {
    match timeout {
        Some(timeout) if clocks.are_custom() => {
            if !wait_for_any(waits, Some(Duration::ZERO), go_on, ready)? {
                clocks.pass(timeout);
            }
        }
        timeout => {
            wait_for_any(waits, timeout, go_on, ready)?;
        }
    }
    Ok(())
}

/// Returns whether anything was ready within the time.
fn wait_for_any(
    waits: &[Wait<'_>],
    timeout: Option<Duration>,
    go_on: &dyn Fn() -> bool,
    ready: &mut dyn FnMut(Ready),
) -> Result<bool> {
    let slice_max = if waits.iter().any(Wait::is_on_pipe) {
        PIPE_INTERVAL
    } else {
        SLICE_MAX
    };
    // A time too far to be told is no limit.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let in_memory = report_memory(waits, ready);
        let left = match deadline {
            _ if in_memory => Duration::ZERO,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => Duration::MAX,
        };
        let on_host = match report_host(waits, left.min(slice_max), ready) {
            Err(Error::Interrupted) if in_memory => false,
            Err(Error::Interrupted) if go_on() => continue,
            reported => reported?,
        };
        if in_memory || on_host || left.is_zero() {
            return Ok(in_memory || on_host);
        }
    }
}

impl Wait<'_> {
    fn is_on_pipe(&self) -> bool {
        match self.source.kind {
            Kind::Pipe(_) => true,
            Kind::Host(_) | Kind::Ready(_) => false,
        }
    }
}

/// Reports what needs no system call, and returns whether there was any.
fn report_memory(waits: &[Wait<'_>], ready: &mut dyn FnMut(Ready)) -> bool {
    let mut any = false;
    for (index, wait) in waits.iter().enumerate() {
        let bytes = match wait.source.kind {
            Kind::Host(_) => None,
            Kind::Ready(bytes) => Some(bytes),
            Kind::Pipe(pipe) => pipe.readable(),
        };
        if let Some(bytes) = bytes {
            any = true;
            ready(Ready {
                index,
                bytes,
                hung_up: false,
            });
        }
    }
    any
}

/// Waits on the host's descriptors, reports those that are ready, and returns
/// whether there was any.
fn report_host(
    waits: &[Wait<'_>],
    timeout: Duration,
    ready: &mut dyn FnMut(Ready),
) -> Result<bool> {
    let mut indices = Vec::new();
    let mut descriptors = Vec::new();
    for (index, wait) in waits.iter().enumerate() {
        if let Kind::Host(fd) = wait.source.kind {
            let flags = match wait.interest {
                Interest::Readable => PollFlags::IN,
                Interest::Writable => PollFlags::OUT,
            };
            indices.push(index);
            descriptors.push(PollFd::from_borrowed_fd(fd, flags));
        }
    }
    if descriptors.is_empty() && timeout.is_zero() {
        return Ok(false);
    }
    let timeout = Timespec {
        // At most a day.
        tv_sec: timeout.as_secs() as i64,
        tv_nsec: i64::from(timeout.subsec_nanos()) as _,
    };
    let count = rustix::event::poll(&mut descriptors, Some(&timeout))?;
    for (&index, descriptor) in indices.iter().zip(&descriptors) {
        let events = descriptor.revents();
        if events.is_empty() {
            continue;
        }
        let bytes = match waits[index].interest {
            Interest::Readable => system::bytes_available(descriptor.as_fd()),
            Interest::Writable => 1,
        };
        ready(Ready {
            index,
            bytes,
            hung_up: events.contains(PollFlags::HUP),
        });
    }
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClockSource, InputStream, ManualClock, Timestamp};

    fn count(waits: &[Wait<'_>], timeout: Option<Duration>, clocks: &Clocks) -> usize {
        let mut count = 0;
        poll(waits, timeout, clocks, &|| true, &mut |_| count += 1).unwrap();
        count
    }

    #[test]
    fn timeouts_of_zero_and_of_centuries() {
        let clocks = Clocks::system();
        assert_eq!(count(&[], Some(Duration::ZERO), &clocks), 0);
        let ready = Wait {
            source: Source::ready(3),
            interest: Interest::Readable,
        };
        assert_eq!(count(&[ready], Some(Duration::MAX), &clocks), 1);
        assert_eq!(count(&[ready, ready], None, &clocks), 2);
    }

    #[test]
    fn a_virtual_clock_does_not_wait() {
        let clock = ManualClock::new(Timestamp::default());
        let clocks = Clocks::custom(clock.clone());
        let century = Duration::from_secs(3_155_760_000);
        assert_eq!(count(&[], Some(century), &clocks), 0);
        assert_eq!(clock.monotonic(), 3_155_760_000_000_000_000);
    }

    #[test]
    fn a_pipe_in_memory_wakes_a_poll() {
        let pipe = InputPipe::bounded(8);
        let input = InputStream::Pipe(pipe.clone());
        let wait = Wait {
            source: input.source(),
            interest: Interest::Readable,
        };
        let clocks = Clocks::system();
        assert_eq!(count(&[wait], Some(Duration::from_millis(5)), &clocks), 0);
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            pipe.provide(b"x")
        });
        assert_eq!(count(&[wait], None, &clocks), 1);
        assert_eq!(writer.join().unwrap(), Ok::<usize, Error>(1));
    }
}
