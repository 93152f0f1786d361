//! Finds what a component imports by name.

mod unknown;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use silica_component_describe::{Import, ImportItem, Plan, function_text};
use silica_engine::{AsContextMut, Engine, EngineError, Module, Result, StoreContextMut};

use crate::component::Component;
use crate::error::ComponentError;
use crate::host::{Dynamic, Future, HostFunction, Typed};
use crate::instance::Instance;
use crate::instantiate::{Destructor, Imports, instantiate, instantiate_async};
use crate::names::Names;
use crate::resource::ResourceType;
use crate::state::state;
use crate::trace::Tracer;
use crate::val::Val;
use crate::values::{LiftList, LowerList, TypeCheck};

/// Definitions by name, for components to import.
///
/// Interfaces with a version are found by any compatible one: `wasi:io/streams@0.2.6` is what a component gets that
/// imports `wasi:io/streams@0.2.0`, and the other way around.
///
/// ```
/// use silica_component::{Component, Linker};
/// use silica_engine::{Engine, Store, StoreContextMut};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let component = Component::new(&engine, r#"(component
///     (import "host" (instance $host (export "twice" (func (param "n" u32) (result u32)))))
///     (core func $twice (canon lower (func $host "twice")))
///     (core module $m
///         (import "host" "twice" (func $twice (param i32) (result i32)))
///         (func (export "run") (result i32) (call $twice (i32.const 21))))
///     (core instance $i (instantiate $m
///         (with "host" (instance (export "twice" (func $twice))))))
///     (func (export "run") (result u32) (canon lift (core func $i "run"))))"#)?;
/// let mut linker = Linker::new(&engine);
/// linker.instance("host")?.func_wrap("twice", |_: StoreContextMut<'_, ()>, (n,): (u32,)| Ok((2 * n,)))?;
/// let mut store = Store::new(&engine, ());
/// let instance = linker.instantiate(&mut store, &component)?;
/// let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run")?;
/// assert_eq!(run.call(&mut store, ())?, (42,));
/// # Ok(()) }
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    root: Names<Definition<T>>,
    allow_shadowing: bool,
    trace: Tracer,
}

/// What a name stands for.
enum Definition<T: 'static> {
    Function(Arc<dyn HostFunction<T>>),
    Module(Module),
    Resource(ResourceType, Destructor<T>),
    Instance(Names<Definition<T>>),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Definition::Function(it) => Definition::Function(Arc::clone(it)),
            Definition::Module(it) => Definition::Module(it.clone()),
            Definition::Resource(ty, drop) => Definition::Resource(*ty, Arc::clone(drop)),
            Definition::Instance(it) => Definition::Instance(it.clone()),
        }
    }
}

impl<T> Definition<T> {
    fn describe(&self) -> &'static str {
        match self {
            Definition::Function(_) => "a function",
            Definition::Module(_) => "a core module",
            Definition::Resource(..) => "a resource type",
            Definition::Instance(_) => "an instance",
        }
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Linker {
            engine: self.engine.clone(),
            root: self.root.clone(),
            allow_shadowing: self.allow_shadowing,
            trace: self.trace.clone(),
        }
    }
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linker").finish_non_exhaustive()
    }
}

impl<T: 'static> Linker<T> {
    /// A linker in which nothing is defined.
    #[must_use]
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker {
            engine: engine.clone(),
            root: Names::default(),
            allow_shadowing: false,
            trace: Tracer::default(),
        }
    }

    /// Whether a name may be defined again.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// Where what is in no instance is defined.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance {
            names: &mut self.root,
            allow_shadowing: self.allow_shadowing,
        }
    }

    /// Where what is in the instance `name` is defined.
    ///
    /// # Errors
    /// If `name` is something else.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        self.root().into_instance(name)
    }

    /// Finds what `component` imports, and compares types.
    ///
    /// # Errors
    /// [`ComponentError`], which names the interface, the function and the difference.
    pub fn instantiate_pre(&self, component: &Component) -> Result<InstancePre<T>> {
        if !self.engine.same(component.engine()) {
            return Err(EngineError::AnotherEngine("component").into());
        }
        let plan = component.plan();
        let mut found = Vec::new();
        let mut imports = Imports {
            functions: Vec::new(),
            modules: Vec::new(),
            resources: HashMap::new(),
        };
        for import in &plan.imports {
            self.find(&self.root, import, "", &mut imports, &mut found)?;
        }
        let resources: Vec<Option<ResourceType>> = (0..plan.resources.len())
            .map(|index| {
                let given = imports.resources.get(&(index as u32));
                given.map(|(ty, _)| *ty)
            })
            .collect();
        let check = TypeCheck {
            plan,
            resources: &resources,
        };
        for (name, index, function) in found {
            let ty = plan.imported_functions[index as usize];
            let ready = function
                .ready(plan.types.function(ty), &check)
                .map_err(|error| mismatch(plan, &name, ty, &error))?;
            imports.functions.push(ready.traced(self.trace.of(&name)));
        }
        Ok(InstancePre {
            component: component.clone(),
            imports: Arc::new(imports),
        })
    }

    /// Finds one import, and in an instance all of its.
    fn find(
        &self,
        names: &Names<Definition<T>>,
        import: &Import,
        within: &str,
        imports: &mut Imports<T>,
        functions: &mut Vec<(String, u32, Arc<dyn HostFunction<T>>)>,
    ) -> Result<()> {
        let name = if within.is_empty() {
            import.name.clone()
        } else {
            format!("{within}#{}", import.name)
        };
        if matches!(import.item, ImportItem::Type(_)) {
            return Ok(());
        }
        let found = names.get(&import.name);
        match (&import.item, found) {
            (ImportItem::Function(index), Some(Definition::Function(function))) => {
                functions.push((name, *index, Arc::clone(function)));
            }
            (ImportItem::Module(_), Some(Definition::Module(module))) => {
                imports.modules.push(module.clone());
            }
            (ImportItem::Resource(index), Some(Definition::Resource(ty, drop))) => {
                let drop = self.destructor(within, &import.name, drop);
                imports.resources.insert(*index, (*ty, drop));
            }
            (ImportItem::Instance(list), Some(Definition::Instance(names))) => {
                for import in list {
                    self.find(names, import, &name, imports, functions)?;
                }
            }
            // Interfaces of nothing but types need no definition.
            (ImportItem::Instance(list), None)
                if list
                    .iter()
                    .all(|import| matches!(import.item, ImportItem::Type(_))) => {}
            (item, Some(other)) => {
                return Err(ComponentError::ImportMismatch {
                    name,
                    expected: describe(item).to_owned(),
                    found: other.describe().to_owned(),
                }
                .into());
            }
            (item, None) => {
                return Err(ComponentError::UnknownImport {
                    name,
                    expected: describe(item).to_owned(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// Finds what `component` imports, and makes an instance of it.
    ///
    /// # Errors
    /// As [`Linker::instantiate_pre`]; and if a start function traps, or the store's limiter or the system refuses.
    pub fn instantiate(
        &self,
        store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance> {
        self.instantiate_pre(component)?.instantiate(store)
    }

    /// As [`Linker::instantiate`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`Linker::instantiate`].
    pub async fn instantiate_async(
        &self,
        store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let pre = self.instantiate_pre(component)?;
        pre.instantiate_async(store).await
    }
}

/// What an import is, in words.
fn describe(item: &ImportItem) -> &'static str {
    match item {
        ImportItem::Function(_) => "a function",
        ImportItem::Module(_) => "a core module",
        ImportItem::Instance(_) => "an instance",
        ImportItem::Resource(_) => "a resource type",
        ImportItem::Type(_) => "a type",
        ImportItem::Component => "a component",
    }
}

fn mismatch(plan: &Plan, name: &str, ty: u32, error: &anyhow::Error) -> anyhow::Error {
    ComponentError::ImportMismatch {
        name: name.to_owned(),
        expected: function_text(plan, ty),
        found: format!("another type: {error:#}"),
    }
    .into()
}

/// A component with all its imports, to be instantiated any number of times.
pub struct InstancePre<T: 'static> {
    component: Component,
    imports: Arc<Imports<T>>,
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        InstancePre {
            component: self.component.clone(),
            imports: Arc::clone(&self.imports),
        }
    }
}

impl<T> std::fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstancePre")
            .field("component", &self.component)
            .finish_non_exhaustive()
    }
}

impl<T: 'static> InstancePre<T> {
    /// The component.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// If a start function traps, or the store's limiter or the system refuses.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let mut store = store.as_context_mut();
        if !store.engine().same(self.component.engine()) {
            return Err(EngineError::AnotherEngine("component").into());
        }
        let root = instantiate(&mut store, &self.component, &self.imports)?;
        Ok(Instance::new(state(&mut store).id, root))
    }

    /// As [`InstancePre::instantiate`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`InstancePre::instantiate`].
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let mut store = store.as_context_mut();
        if !store.engine().same(self.component.engine()) {
            return Err(EngineError::AnotherEngine("component").into());
        }
        let root = instantiate_async(&mut store, &self.component, &self.imports).await?;
        Ok(Instance::new(state(&mut store).id, root))
    }
}

/// Where definitions of one instance go.
pub struct LinkerInstance<'a, T: 'static> {
    names: &'a mut Names<Definition<T>>,
    allow_shadowing: bool,
}

impl<T> std::fmt::Debug for LinkerInstance<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkerInstance").finish_non_exhaustive()
    }
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    fn define(&mut self, name: &str, definition: Definition<T>) -> Result<()> {
        if !self.allow_shadowing && self.names.has(name) {
            return Err(ComponentError::Defined(name.to_owned()).into());
        }
        self.names.insert(name, definition);
        Ok(())
    }

    /// Defines a function over typed values: it takes a tuple and gives a tuple.
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn func_wrap<P, R>(
        &mut self,
        name: &str,
        f: impl Fn(StoreContextMut<'_, T>, P) -> Result<R> + Send + Sync + 'static,
    ) -> Result<()>
    where
        P: LiftList + 'static,
        R: LowerList + 'static,
    {
        self.define(name, Definition::Function(Arc::new(Typed::new(f))))
    }

    /// Defines a function over typed values that gives a future: the guest's call is suspended while it waits. Only
    /// asynchronous calls can reach it.
    ///
    /// ```
    /// # use silica_component::Linker;
    /// # fn main() -> silica_engine::Result<()> {
    /// # let mut linker = Linker::<()>::new(&silica_engine::Engine::default());
    /// linker.instance("host")?.func_wrap_async("later", |_, (n,): (u32,)| {
    ///     Box::new(async move { Ok((n + 1,)) })
    /// })?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn func_wrap_async<P, R>(
        &mut self,
        name: &str,
        f: impl for<'f> Fn(
            StoreContextMut<'f, T>,
            P,
        ) -> Box<dyn std::future::Future<Output = Result<R>> + Send + 'f>
        + Send
        + Sync
        + 'static,
    ) -> Result<()>
    where
        T: Send,
        P: LiftList + 'static,
        R: LowerList + Send + 'static,
    {
        self.define(name, Definition::Function(Arc::new(Future::new(f))))
    }

    /// Defines a function over values whose types are checked when it is called.
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn func_new(
        &mut self,
        name: &str,
        f: impl Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<()> {
        self.define(name, Definition::Function(Arc::new(Dynamic::new(f))))
    }

    /// Defines a core module.
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn module(&mut self, name: &str, module: &Module) -> Result<()> {
        self.define(name, Definition::Module(module.clone()))
    }

    /// Defines a resource type; `drop` is called with the host's number for one that a guest drops.
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn resource(
        &mut self,
        name: &str,
        ty: ResourceType,
        drop: impl Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync + 'static,
    ) -> Result<()> {
        self.define(name, Definition::Resource(ty, Arc::new(drop)))
    }

    /// Where what is in the instance `name` is defined, inside this one.
    ///
    /// # Errors
    /// If `name` is something else.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        LinkerInstance {
            names: &mut *self.names,
            allow_shadowing: self.allow_shadowing,
        }
        .into_instance(name)
    }

    fn into_instance(self, name: &str) -> Result<LinkerInstance<'a, T>> {
        let definition = self
            .names
            .get_or_insert(name, || Definition::Instance(Names::default()));
        match definition {
            Definition::Instance(names) => Ok(LinkerInstance {
                names,
                allow_shadowing: self.allow_shadowing,
            }),
            Definition::Function(_) | Definition::Module(_) | Definition::Resource(..) => {
                Err(ComponentError::Defined(name.to_owned()).into())
            }
        }
    }
}
