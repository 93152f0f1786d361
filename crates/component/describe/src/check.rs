//! Whether a plan that was kept is whole: each number in it is of something that is there, and there in time.
//!
//! A plan that was just made is; one that was read from a file may be anything.

use crate::plan::{
    Callee, CoreArgument, CoreDefinition, Export, ExportItem, Import, ImportItem, Lift,
    ModuleSource, Options, Plan, Step, Trampoline,
};
use crate::types::ValueType;

/// What there is when a step is carried out.
#[derive(Clone, Copy, Default)]
struct Made {
    core_instances: u32,
    trampolines: u32,
}

/// What the host gives.
#[derive(Default)]
struct Given {
    functions: u32,
    modules: u32,
}

/// True, or else there is something wrong.
fn must(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Plan {
    /// Checks that all its numbers are of something that is there.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        let above = |(index, instance): (usize, &crate::ComponentInstance)| {
            instance
                .parent
                .is_none_or(|parent| (parent as usize) < index)
        };
        must(
            !self.instances.is_empty() && self.instances.iter().enumerate().all(above),
            "a component instance is inside of none",
        )?;
        for resource in &self.resources {
            self.has_instance(resource.instance.unwrap_or(0))?;
        }
        for resource in self.types.resources() {
            self.has_resource(resource)?;
        }
        for ty in &self.imported_functions {
            self.has_function_type(*ty)?;
        }
        self.check_imports()?;
        let made = self.check_steps()?;
        for lift in &self.lifts {
            self.check_lift(lift, made)?;
        }
        self.check_exports(&self.exports)
    }

    fn check_imports(&self) -> Result<(), &'static str> {
        let mut given = Given::default();
        self.check_import_list(&self.imports, &mut given)?;
        must(
            given.functions as usize == self.imported_functions.len()
                && given.modules == self.imported_modules,
            "what is imported is not what is counted",
        )
    }

    fn check_import_list(&self, imports: &[Import], given: &mut Given) -> Result<(), &'static str> {
        for import in imports {
            match &import.item {
                ImportItem::Function(index) => {
                    must(*index == given.functions, "an import is out of order")?;
                    given.functions += 1;
                    self.has_callee(Callee::Imported(*index))?;
                }
                ImportItem::Module(index) => {
                    must(*index == given.modules, "an import is out of order")?;
                    given.modules += 1;
                }
                ImportItem::Instance(list) => self.check_import_list(list, given)?,
                ImportItem::Resource(index) => self.has_resource(*index)?,
                ImportItem::Type(ty) => self.has_type(*ty)?,
                ImportItem::Component => {}
            }
        }
        Ok(())
    }

    fn check_steps(&self) -> Result<Made, &'static str> {
        let mut made = Made::default();
        for step in &self.steps {
            match step {
                Step::Instantiate {
                    module,
                    arguments,
                    instance,
                } => {
                    self.has_module(*module)?;
                    self.has_instance(*instance)?;
                    for (_, argument) in arguments {
                        check_argument(argument, made)?;
                    }
                    made.core_instances += 1;
                }
                Step::Trampoline(trampoline) => {
                    self.check_trampoline(trampoline, made)?;
                    made.trampolines += 1;
                }
                Step::Resource {
                    resource,
                    destructor,
                } => {
                    self.has_resource(*resource)?;
                    check_definitions(destructor, made)?;
                }
            }
        }
        must(
            made.core_instances == self.core_instances && made.trampolines == self.trampolines,
            "what is made is not what is counted",
        )?;
        Ok(made)
    }

    fn check_trampoline(&self, trampoline: &Trampoline, made: Made) -> Result<(), &'static str> {
        match trampoline {
            Trampoline::Lower {
                callee,
                ty,
                options,
                instance,
            } => {
                self.has_callee(*callee)?;
                self.has_function_type(*ty)?;
                check_options(options, made)?;
                self.has_instance(*instance)?;
                match callee {
                    Callee::Lifted(lift) => self.check_lift(&self.lifts[*lift as usize], made),
                    Callee::Imported(_) => Ok(()),
                }
            }
            Trampoline::ResourceNew { resource, instance }
            | Trampoline::ResourceRep { resource, instance }
            | Trampoline::ResourceDrop { resource, instance } => {
                self.has_resource(*resource)?;
                self.has_instance(*instance)
            }
            Trampoline::Builtin(builtin) => self.has_instance(builtin.instance),
        }
    }

    fn check_lift(&self, lift: &Lift, made: Made) -> Result<(), &'static str> {
        check_definitions([&lift.function], made)?;
        check_options(&lift.options, made)?;
        self.has_function_type(lift.ty)?;
        self.has_instance(lift.instance)
    }

    fn check_exports(&self, exports: &[Export]) -> Result<(), &'static str> {
        for export in exports {
            match &export.item {
                ExportItem::Function(callee, ty) => {
                    self.has_callee(*callee)?;
                    self.has_function_type(*ty)?;
                }
                ExportItem::Module(module) => self.has_module(*module)?,
                ExportItem::Instance(exports) => self.check_exports(exports)?,
                ExportItem::Resource(resource) => self.has_resource(*resource)?,
                ExportItem::Type(ty) => self.has_type(*ty)?,
                ExportItem::Component => {}
            }
        }
        Ok(())
    }

    fn has_instance(&self, instance: u32) -> Result<(), &'static str> {
        let there = (instance as usize) < self.instances.len();
        must(there, "a component instance is not there")
    }

    fn has_resource(&self, resource: u32) -> Result<(), &'static str> {
        let there = (resource as usize) < self.resources.len();
        must(there, "a resource type is not there")
    }

    fn has_function_type(&self, ty: u32) -> Result<(), &'static str> {
        must(
            self.types.has_function(ty),
            "a function's type is not there",
        )
    }

    fn has_type(&self, ty: Option<ValueType>) -> Result<(), &'static str> {
        let there = ty.is_none_or(|ty| self.types.has(ty));
        must(there, "a type is not there")
    }

    fn has_module(&self, module: ModuleSource) -> Result<(), &'static str> {
        let there = match module {
            ModuleSource::Inside(index) => (index as usize) < self.modules.len(),
            ModuleSource::Imported(index) => index < self.imported_modules,
        };
        must(there, "a module is not there")
    }

    fn has_callee(&self, callee: Callee) -> Result<(), &'static str> {
        let there = match callee {
            Callee::Lifted(index) => (index as usize) < self.lifts.len(),
            Callee::Imported(index) => (index as usize) < self.imported_functions.len(),
        };
        must(there, "a function is not there")
    }
}

fn check_argument(argument: &CoreArgument, made: Made) -> Result<(), &'static str> {
    match argument {
        CoreArgument::Instance(instance) => must(
            *instance < made.core_instances,
            "a core instance is used before it is made",
        ),
        CoreArgument::Definitions(list) => {
            check_definitions(list.iter().map(|(_, definition)| definition), made)
        }
    }
}

fn check_options(options: &Options, made: Made) -> Result<(), &'static str> {
    let Options {
        memory,
        realloc,
        post_return,
        encoding: _,
        is_async: _,
    } = options;
    check_definitions([memory, realloc, post_return].into_iter().flatten(), made)
}

fn check_definitions<'a>(
    definitions: impl IntoIterator<Item = &'a CoreDefinition>,
    made: Made,
) -> Result<(), &'static str> {
    for definition in definitions {
        let there = match definition {
            CoreDefinition::Export { instance, .. } => *instance < made.core_instances,
            CoreDefinition::Trampoline(index) => *index < made.trampolines,
        };
        must(there, "a core definition is used before it is made")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ComponentLimits, describe};
    use silica_module::{Features, parse_text};

    fn plan() -> Plan {
        let text = r#"(component
            (import "host" (instance $host
                (export "r" (type $r (sub resource)))
                (export "f" (func (param "a" (list (borrow $r))) (result string)))))
            (core module $m
                (memory (export "memory") 1)
                (func (export "run") (param i32))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
            (core instance $i (instantiate $m))
            (alias export $host "f" (func $f))
            (core func $lowered (canon lower (func $f)
                (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
            (type $own (resource (rep i32)))
            (core func $drop (canon resource.drop $own))
            (core module $n (import "" "f" (func (param i32 i32 i32))) (import "" "d" (func (param i32))))
            (core instance $j (instantiate $n
                (with "" (instance (export "f" (func $lowered)) (export "d" (func $drop))))))
            (func (export "run") (param "a" u8) (canon lift (core func $i "run"))))"#;
        let bytes = parse_text(text.as_bytes(), None).unwrap();
        describe(&bytes, Features::default(), &ComponentLimits::default()).unwrap()
    }

    #[test]
    fn what_was_just_made_is_whole() {
        assert_eq!(plan().check(), Ok(()));
        assert_eq!(
            Plan::default().check().err(),
            Some("a component instance is inside of none")
        );
    }

    #[test]
    fn what_is_not_there_is_found() {
        let spoil: [fn(&mut Plan); 9] = [
            |plan| plan.resources.truncate(1),
            |plan| plan.lifts[0].ty = 99,
            |plan| plan.lifts[0].instance = 7,
            |plan| plan.lifts[0].function = CoreDefinition::Trampoline(2),
            |plan| plan.steps.swap(0, 1),
            |plan| drop(plan.steps.pop()),
            |plan| plan.modules.clear(),
            |plan| plan.imported_functions.clear(),
            |plan| plan.instances[0].parent = Some(0),
        ];
        for (index, spoil) in spoil.iter().enumerate() {
            let mut plan = plan();
            spoil(&mut plan);
            assert!(plan.check().is_err(), "{index}");
        }
    }
}
