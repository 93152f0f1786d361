//! [`Workspace`]: what one thread needs to compile functions, reused from one to the next.
//!
//! A function is translated and compiled here under a guard: whatever Cranelift refuses is tried again without
//! optimization, and what it refuses then, or panics about, is an [`Error`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use cranelift_codegen::{
    CodegenError, CompiledCode, Context, FinalizedRelocTarget,
    binemit::Reloc,
    control::ControlPlane,
    ir::{self, ExternalName},
    isa::TargetIsa,
};
use cranelift_frontend::FunctionBuilderContext;
use silica_contract::{
    artefact::{CompiledFunction, InlinedPlace, Relocation, RelocationKind},
    trap::TrapCode,
};

use crate::{
    CraneliftBackend, Error, Failure, FunctionInput, InlineSource, Target,
    backend::ObjectsInMemory, call_sites, places,
};

/// What a function became, for people to read.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Cranelift's IR as it was translated.
    pub translated: String,
    /// Cranelift's IR after optimization.
    pub optimized: String,
    /// The instructions, with their labels.
    pub assembly: String,
}

/// What one thread needs to compile functions.
#[derive(Default)]
pub struct Workspace {
    state: State,
}

struct State {
    context: Context,
    builder: FunctionBuilderContext,
    /// References that lie in memory in the function that was translated.
    objects: Vec<ObjectsInMemory>,
    /// The operators of bodies that stand in place of calls.
    inlined: Vec<InlinedPlace>,
    registers: regalloc2::Ctx,
}

impl Default for State {
    fn default() -> State {
        State {
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            objects: Vec::new(),
            inlined: Vec::new(),
            registers: regalloc2::Ctx::default(),
        }
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}

impl Workspace {
    /// Makes an empty workspace.
    #[must_use]
    pub fn new() -> Workspace {
        Workspace::default()
    }

    /// Compiles a function. `translate` describes it to a backend; it may be called twice.
    ///
    /// # Errors
    /// What `translate` said, or why Cranelift makes no code of it.
    pub fn compile<E>(
        &mut self,
        target: &Target,
        input: FunctionInput,
        inliner: Option<&dyn InlineSource>,
        mut translate: impl FnMut(&mut CraneliftBackend<'_>) -> Result<(), E>,
    ) -> Result<CompiledFunction, Failure<E>> {
        let mut refusal = Error::Internal("no way to compile is configured".into());
        for isa in target.attempts() {
            let attempt = |state: &mut State| {
                state.translate(target, isa, input, inliner, &mut translate)?;
                state.emit(isa).map_err(Failure::Code)
            };
            match self.guarded(attempt) {
                Err(Failure::Code(error @ (Error::Refused(_) | Error::Internal(_)))) => {
                    refusal = error;
                }
                outcome => return outcome,
            }
        }
        Err(Failure::Code(refusal))
    }

    /// Compiles a function and says what it became at each step.
    ///
    /// # Errors
    /// As [`Workspace::compile`], without a second attempt.
    pub fn list<E>(
        &mut self,
        target: &Target,
        input: FunctionInput,
        inliner: Option<&dyn InlineSource>,
        mut translate: impl FnMut(&mut CraneliftBackend<'_>) -> Result<(), E>,
    ) -> Result<Listing, Failure<E>> {
        let Some(isa) = target.attempts().next() else {
            return Ok(Listing::default());
        };
        self.guarded(|state| {
            state.translate(target, isa, input, inliner, &mut translate)?;
            let translated = state.context.func.display().to_string();
            let code =
                (state.machine_code(isa, true)).map_err(|error| Failure::Code(refusal(&error)))?;
            Ok(Listing {
                translated,
                optimized: state.context.func.display().to_string(),
                assembly: code.vcode.unwrap_or_default(),
            })
        })
    }

    /// Runs a step of compilation; after a failure or a panic the workspace is made anew.
    fn guarded<T, E>(
        &mut self,
        step: impl FnOnce(&mut State) -> Result<T, Failure<E>>,
    ) -> Result<T, Failure<E>> {
        // Whatever state a panic leaves is thrown away below.
        let outcome = catch_unwind(AssertUnwindSafe(|| step(&mut self.state)));
        let outcome = outcome.unwrap_or_else(|panic| {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(Failure::Code(Error::Internal(message.to_owned())))
        });
        if outcome.is_err() {
            self.state = State::default();
        }
        outcome
    }
}

impl State {
    fn translate<E>(
        &mut self,
        target: &Target,
        isa: &dyn TargetIsa,
        input: FunctionInput,
        inliner: Option<&dyn InlineSource>,
        translate: &mut impl FnMut(&mut CraneliftBackend<'_>) -> Result<(), E>,
    ) -> Result<(), Failure<E>> {
        self.context.clear();
        self.context.func.name = ir::UserFuncName::user(0, input.function);
        let mut backend = CraneliftBackend::new(
            target,
            &mut self.context.func,
            &mut self.builder,
            inliner,
            input,
        );
        translate(&mut backend).map_err(Failure::Translation)?;
        (self.objects, self.inlined) = backend
            .complete(isa.frontend_config())
            .map_err(Failure::Code)?;
        Ok(())
    }

    /// What Cranelift makes of the function that was translated.
    fn machine_code(
        &mut self,
        isa: &dyn TargetIsa,
        listing: bool,
    ) -> Result<CompiledCode, CodegenError> {
        let (context, plane) = (&mut self.context, &mut ControlPlane::default());
        context.verify_if(isa)?;
        places::before_optimizing(&mut context.func);
        context.optimize(isa, plane)?;
        places::after_optimizing(&mut context.func);
        let (function, tree) = (&context.func, &context.domtree);
        let code = isa.compile_function(function, tree, &mut self.registers, listing, plane)?;
        Ok(code.apply_params(&function.params))
    }

    fn emit(&mut self, isa: &dyn TargetIsa) -> Result<CompiledFunction, Error> {
        let code = &self
            .machine_code(isa, false)
            .map_err(|error| refusal(&error))?;
        let relocations = code
            .buffer
            .relocs()
            .iter()
            .map(|reloc| relocation(&self.context.func, reloc))
            .collect::<Result<Vec<_>, _>>()?;
        let ranges = code.buffer.get_srclocs_sorted().iter();
        let mut locations = places::source_locations(ranges.map(|l| (l.start, l.end, l.loc)));
        let inlined = places::compact(&mut locations, &self.inlined);
        Ok(CompiledFunction {
            bytes: code.buffer.data().to_vec(),
            relocations,
            traps: traps(code.buffer.traps())?,
            locations,
            inlined,
            frame_bytes: call_sites::frame_bytes(code),
            stack_maps: call_sites::stack_maps(code, &self.objects),
            handlers: call_sites::handlers(code)?,
            continued_at: None,
        })
    }
}

fn refusal(error: &CodegenError) -> Error {
    match error {
        CodegenError::ImplLimitExceeded => {
            Error::Refused("it exceeds an implementation limit".into())
        }
        CodegenError::CodeTooLarge => Error::Refused("its code is too large".into()),
        CodegenError::Unsupported(what) => Error::Refused(what.clone()),
        CodegenError::Verifier(errors) => Error::Internal(errors.to_string()),
        other => Error::Internal(other.to_string()),
    }
}

fn relocation(
    function: &ir::Function,
    reloc: &cranelift_codegen::FinalizedMachReloc,
) -> Result<Relocation, Error> {
    let unknown = || Error::Internal(format!("unknown relocation {reloc:?}"));
    let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = &reloc.target else {
        return Err(unknown());
    };
    let kind = match (reloc.kind, reloc.addend) {
        (Reloc::X86CallPCRel4, -4) => RelocationKind::X86Relative32,
        (Reloc::Arm64Call, 0) => RelocationKind::Aarch64Branch26,
        _ => return Err(unknown()),
    };
    Ok(Relocation {
        offset: reloc.offset,
        function: function.params.user_named_funcs()[*name].index,
        kind,
    })
}

fn traps(found: &[cranelift_codegen::MachTrap]) -> Result<Vec<(u32, TrapCode)>, Error> {
    let mut traps = found
        .iter()
        .map(|trap| Ok((trap.offset, our_trap_code(trap.code)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    traps.sort_unstable_by_key(|trap| trap.0);
    traps.dedup_by_key(|trap| trap.0);
    Ok(traps)
}

fn our_trap_code(code: ir::TrapCode) -> Result<TrapCode, Error> {
    match code {
        ir::TrapCode::STACK_OVERFLOW => Ok(TrapCode::StackOverflow),
        ir::TrapCode::INTEGER_OVERFLOW => Ok(TrapCode::IntegerOverflow),
        ir::TrapCode::INTEGER_DIVISION_BY_ZERO => Ok(TrapCode::IntegerDivisionByZero),
        ir::TrapCode::BAD_CONVERSION_TO_INTEGER => Ok(TrapCode::BadConversionToInteger),
        ir::TrapCode::HEAP_OUT_OF_BOUNDS => Ok(TrapCode::MemoryOutOfBounds),
        ours => TrapCode::from_number(ours.as_raw().get())
            .ok_or_else(|| Error::Internal(format!("unknown trap {ours}"))),
    }
}
