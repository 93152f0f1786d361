//! Canonical functions: lifted, lowered, of resources, and the other built-ins.

use silica_module::DecodeError;
use wasmparser::{CanonicalFunction, CanonicalOption, ExternalKind};

use super::Flattener;
use super::scope::Result;
use super::scope::Value;
use crate::builtins;
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
        name: builtins::name(function),
        params: signature.params.clone(),
        results: signature.results.clone(),
        slot,
        instance,
    })
}
