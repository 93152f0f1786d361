//! Carries out a component's plan in a store. The code between components is connected in `adapters`.

mod adapters;

use std::collections::HashMap;
use std::sync::Arc;

use silica_component_describe::{
    Callee, CoreArgument, CoreDefinition, ModuleSource, Plan, Step, Trampoline,
};
use silica_engine::{
    AsContextMut, Caller, Extern, Func, Global, GlobalType, Instance, Module, Mutability,
    NumericFunc, Result, StoreContextMut, Val, ValType,
};

use crate::component::Component;
use crate::error::ComponentError;
use crate::handles::{HandleTable, ResourceId};
use crate::host::{Lowered, Ready};
use crate::links::{Source, core_type};
use crate::resource::ResourceType;
use crate::state::{Guest, GuestId, Lifted, Options, ResourceInfo, ResourceKind, Root, state};
use crate::trampolines;

/// What the host does with one of its resources that was dropped.
pub(crate) type Destructor<T> =
    Arc<dyn Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync>;

/// What the host gives for a component's imports.
pub(crate) struct Imports<T: 'static> {
    /// In the order of the plan's imported functions.
    pub(crate) functions: Vec<Ready<T>>,
    pub(crate) modules: Vec<Module>,
    /// By the plan's numbers.
    pub(crate) resources: HashMap<u32, (ResourceType, Destructor<T>)>,
}

/// Makes an instance; gives its number in the store.
pub(crate) fn instantiate<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    imports: &Imports<T>,
) -> Result<u32> {
    let root = begin(store, component, imports)?;
    let plan = component.plan();
    let depth = state(store).scopes.len();
    let mut maker = Maker {
        store: store.as_context_mut(),
        component,
        plan,
        imports,
        root,
        depth,
    };
    maker.all()?;
    Ok(root)
}

/// As [`instantiate`], on a stack that asynchronous host functions suspend.
pub(crate) async fn instantiate_async<T: Send + 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    imports: &Imports<T>,
) -> Result<u32> {
    let root = begin(store, component, imports)?;
    let depth = state(store).scopes.len();
    let mut maker = Maker {
        store: store.as_context_mut(),
        component,
        plan: component.plan(),
        imports,
        root,
        depth,
    };
    maker.all_async().await?;
    Ok(root)
}

/// The instance's place in the store, with its component instances and resource types.
fn begin<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    imports: &Imports<T>,
) -> Result<u32> {
    let plan = component.plan();
    let mut guests = Vec::with_capacity(plan.instances.len());
    for _ in &plan.instances {
        let ty = GlobalType::new(ValType::I32, Mutability::Var);
        let may_leave = Global::new(store.as_context_mut(), ty, Val::I32(1))?;
        let may_leave = may_leave.mutable_i32(&*store);
        guests.push(Guest {
            handles: HandleTable::default(),
            may_leave: may_leave.ok_or_else(|| wrong("global"))?,
            context: [0; 2],
            backpressure: 0,
        });
    }
    let root = state(store).roots.len() as u32;
    let mut resources: Vec<ResourceId> = Vec::with_capacity(plan.resources.len());
    for (index, resource) in plan.resources.iter().enumerate() {
        let all = state(store);
        let id = all.resources.len() as u32;
        let owner = resource.instance.map(|guest| GuestId { root, guest });
        let mut kind = ResourceKind::Guest(all.id, id);
        let mut destructor = None;
        if let Some((ty, drop)) = imports.resources.get(&(index as u32)) {
            kind = ty.kind;
            // The same type given twice is one type.
            let known = resources
                .iter()
                .find(|known| all.info(**known).kind == kind);
            if let Some(known) = known {
                resources.push(*known);
                continue;
            }
            let drop = Arc::clone(drop);
            destructor = Some(Func::wrap(
                store.as_context_mut(),
                move |mut caller: Caller<'_, T>, representation: u32| {
                    drop(caller.as_context_mut(), representation)
                },
            ));
        }
        resources.push(ResourceId(id));
        state(store).resources.push(ResourceInfo {
            kind,
            owner,
            destructor,
        });
    }
    state(store).roots.push(Root {
        component: component.clone(),
        guests,
        core_instances: Vec::new(),
        trampolines: Vec::new(),
        lifts: vec![None; plan.lifts.len()],
        resources,
        modules: imports.modules.clone(),
        entered: false,
        poisoned: false,
    });
    Ok(root)
}

struct Maker<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    component: &'a Component,
    plan: &'a Plan,
    imports: &'a Imports<T>,
    root: u32,
    /// How many calls were under way before.
    depth: usize,
}

impl<T: 'static> Drop for Maker<'_, T> {
    fn drop(&mut self) {
        state(&mut self.store).unwind_scopes(self.depth);
    }
}

/// A core instance to make: of this module, with these imports.
type Wanted = (Module, Vec<Extern>);

impl<T: Send + 'static> Maker<'_, T> {
    async fn all_async(&mut self) -> Result<()> {
        let plan = self.plan;
        for (index, step) in plan.steps.iter().enumerate() {
            if let Some((module, imports)) = self.step(index, step)? {
                let store = self.store.as_context_mut();
                let instance = Instance::new_async(store, &module, &imports).await?;
                self.state().core_instances.push(instance);
            }
        }
        self.all_lifts()
    }
}

impl<T: 'static> Maker<'_, T> {
    fn all(&mut self) -> Result<()> {
        let plan = self.plan;
        for (index, step) in plan.steps.iter().enumerate() {
            if let Some((module, imports)) = self.step(index, step)? {
                let instance = Instance::new(self.store.as_context_mut(), &module, &imports)?;
                self.state().core_instances.push(instance);
            }
        }
        self.all_lifts()
    }

    fn all_lifts(&mut self) -> Result<()> {
        let plan = self.plan;
        for lift in 0..plan.lifts.len() {
            self.lift(lift as u32)?;
        }
        Ok(())
    }

    fn state(&mut self) -> &mut Root {
        let root = self.root;
        state(&mut self.store).root(root)
    }

    fn guest(&self, guest: u32) -> GuestId {
        GuestId {
            root: self.root,
            guest,
        }
    }

    fn resource(&mut self, resource: u32) -> ResourceId {
        self.state().resources[resource as usize]
    }

    /// Does a step, but for making a core instance, which it gives.
    fn step(&mut self, index: usize, step: &Step) -> Result<Option<Wanted>> {
        match step {
            Step::Instantiate {
                module, arguments, ..
            } => {
                let module = self.module(*module);
                let imports = self.core_imports(index, &module, arguments)?;
                return Ok(Some((module, imports)));
            }
            Step::Trampoline(trampoline) => {
                let function = self.trampoline(index, trampoline)?;
                self.state().trampolines.push(function);
            }
            Step::Resource {
                resource,
                destructor,
            } => {
                let destructor = match destructor {
                    Some(definition) => Some(self.function(definition)?),
                    None => None,
                };
                let id = self.resource(*resource);
                state(&mut self.store).resources[id.0 as usize].destructor = destructor;
            }
        }
        Ok(None)
    }

    fn module(&mut self, module: ModuleSource) -> Module {
        match module {
            ModuleSource::Inside(index) => self.component.module(index).clone(),
            ModuleSource::Imported(index) => self.state().modules[index as usize].clone(),
        }
    }

    /// The imports of the instance that a step makes.
    fn core_imports(
        &mut self,
        step: usize,
        module: &Module,
        arguments: &[(Box<str>, CoreArgument)],
    ) -> Result<Vec<Extern>> {
        match self.component.links().imports(step) {
            Some(sources) => sources.iter().map(|source| self.source(source)).collect(),
            None => self.imports_by_name(module, arguments),
        }
    }

    fn source(&mut self, source: &Source) -> Result<Extern> {
        match source {
            Source::Trampoline(index) => Ok(self.state().trampolines[*index as usize].into()),
            Source::Export(instance, export) => {
                let instance = self.state().core_instances[*instance as usize];
                let found = instance.get_module_export(self.store.as_context_mut(), export);
                found.ok_or_else(|| wrong("core definition"))
            }
        }
    }

    fn imports_by_name(
        &mut self,
        module: &Module,
        arguments: &[(Box<str>, CoreArgument)],
    ) -> Result<Vec<Extern>> {
        let by_name: HashMap<&str, &CoreArgument> = arguments
            .iter()
            .map(|(name, argument)| (&**name, argument))
            .collect();
        let mut imports = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let given = match by_name.get(import.module()) {
                Some(CoreArgument::Instance(instance)) => {
                    self.export(*instance, import.name()).ok()
                }
                Some(CoreArgument::Definitions(list)) => {
                    match list.iter().find(|(name, _)| **name == *import.name()) {
                        Some((_, definition)) => Some(self.definition(definition)?),
                        None => None,
                    }
                }
                None => None,
            };
            imports.push(given.ok_or_else(|| ComponentError::UnknownImport {
                name: format!("{}` `{}", import.module(), import.name()),
                expected: import.ty().to_string(),
            })?);
        }
        Ok(imports)
    }

    fn export(&mut self, instance: u32, name: &str) -> Result<Extern> {
        if let Some(export) = self.component.links().export(instance, name) {
            return self.source(&Source::Export(instance, export.clone()));
        }
        let instance = self.state().core_instances[instance as usize];
        let export = instance.get_export(self.store.as_context_mut(), name);
        export.ok_or_else(|| {
            ComponentError::Export {
                name: name.to_owned(),
                expected: "core definition",
            }
            .into()
        })
    }

    fn definition(&mut self, definition: &CoreDefinition) -> Result<Extern> {
        match definition {
            CoreDefinition::Export { instance, name } => self.export(*instance, name),
            CoreDefinition::Trampoline(index) => {
                Ok(self.state().trampolines[*index as usize].into())
            }
        }
    }

    fn function(&mut self, definition: &CoreDefinition) -> Result<Func> {
        let found = self.definition(definition)?.into_func();
        found.ok_or_else(|| wrong("core function"))
    }

    fn numeric(&mut self, definition: &CoreDefinition) -> Result<NumericFunc> {
        let function = self.function(definition)?;
        function
            .numeric(&self.store)
            .ok_or_else(|| wrong("core function of numbers"))
    }

    fn options(
        &mut self,
        options: &silica_component_describe::Options,
        guest: u32,
    ) -> Result<Options> {
        let memory = match &options.memory {
            Some(definition) => {
                let memory = self.definition(definition)?.into_memory();
                Some(memory.ok_or_else(|| wrong("memory that is not shared"))?)
            }
            None => None,
        };
        let realloc = match &options.realloc {
            Some(definition) => Some(self.function(definition)?.typed(&self.store)?),
            None => None,
        };
        let guest = self.guest(guest);
        Ok(Options {
            encoding: options.encoding,
            memory,
            realloc,
            guest,
            may_leave: state(&mut self.store).guest(guest).may_leave,
        })
    }

    /// A lifted function, resolved when it is first needed.
    fn lift(&mut self, index: u32) -> Result<Arc<Lifted>> {
        if let Some(lifted) = &self.state().lifts[index as usize] {
            return Ok(Arc::clone(lifted));
        }
        let lift = &self.plan.lifts[index as usize];
        let lifted = Arc::new(Lifted {
            function: self.numeric(&lift.function)?,
            post_return: match &lift.options.post_return {
                Some(definition) => Some(self.numeric(definition)?),
                None => None,
            },
            options: self.options(&lift.options, lift.instance)?,
            ty: Arc::clone(self.component.links().lifted(index)),
        });
        self.state().lifts[index as usize] = Some(Arc::clone(&lifted));
        Ok(lifted)
    }

    fn trampoline(&mut self, step: usize, trampoline: &Trampoline) -> Result<Func> {
        Ok(match trampoline {
            Trampoline::Lower {
                callee,
                ty,
                options,
                instance,
            } => {
                if let (Callee::Lifted(lift), Some((module, imports))) =
                    (callee, self.component.adapter(step))
                {
                    let options = self.options(options, *instance)?;
                    return self.adapter(module, imports, *lift, &options);
                }
                let Callee::Imported(import) = callee else {
                    return self.waiting(*ty, *instance);
                };
                let links = self.component.links();
                let lowered = Lowered {
                    component: self.component.clone(),
                    ty: links.lowered(step).cloned().ok_or_else(|| wrong("type"))?,
                    options: self.options(options, *instance)?,
                    trace: None,
                };
                let host = self.imports.functions[*import as usize].clone();
                return trampolines::lowered(&mut self.store, lowered, host);
            }
            Trampoline::ResourceNew { resource, instance } => {
                let (guest, resource) = (self.guest(*instance), self.resource(*resource));
                trampolines::resource_new(&mut self.store, guest, resource)
            }
            Trampoline::ResourceRep { resource, instance } => {
                let (guest, resource) = (self.guest(*instance), self.resource(*resource));
                trampolines::resource_rep(&mut self.store, guest, resource)
            }
            Trampoline::ResourceDrop { resource, instance } => {
                let (guest, resource) = (self.guest(*instance), self.resource(*resource));
                trampolines::resource_drop(&mut self.store, self.component, guest, resource)
            }
            Trampoline::Builtin(builtin) => {
                let guest = self.guest(builtin.instance);
                trampolines::builtin(&mut self.store, guest, builtin)
            }
        })
    }

    fn waiting(&mut self, ty: u32, instance: u32) -> Result<Func> {
        let ty = self.plan.types.function(ty);
        let signature = self.plan.types.lowered_signature(ty);
        let core = core_type(self.store.engine(), &signature);
        let guest = self.guest(instance);
        Ok(trampolines::waiting(&mut self.store, guest, core))
    }
}

/// The error of a definition that is of another kind than validation has said.
fn wrong(expected: &'static str) -> anyhow::Error {
    ComponentError::Export {
        name: String::new(),
        expected,
    }
    .into()
}
