//! Threads that wait at addresses of a shared memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::{Duration, Instant},
};

use crate::interrupt::InterruptState;

/// What `memory.atomic.wait` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitOutcome {
    /// Woken by a notification.
    Woken,
    /// The memory did not hold the expected value.
    Mismatch,
    /// The time was over.
    TimedOut,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    /// As the specification has it.
    Outcome(WaitOutcome),
    /// The embedder interrupted the call.
    Interrupted,
}

impl WaitEnd {
    /// The outcome of a wait that nobody could interrupt.
    pub(super) fn outcome(self) -> WaitOutcome {
        match self {
            WaitEnd::Outcome(outcome) => outcome,
            WaitEnd::Interrupted => WaitOutcome::TimedOut,
        }
    }
}

struct Waiter {
    thread: Thread,
    notified: AtomicBool,
}

/// Waiting threads by address.
#[derive(Default)]
pub(super) struct Parking {
    waiters: Mutex<HashMap<u64, VecDeque<Arc<Waiter>>>>,
}

impl Parking {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, VecDeque<Arc<Waiter>>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while `holds`, which is asked once, with notifications kept off.
    pub(super) fn wait(
        &self,
        address: u64,
        holds: impl Fn() -> bool,
        timeout: Option<Duration>,
        interrupt: Option<&InterruptState>,
    ) -> WaitEnd {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let waiter = Arc::new(Waiter {
            thread: std::thread::current(),
            notified: AtomicBool::new(false),
        });
        {
            let mut waiters = self.lock();
            if !holds() {
                return WaitEnd::Outcome(WaitOutcome::Mismatch);
            }
            waiters
                .entry(address)
                .or_default()
                .push_back(Arc::clone(&waiter));
        }
        let _unparked_by_interrupts = interrupt.map(InterruptState::park);
        loop {
            if waiter.notified.load(Ordering::Acquire) {
                return WaitEnd::Outcome(WaitOutcome::Woken);
            }
            if interrupt.is_some_and(InterruptState::is_asked) && self.leave(address, &waiter) {
                return WaitEnd::Interrupted;
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => std::thread::park(),
                Some(Duration::ZERO) if self.leave(address, &waiter) => {
                    return WaitEnd::Outcome(WaitOutcome::TimedOut);
                }
                Some(Duration::ZERO) => {}
                Some(left) => std::thread::park_timeout(left),
            }
        }
    }

    /// Takes a waiter out; `false` when it was notified before.
    fn leave(&self, address: u64, waiter: &Arc<Waiter>) -> bool {
        let mut waiters = self.lock();
        let Some(queue) = waiters.get_mut(&address) else {
            return false;
        };
        let Some(position) = queue.iter().position(|other| Arc::ptr_eq(other, waiter)) else {
            return false;
        };
        queue.remove(position);
        if queue.is_empty() {
            waiters.remove(&address);
        }
        true
    }

    /// Wakes at most `count` of those that wait at `address`, the first first.
    pub(super) fn notify(&self, address: u64, count: u32) -> u32 {
        let mut waiters = self.lock();
        let Some(queue) = waiters.get_mut(&address) else {
            return 0;
        };
        let count = queue.len().min(count as usize);
        for waiter in queue.drain(..count) {
            waiter.notified.store(true, Ordering::Release);
            waiter.thread.unpark();
        }
        if queue.is_empty() {
            waiters.remove(&address);
        }
        count as u32
    }
}
