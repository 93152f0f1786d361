//! Stopping a call from another thread, at no cost until it is done.
//!
//! A handle sets a flag and sends a signal to the thread that runs the store's code. Where the signal finds the
//! thread in compiled code of that store, the handler of faults ends the call ([`crate::fault`]).
//! Where it does not (host code, another store), it has no effect; so it is sent again every millisecond by one
//! thread for the whole process, until the flag is taken. A call that begins with the flag set ends at once.
//!
//! A system call in which the signal finds the thread waiting ends with `EINTR`. A host function that made it looks at the
//! flag (`StoreState::check_interrupt`) and goes on waiting or ends its call. That the flag is set between
//! the look and the wait does no harm, since the signal is sent again.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::Thread,
    time::Duration,
};

use silica_contract::trap::TrapCode;
use silica_os::ThreadId;

/// Time between two signals.
const RESEND: Duration = Duration::from_millis(1);
/// After so many rounds without a running call, the next call's own look at the flag is relied on. What one
/// thread stores, another sees in far less time.
const IDLE_ROUNDS: u32 = 100;

/// What a store and its interrupt handles share.
pub(crate) struct InterruptState {
    asked: AtomicBool,
    /// Number of the thread that runs the store's code; 0 for none.
    thread: AtomicU64,
    /// The thread when it waits where no signal wakes it.
    parked: Mutex<Option<Thread>>,
    signal: i32,
}

impl InterruptState {
    pub(crate) fn new(signal: i32) -> InterruptState {
        InterruptState {
            asked: AtomicBool::new(false),
            thread: AtomicU64::new(0),
            parked: Mutex::new(None),
            signal,
        }
    }

    /// Whether an interruption was asked for and has not happened yet.
    #[inline(always)]
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Takes the request: whoever gets `true` ends the call.
    pub(crate) fn take(&self) -> bool {
        self.asked.swap(false, Ordering::AcqRel)
    }

    /// Takes the request, if there is one, as a trap.
    pub(crate) fn check(&self) -> Result<(), TrapCode> {
        if self.is_asked() && self.take() {
            return Err(TrapCode::Interrupt);
        }
        Ok(())
    }

    /// Notes which thread runs the store's code from now on; gives what was noted before.
    #[inline(always)]
    pub(crate) fn set_thread(&self, number: u64) -> u64 {
        let before = self.thread.load(Ordering::Relaxed);
        self.thread.store(number, Ordering::Release);
        before
    }

    /// Notes again what [`InterruptState::set_thread`] gave.
    #[inline(always)]
    pub(crate) fn restore_thread(&self, number: u64) {
        self.thread.store(number, Ordering::Release);
    }

    /// Which thread runs the store's code; 0 for none.
    pub(crate) fn thread(&self) -> u64 {
        self.thread.load(Ordering::Relaxed)
    }

    /// Makes interruptions unpark this thread, until the result is dropped.
    pub(crate) fn park(&self) -> Parked<'_> {
        self.set_parked(Some(std::thread::current()));
        Parked(self)
    }

    fn set_parked(&self, thread: Option<Thread>) {
        *self.parked.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }

    /// One attempt. Whether there was a thread to signal.
    fn send(&self) -> bool {
        if let Some(thread) = &*self.parked.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
        let running = ThreadId::from_number(self.thread.load(Ordering::Acquire));
        if let Some(thread) = running {
            thread.signal(self.signal);
        }
        running.is_some()
    }
}

/// See [`InterruptState::park`].
pub(crate) struct Parked<'a>(&'a InterruptState);

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.set_parked(None);
    }
}

/// Interrupts calls of one store, from any thread.
#[derive(Clone)]
pub struct InterruptHandle {
    state: Weak<InterruptState>,
}

impl std::fmt::Debug for InterruptHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterruptHandle").finish_non_exhaustive()
    }
}

impl InterruptHandle {
    pub(crate) fn new(state: &Arc<InterruptState>) -> InterruptHandle {
        InterruptHandle {
            state: Arc::downgrade(state),
        }
    }

    /// Ends the store's running call with [`silica_contract::trap::TrapCode::Interrupt`], as soon as it is in compiled code,
    /// or in a host function that heeds it; without a running call, the next one.
    pub fn interrupt(&self) {
        let Some(state) = self.state.upgrade() else {
            return;
        };
        if !state.asked.swap(true, Ordering::SeqCst) {
            Resender::get().add(&state);
        }
        state.send();
    }

    /// Whether this is the state that it interrupts calls of.
    #[inline]
    pub(crate) fn is_of(&self, state: &Arc<InterruptState>) -> bool {
        std::ptr::eq(self.state.as_ptr(), Arc::as_ptr(state))
    }

    /// Whether an interruption was asked for that has not ended a call yet. `false` when the store is gone.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.state.upgrade().is_some_and(|state| state.is_asked())
    }
}

struct Pending {
    state: Weak<InterruptState>,
    idle_rounds: u32,
}

/// The thread that sends signals again.
struct Resender {
    pending: Mutex<Vec<Pending>>,
    added: Condvar,
}

impl Resender {
    fn get() -> &'static Resender {
        static RESENDER: Resender = Resender {
            pending: Mutex::new(Vec::new()),
            added: Condvar::new(),
        };
        static STARTED: std::sync::Once = std::sync::Once::new();
        STARTED.call_once(|| {
            let started = std::thread::Builder::new()
                .name("silica-interrupt".to_owned())
                .spawn(|| RESENDER.run());
            if let Err(error) = started {
                tracing::warn!(%error, "no thread for interruptions: they are sent once only");
            }
        });
        &RESENDER
    }

    fn add(&self, state: &Arc<InterruptState>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push(Pending {
            state: Arc::downgrade(state),
            idle_rounds: 0,
        });
        self.added.notify_one();
    }

    fn run(&self) -> ! {
        loop {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let mut pending = self
                .added
                .wait_while(pending, |pending| pending.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            pending.retain_mut(Pending::send_again);
            drop(pending);
            std::thread::sleep(RESEND);
        }
    }
}

impl Pending {
    /// Sends once more; `false` when that is no longer needed.
    fn send_again(&mut self) -> bool {
        let Some(state) = self.state.upgrade() else {
            return false;
        };
        if !state.is_asked() {
            return false;
        }
        self.idle_rounds = if state.send() {
            0
        } else {
            self.idle_rounds + 1
        };
        self.idle_rounds < IDLE_ROUNDS
    }
}
