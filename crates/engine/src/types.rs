//! The types of values, functions and everything else that modules import and export, as an embedder sees
//! them.
//!
//! They are plain values: cheap to clone, comparable, and printable in words. Types that a program declares
//! ([`FuncType`], [`StructType`], [`ArrayType`]) are the engine's: equal ones are one, whichever module they come from, and each
//! lives as long as somebody holds it.

mod continuation;
mod declared;
mod external;

pub use continuation::ContType;
pub use declared::{ArrayType, FieldType, Finality, FuncType, StorageType, StructType};
pub use external::{
    ExportType, ExternType, GlobalType, ImportType, MemoryType, MemoryTypeBuilder, TableType,
    TagType,
};

use std::fmt;

use silica_module::TypeKind;
use silica_runtime as rt;

use crate::Engine;

/// What a type's number means: the canonical ids of an engine, or the indices of a module.
pub(crate) type Resolve<'a> = &'a dyn Fn(u32) -> rt::RegisteredType;

/// Panics if a type is of another engine.
fn check_engine(engine: &Engine, ty: &rt::RegisteredType) {
    assert!(
        engine.runtime().owns_type(ty),
        "the type belongs to another engine"
    );
}

/// The types behind the canonical ids of what a store holds, which keeps them alive.
pub(crate) fn alive(runtime: &rt::Runtime) -> impl Fn(u32) -> rt::RegisteredType + '_ {
    |id| {
        let ty = runtime.type_of_id(id);
        ty.expect("what has a type keeps it alive")
    }
}

/// Whether a global, a field or an element may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Mutability {
    Const,
    Var,
}

impl Mutability {
    /// Whether it is [`Mutability::Var`].
    #[must_use]
    pub const fn is_var(self) -> bool {
        matches!(self, Mutability::Var)
    }

    /// Whether it is [`Mutability::Const`].
    #[must_use]
    pub const fn is_const(self) -> bool {
        matches!(self, Mutability::Const)
    }
}

/// The type of a [`Val`](crate::Val).
///
/// ```
/// use silica_engine::ValType;
/// assert_eq!(ValType::I32.to_string(), "i32");
/// assert_eq!(ValType::FUNCREF.to_string(), "funcref");
/// assert!(ValType::F64.is_num());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ValType {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(RefType),
}

impl ValType {
    /// `funcref`
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `externref`
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);

    /// Whether it is an integer or a float.
    #[must_use]
    pub const fn is_num(&self) -> bool {
        matches!(
            self,
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64
        )
    }

    /// Whether it is `v128`.
    #[must_use]
    pub const fn is_vector(&self) -> bool {
        matches!(self, ValType::V128)
    }

    /// Whether it is a reference type.
    #[must_use]
    pub const fn is_ref(&self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// Panics if it mentions a type of another engine.
    pub(crate) fn check_engine(&self, engine: &Engine) {
        if let ValType::Ref(ty) = self {
            ty.check_engine(engine);
        }
    }

    /// The reference type that it is, if it is one.
    #[must_use]
    pub const fn as_ref(&self) -> Option<&RefType> {
        match self {
            ValType::Ref(ty) => Some(ty),
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::V128 => None,
        }
    }

    /// Whether every value of this type is also one of `other` (the specification's "matching").
    #[must_use]
    pub fn matches(&self, other: &ValType) -> bool {
        match (self, other) {
            (ValType::Ref(a), ValType::Ref(b)) => a.matches(b),
            (a, b) => a == b,
        }
    }

    pub(crate) fn from_module(ty: silica_module::ValueType, resolve: Resolve<'_>) -> ValType {
        use silica_module::ValueType;
        match ty {
            ValueType::I32 => ValType::I32,
            ValueType::I64 => ValType::I64,
            ValueType::F32 => ValType::F32,
            ValueType::F64 => ValType::F64,
            ValueType::V128 => ValType::V128,
            ValueType::Ref(ty) => ValType::Ref(RefType::from_module(ty, resolve)),
        }
    }

    /// With canonical ids.
    pub(crate) fn to_module(&self) -> silica_module::ValueType {
        use silica_module::ValueType;
        match self {
            ValType::I32 => ValueType::I32,
            ValType::I64 => ValueType::I64,
            ValType::F32 => ValueType::F32,
            ValType::F64 => ValueType::F64,
            ValType::V128 => ValueType::V128,
            ValType::Ref(ty) => ValueType::Ref(ty.to_module()),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> ValType {
        ValType::Ref(ty)
    }
}

/// The type of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefType {
    nullable: bool,
    heap: HeapType,
}

impl RefType {
    /// `funcref`
    pub const FUNCREF: RefType = RefType::new(true, HeapType::Func);
    /// `externref`
    pub const EXTERNREF: RefType = RefType::new(true, HeapType::Extern);

    /// References to `heap`, and null where `nullable`.
    #[must_use]
    pub const fn new(nullable: bool, heap: HeapType) -> RefType {
        RefType { nullable, heap }
    }

    /// Whether null is among its values.
    #[must_use]
    pub const fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// What it refers to.
    #[must_use]
    pub const fn heap_type(&self) -> &HeapType {
        &self.heap
    }

    /// Whether every reference of this type is also one of `other`.
    #[must_use]
    pub fn matches(&self, other: &RefType) -> bool {
        (other.nullable || !self.nullable) && self.heap.matches(&other.heap)
    }

    /// Panics if it mentions a type of another engine.
    pub(crate) fn check_engine(&self, engine: &Engine) {
        self.heap.check_engine(engine);
    }

    pub(crate) fn from_module(ty: silica_module::RefType, resolve: Resolve<'_>) -> RefType {
        RefType::new(ty.nullable, HeapType::from_module(ty.heap, resolve))
    }

    pub(crate) fn to_module(&self) -> silica_module::RefType {
        silica_module::RefType {
            nullable: self.nullable,
            heap: self.heap.to_module(),
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}

/// What a reference refers to.
///
/// ```
/// use silica_engine::{Engine, FuncType, HeapType, ValType};
/// let ty = FuncType::new(&Engine::default(), [ValType::I32], []);
/// let concrete = HeapType::ConcreteFunc(ty);
/// assert!(HeapType::NoFunc.matches(&concrete) && concrete.matches(&HeapType::Func));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum HeapType {
    Func,
    /// Functions of one type, and of its subtypes.
    ConcreteFunc(FuncType),
    NoFunc,
    Extern,
    NoExtern,
    Any,
    Eq,
    I31,
    Struct,
    /// Structs of one type, and of its subtypes.
    ConcreteStruct(StructType),
    Array,
    /// Arrays of one type, and of its subtypes.
    ConcreteArray(ArrayType),
    None,
    Exn,
    NoExn,
    Cont,
    /// Continuations of one type, and of its subtypes.
    ConcreteCont(ContType),
    NoCont,
}

impl HeapType {
    /// Whether everything that this type describes is also described by `other`.
    #[must_use]
    pub fn matches(&self, other: &HeapType) -> bool {
        if self == other {
            return true;
        }
        match self {
            HeapType::NoFunc
            | HeapType::NoExtern
            | HeapType::NoExn
            | HeapType::NoCont
            | HeapType::None => self.top() == other.top(),
            HeapType::ConcreteFunc(ty) => match other {
                HeapType::ConcreteFunc(other) => ty.matches(other),
                other => *other == HeapType::Func,
            },
            HeapType::ConcreteStruct(ty) => match other {
                HeapType::ConcreteStruct(other) => ty.matches(other),
                other => HeapType::Struct.matches(other),
            },
            HeapType::ConcreteArray(ty) => match other {
                HeapType::ConcreteArray(other) => ty.matches(other),
                other => HeapType::Array.matches(other),
            },
            HeapType::ConcreteCont(ty) => match other {
                HeapType::ConcreteCont(other) => ty.matches(other),
                other => *other == HeapType::Cont,
            },
            HeapType::I31 | HeapType::Struct | HeapType::Array => {
                matches!(other, HeapType::Any | HeapType::Eq)
            }
            HeapType::Eq => *other == HeapType::Any,
            HeapType::Func | HeapType::Extern | HeapType::Any | HeapType::Exn | HeapType::Cont => {
                false
            }
        }
    }

    /// The type that all types of its hierarchy match.
    #[must_use]
    pub fn top(&self) -> HeapType {
        match self {
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            HeapType::Cont | HeapType::ConcreteCont(_) | HeapType::NoCont => HeapType::Cont,
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::ConcreteStruct(_)
            | HeapType::Array
            | HeapType::ConcreteArray(_)
            | HeapType::None => HeapType::Any,
        }
    }

    /// Whether it is a type that a program declares.
    #[must_use]
    pub const fn is_concrete(&self) -> bool {
        self.registered().is_some()
    }

    /// The function type that it is, if it is one.
    #[must_use]
    pub const fn as_concrete_func(&self) -> Option<&FuncType> {
        if let HeapType::ConcreteFunc(ty) = self {
            Some(ty)
        } else {
            None
        }
    }

    /// The struct type that it is, if it is one.
    #[must_use]
    pub const fn as_concrete_struct(&self) -> Option<&StructType> {
        if let HeapType::ConcreteStruct(ty) = self {
            Some(ty)
        } else {
            None
        }
    }

    /// The array type that it is, if it is one.
    #[must_use]
    pub const fn as_concrete_array(&self) -> Option<&ArrayType> {
        if let HeapType::ConcreteArray(ty) = self {
            Some(ty)
        } else {
            None
        }
    }

    /// The continuation type that it is, if it is one.
    #[must_use]
    pub const fn as_concrete_cont(&self) -> Option<&ContType> {
        if let HeapType::ConcreteCont(ty) = self {
            Some(ty)
        } else {
            None
        }
    }

    const fn registered(&self) -> Option<&rt::RegisteredType> {
        match self {
            HeapType::ConcreteCont(ty) => Some(ty.registered()),
            HeapType::ConcreteFunc(ty) => Some(ty.registered()),
            HeapType::ConcreteStruct(ty) => Some(ty.registered()),
            HeapType::ConcreteArray(ty) => Some(ty.registered()),
            HeapType::Func
            | HeapType::NoFunc
            | HeapType::Extern
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
            | HeapType::NoCont => None,
        }
    }

    fn check_engine(&self, engine: &Engine) {
        if let Some(ty) = self.registered() {
            check_engine(engine, ty);
        }
    }

    fn from_module(ty: silica_module::HeapType, resolve: Resolve<'_>) -> HeapType {
        use silica_module::HeapType as M;
        match ty {
            M::Func => HeapType::Func,
            M::NoFunc => HeapType::NoFunc,
            M::Extern => HeapType::Extern,
            M::NoExtern => HeapType::NoExtern,
            M::Any => HeapType::Any,
            M::Eq => HeapType::Eq,
            M::I31 => HeapType::I31,
            M::Struct => HeapType::Struct,
            M::Array => HeapType::Array,
            M::None => HeapType::None,
            M::Exn => HeapType::Exn,
            M::NoExn => HeapType::NoExn,
            M::Cont => HeapType::Cont,
            M::NoCont => HeapType::NoCont,
            M::Concrete { index, kind, .. } => match kind {
                TypeKind::Function => HeapType::ConcreteFunc(FuncType::new_of(resolve(index))),
                TypeKind::Struct => HeapType::ConcreteStruct(StructType::new_of(resolve(index))),
                TypeKind::Array => HeapType::ConcreteArray(ArrayType::new_of(resolve(index))),
                TypeKind::Continuation => HeapType::ConcreteCont(ContType::new_of(resolve(index))),
            },
        }
    }

    /// With canonical ids.
    fn to_module(&self) -> silica_module::HeapType {
        use silica_module::HeapType as M;
        let concrete = |ty: &rt::RegisteredType| M::Concrete {
            index: ty.id(),
            kind: ty.sub_type().composite.kind(),
            exact: false,
        };
        match self {
            HeapType::Func => M::Func,
            HeapType::ConcreteFunc(ty) => concrete(ty.registered()),
            HeapType::NoFunc => M::NoFunc,
            HeapType::Extern => M::Extern,
            HeapType::NoExtern => M::NoExtern,
            HeapType::Any => M::Any,
            HeapType::Eq => M::Eq,
            HeapType::I31 => M::I31,
            HeapType::Struct => M::Struct,
            HeapType::ConcreteStruct(ty) => concrete(ty.registered()),
            HeapType::Array => M::Array,
            HeapType::ConcreteArray(ty) => concrete(ty.registered()),
            HeapType::None => M::None,
            HeapType::Exn => M::Exn,
            HeapType::NoExn => M::NoExn,
            HeapType::Cont => M::Cont,
            HeapType::ConcreteCont(ty) => concrete(ty.registered()),
            HeapType::NoCont => M::NoCont,
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}
