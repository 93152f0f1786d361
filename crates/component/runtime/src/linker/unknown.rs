//! What stands for imports that nothing provides, where a program is to run that does not need them.

use std::sync::Arc;

use silica_component_describe::{Import, ImportItem};
use silica_engine::{Result, StoreContextMut};

use super::{Definition, Linker, describe};
use crate::component::Component;
use crate::error::ComponentError;
use crate::host::Dynamic;
use crate::names::Names;
use crate::resource::ResourceType;
use crate::val::Val;

/// What resource types are that nothing provides. There are none of them.
struct Unknown;

impl<T: 'static> Linker<T> {
    /// Defines all functions that `component` imports and nothing provides: each traps when it is called, with an error
    /// that names it. Resource types are defined too, of which nothing gives any.
    ///
    /// ```
    /// use silica_component::{Component, Linker};
    /// use silica_engine::{Engine, Store};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let component = Component::new(&engine, r#"(component
    ///     (import "a:b/c@0.2.0" (instance $c (export "f" (func))))
    ///     (core func $f (canon lower (func $c "f")))
    ///     (core module $m (import "" "f" (func $f)) (func (export "g") (call $f)))
    ///     (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    ///     (func (export "g") (canon lift (core func $i "g"))))"#)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.define_unknown_imports_as_traps(&component);
    /// let mut store = Store::new(&engine, ());
    /// let instance = linker.instantiate(&mut store, &component)?;
    /// let g = instance.get_typed_func::<(), ()>(&mut store, "g")?;
    /// let error = g.call(&mut store, ()).unwrap_err();
    /// assert!(error.to_string().contains("a:b/c@0.2.0#f"));
    /// # Ok(()) }
    /// ```
    pub fn define_unknown_imports_as_traps(&mut self, component: &Component) {
        define(&mut self.root, &component.plan().imports, "");
    }
}

fn define<T: 'static>(names: &mut Names<Definition<T>>, imports: &[Import], within: &str) {
    for import in imports {
        let name = if within.is_empty() {
            import.name.clone()
        } else {
            format!("{within}#{}", import.name)
        };
        match (&import.item, names.get_mut(&import.name)) {
            (ImportItem::Instance(list), Some(Definition::Instance(there))) => {
                define(there, list, &name);
            }
            (ImportItem::Instance(list), None) => {
                let mut made = Names::default();
                define(&mut made, list, &name);
                names.insert(&import.name, Definition::Instance(made));
            }
            (item @ ImportItem::Function(_), None) => {
                let error = ComponentError::UnknownImport {
                    name,
                    expected: describe(item).to_owned(),
                };
                let trap = Dynamic::new(
                    move |_: StoreContextMut<'_, T>, _: &[Val], _: &mut [Val]| -> Result<()> {
                        Err(error.clone().into())
                    },
                );
                names.insert(&import.name, Definition::Function(Arc::new(trap)));
            }
            (ImportItem::Resource(_), None) => {
                let ty = ResourceType::host::<Unknown>();
                let drop = Arc::new(|_: StoreContextMut<'_, T>, _: u32| Ok(()));
                names.insert(&import.name, Definition::Resource(ty, drop));
            }
            // What is defined stays, and is compared when a component is instantiated; modules cannot be made up.
            (_, _) => {}
        }
    }
}
