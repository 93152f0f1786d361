//! The types of values, functions and everything else that modules import and export, as an embedder sees
//! them.
//!
//! They are plain values: cheap to clone, comparable, and printable in words. What a module's
//! own type indices mean is resolved when they are made.

mod external;

pub use external::{
    ExportType, ExternType, GlobalType, ImportType, MemoryType, MemoryTypeBuilder, Mutability,
    TableType,
};

use std::fmt;
use std::sync::Arc;

use crate::Engine;

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

    pub(crate) fn from_module(ty: silica_module::ValueType) -> ValType {
        use silica_module::ValueType;
        match ty {
            ValueType::I32 => ValType::I32,
            ValueType::I64 => ValType::I64,
            ValueType::F32 => ValType::F32,
            ValueType::F64 => ValType::F64,
            ValueType::V128 => ValType::V128,
            ValueType::Ref(ty) => ValType::Ref(RefType::from_module(ty)),
        }
    }

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

    pub(crate) fn from_module(ty: silica_module::RefType) -> RefType {
        RefType::new(ty.nullable, HeapType::from_module(ty.heap))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
}

impl HeapType {
    /// Whether everything that this type describes is also described by `other`.
    #[must_use]
    pub fn matches(&self, other: &HeapType) -> bool {
        use HeapType::{
            Any, Array, Eq, Exn, Extern, Func, I31, NoExn, NoExtern, NoFunc, None, Struct,
        };
        self == other
            || match self {
                NoFunc => *other == Func,
                NoExtern => *other == Extern,
                NoExn => *other == Exn,
                None => matches!(other, Any | Eq | I31 | Struct | Array),
                I31 | Struct | Array => matches!(other, Any | Eq),
                Eq => *other == Any,
                Func | Extern | Any | Exn => false,
            }
    }

    fn from_module(ty: silica_module::HeapType) -> HeapType {
        use silica_module::{HeapType as M, TypeKind};
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
            // Concrete references need the proposal of typed function references or GC, and no engine can
            // be made with them. What is left is a crafted description: then the nearest abstract type.
            M::Concrete { kind, .. } => match kind {
                TypeKind::Function => HeapType::Func,
                TypeKind::Struct => HeapType::Struct,
                TypeKind::Array => HeapType::Array,
            },
        }
    }

    fn to_module(self) -> silica_module::HeapType {
        use silica_module::HeapType as M;
        match self {
            HeapType::Func => M::Func,
            HeapType::NoFunc => M::NoFunc,
            HeapType::Extern => M::Extern,
            HeapType::NoExtern => M::NoExtern,
            HeapType::Any => M::Any,
            HeapType::Eq => M::Eq,
            HeapType::I31 => M::I31,
            HeapType::Struct => M::Struct,
            HeapType::Array => M::Array,
            HeapType::None => M::None,
            HeapType::Exn => M::Exn,
            HeapType::NoExn => M::NoExn,
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}

/// The type of a function: its parameters and its results.
///
/// ```
/// use silica_engine::{Engine, FuncType, ValType};
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::F64]);
/// assert_eq!(ty.to_string(), "(i32, i64) -> f64");
/// assert_eq!(ty.params().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncType {
    inner: Arc<FuncTypeInner>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct FuncTypeInner {
    params: Box<[ValType]>,
    results: Box<[ValType]>,
}

impl FuncType {
    /// The type of functions from `params` to `results`, for use with `engine`.
    #[must_use]
    pub fn new(
        _engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        FuncType::from_lists(params.into_iter().collect(), results.into_iter().collect())
    }

    pub(crate) fn from_lists(params: Box<[ValType]>, results: Box<[ValType]>) -> FuncType {
        FuncType {
            inner: Arc::new(FuncTypeInner { params, results }),
        }
    }

    /// The parameters, in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.inner.params.iter().cloned()
    }

    /// The results, in order.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.inner.results.iter().cloned()
    }

    /// The `i`-th parameter.
    #[must_use]
    pub fn param(&self, i: usize) -> Option<ValType> {
        self.inner.params.get(i).cloned()
    }

    /// The `i`-th result.
    #[must_use]
    pub fn result(&self, i: usize) -> Option<ValType> {
        self.inner.results.get(i).cloned()
    }

    pub(crate) fn result_list(&self) -> &[ValType] {
        &self.inner.results
    }

    /// Whether a function of this type can stand where one of type `other` is wanted.
    #[must_use]
    pub fn matches(&self, other: &FuncType) -> bool {
        self == other
    }

    pub(crate) fn from_module(ty: &silica_module::FunctionType) -> FuncType {
        let list = |types: &[silica_module::ValueType]| {
            types.iter().map(|ty| ValType::from_module(*ty)).collect()
        };
        FuncType::from_lists(list(&ty.params), list(&ty.results))
    }

    pub(crate) fn to_module(&self) -> silica_module::FunctionType {
        let list = |types: &[ValType]| types.iter().map(ValType::to_module).collect();
        silica_module::FunctionType {
            params: list(&self.inner.params),
            results: list(&self.inner.results),
        }
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}
