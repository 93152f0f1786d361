//! Instances of components, and how their exports are found.

use std::sync::Arc;

use silica_component_describe::{Callee, Export, ExportItem, ModuleSource, compatible};
use silica_engine::{AsContextMut, Module, Result, StoreContextMut};

use crate::component::Component;
use crate::error::ComponentError;
use crate::func::{Func, TypedFunc};
use crate::resource::ResourceType;
use crate::state::state;
use crate::values::{ComponentNamedList, LiftList, LowerList};

/// An instance of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    store: u64,
    root: u32,
}

/// Where an export is, found once.
#[derive(Clone, Debug)]
pub struct ComponentExportIndex {
    component: Component,
    path: Box<[usize]>,
}

impl Component {
    /// Where it exports `name`: at the top, or in the instance that `of` found. Where the very version of an interface
    /// is not there, the newest is found that is compatible with it.
    #[must_use]
    pub fn get_export_index(
        &self,
        of: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<ComponentExportIndex> {
        let mut path = Vec::new();
        let mut exports: &[Export] = &self.plan().exports;
        if let Some(of) = of {
            path.extend_from_slice(&of.path);
            exports = match &of.item(self)? {
                ExportItem::Instance(exports) => exports,
                _ => return None,
            };
        }
        path.push(compatible(
            exports.iter().map(|export| &*export.name),
            name,
        )?);
        Some(ComponentExportIndex {
            component: self.clone(),
            path: path.into(),
        })
    }
}

impl Component {
    /// Whether it exports a function `name`, in the instance `of` if there is one.
    #[doc(hidden)]
    pub fn has_func(&self, of: Option<&str>, name: &str) -> Result<()> {
        let missing = |name: &str, expected| ComponentError::Export {
            name: name.to_owned(),
            expected,
        };
        let of = match of {
            Some(of) => {
                let index = self.get_export_index(None, of);
                Some(index.ok_or_else(|| missing(of, "instance"))?)
            }
            None => None,
        };
        let index = self.get_export_index(of.as_ref(), name);
        match index.as_ref().and_then(|index| index.item(self)) {
            Some(ExportItem::Function(..)) => Ok(()),
            Some(_) | None => Err(missing(name, "function").into()),
        }
    }
}

impl ComponentExportIndex {
    fn item<'c>(&self, component: &'c Component) -> Option<&'c ExportItem> {
        if !self.component.same(component) {
            return None;
        }
        let mut exports: &[Export] = &component.plan().exports;
        let (last, above) = self.path.split_last()?;
        for &index in above {
            exports = match &exports.get(index)?.item {
                ExportItem::Instance(exports) => exports,
                _ => return None,
            };
        }
        exports.get(*last).map(|export| &export.item)
    }
}

/// What names an export: its name, or an index that was found before.
pub trait ExportLookup {
    #[doc(hidden)]
    fn index(&self, component: &Component) -> Option<ComponentExportIndex>;
    #[doc(hidden)]
    fn text(&self) -> String;
}

impl<L: ExportLookup + ?Sized> ExportLookup for &L {
    fn index(&self, component: &Component) -> Option<ComponentExportIndex> {
        L::index(self, component)
    }
    fn text(&self) -> String {
        L::text(self)
    }
}

impl ExportLookup for str {
    fn index(&self, component: &Component) -> Option<ComponentExportIndex> {
        component.get_export_index(None, self)
    }
    fn text(&self) -> String {
        self.to_owned()
    }
}

impl ExportLookup for String {
    fn index(&self, component: &Component) -> Option<ComponentExportIndex> {
        self.as_str().index(component)
    }
    fn text(&self) -> String {
        self.clone()
    }
}

impl ExportLookup for ComponentExportIndex {
    fn index(&self, component: &Component) -> Option<ComponentExportIndex> {
        self.component.same(component).then(|| self.clone())
    }
    fn text(&self) -> String {
        "an index".to_owned()
    }
}

impl Instance {
    pub(crate) fn new(store: u64, root: u32) -> Instance {
        Instance { store, root }
    }

    fn component<T: 'static>(&self, store: &mut StoreContextMut<'_, T>) -> Component {
        let all = state(store);
        assert_eq!(
            all.id, self.store,
            "a component's instance is used with another store than its own"
        );
        all.root(self.root).component.clone()
    }

    /// Where it exports `name`: at the top, or in the instance that `of` found.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn get_export_index(
        &self,
        mut store: impl AsContextMut,
        of: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<ComponentExportIndex> {
        self.component(&mut store.as_context_mut())
            .get_export_index(of, name)
    }

    /// The function that it exports.
    pub fn get_func(&self, mut store: impl AsContextMut, name: impl ExportLookup) -> Option<Func> {
        let mut store = store.as_context_mut();
        let component = self.component(&mut store);
        let index = name.index(&component)?;
        let ExportItem::Function(Callee::Lifted(lift), _) = index.item(&component)? else {
            return None;
        };
        let all = state(&mut store);
        let lifted = all.root(self.root).lifts[*lift as usize].as_ref()?;
        Some(Func {
            store: self.store,
            lifted: Arc::clone(lifted),
            component,
        })
    }

    /// The function that it exports, if it has this type.
    ///
    /// # Errors
    /// [`ComponentError::Export`] if there is no such function, or says how its type differs.
    pub fn get_typed_func<P: LowerList, R: LiftList>(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Result<TypedFunc<P, R>> {
        let mut store = store.as_context_mut();
        match self.get_func(&mut store, &name) {
            Some(func) => func.typed(&mut store).map_err(|error| {
                error.context(format!(
                    "export `{}` is not of the type asked for",
                    name.text()
                ))
            }),
            None => Err(ComponentError::Export {
                name: name.text(),
                expected: "function",
            }
            .into()),
        }
    }

    /// The function that it exports, in the instance `of` if there is one, which is of this type.
    #[doc(hidden)]
    pub fn get_checked_func<P: ComponentNamedList, R: ComponentNamedList>(
        &self,
        mut store: impl AsContextMut,
        of: Option<&str>,
        name: &str,
    ) -> Result<Func> {
        let mut store = store.as_context_mut();
        let component = self.component(&mut store);
        let missing = |name: &str, expected| ComponentError::Export {
            name: name.to_owned(),
            expected,
        };
        let of = match of {
            Some(of) => {
                let index = component.get_export_index(None, of);
                Some(index.ok_or_else(|| missing(of, "instance"))?)
            }
            None => None,
        };
        let index = component.get_export_index(of.as_ref(), name);
        let func = index.and_then(|index| self.get_func(&mut store, index));
        let func = func.ok_or_else(|| missing(name, "function"))?;
        func.check_typed::<P, R>(&mut store).map_err(|error| {
            error.context(format!("export `{name}` is not of the type asked for"))
        })?;
        Ok(func)
    }

    /// The core module that it exports.
    pub fn get_module(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Option<Module> {
        let mut store = store.as_context_mut();
        let component = self.component(&mut store);
        let index = name.index(&component)?;
        match index.item(&component)? {
            ExportItem::Module(ModuleSource::Inside(index)) => {
                Some(component.module(*index).clone())
            }
            ExportItem::Module(ModuleSource::Imported(index)) => {
                let root = state(&mut store).root(self.root);
                root.modules.get(*index as usize).cloned()
            }
            _ => None,
        }
    }

    /// The resource type that it exports.
    pub fn get_resource(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Option<ResourceType> {
        let mut store = store.as_context_mut();
        let component = self.component(&mut store);
        let index = name.index(&component)?;
        let ExportItem::Resource(resource) = index.item(&component)? else {
            return None;
        };
        let all = state(&mut store);
        let id = all.root(self.root).resources[*resource as usize];
        Some(ResourceType {
            kind: all.info(id).kind,
        })
    }
}
