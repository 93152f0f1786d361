//! [`Workspace`]: what one thread needs to compile functions, reused from one to the next.

use silica_contract::artefact::CompiledFunction;
use silica_translate::Survey;

use crate::{BaselineBackend, Error, Target};

/// What the compiler is told about a function beside its body.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInput<'a> {
    /// Its index in the function index space.
    pub function: u32,
    /// Bytes of its body.
    pub body_bytes: u32,
    /// What was seen of the body before: it decides what gets a register.
    pub survey: &'a Survey,
    /// Where the address of the first memory's bytes is: an offset in the context, after the offset there of a pointer if
    /// it lies beyond.
    pub memory_base: Option<(Option<u32>, u32)>,
}

/// Why a function was not compiled: its translation failed, or this tier refused it.
#[derive(Debug)]
pub enum Failure<E> {
    /// What the translation said.
    Translation(E),
    /// Why no code was made.
    Code(Error),
}

/// What one thread needs to compile functions.
#[derive(Debug)]
pub struct Workspace {
    backend: BaselineBackend,
}

impl Workspace {
    /// Makes an empty workspace.
    #[must_use]
    pub fn new(target: &Target) -> Workspace {
        Workspace {
            backend: BaselineBackend::new(*target),
        }
    }

    /// Compiles a function. `translate` describes it to a backend.
    ///
    /// # Errors
    /// What `translate` said, or why no code was made.
    pub fn compile<E>(
        &mut self,
        input: FunctionInput<'_>,
        translate: impl FnOnce(&mut BaselineBackend) -> Result<(), E>,
    ) -> Result<CompiledFunction, Failure<E>> {
        self.backend.reset(input);
        translate(&mut self.backend).map_err(Failure::Translation)?;
        self.backend.complete().map_err(Failure::Code)
    }
}
