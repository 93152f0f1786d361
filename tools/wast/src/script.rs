//! The directives of a script, one after the other.

use std::collections::HashMap;
use std::thread::Scope;

use silica::component::{self, Component};
use silica::{Engine, EngineError, Error, Instance, Linker, Module, Store, Trap, Val};
use silica_module::{DecodeError, Feature, Features, Limits};
use wast::token::Id;
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::defined::Defined;
use crate::limits::Allowance;
use crate::options::Options;
use crate::outcome::{Outcome, assert_exception, assert_trap, is_assertion, is_component, is_trap};
use crate::report::{Failed, Report};
use crate::source::Source;
use crate::thread::{SharedExports, Threads, shared_exports};
use crate::watchdog::Watchdog;
use crate::{spectest, value};

type Result<T> = std::result::Result<T, Failed>;

/// What a name of an instance stands for.
#[derive(Clone)]
enum Slot {
    /// An instance of this thread's store.
    Instance(Instance),
    /// An instance of a component, in this thread's store.
    Component(component::Instance),
    /// What another thread shares of an instance.
    Shared(SharedExports),
    /// A module that was refused because a proposal is off.
    Missing(Feature),
}

/// What was defined, or the proposal that is off and without which it was refused.
type Definition = std::result::Result<Defined, Feature>;

/// A script in the middle of its run.
pub(crate) struct Script<'scope, 'env> {
    engine: &'env Engine,
    source: Source<'env>,
    options: &'env Options,
    linker: Linker<Allowance>,
    component_linker: component::Linker<Allowance>,
    definitions: HashMap<String, Definition>,
    last_definition: Option<Definition>,
    instances: HashMap<String, Slot>,
    current: Option<Slot>,
    /// Names that modules that are not there were registered under.
    missing: HashMap<String, Feature>,
    threads: Threads<'scope, 'env>,
    watchdog: Watchdog,
    store: Store<Allowance>,
    report: Report,
}

impl<'scope, 'env> Script<'scope, 'env> {
    pub(crate) fn new(
        engine: &'env Engine,
        source: Source<'env>,
        options: &'env Options,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Result<Self> {
        let mut store = Store::new(engine, Allowance::default());
        store.limiter(|allowance| allowance);
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        spectest::define(&mut linker, &mut store, options.print)
            .map_err(|e| Failed::engine("`spectest` cannot be made", &e))?;
        Ok(Script {
            engine,
            source,
            options,
            linker,
            component_linker: component::Linker::new(engine),
            definitions: HashMap::new(),
            last_definition: None,
            instances: HashMap::new(),
            current: None,
            missing: HashMap::new(),
            threads: Threads::new(scope),
            watchdog: Watchdog::new(store.interrupt_handle(), options.timeout),
            store,
            report: Report::default(),
        })
    }

    pub(crate) fn run(mut self, directives: Vec<WastDirective<'env>>) -> Report {
        for directive in directives {
            let offset = directive.span().offset();
            let asserts = is_assertion(&directive);
            match self.directive(directive) {
                Ok(()) => self.report.passed += u64::from(asserts),
                Err(failed) => self.report.fail(self.source.failure_at(offset, failed)),
            }
        }
        match self.threads.wait_all() {
            Ok(report) => self.report.merge(report),
            Err(failed) => self.report.fail(self.source.failure_at(0, failed)),
        }
        self.report
    }

    fn directive(&mut self, directive: WastDirective<'env>) -> Result<()> {
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.definition(module),
            WastDirective::ModuleInstance {
                instance, module, ..
            } => self.instance(instance, module),
            WastDirective::AssertMalformed {
                module, message, ..
            }
            | WastDirective::AssertInvalid {
                module, message, ..
            } => self.assert_refused(module, message),
            WastDirective::AssertMalformedCustom { module, .. }
            | WastDirective::AssertInvalidCustom { module, .. } => {
                self.assert_custom_refused(module)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(invoke) => match self.invoke(&invoke)? {
                Outcome::Values(_) | Outcome::Component(_) => Ok(()),
                Outcome::Error(error) => Err(Failed::engine("invocation failed", &error)),
            },
            WastDirective::AssertTrap { exec, message, .. } => {
                let outcome = self.execute(exec)?;
                assert_trap(outcome, message)
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                let outcome = self.execute(exec)?;
                self.assert_return(outcome, &results)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let outcome = self.invoke(&call)?;
                assert_trap(outcome, message)
            }
            WastDirective::AssertUnlinkable {
                module, message, ..
            } => self.assert_unlinkable(module, message),
            WastDirective::AssertException { exec, .. } => {
                let outcome = self.execute(exec)?;
                assert_exception(outcome)
            }
            WastDirective::AssertSuspension { exec, message, .. } => {
                let outcome = self.execute(exec)?;
                assert_trap(outcome, message)
            }
            WastDirective::Thread(thread) => {
                let shared = match thread.shared_module {
                    Some(id) => Some((id.name().to_owned(), self.shared_exports(id)?)),
                    None => None,
                };
                self.thread(thread.name, thread.directives, shared)
            }
            WastDirective::Wait { thread, .. } => {
                let report = self.threads.wait(thread.name())?;
                self.report.merge(report);
                Ok(())
            }
        }
    }

    /// Starts `directives` on a thread of their own, with a store of their own.
    fn thread(
        &mut self,
        name: Id<'env>,
        directives: Vec<WastDirective<'env>>,
        shared: Option<(String, SharedExports)>,
    ) -> Result<()> {
        let (engine, source, options) = (self.engine, self.source, self.options);
        let scope = self.threads.scope();
        self.threads.start(name.name(), move || {
            let mut script = match Script::new(engine, source, options, scope) {
                Ok(script) => script,
                Err(failed) => {
                    let mut report = Report::default();
                    report.fail(source.failure_at(name.span().offset(), failed));
                    return report;
                }
            };
            if let Some((name, memories)) = shared {
                script.instances.insert(name, Slot::Shared(memories));
            }
            script.run(directives)
        })
    }

    fn module(&mut self, module: QuoteWat<'_>) -> Result<()> {
        let name = module.name();
        self.current = None;
        let instance =
            Defined::compile(self.engine, module).and_then(|module| self.instantiate(&module));
        self.keep(name, instance)
    }

    /// Makes an instance the current one, under its name, also where it is only missed.
    fn keep(&mut self, name: Option<Id<'_>>, instance: Result<Slot>) -> Result<()> {
        let (slot, result) = match instance {
            Ok(instance) => (Some(instance), Ok(())),
            Err(failed) => (failed.proposal.map(Slot::Missing), Err(failed)),
        };
        if let Some(name) = name {
            match &slot {
                Some(slot) => self.instances.insert(name.name().to_owned(), slot.clone()),
                None => self.instances.remove(name.name()),
            };
        }
        self.current = slot;
        result
    }

    fn definition(&mut self, module: QuoteWat<'_>) -> Result<()> {
        let name = module.name();
        let (definition, result) = match Defined::compile(self.engine, module) {
            Ok(module) => (Some(Ok(module)), Ok(())),
            Err(failed) => (failed.proposal.map(Err), Err(failed)),
        };
        if let Some(name) = name {
            match &definition {
                Some(definition) => self
                    .definitions
                    .insert(name.name().to_owned(), definition.clone()),
                None => self.definitions.remove(name.name()),
            };
        }
        self.last_definition = definition;
        result
    }

    fn instance(&mut self, name: Option<Id<'_>>, module: Option<Id<'_>>) -> Result<()> {
        let module = match module {
            Some(id) => self.definitions.get(id.name()),
            None => self.last_definition.as_ref(),
        };
        let module = module
            .cloned()
            .ok_or_else(|| Failed::new("no such module definition"))?;
        let instance = match module {
            Ok(module) => self.instantiate(&module),
            Err(feature) => Err(Failed::missing(feature)),
        };
        self.keep(name, instance)
    }

    fn instantiate(&mut self, defined: &Defined) -> Result<Slot> {
        match defined {
            Defined::Module(module) => match self.try_instantiate(module) {
                Ok(instance) => Ok(Slot::Instance(instance)),
                Err(error) => Err(self.instantiation_failed(module, &error)),
            },
            Defined::Component(component) => match self.try_component(component) {
                Ok(instance) => Ok(Slot::Component(instance)),
                Err(error) => Err(Failed::engine("instantiation failed", &error)),
            },
        }
    }

    fn try_instantiate(&mut self, module: &Module) -> silica::Result<Instance> {
        self.watchdog.arm();
        let instance = self.linker.instantiate(&mut self.store, module);
        self.watchdog.disarm();
        instance
    }

    fn try_component(&mut self, component: &Component) -> silica::Result<component::Instance> {
        self.watchdog.arm();
        let instance = self
            .component_linker
            .instantiate(&mut self.store, component);
        self.watchdog.disarm();
        instance
    }

    /// An import from a module that is missed because of a proposal is missed because of it too.
    fn instantiation_failed(&self, module: &Module, error: &Error) -> Failed {
        let mut failed = Failed::engine("instantiation failed", error);
        let missing = module.imports().find_map(|i| self.missing.get(i.module()));
        failed.proposal = failed.proposal.or(missing.copied());
        failed
    }

    fn find(&self, name: Option<Id<'_>>) -> Result<&Slot> {
        match name {
            Some(id) => self
                .instances
                .get(id.name())
                .ok_or_else(|| Failed::new(format!("no module is called ${}", id.name()))),
            None => self
                .current
                .as_ref()
                .ok_or_else(|| Failed::new("there is no current module")),
        }
    }

    fn find_instance(&self, name: Option<Id<'_>>) -> Result<Instance> {
        match self.find(name)? {
            Slot::Instance(instance) => Ok(*instance),
            Slot::Missing(feature) => Err(Failed::missing(*feature)),
            Slot::Shared(_) => Err(Failed::new("the module belongs to another thread")),
            Slot::Component(_) => Err(Failed::new("this is an instance of a component")),
        }
    }

    fn register(&mut self, name: &str, module: Option<Id<'_>>) -> Result<()> {
        self.missing.remove(name);
        match self.find(module)?.clone() {
            Slot::Instance(instance) => {
                self.linker.instance(&mut self.store, name, instance)?;
            }
            Slot::Shared(memories) => {
                for (field, memory) in memories {
                    self.linker.define(&mut self.store, name, &field, memory)?;
                }
            }
            Slot::Missing(feature) => {
                self.missing.insert(name.to_owned(), feature);
                return Err(Failed::missing(feature));
            }
            Slot::Component(_) => {
                return Err(Failed::new("components are not registered for modules"));
            }
        }
        Ok(())
    }

    fn shared_exports(&mut self, id: Id<'_>) -> Result<SharedExports> {
        let instance = self.find_instance(Some(id))?;
        let exports = instance.exports(&mut self.store);
        let exports = exports.map(|e| (e.name().to_owned(), e.into_extern()));
        Ok(shared_exports(exports))
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Outcome> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(wat) => match Defined::compile(self.engine, QuoteWat::Wat(wat))? {
                Defined::Module(module) => match self.try_instantiate(&module) {
                    Ok(_) => Ok(Outcome::Values(Vec::new())),
                    Err(error) if is_trap(&error) => Ok(Outcome::Error(error)),
                    Err(error) => Err(self.instantiation_failed(&module, &error)),
                },
                Defined::Component(component) => match self.try_component(&component) {
                    Ok(_) => Ok(Outcome::Component(Vec::new())),
                    Err(error) => Ok(Outcome::Error(error)),
                },
            },
            WastExecute::Get { module, global, .. } => {
                let instance = self.find_instance(module)?;
                let global = instance
                    .get_global(&mut self.store, global)
                    .ok_or_else(|| Failed::new(format!("no global {global:?} is exported")))?;
                Ok(Outcome::Values(vec![global.get(&mut self.store)]))
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Outcome> {
        if let Slot::Component(instance) = self.find(invoke.module)? {
            let instance = *instance;
            return self.invoke_component(instance, invoke);
        }
        let instance = self.find_instance(invoke.module)?;
        let name = invoke.name;
        let function = instance
            .get_func(&mut self.store, name)
            .ok_or_else(|| Failed::new(format!("no function {name:?} is exported")))?;
        let mut arguments = Vec::with_capacity(invoke.args.len());
        for argument in &invoke.args {
            arguments.push(value::argument(&mut self.store, argument)?);
        }
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        self.watchdog.arm();
        let called = function.call(&mut self.store, &arguments, &mut results);
        self.watchdog.disarm();
        self.outcome(called.map(|()| Outcome::Values(results)))
    }

    fn invoke_component(
        &mut self,
        instance: component::Instance,
        invoke: &WastInvoke<'_>,
    ) -> Result<Outcome> {
        let name = invoke.name;
        let function = instance
            .get_func(&mut self.store, name)
            .ok_or_else(|| Failed::new(format!("no function {name:?} is exported")))?;
        let arguments = crate::component::arguments(&function, &invoke.args)?;
        let mut results = crate::component::room(&function);
        self.watchdog.arm();
        let called = function.call(&mut self.store, &arguments, &mut results);
        self.watchdog.disarm();
        self.outcome(called.map(|()| Outcome::Component(results)))
    }

    /// What a call gave, unless it was the watchdog that ended it.
    fn outcome(&self, called: silica::Result<Outcome>) -> Result<Outcome> {
        match called {
            Ok(outcome) => Ok(outcome),
            Err(error) if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) => {
                let seconds = self.options.timeout.as_secs_f64();
                Err(Failed::new(format!("did not end within {seconds} s")))
            }
            Err(error) => Ok(Outcome::Error(error)),
        }
    }

    fn assert_return(&self, outcome: Outcome, expected: &[WastRet<'_>]) -> Result<()> {
        match outcome {
            Outcome::Values(found) => value::check_all(&self.store, &found, expected),
            Outcome::Component(found) => crate::component::check_all(&found, expected),
            Outcome::Error(error) => Err(Failed::engine("expected results, but it failed", &error)),
        }
    }

    /// A module that must be malformed or invalid. Being refused because a proposal is off does not
    /// count: it must be refused also with all of them on.
    fn assert_refused(&self, mut module: QuoteWat<'_>, expected: &str) -> Result<()> {
        let is_component = is_component(&module);
        let Ok(bytes) = module.encode() else {
            return Ok(());
        };
        if is_component {
            return crate::component::assert_refused(&bytes, self.engine.features());
        }
        let Err(error) = Module::new(self.engine, &bytes) else {
            return Err(Failed::new("the module was accepted, but is not valid"));
        };
        match error.downcast_ref::<DecodeError>() {
            None => Err(Failed::engine("refused, but not as invalid", &error)),
            // Somebody turned it off, for a script that is older than the proposal.
            Some(DecodeError::FeatureOff { feature, .. }) if feature.on_by_default() => Ok(()),
            // Of what it is invalid for, an optional proposal would make something valid.
            Some(DecodeError::FeatureOff { message, .. }) if message.contains(expected) => Ok(()),
            Some(DecodeError::FeatureOff { feature, .. }) => {
                let (all, limits) = (Features::all(), Limits::default());
                match silica_module::validate(&bytes, &all, &limits) {
                    Ok(_) => Err(Failed::missing(*feature)),
                    Err(_) => Ok(()),
                }
            }
            Some(DecodeError::NotExecuted { .. }) => {
                let (all, limits) = (Features::all(), Limits::default());
                match silica_module::validate(&bytes, &all, &limits) {
                    Ok(_) => Err(Failed::new("the module was validated, but is not valid")),
                    Err(_) => Ok(()),
                }
            }
            Some(_) => Ok(()),
        }
    }

    /// Custom sections are checked by whoever reads them, and an engine need not.
    fn assert_custom_refused(&self, mut module: QuoteWat<'_>) -> Result<()> {
        let Ok(bytes) = module.encode() else {
            return Ok(());
        };
        match silica_module::inspect::check_custom_sections(&bytes) {
            Err(_) => Ok(()),
            Ok(()) => Err(Failed::new(
                "a custom section was accepted, but is not valid",
            )),
        }
    }

    fn assert_unlinkable(&mut self, module: Wat<'_>, message: &str) -> Result<()> {
        let module = match Defined::compile(self.engine, QuoteWat::Wat(module))? {
            Defined::Module(module) => module,
            Defined::Component(component) => {
                return match self.try_component(&component) {
                    Ok(_) => Err(Failed::new("the component was linked, but must not be")),
                    Err(_) => Ok(()),
                };
            }
        };
        let Err(error) = self.try_instantiate(&module) else {
            return Err(Failed::new("the module was linked, but must not be"));
        };
        let linked = match error.downcast_ref::<EngineError>() {
            Some(EngineError::UnknownImport { .. }) => "unknown import",
            Some(EngineError::ImportMismatch { .. }) => "incompatible import type",
            Some(_) | None => return Err(self.instantiation_failed(&module, &error)),
        };
        if message.starts_with(linked) {
            return Ok(());
        }
        let mut failed = self.instantiation_failed(&module, &error);
        failed.message = format!("{}, expected: {message}", failed.message);
        Err(failed)
    }
}
