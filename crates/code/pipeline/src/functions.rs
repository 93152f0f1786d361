//! All functions of a module, in parallel.
//!
//! Threads take functions from one queue, the largest first, so that none is left with a large one at the
//! end. Each has a workspace of its own. What comes out does not depend on who did what.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

use silica_contract::artefact::CompiledFunction;

use crate::{
    CompileError, Options,
    bodies::Functions,
    targets::Failure,
    tiers::{Tools, Worker},
};

/// Below so many bytes of code, starting threads costs more than it gains.
const THREADS_FROM_BYTES: u64 = 8 << 10;

/// The queue that workers share, and what became of it.
struct Queue<'a> {
    /// Defined functions, in the order in which they are begun.
    order: Vec<u32>,
    next: AtomicUsize,
    done: AtomicUsize,
    /// The lowest function that failed by its own fault: what comes after it need not be compiled.
    failed: AtomicU32,
    failures: Mutex<Vec<(u32, Failure)>>,
    options: &'a Options<'a>,
}

impl Queue<'_> {
    fn is_cancelled(&self) -> bool {
        (self.options.cancelled).is_some_and(|c| c.load(Ordering::Relaxed))
    }

    fn work(&self, mut worker: Worker<'_>) -> Vec<(u32, CompiledFunction)> {
        let mut compiled = Vec::new();
        while !self.is_cancelled() {
            let Some(defined) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            if *defined > self.failed.load(Ordering::Relaxed) {
                continue;
            }
            match worker.compile(*defined as usize) {
                Ok(function) => compiled.push((*defined, function)),
                Err(failure) => self.fail(*defined, failure),
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = self.options.progress {
                progress(done, self.order.len());
            }
        }
        compiled
    }

    fn fail(&self, defined: u32, failure: Failure) {
        if !failure.is_of_callee() {
            self.failed.fetch_min(defined, Ordering::Relaxed);
        }
        // A poisoned lock still holds a list of failures.
        let mut failures = self.failures.lock().unwrap_or_else(|e| e.into_inner());
        failures.push((defined, failure));
    }

    /// The failure to tell: of those that are a function's own, the one with the lowest index.
    fn first_failure(self) -> Option<(u32, Failure)> {
        let failures = self.failures.into_inner();
        let failures = failures.unwrap_or_else(|e| e.into_inner());
        failures
            .into_iter()
            .min_by_key(|(defined, failure)| (failure.is_of_callee(), *defined))
    }
}

/// Compiles every defined function, in order.
pub(crate) fn compile_all(
    functions: &Functions<'_>,
    options: &Options<'_>,
) -> Result<Vec<CompiledFunction>, CompileError> {
    let count = functions.bodies.len();
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_key(|&defined| std::cmp::Reverse(functions.body_bytes(defined as usize)));
    let queue = Queue {
        order,
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        failed: AtomicU32::new(u32::MAX),
        failures: Mutex::default(),
        options,
    };
    let bytes: u64 = (0..count)
        .map(|defined| u64::from(functions.body_bytes(defined)))
        .sum();
    let mut compiled: Vec<(u32, CompiledFunction)> =
        if options.single_threaded || count < 2 || bytes < THREADS_FROM_BYTES {
            queue.work(Worker::new(functions, options, Tools::default()))
        } else {
            rayon::broadcast(|_| queue.work(Worker::new(functions, options, Tools::default())))
                .into_iter()
                .flatten()
                .collect()
        };
    if queue.is_cancelled() {
        return Err(CompileError::Cancelled);
    }
    if let Some((defined, failure)) = queue.first_failure() {
        return Err(functions.error(defined as usize, failure));
    }
    compiled.sort_unstable_by_key(|(defined, _)| *defined);
    Ok(compiled.into_iter().map(|(_, function)| function).collect())
}
