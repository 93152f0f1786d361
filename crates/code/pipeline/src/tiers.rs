//! The two tiers as one compiler: each function by the tier that was asked for, and what that refuses by the other.

use silica_contract::{
    artefact::CompiledFunction,
    layout::{Slot, memory},
    settings::Tier,
};
use silica_optimize::{FunctionInput, InlineSource};
use silica_translate::{Scratch, Survey};

use crate::{
    Options,
    bodies::{Callees, Functions},
    error::CodeError,
    targets::Failure,
};

/// Memory that one thread uses again from one function to the next, in either tier.
#[derive(Default)]
pub(crate) struct Tools {
    baseline: Option<silica_baseline::Workspace>,
    optimize: Option<silica_optimize::Workspace>,
    scratch: Scratch,
    survey: Survey,
}

/// What one thread needs to compile functions, in either tier.
pub(crate) struct Worker<'a> {
    functions: Functions<'a>,
    options: &'a Options<'a>,
    tools: Tools,
    callees: Option<Callees<'a>>,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(
        functions: &Functions<'a>,
        options: &'a Options<'a>,
        tools: Tools,
    ) -> Worker<'a> {
        let settings = functions.environment.settings;
        Worker {
            functions: *functions,
            options,
            tools,
            callees: settings.inlining.then(|| Callees::new(*functions)),
        }
    }

    pub(crate) fn into_tools(self) -> Tools {
        self.tools
    }

    pub(crate) fn compile(&mut self, defined: usize) -> Result<CompiledFunction, Failure> {
        let refused = match self.functions.environment.settings.tier {
            Tier::Baseline => match self.compile_baseline(defined) {
                Err(Failure::Code(error)) => error,
                outcome => return outcome,
            },
            Tier::Optimize => match self.compile_optimize(defined) {
                Err(Failure::Code(CodeError::Optimize(silica_optimize::Error::Refused(why)))) => {
                    CodeError::Optimize(silica_optimize::Error::Refused(why))
                }
                outcome => return outcome,
            },
        };
        let function = self.functions.input(defined).function;
        tracing::info!(function, %refused, "one tier refuses, the other compiles");
        if let Some(tell) = self.options.refused {
            tell(function, &refused.to_string());
        }
        let outcome = match self.functions.environment.settings.tier {
            Tier::Baseline => self.compile_optimize(defined),
            Tier::Optimize => self.compile_baseline(defined),
        };
        // Of two refusals that of the tier which was asked for is told.
        outcome.map_err(|failure| match failure {
            Failure::Code(_) => Failure::Code(refused),
            Failure::Translation(error) => Failure::Translation(error),
        })
    }

    pub(crate) fn compile_baseline(&mut self, defined: usize) -> Result<CompiledFunction, Failure> {
        let target = self.functions.targets.baseline().map_err(Failure::Code)?;
        let workspace =
            (self.tools.baseline).get_or_insert_with(|| silica_baseline::Workspace::new(target));
        let environment = self.functions.environment;
        self.tools
            .survey
            .look(self.functions.bytes, environment.module.bodies[defined]);
        let FunctionInput {
            function,
            body_bytes,
            ..
        } = self.functions.input(defined);
        let input = silica_baseline::FunctionInput {
            function,
            body_bytes,
            survey: &self.tools.survey,
            memory_base: (!environment.module.memories.is_empty()).then(|| {
                match environment.layout.memory(0) {
                    Slot::Inline(at) => (None, at + memory::BASE),
                    Slot::Pointer(at) => (Some(at), memory::BASE),
                }
            }),
        };
        let (functions, scratch) = (self.functions, &mut self.tools.scratch);
        Ok(workspace.compile(input, |backend| {
            functions.translate(defined, scratch, backend)
        })?)
    }

    fn compile_optimize(&mut self, defined: usize) -> Result<CompiledFunction, Failure> {
        self.compile_entered(defined, None)
    }

    /// By the optimizing tier alone. With an entrance, code that goes on at one of its loops.
    pub(crate) fn compile_entered(
        &mut self,
        defined: usize,
        entrance: Option<u32>,
    ) -> Result<CompiledFunction, Failure> {
        let target = self.functions.targets.optimize().map_err(Failure::Code)?;
        let (functions, scratch) = (self.functions, &mut self.tools.scratch);
        let optimize = (self.tools.optimize).get_or_insert_with(silica_optimize::Workspace::new);
        let inliner = self.callees.as_ref().map(|c| c as &dyn InlineSource);
        let input = FunctionInput {
            entrance,
            ..functions.input(defined)
        };
        Ok(optimize.compile(target, input, inliner, |backend| {
            functions.translate(defined, scratch, backend)
        })?)
    }
}
