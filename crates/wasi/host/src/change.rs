//! Waiting for another thread of this process, in a way that a signal ends as it
//! ends a wait of the system's: what interrupts a program must reach it here, too.

use crate::Result;
use std::sync::atomic::{AtomicU32, Ordering};

/// Something that changes, and that threads wait for.
#[derive(Debug, Default)]
pub(crate) struct Change {
    count: AtomicU32,
}

impl Change {
    /// How often it was told. To be asked before one looks, and given to
    /// [`wait`](Self::wait) if there was nothing to see.
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Ends all waits.
    pub(crate) fn tell(&self) {
        self.count.fetch_add(1, Ordering::Release);
        wake_all(&self.count);
    }

    /// Waits until it was told more often than `seen` says. May return early.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error) where a signal came first.
    pub(crate) fn wait(&self, seen: u32) -> Result<()> {
        wait_while(&self.count, seen)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn wake_all(count: &AtomicU32) {
    use rustix::thread::futex;
    // It fails only for an address that is none.
    let _ = futex::wake(count, futex::Flags::PRIVATE, i32::MAX as u32);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn wait_while(count: &AtomicU32, seen: u32) -> Result<()> {
    use rustix::thread::futex;
    match futex::wait(count, futex::Flags::PRIVATE, seen, None) {
        Ok(()) | Err(rustix::io::Errno::AGAIN) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn wake_all(_count: &AtomicU32) {}

/// Where the system has no such wait, it is looked at again and again.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn wait_while(_count: &AtomicU32, _seen: u32) -> Result<()> {
    let interval = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: 2_000_000,
    };
    rustix::event::poll(&mut [], Some(&interval))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_was_told_before_waiting_is_not_missed() {
        let change = Change::default();
        let seen = change.count();
        change.tell();
        change.wait(seen).unwrap();
        assert_ne!(change.count(), seen);
    }

    #[test]
    fn telling_ends_the_waits_of_all() {
        let change = Arc::new(Change::default());
        let seen = change.count();
        let wait = || {
            let change = Arc::clone(&change);
            std::thread::spawn(move || {
                while change.count() == seen {
                    change.wait(seen).unwrap();
                }
            })
        };
        let waits = [wait(), wait(), wait()];
        std::thread::sleep(std::time::Duration::from_millis(5));
        change.tell();
        for wait in waits {
            wait.join().unwrap();
        }
    }
}
