//! Threads beside the program that optimize functions which are used much.
//!
//! They are started when something is first wanted, share one queue of bounded length, and know modules only as long as these live. What finds no
//! room in the queue is wanted again later, if it is still used much.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

use silica_contract::artefact::CompiledFunction;

use super::{
    promotions::{Progress, Promotions, Wanted},
    source::ModuleSource,
};

/// When functions are optimized that were compiled in one pass when they were first called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierUp {
    /// After so many entries and turns of loops, 1 at least.
    pub threshold: u32,
    /// Threads that do it; with none, nothing is optimized.
    pub threads: usize,
    /// So many functions and loops wait for it at most.
    pub waiting_max: usize,
    /// It is done at once, and the program waits for it: for tests.
    pub at_once: bool,
}

/// Code whose functions can be optimized.
pub(super) trait Promotes: Send + Sync {
    /// What compiles them, which may outlive this.
    fn source(&self) -> Arc<dyn ModuleSource>;
    /// What became of them.
    fn promotions(&self) -> &Promotions;
    /// Adds optimized code, which is used from now on. None where it could not be made.
    fn promote(&self, wanted: Wanted, function: Option<CompiledFunction>, begun: Instant);
}

/// What optimizes functions. The threads end when it is dropped, each after what it is at.
pub(crate) struct Optimizer(Arc<Queue>);

struct Queue {
    config: TierUp,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Weak<dyn Promotes>, Wanted)>,
    threads: usize,
    is_closed: bool,
}

impl Optimizer {
    pub(crate) fn new(config: TierUp) -> Optimizer {
        Optimizer(Arc::new(Queue {
            config,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Has something optimized. What is not taken up is not asked for.
    pub(super) fn want(&self, code: &Arc<dyn Promotes>, wanted: Wanted) {
        if !code.promotions().ask(wanted) {
            return;
        }
        if self.0.config.at_once {
            // On a stack as large as any compiler's.
            std::thread::scope(|scope| {
                let done = scope.spawn(|| optimize(&Arc::downgrade(code), wanted));
                // It does not panic.
                let _ = done.join();
            });
        } else if !self.enqueue(code, wanted) {
            code.promotions().set(wanted, Progress::Unasked);
        }
    }

    fn enqueue(&self, code: &Arc<dyn Promotes>, wanted: Wanted) -> bool {
        let queue = &self.0;
        let mut state = queue.state();
        if state.waiting.len() >= queue.config.waiting_max {
            return false;
        }
        if state.threads < queue.config.threads {
            let queue = Arc::clone(queue);
            let thread = std::thread::Builder::new().name("silica-optimizer".to_owned());
            match thread.spawn(move || queue.work()) {
                Ok(_) => state.threads += 1,
                Err(error) => tracing::warn!(%error, "no thread to optimize on"),
            }
        }
        if state.threads == 0 {
            return false;
        }
        state.waiting.push_back((Arc::downgrade(code), wanted));
        queue.changed.notify_one();
        true
    }
}

impl Drop for Optimizer {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_closed = true;
        state.waiting.clear();
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<(Weak<dyn Promotes>, Wanted)> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(next) = state.waiting.pop_front() {
                return Some(next);
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        while let Some((code, wanted)) = self.next() {
            optimize(&code, wanted);
        }
    }
}

/// Compiles what is wanted and adds it, if its module is still there. That may go meanwhile.
fn optimize(code: &Weak<dyn Promotes>, wanted: Wanted) {
    let Some(source) = code.upgrade().map(|code| code.source()) else {
        return;
    };
    let begun = Instant::now();
    // After an error, or a panic, there is no such code.
    let compiled = catch_unwind(AssertUnwindSafe(|| {
        source.optimize(wanted.defined, wanted.entrance)
    }));
    let Some(code) = code.upgrade() else {
        return;
    };
    code.promote(wanted, compiled.ok().and_then(Result::ok), begun);
}
