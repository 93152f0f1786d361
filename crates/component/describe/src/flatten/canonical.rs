//! Canonical functions: lifted, lowered, of resources, and the other built-ins.

use silica_module::DecodeError;
use wasmparser::{CanonicalFunction, CanonicalOption, ExternalKind};

use super::Flattener;
use super::scope::Result;
use super::scope::Value;
use crate::definition::CoreSignature;
use crate::plan::{Builtin, Callee, CoreDefinition, Encoding, Lift, Options, Step, Trampoline};

impl<'d> Flattener<'d, '_> {
    pub(super) fn canonical(
        &mut self,
        function: &'d CanonicalFunction,
        signature: Option<&CoreSignature>,
        scope: usize,
    ) -> Result<()> {
        let instance = self.scopes[scope].instance;
        let trampoline = match function {
            CanonicalFunction::Lift {
                core_func_index,
                type_index,
                options,
            } => {
                let lift = Lift {
                    function: self.scopes[scope].core(ExternalKind::Func, *core_func_index)?,
                    ty: self.scopes[scope].function_type(*type_index)?,
                    options: self.options(options, scope)?,
                    instance,
                };
                let (callee, ty) = (Callee::Lifted(self.plan.lifts.len() as u32), lift.ty);
                self.plan.lifts.push(lift);
                self.scopes[scope].push(Value::Function { callee, ty });
                return Ok(());
            }
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                let (callee, ty) = self.scopes[scope].function(*func_index)?;
                let options = self.options(options, scope)?;
                if options.is_async {
                    Trampoline::Builtin(builtin(function, signature, instance)?)
                } else {
                    Trampoline::Lower {
                        callee,
                        ty,
                        options,
                        instance,
                    }
                }
            }
            CanonicalFunction::ResourceNew { resource } => Trampoline::ResourceNew {
                resource: self.scopes[scope].resource(*resource)?,
                instance,
            },
            CanonicalFunction::ResourceRep { resource } => Trampoline::ResourceRep {
                resource: self.scopes[scope].resource(*resource)?,
                instance,
            },
            CanonicalFunction::ResourceDrop { resource } => Trampoline::ResourceDrop {
                resource: self.scopes[scope].resource(*resource)?,
                instance,
            },
            other => Trampoline::Builtin(builtin(other, signature, instance)?),
        };
        let definition = CoreDefinition::Trampoline(self.plan.trampolines);
        self.plan.trampolines += 1;
        self.plan.steps.push(Step::Trampoline(trampoline));
        self.scopes[scope].push_core(ExternalKind::Func, definition);
        Ok(())
    }

    fn options(&mut self, list: &[CanonicalOption], scope: usize) -> Result<Options> {
        let mut options = Options::default();
        let scope = &mut self.scopes[scope];
        for option in list {
            match option {
                CanonicalOption::UTF8 => options.encoding = Encoding::Utf8,
                CanonicalOption::UTF16 => options.encoding = Encoding::Utf16,
                CanonicalOption::CompactUTF16 => options.encoding = Encoding::CompactUtf16,
                CanonicalOption::Memory(index) => {
                    options.memory = Some(scope.core(ExternalKind::Memory, *index)?);
                }
                CanonicalOption::Realloc(index) => {
                    options.realloc = Some(scope.core(ExternalKind::Func, *index)?);
                }
                CanonicalOption::PostReturn(index) => {
                    options.post_return = Some(scope.core(ExternalKind::Func, *index)?);
                }
                // A callback says nothing until functions can wait.
                CanonicalOption::Async | CanonicalOption::Callback(_) => options.is_async = true,
                CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                    return Err(DecodeError::Unsupported(
                        "lifting and lowering through garbage-collected objects",
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn builtin(
    function: &CanonicalFunction,
    signature: Option<&CoreSignature>,
    instance: u32,
) -> Result<Builtin> {
    let Some(signature) = signature else {
        return Err(DecodeError::Unsupported("a built-in of no core type"));
    };
    let slot = match function {
        CanonicalFunction::ContextGet { slot, .. } | CanonicalFunction::ContextSet { slot, .. } => {
            *slot
        }
        _ => 0,
    };
    Ok(Builtin {
        name: name(function),
        params: signature.params.clone(),
        results: signature.results.clone(),
        slot,
        instance,
    })
}

fn name(function: &CanonicalFunction) -> &'static str {
    use CanonicalFunction as F;
    match function {
        F::Lift { .. } => "canon lift async",
        F::Lower { .. } => "canon lower async",
        F::ResourceNew { .. } => "resource.new",
        F::ResourceDrop { .. } => "resource.drop",
        F::ResourceRep { .. } => "resource.rep",
        F::ThreadSpawnRef { .. } => "thread.spawn-ref",
        F::ThreadSpawnIndirect { .. } => "thread.spawn-indirect",
        F::ThreadAvailableParallelism => "thread.available-parallelism",
        F::BackpressureInc => "backpressure.inc",
        F::BackpressureDec => "backpressure.dec",
        F::TaskReturn { .. } => "task.return",
        F::TaskCancel => "task.cancel",
        F::ContextGet { .. } => "context.get",
        F::ContextSet { .. } => "context.set",
        F::ThreadYield => "thread.yield",
        F::SubtaskDrop => "subtask.drop",
        F::SubtaskCancel { .. } => "subtask.cancel",
        F::StreamNew { .. } => "stream.new",
        F::StreamRead { .. } => "stream.read",
        F::StreamWrite { .. } => "stream.write",
        F::StreamForward { .. } => "stream.forward",
        F::StreamCancelRead { .. } => "stream.cancel-read",
        F::StreamCancelWrite { .. } => "stream.cancel-write",
        F::StreamDropReadable { .. } => "stream.drop-readable",
        F::StreamDropWritable { .. } => "stream.drop-writable",
        F::FutureNew { .. } => "future.new",
        F::FutureRead { .. } => "future.read",
        F::FutureWrite { .. } => "future.write",
        F::FutureForward { .. } => "future.forward",
        F::FutureCancelRead { .. } => "future.cancel-read",
        F::FutureCancelWrite { .. } => "future.cancel-write",
        F::FutureDropReadable { .. } => "future.drop-readable",
        F::FutureDropWritable { .. } => "future.drop-writable",
        F::ErrorContextNew { .. } => "error-context.new",
        F::ErrorContextDebugMessage { .. } => "error-context.debug-message",
        F::ErrorContextDrop => "error-context.drop",
        F::WaitableSetNew => "waitable-set.new",
        F::WaitableSetWait { .. } => "waitable-set.wait",
        F::WaitableSetPoll { .. } => "waitable-set.poll",
        F::WaitableSetDrop => "waitable-set.drop",
        F::WaitableJoin => "waitable.join",
        F::ThreadIndex => "thread.index",
        F::ThreadNewIndirect { .. } => "thread.new-indirect",
        F::ThreadResumeLater => "thread.resume-later",
        F::ThreadSuspend => "thread.suspend",
        F::ThreadSuspendThenResume => "thread.suspend-then-resume",
        F::ThreadYieldThenResume => "thread.yield-then-resume",
        F::ThreadSuspendThenPromote => "thread.suspend-then-promote",
        F::ThreadYieldThenPromote => "thread.yield-then-promote",
    }
}
