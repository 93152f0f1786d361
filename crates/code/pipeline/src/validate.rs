//! Validating all functions of a module, in parallel, without compiling them.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use silica_module::{
    BodyToValidate, DecodeError, Features, Limits, Module, check_operators, validate_body,
};

use crate::{CompileError, Options};

/// Functions that a thread takes at once.
const PIECE: usize = 64;
/// Below so many bytes of code, starting threads costs more than it gains.
const THREADS_FROM_BYTES: usize = 64 << 10;

struct Queue<'a> {
    bytes: &'a [u8],
    module: &'a Module,
    bodies: &'a [BodyToValidate],
    limits: &'a Limits,
    options: &'a Options<'a>,
    next: AtomicUsize,
    /// Nothing after a piece with a failure is begun.
    has_failed: AtomicBool,
    failures: Mutex<Vec<(usize, DecodeError)>>,
}

impl Queue<'_> {
    fn is_cancelled(&self) -> bool {
        (self.options.cancelled).is_some_and(|c| c.load(Ordering::Relaxed))
    }

    fn work(&self) {
        let mut allocations = Default::default();
        while !self.is_cancelled() && !self.has_failed.load(Ordering::Relaxed) {
            let start = self.next.fetch_add(PIECE, Ordering::Relaxed);
            let end = self.bodies.len().min(start.saturating_add(PIECE));
            for defined in start..end {
                let (body, validates) = (self.module.bodies[defined], &self.bodies[defined]);
                let (bytes, module) = (self.bytes, self.module);
                match validate_body(bytes, module, body, validates, self.limits, allocations) {
                    Ok(again) => allocations = again,
                    Err(error) => return self.fail(defined, error),
                }
            }
            if start >= end {
                return;
            }
        }
    }

    fn fail(&self, defined: usize, error: DecodeError) {
        // Pieces are begun in order: all before this one are begun, and are finished by who has them.
        self.has_failed.store(true, Ordering::Relaxed);
        let mut failures = self.failures.lock().unwrap_or_else(|e| e.into_inner());
        failures.push((defined, error));
    }
}

/// Validates every body. Of several errors the one is told that compiling would tell.
pub(crate) fn validate_all(
    bytes: &[u8],
    module: &Module,
    bodies: &[BodyToValidate],
    (features, limits): (&Features, &Limits),
    options: &Options<'_>,
) -> Result<(), CompileError> {
    let queue = Queue {
        bytes,
        module,
        bodies,
        limits,
        options,
        next: AtomicUsize::new(0),
        has_failed: AtomicBool::new(false),
        failures: Mutex::default(),
    };
    let code = |body: &silica_module::FunctionBody| (body.bytes.end - body.bytes.start) as usize;
    let code_bytes: usize = module.bodies.iter().map(code).sum();
    if options.single_threaded || code_bytes < THREADS_FROM_BYTES {
        queue.work();
    } else {
        rayon::broadcast(|_| queue.work());
    }
    if queue.is_cancelled() {
        return Err(CompileError::Cancelled);
    }
    let failures = queue.failures.into_inner();
    let failures = failures.unwrap_or_else(|e| e.into_inner());
    let Some((_, error)) = failures.into_iter().min_by_key(|(defined, _)| *defined) else {
        return Ok(());
    };
    // What is missing a proposal is told so, wherever it is.
    check_operators(bytes, module, features)?;
    Err(error.into())
}
