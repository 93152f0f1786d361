//! A component's imports, handed on by the one around it.
//!
//! Up to the last import all of a component's types and aliases are repeated in the outer component, with indices
//! that are its. What the outer component has already, by name, is used again.

use std::collections::HashMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Reencode, ReencodeComponent};
use wasm_encoder::{ComponentBuilder, ComponentExportKind, ComponentTypeSection};
use wasmparser::{
    ComponentAlias, ComponentOuterAliasKind, ComponentType, ComponentTypeRef, Parser, Payload,
};

use crate::error::ComposeError;

/// Something in the outer component.
pub(crate) type Item = (ComponentExportKind, u32);

/// The outer component, as far as it is made.
#[derive(Default)]
pub(crate) struct Outer {
    pub(crate) builder: ComponentBuilder,
    /// What it imports, by name.
    imported: HashMap<String, Item>,
}

/// A part: its name for people, and its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Part<'p> {
    pub(crate) name: &'p str,
    pub(crate) bytes: &'p [u8],
}

impl<'p> Part<'p> {
    /// Its sections, but not those of what is inside it.
    pub(crate) fn sections(self) -> Result<Vec<Payload<'p>>, ComposeError> {
        if !Parser::is_component(self.bytes) {
            return Err(ComposeError::NotComponent(self.name.to_owned()));
        }
        let (mut sections, mut depth) = (Vec::new(), 0_u32);
        for payload in Parser::new(0).parse_all(self.bytes) {
            let payload = payload.map_err(|error| self.bad(error))?;
            let inside = matches!(
                payload,
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. }
            );
            let end = matches!(payload, Payload::End(_));
            if depth == 0 && !end {
                sections.push(payload);
            }
            depth += u32::from(inside);
            depth = depth.saturating_sub(u32::from(end));
        }
        Ok(sections)
    }

    pub(crate) fn bad(self, error: wasmparser::BinaryReaderError) -> ComposeError {
        ComposeError::Decode {
            name: self.name.to_owned(),
            error,
        }
    }

    /// What it exports, in order.
    pub(crate) fn exports(self) -> Result<Vec<(String, ComponentExportKind)>, ComposeError> {
        let mut exports = Vec::new();
        for section in self.sections()? {
            if let Payload::ComponentExportSection(section) = section {
                for export in section {
                    let export = export.map_err(|error| self.bad(error))?;
                    exports.push((export.name.name.to_owned(), export.kind.into()));
                }
            }
        }
        Ok(exports)
    }

    /// The names of what it imports, in order.
    pub(crate) fn imports(self) -> Result<Vec<String>, ComposeError> {
        let mut imports = Vec::new();
        for section in self.sections()? {
            if let Payload::ComponentImportSection(section) = section {
                for import in section {
                    let import = import.map_err(|error| self.bad(error))?;
                    imports.push(import.name.name.to_owned());
                }
            }
        }
        Ok(imports)
    }
}

/// What a part's indices are in the outer component; nothing for what is only the part's.
#[derive(Default)]
struct Indices {
    types: Vec<Option<u32>>,
    instances: Vec<Option<u32>>,
    functions: Vec<Option<u32>>,
    components: Vec<Option<u32>>,
    modules: Vec<Option<u32>>,
    values: Vec<Option<u32>>,
    /// How many types are around the one that is copied.
    depth: u32,
    /// Whether something was named that is only the part's.
    missing: bool,
}

impl Indices {
    fn space(&mut self, kind: ComponentExportKind) -> &mut Vec<Option<u32>> {
        match kind {
            ComponentExportKind::Module => &mut self.modules,
            ComponentExportKind::Func => &mut self.functions,
            ComponentExportKind::Value => &mut self.values,
            ComponentExportKind::Type => &mut self.types,
            ComponentExportKind::Instance => &mut self.instances,
            ComponentExportKind::Component => &mut self.components,
        }
    }

    fn known(&mut self, kind: ComponentExportKind, index: u32) -> u32 {
        let found = self.space(kind).get(index as usize).copied().flatten();
        self.missing |= found.is_none();
        found.unwrap_or(0)
    }
}

impl Reencode for Indices {
    type Error = Infallible;
}

impl ReencodeComponent for Indices {
    fn component_type_index(&mut self, ty: u32) -> u32 {
        if self.depth > 0 {
            // Of the type that is copied.
            return ty;
        }
        self.known(ComponentExportKind::Type, ty)
    }

    fn component_instance_index(&mut self, instance: u32) -> u32 {
        if self.depth > 0 {
            return instance;
        }
        self.known(ComponentExportKind::Instance, instance)
    }

    fn outer_component_type_index(&mut self, count: u32, ty: u32) -> u32 {
        if count < self.depth {
            return ty;
        }
        self.known(ComponentExportKind::Type, ty)
    }

    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }
}

impl Outer {
    /// Hands on what `part` imports, but for what is `given`. What it is to be instantiated with, by name.
    pub(crate) fn hand_on(
        &mut self,
        part: Part<'_>,
        given: &HashMap<String, Item>,
    ) -> Result<Vec<(String, ComponentExportKind, u32)>, ComposeError> {
        let (mut indices, mut arguments) = (Indices::default(), Vec::new());
        let sections = part.sections()?;
        let is_import =
            |section: &Payload<'_>| matches!(section, Payload::ComponentImportSection(_));
        let count = sections
            .iter()
            .rposition(is_import)
            .map_or(0, |last| last + 1);
        for section in sections.into_iter().take(count) {
            match section {
                Payload::ComponentTypeSection(section) => {
                    for ty in section {
                        let ty = ty.map_err(|error| part.bad(error))?;
                        let index = self.copy_type(&mut indices, ty);
                        indices.types.push(index);
                    }
                }
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        let alias = alias.map_err(|error| part.bad(error))?;
                        self.copy_alias(&mut indices, &alias);
                    }
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import.map_err(|error| part.bad(error))?;
                        let (kind, index) = self
                            .import(&mut indices, given, import.name.name, import.ty)
                            .ok_or_else(|| ComposeError::Import {
                                component: part.name.to_owned(),
                                name: import.name.name.to_owned(),
                            })?;
                        indices.space(kind).push(Some(index));
                        arguments.push((import.name.name.to_owned(), kind, index));
                    }
                }
                other => pass_over(&mut indices, &other).map_err(|error| part.bad(error))?,
            }
        }
        Ok(arguments)
    }

    /// Copies a type, unless it speaks of what is only the part's.
    fn copy_type(&mut self, indices: &mut Indices, ty: ComponentType<'_>) -> Option<u32> {
        if matches!(ty, ComponentType::Resource { .. }) {
            return None;
        }
        indices.missing = false;
        let mut tried = ComponentTypeSection::new();
        let copied = indices.parse_component_type(tried.ty(), ty.clone());
        if copied.is_err() || indices.missing {
            return None;
        }
        let (index, encoder) = self.builder.ty(None);
        indices.parse_component_type(encoder, ty).ok()?;
        Some(index)
    }

    fn copy_alias(&mut self, indices: &mut Indices, alias: &ComponentAlias<'_>) {
        match *alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => {
                let kind = ComponentExportKind::from(kind);
                let instance = indices.instances.get(instance_index as usize);
                let index = instance
                    .copied()
                    .flatten()
                    .map(|instance| self.builder.alias_export(instance, name, kind));
                indices.space(kind).push(index);
            }
            ComponentAlias::Outer { kind, index, .. } => {
                // Nothing is around a component that stands alone, but itself.
                let kind = match kind {
                    ComponentOuterAliasKind::Type => ComponentExportKind::Type,
                    ComponentOuterAliasKind::Component => ComponentExportKind::Component,
                    ComponentOuterAliasKind::CoreModule => ComponentExportKind::Module,
                    ComponentOuterAliasKind::CoreType => return,
                };
                let same = indices.space(kind).get(index as usize).copied().flatten();
                indices.space(kind).push(same);
            }
            ComponentAlias::CoreInstanceExport { .. } => {}
        }
    }

    /// What an import is: given, imported already, or imported now.
    fn import(
        &mut self,
        indices: &mut Indices,
        given: &HashMap<String, Item>,
        name: &str,
        ty: ComponentTypeRef,
    ) -> Option<Item> {
        if let Some(item) = given.get(name).or_else(|| self.imported.get(name)) {
            return Some(*item);
        }
        let kind = match ty {
            // Its type is of core modules, which are not copied.
            ComponentTypeRef::Module(_) => return None,
            ComponentTypeRef::Func(_) => ComponentExportKind::Func,
            ComponentTypeRef::Value(_) => ComponentExportKind::Value,
            ComponentTypeRef::Type(_) => ComponentExportKind::Type,
            ComponentTypeRef::Instance(_) => ComponentExportKind::Instance,
            ComponentTypeRef::Component(_) => ComponentExportKind::Component,
        };
        indices.missing = false;
        let ty = indices.component_type_ref(ty).ok()?;
        if indices.missing {
            return None;
        }
        let item = (kind, self.builder.import(name, ty));
        self.imported.insert(name.to_owned(), item);
        Some(item)
    }
}

/// Counts what a section defines that is only the part's.
fn pass_over(
    indices: &mut Indices,
    section: &Payload<'_>,
) -> Result<(), wasmparser::BinaryReaderError> {
    match section {
        Payload::ModuleSection { .. } => indices.modules.push(None),
        Payload::ComponentSection { .. } => indices.components.push(None),
        Payload::ComponentInstanceSection(section) => {
            indices.instances.extend((0..section.count()).map(|_| None));
        }
        Payload::ComponentCanonicalSection(section) => {
            for function in section.clone() {
                if matches!(function?, wasmparser::CanonicalFunction::Lift { .. }) {
                    indices.functions.push(None);
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section.clone() {
                let export = export?;
                let kind = ComponentExportKind::from(export.kind);
                let same = indices.space(kind).get(export.index as usize).copied();
                indices.space(kind).push(same.flatten());
            }
        }
        _ => {}
    }
    Ok(())
}
