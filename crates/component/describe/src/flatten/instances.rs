//! Instances: of core modules, of components, and what the host gives.

use std::sync::Arc;

use silica_module::{ByteRange, DecodeError, Limits};
use wasmparser::{
    ComponentExternalKind, ComponentInstance, ComponentTypeRef, Instance, InstanceTypeDeclaration,
    TypeBounds,
};

use super::scope::{Component, CoreInstance, Exports, Scope, TypeValue, Value};
use super::scope::{Result, inconsistent};
use super::{Arguments, Flattener};
use crate::plan::{Callee, CoreArgument, Import, ImportItem, ModuleSource, Resource, Step};

impl<'d> Flattener<'d, '_> {
    pub(super) fn core_module(&mut self, bytes: ByteRange, scope: usize) {
        // A component that is instantiated again has the same module again.
        let modules = &mut self.plan.modules;
        let index = match modules.iter().position(|there| *there == bytes) {
            Some(index) => index,
            None => {
                modules.push(bytes);
                modules.len() - 1
            }
        };
        self.scopes[scope].push(Value::Module(ModuleSource::Inside(index as u32)));
    }

    pub(super) fn core_instance(&mut self, instance: &'d Instance<'d>, scope: usize) -> Result<()> {
        let made = match instance {
            Instance::Instantiate { module_index, args } => {
                let module = self.scopes[scope].module(*module_index)?;
                let mut arguments = Vec::with_capacity(args.len());
                for argument in args {
                    let given = match self.scopes[scope].core_instance(argument.index)?.clone() {
                        CoreInstance::Step(instance) => CoreArgument::Instance(instance),
                        CoreInstance::Definitions(definitions) => {
                            self.count(definitions.len() as u64)?;
                            CoreArgument::Definitions(definitions.to_vec())
                        }
                    };
                    arguments.push((self.name(argument.name)?, given));
                }
                let index = self.plan.core_instances;
                self.plan.core_instances += 1;
                Limits::check(
                    "core instances of a component",
                    self.plan.core_instances.into(),
                    self.limits.core_instances,
                    0,
                )?;
                self.plan.steps.push(Step::Instantiate {
                    module,
                    arguments,
                    instance: self.scopes[scope].instance,
                });
                CoreInstance::Step(index)
            }
            Instance::FromExports(exports) => {
                let mut definitions = Vec::with_capacity(exports.len());
                for export in exports {
                    let definition = self.scopes[scope].core(export.kind, export.index)?;
                    definitions.push((self.name(export.name)?, definition));
                }
                self.count(definitions.len() as u64)?;
                CoreInstance::Definitions(definitions.into())
            }
        };
        self.scopes[scope].core_instances.push(made);
        Ok(())
    }

    pub(super) fn instance(
        &mut self,
        instance: &'d ComponentInstance<'d>,
        scope: usize,
        depth: u32,
    ) -> Result<()> {
        let exports = match instance {
            ComponentInstance::Instantiate {
                component_index,
                args,
            } => {
                let index = *component_index;
                let component = self.scopes[scope].at(ComponentExternalKind::Component, index)?;
                let Value::Component(Component::Inside { definition, outer }) = component else {
                    return Err(DecodeError::Unsupported("components that the host gives"));
                };
                let mut arguments = Vec::with_capacity(args.len());
                for argument in args {
                    let value = self.scopes[scope].at(argument.kind, argument.index)?;
                    arguments.push((argument.name, value));
                }
                let parent = self.scopes[scope].instance;
                let inner = self.enter(Some(outer), Some(parent))?;
                self.component(definition, inner, Arguments::Given(&arguments), depth + 1)?
            }
            ComponentInstance::FromExports(list) => {
                let mut exports = Exports::default();
                for export in list {
                    let value = self.scopes[scope].at(export.kind, export.index)?;
                    exports.add(export.name.name, value);
                }
                self.count(list.len() as u64)?;
                exports
            }
        };
        self.scopes[scope].push(Value::Instance(Arc::new(exports)));
        Ok(())
    }

    /// What the host is to give for `ty`, and what stands for it meanwhile.
    pub(super) fn host_item(
        &mut self,
        ty: &ComponentTypeRef,
        scope: usize,
        name: &str,
    ) -> Result<(Value<'d>, ImportItem)> {
        self.count(1)?;
        Ok(match ty {
            ComponentTypeRef::Module(_) => {
                let index = self.plan.imported_modules;
                self.plan.imported_modules += 1;
                let module = ModuleSource::Imported(index);
                (Value::Module(module), ImportItem::Module(index))
            }
            ComponentTypeRef::Func(ty) => {
                let ty = self.scopes[scope].function_type(*ty)?;
                let index = self.plan.imported_functions.len() as u32;
                self.plan.imported_functions.push(ty);
                let callee = Callee::Imported(index);
                (Value::Function { callee, ty }, ImportItem::Function(index))
            }
            ComponentTypeRef::Type(TypeBounds::Eq(ty)) => {
                let ty = self.scopes[scope].ty(*ty)?.clone();
                let value = match &ty {
                    TypeValue::Value(ty) => Some(*ty),
                    TypeValue::Function(_)
                    | TypeValue::Resource(_)
                    | TypeValue::Instance { .. }
                    | TypeValue::Component(_) => None,
                };
                (Value::Type(ty), ImportItem::Type(value))
            }
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                let index = self.plan.resources.len() as u32;
                let name = Some(self.name(name)?);
                self.plan.resources.push(Resource {
                    instance: None,
                    name,
                });
                let ty = TypeValue::Resource(index);
                (Value::Type(ty), ImportItem::Resource(index))
            }
            ComponentTypeRef::Instance(ty) => self.host_instance(*ty, scope)?,
            ComponentTypeRef::Component(_) => {
                (Value::Component(Component::Imported), ImportItem::Component)
            }
            ComponentTypeRef::Value(_) => {
                return Err(DecodeError::Unsupported("values that the host gives"));
            }
        })
    }

    fn host_instance(&mut self, ty: u32, scope: usize) -> Result<(Value<'d>, ImportItem)> {
        let TypeValue::Instance {
            declarations,
            outer,
        } = self.scopes[scope].ty(ty)?.clone()
        else {
            return Err(inconsistent("an index of no instance type"));
        };
        let instance = self.scopes[scope].instance;
        self.scopes.push(Scope::new(Some(outer), instance));
        let inner = self.scopes.len() - 1;
        let mut exports = Exports::default();
        let mut items = Vec::new();
        for declaration in declarations {
            self.count(1)?;
            match declaration {
                InstanceTypeDeclaration::CoreType(_) => self.scopes[inner].core_types += 1,
                InstanceTypeDeclaration::Type(ty) => {
                    let ty = self.component_type(ty, inner)?;
                    self.scopes[inner].types.push(ty);
                }
                InstanceTypeDeclaration::Alias(alias) => self.alias(alias, inner)?,
                InstanceTypeDeclaration::Export { name, ty } => {
                    let (value, item) = self.host_item(ty, inner, name.name)?;
                    self.scopes[inner].push(value.clone());
                    exports.add(name.name, value);
                    let name = self.name(name.name)?.into();
                    items.push(Import { name, item });
                }
            }
        }
        let value = Value::Instance(Arc::new(exports));
        Ok((value, ImportItem::Instance(items)))
    }
}
