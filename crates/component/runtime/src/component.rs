//! Components: their modules compiled, their plans made.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use silica_component_adapter::{Adapter, AdapterImport};
use silica_component_describe::{
    Callee, ComponentLimits, Plan, Step, Trampoline, describe, is_component,
};
use silica_engine::{Engine, Module, Result};
use silica_module::{DecodeError, parse_text};

use crate::links::Links;

/// A compiled component. Cloning it is cheap and gives the same component.
///
/// ```
/// use silica_component::Component;
/// use silica_engine::Engine;
/// # fn main() -> silica_engine::Result<()> {
/// let component = Component::new(&Engine::default(), r#"(component
///     (import "log" (func (param "text" string))))"#)?;
/// let import = component.imports().next().unwrap();
/// assert_eq!(import, ("log", "func(text: string)".to_owned()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    plan: Plan,
    modules: Vec<Module>,
    adapters: Adapters,
    links: Links,
}

/// For each step that lowers what was lifted, the code between.
pub(crate) type Adapters = HashMap<usize, (Module, Vec<AdapterImport>)>;

impl Component {
    /// Compiles a component, binary or text.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not valid, needs a proposal that is off or is too large; and what compiling its
    /// modules gives.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        let bytes = parse_text(bytes.as_ref(), None)?;
        Component::from_binary(engine, &bytes)
    }

    /// Compiles a component in a file, binary or text.
    ///
    /// # Errors
    /// As [`Component::new`]; and if the file cannot be read.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)?;
        let binary = parse_text(&bytes, Some(path))?;
        Component::from_binary(engine, &binary)
    }

    /// Compiles a binary component.
    ///
    /// # Errors
    /// As [`Component::new`].
    pub fn from_binary(engine: &Engine, bytes: &[u8]) -> Result<Component> {
        if !is_component(bytes) {
            return Err(DecodeError::NotWebAssembly(
                "this is a core module, where a component is needed",
            )
            .into());
        }
        let plan = describe(bytes, engine.features(), &ComponentLimits::default())?;
        let mut modules = Vec::with_capacity(plan.modules.len());
        for range in &plan.modules {
            let module = bytes
                .get(range.indices())
                .ok_or(DecodeError::NotWebAssembly("a module ends early"))?;
            modules.push(Module::from_binary(engine, module)?);
        }
        let adapters = adapters(engine, &plan)?;
        Ok(Component::of_parts(engine, plan, modules, adapters))
    }

    /// Of what was compiled.
    pub(crate) fn of_parts(
        engine: &Engine,
        plan: Plan,
        modules: Vec<Module>,
        adapters: Adapters,
    ) -> Component {
        let inner = Inner {
            engine: engine.clone(),
            links: Links::of(engine, &plan, &modules),
            plan,
            modules,
            adapters,
        };
        Component {
            inner: Arc::new(inner),
        }
    }

    /// What it imports, in order: names, and types as WIT writes them.
    pub fn imports(&self) -> impl Iterator<Item = (&str, String)> {
        let plan = &self.inner.plan;
        plan.imports
            .iter()
            .map(|import| (import.name.as_str(), plan.import_text(&import.item)))
    }

    /// What it exports, in order: names, and types as WIT writes them.
    pub fn exports(&self) -> impl Iterator<Item = (&str, String)> {
        let plan = &self.inner.plan;
        plan.exports
            .iter()
            .map(|export| (export.name.as_str(), plan.export_text(&export.item)))
    }

    /// The plan by which it is instantiated.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// The engine that it was compiled with.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Whether both are the same compiled component.
    #[must_use]
    pub fn same(&self, other: &Component) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Keeps what was compiled of its modules while it ran, as [`Module::keep_compiled`] does.
    pub fn keep_compiled(&self) {
        let adapters = self.inner.adapters.values().map(|(module, _)| module);
        for module in self.inner.modules.iter().chain(adapters) {
            module.keep_compiled();
        }
    }

    pub(crate) fn links(&self) -> &Links {
        &self.inner.links
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.inner.modules
    }

    pub(crate) fn adapters(&self) -> &Adapters {
        &self.inner.adapters
    }

    pub(crate) fn module(&self, index: u32) -> &Module {
        &self.inner.modules[index as usize]
    }

    pub(crate) fn adapter(&self, step: usize) -> Option<&(Module, Vec<AdapterImport>)> {
        self.inner.adapters.get(&step)
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let imports: Vec<_> = self.imports().map(|(name, _)| name.to_owned()).collect();
        f.debug_struct("Component")
            .field("imports", &imports)
            .finish_non_exhaustive()
    }
}

/// Compiles the code between each pair of components that call each other, equal code once.
fn adapters(engine: &Engine, plan: &Plan) -> Result<Adapters> {
    let mut compiled: HashMap<Vec<u8>, Module> = HashMap::new();
    let mut adapters = HashMap::new();
    for (step, lowered) in plan.steps.iter().enumerate() {
        let Step::Trampoline(Trampoline::Lower {
            callee: Callee::Lifted(lift),
            ty,
            options,
            instance,
        }) = lowered
        else {
            continue;
        };
        let lift = &plan.lifts[*lift as usize];
        // What waits traps when it is called, and needs no code.
        if lift.options.is_async {
            continue;
        }
        let Adapter { binary, imports } =
            silica_component_adapter::generate(plan, *ty, lift, options, *instance)?;
        let module = match compiled.get(&binary) {
            Some(module) => module.clone(),
            None => {
                let module = Module::from_binary(engine, &binary)?;
                compiled.insert(binary, module.clone());
                module
            }
        };
        adapters.insert(step, (module, imports));
    }
    Ok(adapters)
}
