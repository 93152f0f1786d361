//! The plan: what a component is when all its scopes and aliases are resolved.
//!
//! [`Plan::steps`] are carried out in order. Each may use what earlier ones made, by number.

use serde::{Deserialize, Serialize};
use silica_module::ByteRange;

use crate::layout::FlatType;
use crate::table::Types;
use crate::types::ValueType;

/// What to do to have an instance of a component.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Core modules that are inside the component's bytes.
    pub modules: Vec<ByteRange>,
    /// Types of values and functions.
    pub types: Types,
    /// Resource types.
    pub resources: Vec<Resource>,
    /// Component instances: the outermost first, then those inside it.
    pub instances: Vec<ComponentInstance>,
    /// What the host gives, by name.
    pub imports: Vec<Import>,
    /// The types of functions that the host gives, in the order of the imports.
    pub imported_functions: Vec<u32>,
    /// How many core modules the host gives.
    pub imported_modules: u32,
    /// Functions that core functions are lifted to.
    pub lifts: Vec<Lift>,
    /// What to make, in order.
    pub steps: Vec<Step>,
    /// How many of the steps make core instances.
    pub core_instances: u32,
    /// How many of the steps make functions.
    pub trampolines: u32,
    /// What the host gets, by name.
    pub exports: Vec<Export>,
}

/// A component instance: what has a table of handles, and what may be entered and left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ComponentInstance {
    /// The instance whose component made it.
    pub parent: Option<u32>,
}

impl Plan {
    /// Whether one of two component instances is inside the other, or they are the same.
    #[must_use]
    pub fn are_nested(&self, a: u32, b: u32) -> bool {
        self.is_inside(a, b) || self.is_inside(b, a)
    }

    fn is_inside(&self, inner: u32, outer: u32) -> bool {
        let mut at = Some(inner);
        while let Some(index) = at {
            if index == outer {
                return true;
            }
            at = self.instances[index as usize].parent;
        }
        false
    }
}

/// A resource type.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The instance that defined it; the host's have none.
    pub instance: Option<u32>,
    /// What it is called, for people.
    pub name: Option<Box<str>>,
}

/// Something that the host gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// Its name.
    pub name: String,
    /// What it is.
    pub item: ImportItem,
}

/// What an import is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ImportItem {
    /// An entry of [`Plan::imported_functions`].
    Function(u32),
    /// A core module, by number.
    Module(u32),
    /// An instance, of these.
    Instance(Vec<Import>),
    /// A resource type of the host's.
    Resource(u32),
    /// A type that is known: nothing to give.
    Type(Option<ValueType>),
    /// A component, which no host can give.
    Component,
}

/// Something that the host gets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is.
    pub item: ExportItem,
}

/// What an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ExportItem {
    /// A function with the number of its type.
    Function(Callee, u32),
    /// A core module.
    Module(ModuleSource),
    /// An instance, of these.
    Instance(Vec<Export>),
    /// A resource type.
    Resource(u32),
    /// Another type, where it is one of values.
    Type(Option<ValueType>),
    /// A component, which the host cannot use.
    Component,
}

/// Where a core module is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleSource {
    /// An entry of [`Plan::modules`].
    Inside(u32),
    /// The host gives it.
    Imported(u32),
}

/// A function of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Callee {
    /// An entry of [`Plan::lifts`].
    Lifted(u32),
    /// An entry of [`Plan::imported_functions`].
    Imported(u32),
}

/// How strings are encoded in a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Encoding {
    #[default]
    Utf8,
    Utf16,
    CompactUtf16,
}

/// Options of lifting or lowering.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub struct Options {
    pub encoding: Encoding,
    pub memory: Option<CoreDefinition>,
    pub realloc: Option<CoreDefinition>,
    pub post_return: Option<CoreDefinition>,
    pub is_async: bool,
}

/// A core function as a function of a component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lift {
    /// The core function.
    pub function: CoreDefinition,
    /// Its type, lifted.
    pub ty: u32,
    /// How.
    pub options: Options,
    /// The instance that it belongs to.
    pub instance: u32,
}

/// Something of a core module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CoreDefinition {
    /// What a core instance exports.
    Export {
        /// Which, by the order of their steps.
        instance: u32,
        /// As.
        name: Box<str>,
    },
    /// What a step made, by the order of those that make functions.
    Trampoline(u32),
}

/// What a core module imports from one name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CoreArgument {
    /// All that a core instance exports.
    Instance(u32),
    /// These.
    Definitions(Vec<(Box<str>, CoreDefinition)>),
}

/// One step of an instantiation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Makes an instance of a core module.
    Instantiate {
        /// The module.
        module: ModuleSource,
        /// What it imports, by the first of its imports' names.
        arguments: Vec<(Box<str>, CoreArgument)>,
        /// The component instance that it belongs to.
        instance: u32,
    },
    /// Makes a core function.
    Trampoline(Trampoline),
    /// Makes a resource type.
    Resource {
        /// Which.
        resource: u32,
        /// What is called with the representation of one that is dropped.
        destructor: Option<CoreDefinition>,
    },
}

/// A core function that the host, or an adapter, is behind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Trampoline {
    Lower {
        callee: Callee,
        ty: u32,
        options: Options,
        /// The instance that calls.
        instance: u32,
    },
    ResourceNew {
        resource: u32,
        instance: u32,
    },
    ResourceRep {
        resource: u32,
        instance: u32,
    },
    ResourceDrop {
        resource: u32,
        instance: u32,
    },
    Builtin(Builtin),
}

/// A built-in that is no matter of resources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Builtin {
    /// What the specification calls it.
    #[serde(deserialize_with = "crate::builtins::known_name")]
    pub name: BuiltinName,
    /// Its parameters as a core function.
    pub params: Vec<FlatType>,
    /// Its results.
    pub results: Vec<FlatType>,
    /// Which slot, of those that work on one.
    pub slot: u32,
    /// The instance that calls.
    pub instance: u32,
}

/// The specification's name of a built-in. It has a name of its own because a reference would be taken for one into
/// what is deserialized.
pub type BuiltinName = &'static str;
