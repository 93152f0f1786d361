//! Clocks: the host's, or one that the embedder moves.
//!
//! The monotonic clock starts at 0 when it is granted, so that a program learns
//! nothing of how long the host has been up.

use crate::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock of the embedder's own.
pub trait ClockSource: Send + Sync {
    /// The time of day.
    fn realtime(&self) -> Timestamp;
    /// Nanoseconds since some fixed point; never goes back.
    fn monotonic(&self) -> u64;
    /// Nanoseconds between two readings that differ, at least 1.
    fn resolution(&self) -> u64;
    /// Lets `duration` pass with nothing else to wait for. A virtual clock moves
    /// forward at once.
    fn sleep(&self, duration: Duration);
}

/// The clocks of one program.
#[derive(Clone)]
pub struct Clocks {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System { monotonic_start: u64 },
    Custom(Arc<dyn ClockSource>),
}

impl fmt::Debug for Clocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.source {
            Source::System { .. } => "Clocks(system)",
            Source::Custom(_) => "Clocks(custom)",
        })
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self::system()
    }
}

impl Clocks {
    /// The host's clocks.
    pub fn system() -> Self {
        Self {
            source: Source::System {
                monotonic_start: host::monotonic(),
            },
        }
    }

    /// Clocks of the embedder's own.
    pub fn custom(source: impl ClockSource + 'static) -> Self {
        Self {
            source: Source::Custom(Arc::new(source)),
        }
    }

    /// The time of day.
    pub fn realtime(&self) -> Timestamp {
        match &self.source {
            Source::System { .. } => host::realtime(),
            Source::Custom(source) => source.realtime(),
        }
    }

    /// Nanoseconds since these clocks were made; never goes back.
    pub fn monotonic(&self) -> u64 {
        match &self.source {
            Source::System { monotonic_start } => {
                host::monotonic().saturating_sub(*monotonic_start)
            }
            Source::Custom(source) => source.monotonic(),
        }
    }

    /// Nanoseconds of processor time that the process has used, 0 for clocks of
    /// the embedder's own.
    pub fn process_time(&self) -> u64 {
        match &self.source {
            Source::System { .. } => host::process_time(),
            Source::Custom(_) => 0,
        }
    }

    /// Nanoseconds of processor time that the thread has used, 0 for clocks of
    /// the embedder's own.
    pub fn thread_time(&self) -> u64 {
        match &self.source {
            Source::System { .. } => host::thread_time(),
            Source::Custom(_) => 0,
        }
    }

    /// Nanoseconds between two readings of the time of day that differ, at least 1.
    pub fn realtime_resolution(&self) -> u64 {
        match &self.source {
            Source::System { .. } => host::realtime_resolution(),
            Source::Custom(source) => source.resolution().max(1),
        }
    }

    /// Nanoseconds between two readings of the monotonic clock that differ, at least 1.
    pub fn monotonic_resolution(&self) -> u64 {
        match &self.source {
            Source::System { .. } => host::monotonic_resolution(),
            Source::Custom(source) => source.resolution().max(1),
        }
    }

    /// Whether time passes by [`pass`](Self::pass) and not by waiting.
    pub(crate) fn are_custom(&self) -> bool {
        match &self.source {
            Source::System { .. } => false,
            Source::Custom(_) => true,
        }
    }

    /// Lets time pass with nothing else to wait for.
    pub(crate) fn pass(&self, duration: Duration) {
        match &self.source {
            Source::System { .. } => std::thread::sleep(duration),
            Source::Custom(source) => source.sleep(duration),
        }
    }
}

/// A clock that only its owner and sleeping programs move: for tests, replay and
/// deterministic execution. Clones share the time.
///
/// ```
/// use silica_wasi_host::{ClockSource, ManualClock, Timestamp};
/// let clock = ManualClock::new(Timestamp { seconds: 1_000, nanoseconds: 0 });
/// clock.advance(std::time::Duration::from_millis(1500));
/// assert_eq!(clock.realtime(), Timestamp { seconds: 1_001, nanoseconds: 500_000_000 });
/// assert_eq!(clock.monotonic(), 1_500_000_000);
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: Timestamp,
    elapsed: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            elapsed: Arc::default(),
        }
    }

    /// Moves the clock forward; it stops after 584 years.
    pub fn advance(&self, duration: Duration) {
        let added = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let add = |elapsed: u64| Some(elapsed.saturating_add(added));
        // The closure never refuses, so this never fails.
        let _ = self
            .elapsed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl ClockSource for ManualClock {
    fn realtime(&self) -> Timestamp {
        let elapsed = Timestamp::from_nanoseconds(self.monotonic());
        let nanoseconds = self.start.nanoseconds + elapsed.nanoseconds;
        Timestamp {
            seconds: self
                .start
                .seconds
                .saturating_add(elapsed.seconds)
                .saturating_add(i64::from(nanoseconds / 1_000_000_000)),
            nanoseconds: nanoseconds % 1_000_000_000,
        }
    }

    fn monotonic(&self) -> u64 {
        self.elapsed.load(Ordering::Relaxed)
    }

    fn resolution(&self) -> u64 {
        1
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// The host's clocks, in our types.
mod host {
    use crate::Timestamp;
    use rustix::time::{ClockId, clock_getres, clock_gettime};

    fn nanoseconds(time: rustix::time::Timespec) -> u64 {
        timestamp(time).saturating_nanoseconds()
    }

    fn timestamp(time: rustix::time::Timespec) -> Timestamp {
        Timestamp {
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec as u32,
        }
    }

    pub(super) fn realtime() -> Timestamp {
        timestamp(clock_gettime(ClockId::Realtime))
    }

    pub(super) fn monotonic() -> u64 {
        nanoseconds(clock_gettime(ClockId::Monotonic))
    }

    pub(super) fn process_time() -> u64 {
        nanoseconds(clock_gettime(ClockId::ProcessCPUTime))
    }

    pub(super) fn thread_time() -> u64 {
        nanoseconds(clock_gettime(ClockId::ThreadCPUTime))
    }

    pub(super) fn realtime_resolution() -> u64 {
        nanoseconds(clock_getres(ClockId::Realtime)).max(1)
    }

    pub(super) fn monotonic_resolution() -> u64 {
        nanoseconds(clock_getres(ClockId::Monotonic)).max(1)
    }
}
