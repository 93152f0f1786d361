//! What the functions of a module are compiled from: their bodies, and the callees that may stand in place of calls.

use std::cell::RefCell;

use silica_module::{BodyToValidate, FunctionBody, names};
use silica_operator::MachineType;
use silica_optimize::{CraneliftBackend, FunctionInput, InlineSource};
use silica_translate::{
    Backend, Environment, Scratch, TranslateError, declared_locals, translate_body,
};

use crate::{
    CompileError,
    targets::{Failure, Targets},
};

/// Bodies of at most so many bytes are put in place of their calls.
const INLINE_BYTES_MAX: u32 = 40;
/// So many, where the function gets a reference to an object. What is written in a language of objects has small functions, and each
/// call costs more there: references that live across it have to lie in memory. With this for all functions the code of a large
/// program in C++ became longer by half, and took as much longer to compile.
const METHOD_BYTES_MAX: u32 = 120;
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
    pub(crate) targets: &'a Targets,
}

impl Functions<'_> {
    fn body(&self, defined: usize) -> FunctionBody {
        self.environment.module.bodies[defined]
    }

    pub(crate) fn input(&self, defined: usize) -> FunctionInput {
        FunctionInput {
            function: self.environment.module.imported_functions + defined as u32,
            body_bytes: self.body_bytes(defined),
            entrance: None,
        }
    }

    pub(crate) fn body_bytes(&self, defined: usize) -> u32 {
        let range = self.body(defined).bytes;
        range.end - range.start
    }

    pub(crate) fn translate<B: Backend>(
        &self,
        defined: usize,
        scratch: &mut Scratch,
        backend: &mut B,
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
    pub(crate) fn error(&self, defined: usize, failure: Failure) -> CompileError {
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
        let ty = module.type_of_function(function);
        let is_method = ty
            .params
            .iter()
            .any(|ty| ty.machine() == MachineType::Object);
        let bytes_max = if is_method {
            METHOD_BYTES_MAX
        } else {
            INLINE_BYTES_MAX
        };
        if bytes > bytes_max {
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
