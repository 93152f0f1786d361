//! Follows a component's definitions as if it were instantiated, with names in place of values.
//!
//! The state is a list of scopes, one for each component instance and each instance type that is looked into.
//! A component that is instantiated twice is followed twice: its resource types are others each time. Limits count
//! what is followed, so that the work is bounded whatever the bytes say.

mod canonical;
mod instances;
mod scope;
mod values;

use std::sync::Arc;

use silica_module::Limits;
use wasmparser::{
    ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport,
    ComponentOuterAliasKind, ComponentTypeRef, InstanceTypeDeclaration,
};

use crate::definition::{Definition, Item};
use crate::limits::ComponentLimits;
use crate::plan::{ComponentInstance, CoreDefinition, Export, ExportItem, Import, Plan};
use scope::{CoreInstance, Exports, Result, Scope, TypeValue, Value, inconsistent};

/// The plan of a valid component.
pub(crate) fn flatten(root: &Definition<'_>, limits: &ComponentLimits) -> Result<Plan> {
    let mut flattener = Flattener {
        plan: Plan::default(),
        limits,
        scopes: Vec::new(),
        followed: 0,
        name_bytes: 0,
    };
    let scope = flattener.enter(None, None)?;
    let exports = flattener.component(root, scope, Arguments::Root, 0)?;
    flattener.plan.exports = flattener.exports(&exports)?;
    Ok(flattener.plan)
}

/// What a component's imports are.
enum Arguments<'d, 'v> {
    /// The host's.
    Root,
    /// Given by whoever instantiates it.
    Given(&'v [(&'d str, Value<'d>)]),
}

struct Flattener<'d, 'l> {
    plan: Plan,
    limits: &'l ComponentLimits,
    scopes: Vec<Scope<'d>>,
    followed: u64,
    name_bytes: u64,
}

impl<'d> Flattener<'d, '_> {
    /// A scope of a component instance inside `outer`, or of none.
    fn enter(&mut self, outer: Option<usize>, parent: Option<u32>) -> Result<usize> {
        let instance = self.plan.instances.len() as u32;
        self.plan.instances.push(ComponentInstance { parent });
        self.count(1)?;
        Limits::check(
            "component instances",
            u64::from(instance) + 1,
            self.limits.instances,
            0,
        )?;
        self.scopes.push(Scope::new(outer, instance));
        Ok(self.scopes.len() - 1)
    }

    fn count(&mut self, definitions: u64) -> Result<()> {
        self.followed += definitions;
        Limits::check(
            "definitions of components that are instantiated",
            self.followed,
            self.limits.definitions,
            0,
        )
    }

    /// A name that the plan keeps.
    fn name(&mut self, name: &str) -> Result<Box<str>> {
        self.name_bytes += name.len() as u64;
        Limits::check(
            "bytes of a component's names",
            self.name_bytes,
            self.limits.name_bytes,
            0,
        )?;
        Ok(name.into())
    }

    /// Follows a component in a scope of its own; gives what it exports.
    fn component(
        &mut self,
        definition: &'d Definition<'d>,
        scope: usize,
        arguments: Arguments<'d, '_>,
        depth: u32,
    ) -> Result<Exports<'d>> {
        Limits::check(
            "depth of instances in instances",
            depth.into(),
            self.limits.nesting,
            0,
        )?;
        let mut exports = Exports::default();
        for item in &definition.items {
            self.count(1)?;
            match item {
                Item::CoreModule(bytes) => self.core_module(*bytes, scope),
                Item::CoreInstance(instance) => self.core_instance(instance, scope)?,
                Item::CoreType => self.scopes[scope].core_types += 1,
                Item::Component(definition) => {
                    self.scopes[scope]
                        .components
                        .push(scope::Component::Inside {
                            definition,
                            outer: scope,
                        });
                }
                Item::Instance(instance) => self.instance(instance, scope, depth)?,
                Item::Alias(alias) => self.alias(alias, scope)?,
                Item::Type(ty) => {
                    let ty = self.component_type(ty, scope)?;
                    self.scopes[scope].types.push(ty);
                }
                Item::Canonical(function, signature) => {
                    self.canonical(function, signature.as_ref(), scope)?;
                }
                Item::Import(import) => self.import(import, scope, &arguments)?,
                Item::Export(export) => {
                    let value = self.export(export, scope)?;
                    exports.add(export.name.name, value);
                }
            }
        }
        Ok(exports)
    }

    fn import(
        &mut self,
        import: &'d ComponentImport<'d>,
        scope: usize,
        arguments: &Arguments<'d, '_>,
    ) -> Result<()> {
        let name = import.name.name;
        let value = match arguments {
            Arguments::Root => {
                let (value, item) = self.host_item(&import.ty, scope, name)?;
                let name = self.name(name)?.into();
                self.plan.imports.push(Import { name, item });
                value
            }
            Arguments::Given(arguments) => {
                let given = arguments.iter().find(|(given, _)| *given == name);
                match given {
                    Some((_, value)) => value.clone(),
                    None => return Err(inconsistent("an import without an argument")),
                }
            }
        };
        self.scopes[scope].push(value);
        Ok(())
    }

    fn export(&mut self, export: &'d ComponentExport<'d>, scope: usize) -> Result<Value<'d>> {
        let mut value = self.scopes[scope].at(export.kind, export.index)?;
        if let (Value::Instance(exports), Some(ComponentTypeRef::Instance(ty))) =
            (&value, export.ty)
            && let TypeValue::Instance { declarations, .. } = self.scopes[scope].ty(ty)?
        {
            value = Value::Instance(Arc::new(exports.narrowed(declared(declarations))));
        }
        if let Value::Type(TypeValue::Resource(resource)) = &value {
            let resource = *resource as usize;
            if self.plan.resources[resource].name.is_none() {
                let name = self.name(export.name.name)?;
                self.plan.resources[resource].name = Some(name);
            }
        }
        self.scopes[scope].push(value.clone());
        Ok(value)
    }

    fn alias(&mut self, alias: &'d ComponentAlias<'d>, scope: usize) -> Result<()> {
        match alias {
            ComponentAlias::InstanceExport {
                instance_index,
                name,
                ..
            } => {
                let instance = self.scopes[scope].instance(*instance_index)?;
                let value = instance
                    .get(name)
                    .ok_or_else(|| inconsistent("an alias of an export that is not there"))?;
                self.scopes[scope].push(value.clone());
            }
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            } => {
                let definition = match self.scopes[scope].core_instance(*instance_index)? {
                    CoreInstance::Step(instance) => CoreDefinition::Export {
                        instance: *instance,
                        name: (*name).into(),
                    },
                    CoreInstance::Definitions(definitions) => definitions
                        .iter()
                        .find(|(there, _)| &**there == *name)
                        .map(|(_, definition)| definition.clone())
                        .ok_or_else(|| inconsistent("an alias of a core export"))?,
                };
                self.count(1 + name.len() as u64 / 64)?;
                self.scopes[scope].push_core(*kind, definition);
            }
            ComponentAlias::Outer { kind, count, index } => {
                let mut outer = scope;
                for _ in 0..*count {
                    outer = self.scopes[outer]
                        .outer
                        .ok_or_else(|| inconsistent("an alias beyond the outermost component"))?;
                }
                self.outer_alias(*kind, outer, *index, scope)?;
            }
        }
        Ok(())
    }

    fn outer_alias(
        &mut self,
        kind: ComponentOuterAliasKind,
        outer: usize,
        index: u32,
        scope: usize,
    ) -> Result<()> {
        let kind = match kind {
            ComponentOuterAliasKind::CoreType => {
                self.scopes[scope].core_types += 1;
                return Ok(());
            }
            ComponentOuterAliasKind::CoreModule => ComponentExternalKind::Module,
            ComponentOuterAliasKind::Type => ComponentExternalKind::Type,
            ComponentOuterAliasKind::Component => ComponentExternalKind::Component,
        };
        let value = self.scopes[outer].at(kind, index)?;
        self.scopes[scope].push(value);
        Ok(())
    }

    /// The exports as the plan keeps them.
    fn exports(&mut self, exports: &Exports<'d>) -> Result<Vec<Export>> {
        let mut kept = Vec::new();
        for (name, value) in exports.iter() {
            self.count(1)?;
            let item = match value {
                Value::Module(module) => ExportItem::Module(*module),
                Value::Function { callee, ty } => ExportItem::Function(*callee, *ty),
                Value::Instance(exports) => ExportItem::Instance(self.exports(exports)?),
                Value::Component(_) => ExportItem::Component,
                Value::Type(TypeValue::Resource(resource)) => ExportItem::Resource(*resource),
                Value::Type(TypeValue::Value(ty)) => ExportItem::Type(Some(*ty)),
                Value::Type(_) => ExportItem::Type(None),
            };
            let name = self.name(name)?.into();
            kept.push(Export { name, item });
        }
        Ok(kept)
    }
}

/// The names that an instance type declares.
fn declared<'d>(declarations: &'d [InstanceTypeDeclaration<'d>]) -> impl Iterator<Item = &'d str> {
    declarations
        .iter()
        .filter_map(|declaration| match declaration {
            InstanceTypeDeclaration::Export { name, .. } => Some(name.name),
            InstanceTypeDeclaration::CoreType(_)
            | InstanceTypeDeclaration::Type(_)
            | InstanceTypeDeclaration::Alias(_) => None,
        })
}
