//! A scope: the index spaces of one component instance or one instance type.

use std::collections::HashMap;
use std::sync::Arc;

use silica_module::DecodeError;
use wasmparser::{
    ComponentExternalKind, ComponentTypeDeclaration, ExternalKind, InstanceTypeDeclaration,
};

use crate::definition::Definition;
use crate::plan::{Callee, CoreDefinition, ModuleSource};
use crate::types::ValueType;

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

/// The error of what validation has excluded.
pub(super) fn inconsistent(what: &'static str) -> DecodeError {
    DecodeError::Unsupported(what)
}

/// What an index of a component's stands for.
#[derive(Clone)]
pub(super) enum Value<'d> {
    Module(ModuleSource),
    Function { callee: Callee, ty: u32 },
    Instance(Arc<Exports<'d>>),
    Component(Component<'d>),
    Type(TypeValue<'d>),
}

/// What an index of a type stands for.
#[derive(Clone)]
pub(super) enum TypeValue<'d> {
    Value(ValueType),
    Function(u32),
    Resource(u32),
    /// Its declarations are looked into where the host is to give such an instance.
    Instance {
        declarations: &'d [InstanceTypeDeclaration<'d>],
        outer: usize,
    },
    Component(
        #[expect(dead_code, reason = "says what the type is")] &'d [ComponentTypeDeclaration<'d>],
    ),
}

/// A component that can be instantiated.
#[derive(Clone, Copy)]
pub(super) enum Component<'d> {
    Inside {
        definition: &'d Definition<'d>,
        outer: usize,
    },
    /// The host would have to give it.
    Imported,
}

/// A core instance.
#[derive(Clone)]
pub(super) enum CoreInstance {
    /// A step makes it.
    Step(u32),
    /// It only puts together what there is.
    Definitions(Arc<[(Box<str>, CoreDefinition)]>),
}

/// What an instance exports, in order and by name.
#[derive(Clone, Default)]
pub(super) struct Exports<'d> {
    list: Vec<(&'d str, Value<'d>)>,
    index: HashMap<&'d str, usize>,
}

impl<'d> Exports<'d> {
    pub(super) fn add(&mut self, name: &'d str, value: Value<'d>) {
        self.index.insert(name, self.list.len());
        self.list.push((name, value));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value<'d>> {
        let index = *self.index.get(name)?;
        self.list.get(index).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'d str, &Value<'d>)> {
        self.list.iter().map(|(name, value)| (*name, value))
    }

    /// Only these of them.
    pub(super) fn narrowed(&self, names: impl Iterator<Item = &'d str>) -> Exports<'d> {
        let mut narrowed = Exports::default();
        for name in names {
            if let Some(value) = self.get(name) {
                narrowed.add(name, value.clone());
            }
        }
        narrowed
    }
}

/// The index spaces of one component instance or one instance type.
pub(super) struct Scope<'d> {
    /// Where outer aliases lead.
    pub(super) outer: Option<usize>,
    /// Which component instance of the plan it is of.
    pub(super) instance: u32,
    pub(super) core_types: u32,
    pub(super) core_instances: Vec<CoreInstance>,
    core_functions: Vec<CoreDefinition>,
    core_memories: Vec<CoreDefinition>,
    core_tables: Vec<CoreDefinition>,
    core_globals: Vec<CoreDefinition>,
    core_tags: Vec<CoreDefinition>,
    modules: Vec<ModuleSource>,
    functions: Vec<(Callee, u32)>,
    instances: Vec<Arc<Exports<'d>>>,
    pub(super) components: Vec<Component<'d>>,
    pub(super) types: Vec<TypeValue<'d>>,
}

impl<'d> Scope<'d> {
    pub(super) fn new(outer: Option<usize>, instance: u32) -> Scope<'d> {
        Scope {
            outer,
            instance,
            core_types: 0,
            core_instances: Vec::new(),
            core_functions: Vec::new(),
            core_memories: Vec::new(),
            core_tables: Vec::new(),
            core_globals: Vec::new(),
            core_tags: Vec::new(),
            modules: Vec::new(),
            functions: Vec::new(),
            instances: Vec::new(),
            components: Vec::new(),
            types: Vec::new(),
        }
    }

    /// Gives `value` the next index of its kind.
    pub(super) fn push(&mut self, value: Value<'d>) {
        match value {
            Value::Module(module) => self.modules.push(module),
            Value::Function { callee, ty } => self.functions.push((callee, ty)),
            Value::Instance(instance) => self.instances.push(instance),
            Value::Component(component) => self.components.push(component),
            Value::Type(ty) => self.types.push(ty),
        }
    }

    /// What `index` stands for.
    pub(super) fn at(&self, kind: ComponentExternalKind, index: u32) -> Result<Value<'d>> {
        let at = index as usize;
        let value = match kind {
            ComponentExternalKind::Module => self.modules.get(at).copied().map(Value::Module),
            ComponentExternalKind::Func => self
                .functions
                .get(at)
                .map(|&(callee, ty)| Value::Function { callee, ty }),
            ComponentExternalKind::Instance => self.instances.get(at).cloned().map(Value::Instance),
            ComponentExternalKind::Component => {
                self.components.get(at).copied().map(Value::Component)
            }
            ComponentExternalKind::Type => self.types.get(at).cloned().map(Value::Type),
            ComponentExternalKind::Value => None,
        };
        value.ok_or_else(|| inconsistent("an index of nothing"))
    }

    pub(super) fn instance(&self, index: u32) -> Result<Arc<Exports<'d>>> {
        let instance = self.instances.get(index as usize).cloned();
        instance.ok_or_else(|| inconsistent("an index of no instance"))
    }

    pub(super) fn module(&self, index: u32) -> Result<ModuleSource> {
        let module = self.modules.get(index as usize).copied();
        module.ok_or_else(|| inconsistent("an index of no module"))
    }

    pub(super) fn function(&self, index: u32) -> Result<(Callee, u32)> {
        let function = self.functions.get(index as usize).copied();
        function.ok_or_else(|| inconsistent("an index of no function"))
    }

    pub(super) fn ty(&self, index: u32) -> Result<&TypeValue<'d>> {
        let ty = self.types.get(index as usize);
        ty.ok_or_else(|| inconsistent("an index of no type"))
    }

    pub(super) fn resource(&self, index: u32) -> Result<u32> {
        match self.ty(index)? {
            TypeValue::Resource(resource) => Ok(*resource),
            TypeValue::Value(_)
            | TypeValue::Function(_)
            | TypeValue::Instance { .. }
            | TypeValue::Component(_) => Err(inconsistent("an index of no resource type")),
        }
    }

    pub(super) fn function_type(&self, index: u32) -> Result<u32> {
        match self.ty(index)? {
            TypeValue::Function(ty) => Ok(*ty),
            TypeValue::Value(_)
            | TypeValue::Resource(_)
            | TypeValue::Instance { .. }
            | TypeValue::Component(_) => Err(inconsistent("an index of no function type")),
        }
    }

    pub(super) fn core_instance(&self, index: u32) -> Result<&CoreInstance> {
        let instance = self.core_instances.get(index as usize);
        instance.ok_or_else(|| inconsistent("an index of no core instance"))
    }

    fn core_space(&mut self, kind: ExternalKind) -> &mut Vec<CoreDefinition> {
        match kind {
            ExternalKind::Memory => &mut self.core_memories,
            ExternalKind::Table => &mut self.core_tables,
            ExternalKind::Global => &mut self.core_globals,
            ExternalKind::Tag => &mut self.core_tags,
            ExternalKind::Func | ExternalKind::FuncExact => &mut self.core_functions,
        }
    }

    pub(super) fn push_core(&mut self, kind: ExternalKind, definition: CoreDefinition) {
        self.core_space(kind).push(definition);
    }

    pub(super) fn core(&mut self, kind: ExternalKind, index: u32) -> Result<CoreDefinition> {
        let definition = self.core_space(kind).get(index as usize).cloned();
        definition.ok_or_else(|| inconsistent("an index of no core definition"))
    }
}
