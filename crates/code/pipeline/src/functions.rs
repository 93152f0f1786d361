//! All functions of a module, in parallel.
//!
//! Threads take functions from one queue, the largest first, so that none is left with a large one at the
//! end. Each has a workspace of its own. What comes out does not depend on who did what.

use std::{
    cell::RefCell,
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use silica_contract::artefact::CompiledFunction;
use silica_module::{BodyToValidate, FunctionBody, names};
use silica_optimize::{
    CraneliftBackend, Error, Failure, FunctionInput, InlineSource, Target, Workspace,
};
use silica_translate::{Environment, Scratch, TranslateError, declared_locals, translate_body};

use crate::{CompileError, Options};

/// Below so many bytes of code, starting threads costs more than it gains.
const THREADS_FROM_BYTES: u64 = 8 << 10;

/// Bodies of at most so many bytes are put in place of their calls.
const INLINE_BYTES_MAX: u32 = 40;
/// And of at most so many declared locals.
const INLINE_LOCALS_MAX: u64 = 16;

/// What the functions of a module are compiled from.
#[derive(Clone, Copy)]
pub(crate) struct Functions<'a> {
    /// The module's bytes.
    pub(crate) bytes: &'a [u8],
    pub(crate) environment: &'a Environment<'a>,
    /// For each defined function, what validates it.
    pub(crate) bodies: &'a [BodyToValidate],
    pub(crate) target: &'a Target,
}

impl Functions<'_> {
    fn body(&self, defined: usize) -> FunctionBody {
        self.environment.module.bodies[defined]
    }

    pub(crate) fn input(&self, defined: usize) -> FunctionInput {
        FunctionInput {
            function: self.environment.module.imported_functions + defined as u32,
            body_bytes: self.body_bytes(defined),
        }
    }

    fn body_bytes(&self, defined: usize) -> u32 {
        let range = self.body(defined).bytes;
        range.end - range.start
    }

    pub(crate) fn translate(
        &self,
        defined: usize,
        scratch: &mut Scratch,
        backend: &mut CraneliftBackend<'_>,
    ) -> Result<(), TranslateError> {
        let validates = &self.bodies[defined];
        let body = self.body(defined);
        translate_body(
            self.environment,
            self.bytes,
            body,
            validates,
            scratch,
            backend,
        )
    }

    /// The error of a function, with its name.
    pub(crate) fn error(&self, defined: usize, failure: Failure<TranslateError>) -> CompileError {
        let module = self.environment.module;
        let index = module.imported_functions + defined as u32;
        let name = names::function_name(self.bytes, module.names, index);
        match failure {
            Failure::Translation(TranslateError::Invalid(error)) => {
                CompileError::Decode(error.at_function(index, name))
            }
            Failure::Translation(error) => CompileError::Translate {
                index,
                name: name.map(str::to_owned),
                error,
            },
            Failure::Code(error) => CompileError::Function {
                index,
                name: name.map(str::to_owned),
                error,
            },
        }
    }
}

/// Callees that may be inlined, for one thread.
pub(crate) struct Callees<'a> {
    functions: Functions<'a>,
    /// One for each depth of bodies within bodies.
    scratches: RefCell<Vec<Scratch>>,
}

impl<'a> Callees<'a> {
    pub(crate) fn new(functions: Functions<'a>) -> Callees<'a> {
        Callees {
            functions,
            scratches: RefCell::default(),
        }
    }
}

impl InlineSource for Callees<'_> {
    fn inline_bytes(&self, function: u32) -> Option<u32> {
        let module = self.functions.environment.module;
        let defined = module.defined_function(function)? as usize;
        let bytes = self.functions.body_bytes(defined);
        if bytes > INLINE_BYTES_MAX {
            return None;
        }
        let locals = declared_locals(self.functions.bytes, self.functions.body(defined))?;
        (locals <= INLINE_LOCALS_MAX).then_some(bytes)
    }

    fn translate(&self, function: u32, backend: &mut CraneliftBackend<'_>) -> bool {
        let module = self.functions.environment.module;
        let Some(defined) = module.defined_function(function) else {
            return false;
        };
        let mut scratch = self.scratches.borrow_mut().pop().unwrap_or_default();
        let outcome = self
            .functions
            .translate(defined as usize, &mut scratch, backend);
        self.scratches.borrow_mut().push(scratch);
        outcome.is_ok()
    }
}

/// What one thread does.
struct Worker<'a> {
    functions: Functions<'a>,
    workspace: Workspace,
    scratch: Scratch,
    callees: Option<Callees<'a>>,
}

impl<'a> Worker<'a> {
    fn new(functions: &Functions<'a>) -> Worker<'a> {
        let settings = functions.environment.settings;
        Worker {
            functions: *functions,
            workspace: Workspace::new(),
            scratch: Scratch::default(),
            callees: settings.inlining.then(|| Callees::new(*functions)),
        }
    }

    fn compile(&mut self, defined: usize) -> Result<CompiledFunction, Failure<TranslateError>> {
        let Worker {
            functions,
            workspace,
            scratch,
            callees,
        } = self;
        let inliner = callees.as_ref().map(|c| c as &dyn InlineSource);
        let input = functions.input(defined);
        workspace.compile(functions.target, input, inliner, |backend| {
            functions.translate(defined, scratch, backend)
        })
    }
}

/// The queue that workers share, and what became of it.
struct Queue<'a> {
    /// Defined functions, in the order in which they are begun.
    order: Vec<u32>,
    next: AtomicUsize,
    done: AtomicUsize,
    /// The lowest function that failed by its own fault: what comes after it need not be compiled.
    failed: AtomicU32,
    failures: Mutex<Vec<(u32, Failure<TranslateError>)>>,
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

    fn fail(&self, defined: u32, failure: Failure<TranslateError>) {
        if !matches!(failure, Failure::Code(Error::InvalidCallee(_))) {
            self.failed.fetch_min(defined, Ordering::Relaxed);
        }
        // A poisoned lock still holds a list of failures.
        let mut failures = self.failures.lock().unwrap_or_else(|e| e.into_inner());
        failures.push((defined, failure));
    }

    /// The failure to tell: of those that are a function's own, the one with the lowest index.
    fn first_failure(self) -> Option<(u32, Failure<TranslateError>)> {
        let failures = self.failures.into_inner();
        let failures = failures.unwrap_or_else(|e| e.into_inner());
        failures.into_iter().min_by_key(|(defined, failure)| {
            let of_callee = matches!(failure, Failure::Code(Error::InvalidCallee(_)));
            (of_callee, *defined)
        })
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
            queue.work(Worker::new(functions))
        } else {
            rayon::broadcast(|_| queue.work(Worker::new(functions)))
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
