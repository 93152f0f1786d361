//! What is known of a plan before it is carried out: where each import of its core instances is, and what its functions
//! are as core functions. So names are looked up and types made once for each component, not for each instance.

use std::collections::HashMap;
use std::sync::Arc;

use silica_component_describe::{
    CoreArgument, CoreDefinition, FlatType, Lift, ModuleSource, Options, Plan, Signature, Step,
    Trampoline,
};
use silica_engine::{Engine, FuncType, Module, ModuleExport, ValType};

use crate::list_types::ListTypes;

/// Where something of a core module is found.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// What a core instance exports.
    Export(u32, ModuleExport),
    /// What a step made.
    Trampoline(u32),
}

/// What a host function is that a guest imports.
#[derive(Debug)]
pub(crate) struct LoweredType {
    /// The plan's number of it.
    pub(crate) number: u32,
    pub(crate) signature: Signature,
    pub(crate) core: FuncType,
    /// Whether handles are lent to it.
    pub(crate) borrows: bool,
}

/// What a function is that a guest exports.
#[derive(Debug)]
pub(crate) struct LiftedType {
    /// The plan's number of it.
    pub(crate) number: u32,
    pub(crate) types: ListTypes,
    pub(crate) signature: Signature,
    /// Whether handles are lent to it.
    pub(crate) borrows: bool,
    pub(crate) is_async: bool,
}

/// What is known of a component's plan, for its modules.
pub(crate) struct Links {
    /// For each step that makes an instance of one of the component's own modules, its imports in order.
    imports: HashMap<usize, Box<[Source]>>,
    /// For each core instance, what the plan names of it.
    exports: Vec<HashMap<Box<str>, ModuleExport>>,
    /// For each step that lowers a function, its type.
    lowered: HashMap<usize, Arc<LoweredType>>,
    /// For each of the plan's.
    lifted: Vec<Arc<LiftedType>>,
}

impl Links {
    pub(crate) fn of(engine: &Engine, plan: &Plan, modules: &[Module]) -> Links {
        let names = Names::of(plan, modules);
        let mut links = Links {
            imports: HashMap::new(),
            exports: vec![HashMap::new(); names.instances.len()],
            lowered: HashMap::new(),
            lifted: plan.lifts.iter().map(|lift| lifted(plan, lift)).collect(),
        };
        for lift in &plan.lifts {
            links.keep(&names, [&lift.function]);
            links.keep(&names, of_options(&lift.options));
        }
        for (index, step) in plan.steps.iter().enumerate() {
            match step {
                Step::Instantiate {
                    module: ModuleSource::Inside(module),
                    arguments,
                    ..
                } => {
                    let imports = names.imports(&modules[*module as usize], arguments);
                    links
                        .imports
                        .extend(imports.map(|imports| (index, imports)));
                }
                Step::Instantiate {
                    module: ModuleSource::Imported(_),
                    ..
                } => {}
                Step::Trampoline(Trampoline::Lower { ty, options, .. }) => {
                    links.keep(&names, of_options(options));
                    let ty = Arc::new(LoweredType::of(engine, plan, *ty));
                    links.lowered.insert(index, ty);
                }
                Step::Trampoline(_) => {}
                Step::Resource { destructor, .. } => links.keep(&names, destructor),
            }
        }
        links
    }

    /// Notes where these are.
    fn keep<'p>(
        &mut self,
        names: &Names<'_>,
        definitions: impl IntoIterator<Item = &'p CoreDefinition>,
    ) {
        for definition in definitions {
            if let CoreDefinition::Export { instance, name } = definition
                && let Some(Source::Export(_, export)) = names.find(*instance, name)
            {
                self.exports[*instance as usize].insert(name.clone(), export);
            }
        }
    }

    /// The imports of the core instance that a step makes. None where names have to be looked up: where the host gave a
    /// module.
    pub(crate) fn imports(&self, step: usize) -> Option<&[Source]> {
        self.imports.get(&step).map(|imports| &**imports)
    }

    /// Where a core instance exports `name`, if that is known.
    pub(crate) fn export(&self, instance: u32, name: &str) -> Option<&ModuleExport> {
        self.exports.get(instance as usize)?.get(name)
    }

    /// The type of the function that a step lowers.
    pub(crate) fn lowered(&self, step: usize) -> Option<&Arc<LoweredType>> {
        self.lowered.get(&step)
    }

    /// The type of one of the plan's lifted functions.
    pub(crate) fn lifted(&self, lift: u32) -> &Arc<LiftedType> {
        &self.lifted[lift as usize]
    }
}

impl LoweredType {
    fn of(engine: &Engine, plan: &Plan, number: u32) -> LoweredType {
        let ty = plan.types.function(number);
        let signature = plan.types.lowered_signature(ty);
        LoweredType {
            number,
            core: core_type(engine, &signature),
            signature,
            borrows: plan.types.parameters_layout(ty).has_borrow,
        }
    }
}

fn lifted(plan: &Plan, lift: &Lift) -> Arc<LiftedType> {
    let ty = plan.types.function(lift.ty);
    Arc::new(LiftedType {
        number: lift.ty,
        types: ListTypes::of(ty),
        signature: plan.types.lifted_signature(ty),
        borrows: plan.types.parameters_layout(ty).has_borrow,
        is_async: lift.options.is_async,
    })
}

fn of_options(options: &Options) -> impl Iterator<Item = &CoreDefinition> {
    let all = [&options.memory, &options.realloc, &options.post_return];
    all.into_iter().flatten()
}

/// The type of a core function.
pub(crate) fn core_type(engine: &Engine, signature: &Signature) -> FuncType {
    let types = |types: &[FlatType]| -> Vec<ValType> {
        types
            .iter()
            .map(|ty| match ty {
                FlatType::I32 => ValType::I32,
                FlatType::I64 => ValType::I64,
                FlatType::F32 => ValType::F32,
                FlatType::F64 => ValType::F64,
            })
            .collect()
    };
    FuncType::new(engine, types(&signature.params), types(&signature.results))
}

/// What the component's modules export, by name.
struct Names<'m> {
    exports: Vec<HashMap<&'m str, ModuleExport>>,
    /// For each core instance, its module, if that is the component's own.
    instances: Vec<Option<u32>>,
}

impl<'m> Names<'m> {
    fn of(plan: &Plan, modules: &'m [Module]) -> Names<'m> {
        let module = |step: &Step| match step {
            Step::Instantiate { module, .. } => Some(match module {
                ModuleSource::Inside(index) => Some(*index),
                ModuleSource::Imported(_) => None,
            }),
            Step::Trampoline(_) | Step::Resource { .. } => None,
        };
        let exports = modules.iter().map(|module| module.export_names().collect());
        Names {
            exports: exports.collect(),
            instances: plan.steps.iter().filter_map(module).collect(),
        }
    }

    fn find(&self, instance: u32, name: &str) -> Option<Source> {
        let module = (*self.instances.get(instance as usize)?)?;
        let export = self.exports[module as usize].get(name)?;
        Some(Source::Export(instance, export.clone()))
    }

    /// Where the imports of `module` are, if all are found.
    fn imports(
        &self,
        module: &Module,
        arguments: &[(Box<str>, CoreArgument)],
    ) -> Option<Box<[Source]>> {
        let mut instances: HashMap<&str, u32> = HashMap::new();
        let mut definitions: HashMap<(&str, &str), &CoreDefinition> = HashMap::new();
        for (from, argument) in arguments {
            match argument {
                CoreArgument::Instance(instance) => drop(instances.insert(from, *instance)),
                CoreArgument::Definitions(list) => {
                    let named = list.iter().map(|(name, it)| ((&**from, &**name), it));
                    definitions.extend(named);
                }
            }
        }
        let imports = module.import_names().map(|(from, name)| {
            if let Some(instance) = instances.get(from) {
                return self.find(*instance, name);
            }
            match definitions.get(&(from, name))? {
                CoreDefinition::Export { instance, name } => self.find(*instance, name),
                CoreDefinition::Trampoline(index) => Some(Source::Trampoline(*index)),
            }
        });
        imports.collect()
    }
}
