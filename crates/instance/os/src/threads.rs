//! Threads by number, to send them a signal. For Unix.

/// A thread of this process. The number of a thread that has ended may be given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(u64);

impl ThreadId {
    /// The thread that asks.
    #[must_use]
    pub fn current() -> ThreadId {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let id = u64::from(
            rustix::thread::gettid()
                .as_raw_nonzero()
                .get()
                .unsigned_abs(),
        );
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        // SAFETY: `pthread_self` always succeeds.
        let id = unsafe { libc::pthread_self() } as u64;
        ThreadId(id)
    }

    /// The number, never 0.
    #[inline]
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The thread with this number, as [`ThreadId::number`] gave it.
    #[must_use]
    pub fn from_number(number: u64) -> Option<ThreadId> {
        (number != 0).then_some(ThreadId(number))
    }

    /// Sends a signal to this thread. Whether it has ended meanwhile is not told.
    pub fn signal(self, signal: i32) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: `tgkill` takes three numbers; a thread that is gone is an error that does no harm.
        unsafe {
            libc::syscall(
                libc::SYS_tgkill,
                libc::c_long::from(libc::getpid()),
                self.0 as libc::c_long,
                libc::c_long::from(signal),
            );
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        // There, naming a thread that has ended is not defined, so nothing is sent.
        let _ = signal;
    }
}
