//! Components as compiled images: written, and loaded with no compiler.
//!
//! An image is those of the modules, with the plan and what each adapter imports as their description. The engine checks
//! the former, and the version; that the plan is whole is checked here. That machine code is harmless cannot be: who loads an image vouches for it.

#![expect(
    unsafe_code,
    reason = "vouching for machine code cannot be checked by the compiler"
)]

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use silica_component_adapter::AdapterImport;
use silica_component_describe::{Plan, Step, Trampoline};
use silica_engine::{Engine, Module, Result};

use crate::component::{Adapters, Component};
use crate::error::ComponentError;

/// What an image has beside those of the modules.
#[derive(Serialize, Deserialize)]
struct Description<P> {
    plan: P,
    adapters: Vec<KeptAdapter>,
}

#[derive(Serialize, Deserialize)]
struct KeptAdapter {
    step: u32,
    /// Among the images, where the plan's modules come first.
    module: u32,
    imports: Vec<AdapterImport>,
}

impl Component {
    /// The compiled image, for [`Component::deserialize`].
    ///
    /// ```
    /// use silica_component::Component;
    /// use silica_engine::Engine;
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let image = Component::new(&engine, "(component)")?.serialize()?;
    /// // SAFETY: these bytes were made by `serialize`, just above.
    /// let component = unsafe { Component::deserialize(&engine, &image)? };
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Module::serialize`].
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut modules: Vec<&Module> = self.modules().iter().collect();
        let mut adapters = Vec::with_capacity(self.adapters().len());
        for (step, (module, imports)) in self.adapters() {
            let first = self.modules().len();
            let known = modules[first..].iter().position(|known| known.same(module));
            let place = known.map_or(modules.len(), |place| first + place);
            if known.is_none() {
                modules.push(module);
            }
            adapters.push(KeptAdapter {
                step: *step as u32,
                module: place as u32,
                imports: imports.clone(),
            });
        }
        let plan = self.plan();
        let description = postcard::to_stdvec(&Description { plan, adapters })?;
        Module::serialize_set(&modules, &description)
    }

    /// A component from its compiled image.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    ///
    /// # Safety
    /// As [`Module::deserialize`]: the image holds machine code that will run, and must come from
    /// [`Component::serialize`] through nobody's hands who must not run code here.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        // SAFETY: the caller promises the same.
        let (description, modules) = unsafe { Module::deserialize_set(engine, bytes.as_ref())? };
        Component::described(engine, &description, modules)
    }

    /// A component from the file that holds its compiled image, which is mapped and not read.
    ///
    /// # Errors
    /// As [`Component::deserialize`], and if the file cannot be opened.
    ///
    /// # Safety
    /// As [`Component::deserialize`]; also, the file must not change while the component is used.
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        let in_file = || format!("cannot load {}", path.display());
        let file = std::fs::File::open(path).with_context(in_file)?;
        // SAFETY: the caller promises the same.
        unsafe { Component::deserialize_open_file(engine, file) }.with_context(in_file)
    }

    /// A component from an open file that holds its compiled image.
    ///
    /// # Errors
    /// As [`Component::deserialize`].
    ///
    /// # Safety
    /// As [`Component::deserialize_file`].
    pub unsafe fn deserialize_open_file(engine: &Engine, file: std::fs::File) -> Result<Component> {
        // SAFETY: the caller promises the same.
        let (description, modules) = unsafe { Module::deserialize_set_open_file(engine, file)? };
        Component::described(engine, &description, modules)
    }

    /// The component that these modules are, as the description says.
    fn described(
        engine: &Engine,
        description: &[u8],
        mut modules: Vec<Module>,
    ) -> Result<Component> {
        let Description::<Plan> {
            plan,
            adapters: kept,
        } = postcard::from_bytes(description)
            .map_err(|_| ComponentError::Image("its plan cannot be decoded"))?;
        plan.check().map_err(ComponentError::Image)?;
        if plan.modules.len() > modules.len() {
            return Err(ComponentError::Image("a module of its plan is not there").into());
        }
        let between = modules.split_off(plan.modules.len());
        let mut adapters = Adapters::with_capacity(kept.len());
        for adapter in kept {
            let place = (adapter.module as usize).checked_sub(modules.len());
            let module = place.and_then(|place| between.get(place));
            let module = module.ok_or(ComponentError::Image("an adapter is not there"))?;
            if !fits(&plan, &adapter) {
                return Err(ComponentError::Image("an adapter is of no step").into());
            }
            adapters.insert(adapter.step as usize, (module.clone(), adapter.imports));
        }
        Ok(Component::of_parts(engine, plan, modules, adapters))
    }
}

/// Whether its step is there, and what it imports.
fn fits(plan: &Plan, adapter: &KeptAdapter) -> bool {
    let is_there = |import: &AdapterImport| match import {
        AdapterImport::Own { resource, .. } | AdapterImport::Borrow { resource } => {
            (*resource as usize) < plan.resources.len()
        }
        AdapterImport::Callee
        | AdapterImport::PostReturn
        | AdapterImport::Realloc(_)
        | AdapterImport::Memory(_)
        | AdapterImport::MayLeave(_)
        | AdapterImport::Trap
        | AdapterImport::Enter
        | AdapterImport::Exit
        | AdapterImport::String { .. } => true,
    };
    let step = plan.steps.get(adapter.step as usize);
    matches!(step, Some(Step::Trampoline(Trampoline::Lower { .. })))
        && adapter.imports.iter().all(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Instance, Linker};
    use silica_engine::{Config, Store, StoreContextMut};

    /// Two components, the second of which calls the first twice, with a string and with a handle, and the host.
    const TWO: &str = r#"(component
        (import "host" (instance $host (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
        (component $first
            (type $r' (resource (rep i32)))
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
                (func (export "length") (param i32 i32) (result i32) (local.get 1))
                (func (export "same") (param i32) (result i32) (local.get 0)))
            (core instance $i (instantiate $m))
            (core func $new (canon resource.new $r'))
            (export $r "r" (type $r'))
            (func (export "new") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
            (func (export "read") (param "r" (borrow $r)) (result u32) (canon lift (core func $i "same")))
            (func (export "length") (param "text" string) (result u32) (canon lift (core func $i "length")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
        (instance $first (instantiate $first))
        (component $second
            (import "host" (instance $host (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
            (import "first" (instance $first
                (export "r" (type $r (sub resource)))
                (export "new" (func (param "rep" u32) (result (own $r))))
                (export "read" (func (param "r" (borrow $r)) (result u32)))
                (export "length" (func (param "text" string) (result u32)))))
            (core module $memory (memory (export "memory") 1) (data (i32.const 8) "hello"))
            (core instance $memory (instantiate $memory))
            (core func $add (canon lower (func $host "add")))
            (core func $new (canon lower (func $first "new")))
            (core func $read (canon lower (func $first "read")))
            (core func $length (canon lower (func $first "length") (memory (core memory $memory "memory"))))
            (core module $m
                (import "" "add" (func $add (param i32 i32) (result i32)))
                (import "" "new" (func $new (param i32) (result i32)))
                (import "" "read" (func $read (param i32) (result i32)))
                (import "" "length" (func $length (param i32 i32) (result i32)))
                (func (export "run") (param i32) (result i32)
                    (call $add (call $read (call $new (local.get 0))) (call $length (i32.const 8) (i32.const 5)))))
            (core instance $i (instantiate $m (with "" (instance (export "add" (func $add))
                (export "new" (func $new)) (export "read" (func $read)) (export "length" (func $length))))))
            (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
        (instance $second (instantiate $second (with "host" (instance $host)) (with "first" (instance $first))))
        (export "run" (func $second "run")))"#;

    fn load(engine: &Engine, image: &[u8]) -> Result<Component> {
        // SAFETY: the images are these tests' own; what of them was altered is refused, or is no code.
        unsafe { Component::deserialize(engine, image) }
    }

    fn run(component: &Component) -> u32 {
        let engine = component.engine();
        let mut linker: Linker<()> = Linker::new(engine);
        let add = |_: StoreContextMut<'_, ()>, (a, b): (u32, u32)| Ok((a + b,));
        let mut host = linker.instance("host").unwrap();
        host.func_wrap("add", add).unwrap();
        let mut store = Store::new(engine, ());
        let instance: Instance = linker.instantiate(&mut store, component).unwrap();
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run");
        run.unwrap().call(&mut store, (37,)).unwrap().0
    }

    #[test]
    fn an_image_is_the_component_again() {
        let component = Component::new(&Engine::default(), TWO).unwrap();
        let image = component.serialize().unwrap();
        assert_eq!(
            Engine::detect_precompiled(&image),
            Some(silica_engine::Precompiled::Component)
        );
        let engine = Engine::default();
        let loaded = load(&engine, &image).unwrap();
        assert_eq!(run(&loaded), 42);
        assert_eq!(run(&component), 42);
        let names = |component: &Component| -> Vec<String> {
            let both = component.imports().chain(component.exports());
            both.map(|(name, ty)| format!("{name}: {ty}")).collect()
        };
        assert_eq!(names(&loaded), names(&component));
        assert_eq!(
            run(&load(&engine, &loaded.serialize().unwrap()).unwrap()),
            42
        );
        let file = std::env::temp_dir().join(format!("silica-component-{}", std::process::id()));
        std::fs::write(&file, &image).unwrap();
        // SAFETY: the file was just written, from an image that was just made.
        let mapped = unsafe { Component::deserialize_file(&engine, &file) }.unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(run(&mapped), 42);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let engine = Engine::default();
        let component = Component::new(&engine, TWO).unwrap();
        let image = component.serialize().unwrap();
        let other = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let error = load(&other, &image).unwrap_err().to_string();
        assert!(error.contains("fuel is off"), "{error}");
        let module = component.module(0).serialize().unwrap();
        let error = load(&engine, &module).unwrap_err().to_string();
        assert!(error.contains("not a compiled image"), "{error}");
        // SAFETY: what is refused does not run.
        let error = unsafe { Module::deserialize(&engine, &image) }.unwrap_err();
        assert!(
            error.to_string().contains("not a compiled image"),
            "{error}"
        );
    }

    #[test]
    fn a_plan_that_is_not_whole_is_refused() {
        let engine = Engine::default();
        let component = Component::new(&engine, TWO).unwrap();
        let whole = component.serialize().unwrap();
        // SAFETY: as above.
        let (description, modules) = unsafe { Module::deserialize_set(&engine, &whole) }.unwrap();
        let refused = |modules: &[&Module], description: &[u8]| {
            let image = Module::serialize_set(modules, description).unwrap();
            load(&engine, &image).unwrap_err().to_string()
        };
        let modules: Vec<&Module> = modules.iter().collect();
        let own = component.modules().len();
        let without = refused(&modules[..own], &description);
        assert!(without.contains("an adapter is not there"), "{without}");
        let without = refused(&modules[..own - 1], &description);
        assert!(without.contains("a module of its plan"), "{without}");
        // What decodes is another plan, whose numbers are looked at; nothing panics.
        for at in 0..description.len() {
            let mut altered = description.clone();
            altered[at] ^= 0x15;
            let image = Module::serialize_set(&modules, &altered).unwrap();
            drop(load(&engine, &image));
        }
    }
}
