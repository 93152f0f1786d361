//! Whole modules as definitions: commands, which get a new instance for each call, and reactors, which get one.

use silica_module::EntityType;

use super::{Linker, definition::Definition};
use crate::{
    AsContextMut, Extern, ExternType, Func, FuncType, InstancePre, Module, Result, host::HostFunc,
};

impl<T: 'static> Linker<T> {
    /// Makes each export of `module` stand for its name in `module_name`.
    ///
    /// A module that exports `_start` is a command: each call of one of its functions makes a new
    /// instance. Any other is a reactor: it is instantiated now, and its `_initialize` is called
    /// if there is one.
    ///
    /// ```
    /// use silica_engine::{Engine, Linker, Module, Store};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let mut linker = Linker::new(&engine);
    /// let mut store = Store::new(&engine, ());
    /// let library = Module::new(&engine, r#"(module
    ///     (global $n (mut i32) (i32.const 0))
    ///     (func (export "_initialize") (global.set $n (i32.const 40)))
    ///     (func (export "get") (result i32) (global.get $n)))"#)?;
    /// linker.module(&mut store, "library", &library)?;
    /// let get = linker.get(&mut store, "library", "get").unwrap().into_func().unwrap();
    /// assert_eq!(get.typed::<(), i32>(&store)?.call(&mut store, ())?, 40);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Linker::instantiate`]; if a name is defined already; if `_start` or `_initialize` is no function
    /// without parameters and results, or both are there; if a command exports something
    /// else than functions and its memory.
    pub fn module(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module_name: &str,
        module: &Module,
    ) -> Result<&mut Self> {
        match kind(module)? {
            Kind::Command => self.command(module_name, module),
            Kind::Reactor { initialize } => {
                let mut store = store.as_context_mut();
                let instance = self.instantiate(&mut store, module)?;
                if initialize {
                    instance
                        .get_typed_func::<(), ()>(&mut store, "_initialize")?
                        .call(&mut store, ())?;
                }
                self.instance(&mut store, module_name, instance)
            }
        }
    }

    /// As [`Linker::module`], on a stack that asynchronous host functions suspend.
    ///
    /// # Errors
    /// As [`Linker::module`].
    pub async fn module_async(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module_name: &str,
        module: &Module,
    ) -> Result<&mut Self>
    where
        T: Send,
    {
        match kind(module)? {
            Kind::Command => self.command(module_name, module),
            Kind::Reactor { initialize } => {
                let mut store = store.as_context_mut();
                let instance = self.instantiate_async(&mut store, module).await?;
                if initialize {
                    instance
                        .get_typed_func::<(), ()>(&mut store, "_initialize")?
                        .call_async(&mut store, ())
                        .await?;
                }
                self.instance(&mut store, module_name, instance)
            }
        }
    }

    fn command(&mut self, module_name: &str, module: &Module) -> Result<&mut Self> {
        let pre = self.instantiate_pre(module)?;
        for export in module.exports() {
            match export.ty() {
                ExternType::Func(ty) => {
                    let host = self.per_call(&pre, &ty, export.name());
                    self.insert(module_name, export.name(), Definition::Host(host))?;
                }
                // What commands share with their runners, by convention.
                ExternType::Memory(_) if export.name() == "memory" => {}
                ExternType::Table(_) if export.name() == "__indirect_function_table" => {}
                ExternType::Global(_)
                | ExternType::Table(_)
                | ExternType::Memory(_)
                | ExternType::Tag(_) => {
                    if !self.allow_unknown_exports {
                        anyhow::bail!(
                            "command `{module_name}` exports `{}`, a {}: only functions can be defined, since each call makes a new instance",
                            export.name(),
                            export.ty()
                        );
                    }
                }
            }
        }
        Ok(self)
    }

    /// A host function that makes an instance and calls its export `name`.
    fn per_call(&self, pre: &InstancePre<T>, ty: &FuncType, name: &str) -> HostFunc<T> {
        let (pre, name) = (pre.clone(), name.to_owned());
        HostFunc::dynamic(&self.engine, ty, move |mut caller, params, results| {
            let instance = pre.instantiate(&mut caller)?;
            match instance.get_func(&mut caller, &name) {
                Some(func) => func.call(&mut caller, params, results),
                None => anyhow::bail!("a command's instance lacks the export `{name}`"),
            }
        })
    }

    /// What running the module that is defined as `module` means: its `_start`, or what
    /// it exports as the empty name, or else nothing.
    ///
    /// # Errors
    /// If one of these is defined and is no function.
    pub fn get_default(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
    ) -> Result<Func> {
        let mut store = store.as_context_mut();
        for name in ["", "_start"] {
            match self.get(&mut store, module, name) {
                Some(Extern::Func(func)) => return Ok(func),
                Some(other) => anyhow::bail!(
                    "`{module}.{name}` is to be run, but is a {}",
                    other.ty(&store)
                ),
                None => {}
            }
        }
        Ok(Func::wrap(&mut store, || {}))
    }
}

enum Kind {
    Command,
    Reactor { initialize: bool },
}

fn kind(module: &Module) -> Result<Kind> {
    let description = module.description();
    let find = |name: &str| -> Result<bool> {
        let Some(export) = description.exports.iter().find(|e| e.name == name) else {
            return Ok(false);
        };
        match export.entity {
            EntityType::Function(_) if is_plain_function(description, &export.entity) => Ok(true),
            EntityType::Function(_)
            | EntityType::Table(_)
            | EntityType::Memory(_)
            | EntityType::Global(_)
            | EntityType::Tag(_) => anyhow::bail!(
                "export `{name}` must be a function `() -> ()`, but is a {}",
                description.describe_entity(&export.entity)
            ),
        }
    };
    match (find("_start")?, find("_initialize")?) {
        (true, true) => anyhow::bail!(
            "a module is a command, which exports `_start`, or a reactor, which exports `_initialize`; not both"
        ),
        (true, false) => Ok(Kind::Command),
        (false, initialize) => Ok(Kind::Reactor { initialize }),
    }
}

/// Whether an export is a function without parameters and results.
fn is_plain_function(module: &silica_module::Module, entity: &EntityType) -> bool {
    match entity {
        EntityType::Function(index) => module
            .function_type(*index)
            .is_some_and(|ty| ty.params.is_empty() && ty.results.is_empty()),
        EntityType::Table(_)
        | EntityType::Memory(_)
        | EntityType::Global(_)
        | EntityType::Tag(_) => false,
    }
}
