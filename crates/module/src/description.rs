//! The description of one module.

use std::ops::Range;

use silica_operator::MachineType;

use crate::{
    CompositeType, ConstExpression, EntityType, FunctionType, GlobalType, MemoryType, RecGroup,
    RefType, SubType, TableType, TagType, ValueType,
};

/// A range of the module's bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub struct ByteRange {
    /// First byte, counted from the start of the module.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl ByteRange {
    /// The range from `start` to `end`, unless it runs backwards or past 4 GiB.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Option<ByteRange> {
        let (start, end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        (start <= end).then_some(ByteRange { start, end })
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The range as `usize`, to index with.
    #[must_use]
    pub fn indices(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A validated module. Index spaces are the specification's: imports first, then definitions.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Module {
    /// All types, rec groups flattened.
    pub types: Vec<SubType>,
    /// How the types group.
    pub rec_groups: Vec<RecGroup>,
    /// Imports, in order.
    pub imports: Vec<Import>,
    /// Exports, in order.
    pub exports: Vec<Export>,
    /// Type index of each function.
    pub functions: Vec<u32>,
    /// Each table.
    pub tables: Vec<Table>,
    /// Type of each memory.
    pub memories: Vec<MemoryType>,
    /// Each global.
    pub globals: Vec<Global>,
    /// Type of each tag.
    pub tags: Vec<TagType>,
    /// How many of each index space are imported.
    pub imported_functions: u32,
    /// Imported tables.
    pub imported_tables: u32,
    /// Imported memories.
    pub imported_memories: u32,
    /// Imported globals.
    pub imported_globals: u32,
    /// Imported tags.
    pub imported_tags: u32,
    /// The start function.
    pub start: Option<u32>,
    /// Element segments, in order.
    pub elements: Vec<ElementSegment>,
    /// Data segments, in order.
    pub data: Vec<DataSegment>,
    /// Body of each defined function (function `imported_functions + i`).
    pub bodies: Vec<FunctionBody>,
    /// Functions whose reference can be taken: exported, in an element segment, named by
    /// `ref.func` in a global or a body, or the start function. Sorted. Each has a place in the instance.
    pub escaping_functions: Vec<u32>,
    /// Custom sections, in order.
    pub custom_sections: Vec<CustomSection>,
    /// The name section's contents, if any: names are looked up in it only when asked for.
    pub names: Option<ByteRange>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Import {
    /// Module name.
    pub module: String,
    /// Field name.
    pub name: String,
    /// What is imported.
    pub entity: EntityType,
    /// Of a function: whether it must be of exactly that type, and of no subtype.
    pub exact: bool,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What is exported.
    pub entity: EntityType,
    /// Its index in the index space that `entity` says.
    pub index: u32,
}

/// A table, with the value its elements start with (null when `None`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Table {
    /// Its type.
    pub ty: TableType,
    /// Initial value of each element; always `None` for imports.
    pub initial: Option<ConstExpression>,
}

/// A global, with its initial value (`None` for imports).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Global {
    /// Its type.
    pub ty: GlobalType,
    /// Initial value.
    pub initial: Option<ConstExpression>,
}

/// An element segment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ElementSegment {
    /// Type of its elements.
    pub ty: RefType,
    /// Its elements.
    pub items: ElementItems,
    /// What happens to it.
    pub mode: ElementMode,
}

/// Elements of a segment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ElementItems {
    /// Function indices.
    Functions(Box<[u32]>),
    /// Constant expressions.
    Expressions(Box<[ConstExpression]>),
}

impl ElementItems {
    /// Segments whose expressions are all `ref.func` become lists of indices, which are smaller.
    #[must_use]
    pub fn from_expressions(expressions: Vec<ConstExpression>) -> ElementItems {
        let functions = expressions.iter().map(ConstExpression::as_function);
        match functions.collect::<Option<Box<[u32]>>>() {
            Some(functions) => ElementItems::Functions(functions),
            None => ElementItems::Expressions(expressions.into_boxed_slice()),
        }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            ElementItems::Functions(functions) => functions.len(),
            ElementItems::Expressions(expressions) => expressions.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What happens to an element segment at instantiation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ElementMode {
    /// Waits for `table.init`.
    Passive,
    /// Is dropped; it only declares references.
    Declared,
    /// Is written to a table.
    Active {
        /// Which table.
        table: u32,
        /// From which element.
        offset: ConstExpression,
    },
}

/// A data segment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DataSegment {
    /// Its bytes, in the module.
    pub bytes: ByteRange,
    /// What happens to it.
    pub mode: DataMode,
}

/// What happens to a data segment at instantiation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DataMode {
    /// Waits for `memory.init`.
    Passive,
    /// Is written to a memory.
    Active {
        /// Which memory.
        memory: u32,
        /// From which address.
        offset: ConstExpression,
    },
}

/// A function body, validated when it is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FunctionBody {
    /// From the count of local declarations to the final `end`.
    pub bytes: ByteRange,
}

/// A custom section.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// Its contents, after the name.
    pub bytes: ByteRange,
}

impl Module {
    /// The function type at `index` of [`Module::types`], if it is one.
    #[must_use]
    pub fn function_type(&self, index: u32) -> Option<&FunctionType> {
        match &self.types.get(index as usize)?.composite {
            CompositeType::Function(ty) => Some(ty),
            CompositeType::Struct(_) | CompositeType::Array(_) | CompositeType::Continuation(_) => {
                None
            }
        }
    }

    /// The type of function `function` of the index space. Validation has proved that it exists.
    ///
    /// # Panics
    /// If `function` is not an index of this module.
    #[must_use]
    pub fn type_of_function(&self, function: u32) -> &FunctionType {
        self.function_type(self.functions[function as usize])
            .expect("validation proved that a function has a function type")
    }

    /// Whether type `sub` of the module is type `sup`, or declares it as its supertype, or a supertype of that. Two types of
    /// a module that are equal by their groups count as different here.
    #[must_use]
    pub fn is_subtype(&self, sub: u32, sup: u32) -> bool {
        let above = |index: &u32| self.types.get(*index as usize)?.supertype;
        // A supertype has a lower index in a valid module, so that this ends.
        std::iter::successors(Some(sub), above).any(|index| index == sup)
    }

    /// Index among the defined functions, or `None` for an import.
    #[must_use]
    pub fn defined_function(&self, function: u32) -> Option<u32> {
        function.checked_sub(self.imported_functions)
    }

    /// Whether its code can come across objects: structs, arrays, exceptions, values of the host. All of them come from
    /// types that it declares, or in through a function, a table, or a global.
    #[must_use]
    pub fn uses_objects(&self) -> bool {
        let object = |ty: RefType| ty.heap.machine() == MachineType::Object;
        let value = |ty: &ValueType| matches!(*ty, ValueType::Ref(ty) if object(ty));
        let declared = |ty: &SubType| match &ty.composite {
            CompositeType::Function(ty) => ty.params.iter().chain(&ty.results).any(value),
            CompositeType::Struct(_) | CompositeType::Array(_) | CompositeType::Continuation(_) => {
                true
            }
        };
        !self.tags.is_empty()
            || self.types.iter().any(declared)
            || self.tables.iter().any(|table| object(table.ty.element))
            || self.globals.iter().any(|global| value(&global.ty.value))
    }

    /// The type of what is suspended in a continuation of type `index`, if it is one.
    #[must_use]
    pub fn continuation_function(&self, index: u32) -> Option<&FunctionType> {
        match &self.types.get(index as usize)?.composite {
            CompositeType::Continuation(ty) => self.function_type(ty.function),
            CompositeType::Function(_) | CompositeType::Struct(_) | CompositeType::Array(_) => None,
        }
    }

    /// Whether its code may resume or suspend continuations. What has neither tags nor types of continuations cannot.
    #[must_use]
    pub fn may_suspend(&self) -> bool {
        let is_continuation = |ty: &SubType| matches!(ty.composite, CompositeType::Continuation(_));
        !self.tags.is_empty() || self.types.iter().any(is_continuation)
    }

    /// Place of `function` among [`Module::escaping_functions`].
    #[must_use]
    pub fn escaping_index(&self, function: u32) -> Option<u32> {
        self.escaping_functions
            .binary_search(&function)
            .ok()
            .map(|i| i as u32)
    }
}
