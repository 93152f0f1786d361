//! WebAssembly's types as the specification names them ("Types").
//!
//! A [`HeapType::Concrete`] holds an index into [`crate::Module::types`]. Such an index means something
//! only beside its module; the runtime turns it into an engine-wide canonical id. What kind of type it names stands
//! beside it, so that a value type alone tells what remains of it in machine code.

use silica_operator::MachineType;

/// `valtype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ValueType {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(RefType),
}

impl ValueType {
    /// What remains of the type in machine code.
    #[must_use]
    pub const fn machine(self) -> MachineType {
        match self {
            ValueType::I32 => MachineType::I32,
            ValueType::I64 => MachineType::I64,
            ValueType::F32 => MachineType::F32,
            ValueType::F64 => MachineType::F64,
            ValueType::V128 => MachineType::V128,
            ValueType::Ref(ty) => ty.heap.machine(),
        }
    }
}

/// `reftype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RefType {
    /// Whether null is among its values.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

impl RefType {
    /// `funcref`
    pub const FUNCREF: RefType = RefType {
        nullable: true,
        heap: HeapType::Func,
    };
    /// `externref`
    pub const EXTERNREF: RefType = RefType {
        nullable: true,
        heap: HeapType::Extern,
    };
}

/// `heaptype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum HeapType {
    Func,
    NoFunc,
    Extern,
    NoExtern,
    Any,
    Eq,
    I31,
    Struct,
    Array,
    None,
    Exn,
    NoExn,
    Cont,
    NoCont,
    /// A type of the module.
    Concrete {
        /// Its index in the module's types.
        index: u32,
        /// What kind of type it is.
        kind: TypeKind,
        /// Whether values of its subtypes are none of it.
        exact: bool,
    },
}

impl HeapType {
    /// What remains of a reference to it in machine code: functions live outside of the store's heap of objects.
    #[must_use]
    pub const fn machine(self) -> MachineType {
        match self {
            HeapType::Func
            | HeapType::NoFunc
            | HeapType::Concrete {
                kind: TypeKind::Function,
                ..
            } => MachineType::Reference,
            HeapType::Extern
            | HeapType::NoExtern
            | HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array
            | HeapType::None
            | HeapType::Exn
            | HeapType::NoExn
            | HeapType::Cont
            | HeapType::NoCont
            | HeapType::Concrete {
                kind: TypeKind::Struct | TypeKind::Array | TypeKind::Continuation,
                ..
            } => MachineType::Object,
        }
    }
}

/// What kind of composite type a type of a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum TypeKind {
    Function,
    Struct,
    Array,
    Continuation,
}

/// `functype`
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FunctionType {
    /// Parameters, in order.
    pub params: Box<[ValueType]>,
    /// Results, in order.
    pub results: Box<[ValueType]>,
}

/// `storagetype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum StorageType {
    I8,
    I16,
    Value(ValueType),
}

/// `fieldtype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FieldType {
    /// What is stored.
    pub storage: StorageType,
    /// Whether it may be written after allocation.
    pub mutable: bool,
}

/// `structtype`
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct StructType {
    /// Fields, in order.
    pub fields: Box<[FieldType]>,
}

/// `arraytype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ArrayType {
    /// Type of each element.
    pub element: FieldType,
}

/// `conttype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ContinuationType {
    /// The type of the function that is suspended in it, an index into the module's types: its parameters are what it is resumed with.
    pub function: u32,
}

/// `comptype`
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum CompositeType {
    Function(FunctionType),
    Struct(StructType),
    Array(ArrayType),
    Continuation(ContinuationType),
}

impl CompositeType {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> TypeKind {
        match self {
            CompositeType::Function(_) => TypeKind::Function,
            CompositeType::Struct(_) => TypeKind::Struct,
            CompositeType::Array(_) => TypeKind::Array,
            CompositeType::Continuation(_) => TypeKind::Continuation,
        }
    }
}

/// `subtype`
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SubType {
    /// Whether it may have no subtypes.
    pub is_final: bool,
    /// Its declared supertype, an index into the module's types.
    pub supertype: Option<u32>,
    /// The type of the objects that describe its own, an index into the module's types.
    pub descriptor: Option<u32>,
    /// The type whose objects its own describe, an index into the module's types.
    pub describes: Option<u32>,
    /// What it is made of.
    pub composite: CompositeType,
}

impl From<CompositeType> for SubType {
    /// A final type that is related to no other.
    fn from(composite: CompositeType) -> SubType {
        SubType {
            is_final: true,
            supertype: None,
            descriptor: None,
            describes: None,
            composite,
        }
    }
}

/// `rectype`: a run of the module's types that may refer to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RecGroup {
    /// Index of the first type of the group.
    pub first: u32,
    /// How many types it has.
    pub count: u32,
}

/// `addrtype`: the type of a memory's or a table's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum IndexType {
    I32,
    I64,
}

/// `memtype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MemoryType {
    /// Type of an address.
    pub index: IndexType,
    /// Pages at the start.
    pub min: u64,
    /// Pages at most, where declared.
    pub max: Option<u64>,
    /// Whether threads share it.
    pub shared: bool,
    /// Base-two logarithm of a page's bytes: 16, or 0 by the custom-page-sizes proposal.
    pub page_size_log2: u8,
}

/// `tabletype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct TableType {
    /// Type of an index.
    pub index: IndexType,
    /// Type of each element.
    pub element: RefType,
    /// Elements at the start.
    pub min: u64,
    /// Elements at most, where declared.
    pub max: Option<u64>,
}

/// `globaltype`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct GlobalType {
    /// Type of the value.
    pub value: ValueType,
    /// Whether it may be written.
    pub mutable: bool,
}

/// `tagtype`: an index into the module's types, of a function type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct TagType {
    /// The function type whose parameters the exception carries.
    pub function: u32,
}

/// `externtype`, of an import or an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EntityType {
    /// A function, by index into the module's types.
    Function(u32),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// An exception tag.
    Tag(TagType),
}
