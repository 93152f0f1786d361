//! Values whose type is known only when the program runs.

use std::ptr::NonNull;

use silica_module::{HeapType, RefType, TypeKind, ValueType};

use crate::{
    handles::{Function, Object},
    state::StoreState,
    types,
};

/// A WebAssembly value. Floats are bits, so that every NaN survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `i32`
    I32(i32),
    /// `i64`
    I64(i64),
    /// `f32`, its bits.
    F32(u32),
    /// `f64`, its bits.
    F64(u64),
    /// `v128`
    V128(u128),
    /// A reference to a function, or null.
    Function(Option<Function>),
    /// A reference of the hierarchy of `extern`, or null.
    Extern(Option<Object>),
    /// A reference of the hierarchy of `any`, or null.
    Any(Option<Object>),
    /// A reference to an exception, or null.
    Exn(Option<Object>),
    /// A reference to a continuation, or null.
    Continuation(Option<Object>),
}

impl Value {
    /// Its type; for references the nullable top of their hierarchy.
    #[must_use]
    pub fn ty(&self) -> ValueType {
        match self {
            Value::I32(_) => ValueType::I32,
            Value::I64(_) => ValueType::I64,
            Value::F32(_) => ValueType::F32,
            Value::F64(_) => ValueType::F64,
            Value::V128(_) => ValueType::V128,
            Value::Function(_) => ValueType::Ref(RefType::FUNCREF),
            Value::Extern(_) => ValueType::Ref(RefType::EXTERNREF),
            Value::Any(_) => nullable(HeapType::Any),
            Value::Exn(_) => nullable(HeapType::Exn),
            Value::Continuation(_) => nullable(HeapType::Cont),
        }
    }

    /// Zero, or null, of that type (canonical); `None` for references that are never null.
    #[must_use]
    pub fn default_of(ty: ValueType) -> Option<Value> {
        match ty {
            ValueType::I32 => Some(Value::I32(0)),
            ValueType::I64 => Some(Value::I64(0)),
            ValueType::F32 => Some(Value::F32(0)),
            ValueType::F64 => Some(Value::F64(0)),
            ValueType::V128 => Some(Value::V128(0)),
            ValueType::Ref(reference) if !reference.nullable => None,
            ValueType::Ref(reference) => Some(match kind(reference.heap) {
                ReferenceKind::Function => Value::Function(None),
                ReferenceKind::Extern => Value::Extern(None),
                ReferenceKind::Any => Value::Any(None),
                ReferenceKind::Exn => Value::Exn(None),
                ReferenceKind::Continuation => Value::Continuation(None),
            }),
        }
    }

    /// Whether it is a value of that type (canonical) in this store.
    ///
    /// # Panics
    /// If it is a reference of another store.
    #[must_use]
    pub fn matches(&self, store: &StoreState, ty: ValueType) -> bool {
        let ValueType::Ref(expected) = ty else {
            return self.ty() == ty;
        };
        let kind = kind(expected.heap);
        match self {
            Value::I32(_) | Value::I64(_) | Value::F32(_) | Value::F64(_) | Value::V128(_) => false,
            Value::Function(None) => expected.nullable && kind == ReferenceKind::Function,
            Value::Extern(None) => expected.nullable && kind == ReferenceKind::Extern,
            Value::Any(None) => expected.nullable && kind == ReferenceKind::Any,
            Value::Exn(None) => expected.nullable && kind == ReferenceKind::Exn,
            Value::Continuation(None) => expected.nullable && kind == ReferenceKind::Continuation,
            Value::Function(Some(function)) => {
                store.check(function.store(), "the function");
                match expected.heap {
                    HeapType::Func => true,
                    HeapType::Concrete {
                        index, exact: true, ..
                    } => function.ty(store).id() == index,
                    HeapType::Concrete { index, .. } => function.ty(store).is_subtype_of_id(index),
                    HeapType::NoFunc
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
                    | HeapType::NoCont => false,
                }
            }
            Value::Extern(Some(object)) => {
                expected.heap == HeapType::Extern && object.is_rooted(store)
            }
            Value::Exn(Some(object)) => expected.heap == HeapType::Exn && object.is_rooted(store),
            // Of which type it is is known only to who resumes it: it is accepted where any will do.
            Value::Continuation(Some(object)) => {
                expected.heap == HeapType::Cont && object.is_rooted(store)
            }
            Value::Any(Some(object)) => object.is_of(store, expected.heap),
        }
    }

    /// As compiled code has it.
    ///
    /// # Panics
    /// If it is a reference to an object of another store, or one whose scope has ended.
    pub(crate) fn to_bits(self, store: &StoreState) -> u128 {
        match self {
            Value::I32(value) => u128::from(value.cast_unsigned()),
            Value::I64(value) => u128::from(value.cast_unsigned()),
            Value::F32(bits) => u128::from(bits),
            Value::F64(bits) => u128::from(bits),
            Value::V128(bits) => bits,
            Value::Function(function) => {
                function.map_or(0, |function| u128::from(function.to_bits()))
            }
            Value::Extern(object)
            | Value::Any(object)
            | Value::Exn(object)
            | Value::Continuation(object) => {
                object.map_or(0, |object| u128::from(object.to_bits(store)))
            }
        }
    }

    /// From what compiled code has.
    ///
    /// # Safety
    /// The bits are a value of that type (canonical) in that store.
    pub(crate) unsafe fn from_bits(bits: u128, ty: ValueType, store: &mut StoreState) -> Value {
        match ty {
            ValueType::I32 => Value::I32((bits as u32).cast_signed()),
            ValueType::I64 => Value::I64((bits as u64).cast_signed()),
            ValueType::F32 => Value::F32(bits as u32),
            ValueType::F64 => Value::F64(bits as u64),
            ValueType::V128 => Value::V128(bits),
            ValueType::Ref(reference) => match kind(reference.heap) {
                ReferenceKind::Extern => Value::Extern(Object::from_bits(bits as u32, store)),
                ReferenceKind::Any => Value::Any(Object::from_bits(bits as u32, store)),
                ReferenceKind::Exn => Value::Exn(Object::from_bits(bits as u32, store)),
                ReferenceKind::Continuation => {
                    Value::Continuation(Object::from_bits(bits as u32, store))
                }
                ReferenceKind::Function => {
                    let pointer = NonNull::new(bits as u64 as usize as *mut _);
                    // SAFETY: see above: it points to a function of the store.
                    Value::Function(
                        pointer.map(|pointer| unsafe { Function::new(store.id(), pointer) }),
                    )
                }
            },
        }
    }
}

/// The hierarchy that a reference type is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    Function,
    Extern,
    Any,
    Exn,
    Continuation,
}

/// The hierarchy that a heap type is of.
pub(crate) fn kind(heap: HeapType) -> ReferenceKind {
    match heap {
        HeapType::Func
        | HeapType::NoFunc
        | HeapType::Concrete {
            kind: TypeKind::Function,
            ..
        } => ReferenceKind::Function,
        HeapType::Extern | HeapType::NoExtern => ReferenceKind::Extern,
        HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None
        | HeapType::Concrete {
            kind: TypeKind::Struct | TypeKind::Array,
            ..
        } => ReferenceKind::Any,
        HeapType::Exn | HeapType::NoExn => ReferenceKind::Exn,
        HeapType::Cont
        | HeapType::NoCont
        | HeapType::Concrete {
            kind: TypeKind::Continuation,
            ..
        } => ReferenceKind::Continuation,
    }
}

fn nullable(heap: HeapType) -> ValueType {
    ValueType::Ref(RefType {
        nullable: true,
        heap,
    })
}

/// Whether values of type `found` can be used where `expected` is needed; both canonical.
pub(crate) fn is_subtype(store: &StoreState, found: ValueType, expected: ValueType) -> bool {
    types::is_value_subtype(store.runtime().types(), found, expected)
}
