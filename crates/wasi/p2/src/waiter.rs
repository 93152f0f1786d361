//! Waiting, on the calling thread: for descriptors of the host, and for times.
//!
//! There is no reactor and no thread here; a program that waits for nothing costs nothing. A signal ends a wait only
//! where the store's calls are interrupted.

use std::time::Duration;

use silica_engine::{InterruptHandle, Result, Trap};
use silica_wasi_host::{Clocks, Error, Wait, poll};

/// What something waits for until it is ready.
#[derive(Debug, Clone, Copy)]
pub enum Readiness<'a> {
    /// Nothing: it is ready now.
    Now,
    /// That the monotonic clock shows this many nanoseconds.
    At(u64),
    /// Something of the host's, or of an embedder.
    On(Wait<'a>),
}

/// What can be waited for, as pollables do.
pub trait Subscribe: Send + Sync + 'static {
    /// What it waits for. Asked again whenever the wait is over.
    fn readiness(&self) -> Readiness<'_>;
}

/// Lets calls of one program wait.
#[derive(Debug)]
pub struct Waiter {
    clocks: Clocks,
    interruption: Option<InterruptHandle>,
}

impl Waiter {
    pub(crate) fn new(clocks: Clocks) -> Waiter {
        Waiter {
            clocks,
            interruption: None,
        }
    }

    pub(crate) fn set_interruption(&mut self, handle: InterruptHandle) {
        self.interruption = Some(handle);
    }

    /// The clocks by which times are waited for.
    pub fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// Whether to go on waiting where a signal came first: unless calls of the store are being interrupted.
    pub fn goes_on(&self) -> bool {
        let interruption = self.interruption.as_ref();
        !interruption.is_some_and(InterruptHandle::is_pending)
    }

    /// Does something again that a signal interrupted before it had any effect.
    ///
    /// # Errors
    /// What `attempt` gives in the end; [`Error::Interrupted`] where the store's calls are being interrupted.
    pub fn insist<R>(
        &self,
        mut attempt: impl FnMut() -> silica_wasi_host::Result<R>,
    ) -> silica_wasi_host::Result<R> {
        loop {
            match attempt() {
                Err(Error::Interrupted) if self.goes_on() => {}
                done => return done,
            }
        }
    }

    /// Waits until this is ready.
    ///
    /// # Errors
    /// A trap where the store's calls are being interrupted; what the host reports.
    pub fn wait(&self, readiness: Readiness<'_>) -> Result<()> {
        self.wait_for_any(&[readiness], None).map(drop)
    }

    /// Whether this is ready now.
    ///
    /// # Errors
    /// What the host reports.
    pub fn is_ready(&self, readiness: Readiness<'_>) -> Result<bool> {
        match readiness {
            Readiness::Now => Ok(true),
            Readiness::At(deadline) => Ok(self.clocks.monotonic() >= deadline),
            Readiness::On(_) => {
                let ready = self.wait_for_any(&[readiness], Some(Duration::ZERO))?;
                Ok(!ready.is_empty())
            }
        }
    }

    /// Waits until at least one of these is ready or `limit` has passed, and gives the places of those that are, in
    /// order.
    ///
    /// # Errors
    /// A trap where the store's calls are being interrupted; what the host reports.
    pub fn wait_for_any(&self, all: &[Readiness<'_>], limit: Option<Duration>) -> Result<Vec<u32>> {
        let mut waits = Vec::with_capacity(all.len());
        let mut places = Vec::with_capacity(all.len());
        let mut deadline = None;
        let mut ready = vec![false; all.len()];
        for (place, readiness) in all.iter().enumerate() {
            match readiness {
                Readiness::Now => ready[place] = true,
                Readiness::At(at) => {
                    let sooner: u64 = deadline.unwrap_or(u64::MAX);
                    deadline = Some(sooner.min(*at));
                }
                Readiness::On(wait) => {
                    waits.push(*wait);
                    places.push(place);
                }
            }
        }
        let at_once = ready.contains(&true);
        loop {
            let timeout = if at_once {
                Some(Duration::ZERO)
            } else {
                let left = deadline
                    .map(|at| Duration::from_nanos(at.saturating_sub(self.clocks.monotonic())));
                match (left, limit) {
                    (Some(left), Some(limit)) => Some(left.min(limit)),
                    (left, limit) => left.or(limit),
                }
            };
            // What is ready already needs no look at the host unless others may be, too.
            if !(waits.is_empty() && timeout == Some(Duration::ZERO)) {
                self.poll(&waits, timeout, |place| ready[places[place]] = true)?;
            }
            if deadline.is_some() {
                let now = self.clocks.monotonic();
                for (place, readiness) in all.iter().enumerate() {
                    ready[place] |= matches!(readiness, Readiness::At(at) if *at <= now);
                }
            }
            if limit.is_some() || ready.contains(&true) {
                break;
            }
        }
        let ready = ready.iter().enumerate().filter(|(_, ready)| **ready);
        // As many as a guest's list has, whose length is a number of 32 bits.
        Ok(ready.map(|(place, _)| place as u32).collect())
    }

    fn poll(
        &self,
        waits: &[Wait<'_>],
        timeout: Option<Duration>,
        mut over: impl FnMut(usize),
    ) -> Result<()> {
        let go_on = || self.goes_on();
        poll(waits, timeout, &self.clocks, &go_on, &mut |ready| {
            over(ready.index);
        })
        .map_err(interrupted)
    }
}

/// An error of the host's that is no answer for the guest: an interruption is a trap.
pub(crate) fn interrupted(error: Error) -> silica_engine::Error {
    match error {
        Error::Interrupted => Trap::Interrupt.into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use silica_wasi_host::{InputPipe, InputStream, Interest, ManualClock, Timestamp};

    fn on(stream: &InputStream) -> Readiness<'_> {
        Readiness::On(Wait {
            source: stream.source(),
            interest: Interest::Readable,
        })
    }

    #[test]
    fn those_that_are_ready_are_named_in_order() {
        let waiter = Waiter::new(Clocks::system());
        let empty = InputStream::Pipe(InputPipe::bounded(8));
        let full = InputStream::Pipe(InputPipe::from_bytes(*b"x"));
        let all = [
            on(&empty),
            Readiness::Now,
            Readiness::At(0),
            on(&full),
            Readiness::At(u64::MAX),
        ];
        assert_eq!(waiter.wait_for_any(&all, None).unwrap(), [1, 2, 3]);
        let none = waiter.wait_for_any(&all[..1], Some(Duration::ZERO));
        assert!(none.unwrap().is_empty());
    }

    #[test]
    fn a_clock_of_the_embedders_is_waited_for_without_waiting() {
        let clock = ManualClock::new(Timestamp::default());
        let waiter = Waiter::new(Clocks::custom(clock.clone()));
        let hour = 3_600_000_000_000;
        let all = [Readiness::At(2 * hour), Readiness::At(hour)];
        assert_eq!(waiter.wait_for_any(&all, None).unwrap(), [1]);
        assert!(waiter.is_ready(all[1]).unwrap() && !waiter.is_ready(all[0]).unwrap());
    }

    #[test]
    fn a_deadline_ends_a_wait_for_input_that_never_comes() {
        let waiter = Waiter::new(Clocks::system());
        let empty = InputStream::Pipe(InputPipe::bounded(8));
        let soon = waiter.clocks().monotonic() + 3_000_000;
        let ready = waiter.wait_for_any(&[on(&empty), Readiness::At(soon)], None);
        assert_eq!(ready.unwrap(), [1]);
    }
}
