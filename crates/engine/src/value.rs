//! Values that cross between the host and WebAssembly, with their types at run time.

use silica_runtime as rt;

use crate::{
    AnyRef, AsContext, ContRef, Error, ExnRef, ExternRef, Func, HeapType, RefType, Result, Rooted,
    ValType, error::EngineError,
};

/// A 128-bit vector.
///
/// ```
/// use silica_engine::V128;
/// assert_eq!(V128::from(7).as_u128(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(transparent)]
pub struct V128(u128);

impl V128 {
    /// Its bits; lane 0 is the least significant.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl From<u128> for V128 {
    fn from(bits: u128) -> V128 {
        V128(bits)
    }
}

impl From<V128> for u128 {
    fn from(value: V128) -> u128 {
        value.0
    }
}

/// A value of any type.
///
/// ```
/// use silica_engine::Val;
/// let value = Val::from(1.5_f64);
/// assert_eq!(value.f64(), Some(1.5));
/// assert_eq!(value.ty_name(), "f64");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// An `i32`, whichever sign it is meant with.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// A vector.
    V128(V128),
    /// A function, or null.
    FuncRef(Option<Func>),
    /// A host value, or null.
    ExternRef(Option<Rooted<ExternRef>>),
    /// An object, or null.
    AnyRef(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    ExnRef(Option<Rooted<ExnRef>>),
    /// A continuation, or null.
    ContRef(Option<Rooted<ContRef>>),
}

macro_rules! accessors {
    ($($variant:ident($bind:ident) $get:ident $unwrap:ident $ty:ty = $value:expr;)*) => { $(
        #[doc = concat!("The value, if it is [`Val::", stringify!($variant), "`].")]
        #[must_use]
        pub fn $get(&self) -> Option<$ty> {
            if let Val::$variant($bind) = *self { Some($value) } else { None }
        }

        #[doc = concat!("The value of a [`Val::", stringify!($variant), "`].")]
        ///
        /// # Panics
        /// If it is of another type.
        #[must_use]
        #[track_caller]
        pub fn $unwrap(&self) -> $ty {
            match self.$get() {
                Some(value) => value,
                None => panic!(concat!("expected ", stringify!($get), ", found {}"), self.ty_name()),
            }
        }
    )* };
}

impl Val {
    accessors! {
        I32(v) i32 unwrap_i32 i32 = v;
        I64(v) i64 unwrap_i64 i64 = v;
        F32(v) f32 unwrap_f32 f32 = f32::from_bits(v);
        F64(v) f64 unwrap_f64 f64 = f64::from_bits(v);
        V128(v) v128 unwrap_v128 V128 = v;
    }

    /// The function, if it is a reference to functions. `Some(None)` is null.
    #[must_use]
    pub fn func_ref(&self) -> Option<Option<Func>> {
        if let Val::FuncRef(v) = *self {
            Some(v)
        } else {
            None
        }
    }

    /// The function of a non-null reference to a function.
    #[must_use]
    pub fn funcref(&self) -> Option<Func> {
        self.func_ref().flatten()
    }

    /// The host value, if it is a reference to one. `Some(None)` is null.
    #[must_use]
    pub fn extern_ref(&self) -> Option<Option<Rooted<ExternRef>>> {
        if let Val::ExternRef(v) = *self {
            Some(v)
        } else {
            None
        }
    }

    /// The object, if it is a reference to one. `Some(None)` is null.
    #[must_use]
    pub fn any_ref(&self) -> Option<Option<Rooted<AnyRef>>> {
        if let Val::AnyRef(v) = *self {
            Some(v)
        } else {
            None
        }
    }

    /// The exception, if it is a reference to one. `Some(None)` is null.
    #[must_use]
    pub fn exn_ref(&self) -> Option<Option<Rooted<ExnRef>>> {
        if let Val::ExnRef(v) = *self {
            Some(v)
        } else {
            None
        }
    }

    /// The continuation, if it is a reference to one. `Some(None)` is null.
    #[must_use]
    pub fn cont_ref(&self) -> Option<Option<Rooted<ContRef>>> {
        if let Val::ContRef(v) = *self {
            Some(v)
        } else {
            None
        }
    }

    /// The null of a reference type.
    #[must_use]
    pub fn null_ref(heap: &HeapType) -> Option<Val> {
        Ref::null(heap).map(Val::from)
    }

    /// The zero or null of a type, if it has one.
    #[must_use]
    pub fn default_for_ty(ty: &ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(V128(0)),
            ValType::Ref(ty) if ty.is_nullable() => return Val::null_ref(ty.heap_type()),
            ValType::Ref(_) => return None,
        })
    }

    /// Its type in words.
    #[must_use]
    pub fn ty_name(&self) -> &'static str {
        match self {
            Val::I32(_) => "i32",
            Val::I64(_) => "i64",
            Val::F32(_) => "f32",
            Val::F64(_) => "f64",
            Val::V128(_) => "v128",
            Val::FuncRef(_) => "funcref",
            Val::ExternRef(_) => "externref",
            Val::AnyRef(_) => "anyref",
            Val::ExnRef(_) => "exnref",
            Val::ContRef(_) => "contref",
        }
    }

    /// Its type: of null the bottom of its hierarchy, of a function or an object its own type.
    ///
    /// # Errors
    /// If it is a reference whose scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType> {
        Ok(match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(None) => RefType::new(true, HeapType::NoFunc).into(),
            Val::FuncRef(Some(function)) => {
                RefType::new(false, HeapType::ConcreteFunc(function.ty(store))).into()
            }
            Val::ExternRef(None) => RefType::new(true, HeapType::NoExtern).into(),
            Val::ExternRef(Some(_)) => RefType::new(false, HeapType::Extern).into(),
            Val::AnyRef(None) => RefType::new(true, HeapType::None).into(),
            Val::AnyRef(Some(object)) => object.ref_type(store)?.into(),
            Val::ExnRef(None) => RefType::new(true, HeapType::NoExn).into(),
            Val::ExnRef(Some(_)) => RefType::new(false, HeapType::Exn).into(),
            Val::ContRef(None) => RefType::new(true, HeapType::NoCont).into(),
            Val::ContRef(Some(_)) => RefType::new(false, HeapType::Cont).into(),
        })
    }

    /// The reference, if it is one.
    #[must_use]
    pub fn ref_(&self) -> Option<Ref> {
        match *self {
            Val::FuncRef(f) => Some(Ref::Func(f)),
            Val::ExternRef(e) => Some(Ref::Extern(e)),
            Val::AnyRef(a) => Some(Ref::Any(a)),
            Val::ExnRef(e) => Some(Ref::Exn(e)),
            Val::ContRef(c) => Some(Ref::Cont(c)),
            Val::I32(_) | Val::I64(_) | Val::F32(_) | Val::F64(_) | Val::V128(_) => None,
        }
    }

    pub(crate) fn to_raw(self) -> rt::Value {
        match self {
            Val::I32(v) => rt::Value::I32(v),
            Val::I64(v) => rt::Value::I64(v),
            Val::F32(v) => rt::Value::F32(v),
            Val::F64(v) => rt::Value::F64(v),
            Val::V128(v) => rt::Value::V128(v.0),
            Val::FuncRef(v) => rt::Value::Function(v.map(Func::into_raw)),
            Val::ExternRef(v) => rt::Value::Extern(v.map(Rooted::into_raw)),
            Val::AnyRef(v) => rt::Value::Any(v.map(Rooted::into_raw)),
            Val::ExnRef(v) => rt::Value::Exn(v.map(Rooted::into_raw)),
            Val::ContRef(v) => rt::Value::Continuation(v.map(Rooted::into_raw)),
        }
    }

    pub(crate) fn from_raw(value: rt::Value) -> Val {
        match value {
            rt::Value::I32(v) => Val::I32(v),
            rt::Value::I64(v) => Val::I64(v),
            rt::Value::F32(v) => Val::F32(v),
            rt::Value::F64(v) => Val::F64(v),
            rt::Value::V128(v) => Val::V128(V128(v)),
            rt::Value::Function(v) => Val::FuncRef(v.map(Func::from_raw)),
            rt::Value::Extern(v) => Val::ExternRef(v.map(Rooted::from_raw)),
            rt::Value::Any(v) => Val::AnyRef(v.map(Rooted::from_raw)),
            rt::Value::Exn(v) => Val::ExnRef(v.map(Rooted::from_raw)),
            rt::Value::Continuation(v) => Val::ContRef(v.map(Rooted::from_raw)),
        }
    }
}

macro_rules! from_number {
    ($($ty:ty, $value:ident => $val:expr;)*) => { $(
        impl From<$ty> for Val {
            fn from($value: $ty) -> Val { $val }
        }
    )* };
}
from_number! {
    i32, v => Val::I32(v);
    i64, v => Val::I64(v);
    f32, v => Val::F32(v.to_bits());
    f64, v => Val::F64(v.to_bits());
    V128, v => Val::V128(v);
    u128, v => Val::V128(V128(v));
    Func, v => Val::FuncRef(Some(v));
    Option<Func>, v => Val::FuncRef(v);
    Rooted<ExternRef>, v => Val::ExternRef(Some(v));
    Option<Rooted<ExternRef>>, v => Val::ExternRef(v);
    Rooted<AnyRef>, v => Val::AnyRef(Some(v));
    Option<Rooted<AnyRef>>, v => Val::AnyRef(v);
    Rooted<ExnRef>, v => Val::ExnRef(Some(v));
    Option<Rooted<ExnRef>>, v => Val::ExnRef(v);
    Rooted<ContRef>, v => Val::ContRef(Some(v));
    Option<Rooted<ContRef>>, v => Val::ContRef(v);
}

impl From<Ref> for Val {
    fn from(value: Ref) -> Val {
        match value {
            Ref::Func(f) => Val::FuncRef(f),
            Ref::Extern(e) => Val::ExternRef(e),
            Ref::Any(a) => Val::AnyRef(a),
            Ref::Exn(e) => Val::ExnRef(e),
            Ref::Cont(c) => Val::ContRef(c),
        }
    }
}

/// A reference of any type: what tables hold.
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function, or null.
    Func(Option<Func>),
    /// A host value, or null.
    Extern(Option<Rooted<ExternRef>>),
    /// An object, or null.
    Any(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    Exn(Option<Rooted<ExnRef>>),
    /// A continuation, or null.
    Cont(Option<Rooted<ContRef>>),
}

impl Ref {
    /// The null of a heap type, where references to it can be held.
    #[must_use]
    pub fn null(heap: &HeapType) -> Option<Ref> {
        match heap {
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => Some(Ref::Func(None)),
            HeapType::Extern | HeapType::NoExtern => Some(Ref::Extern(None)),
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::ConcreteStruct(_)
            | HeapType::Array
            | HeapType::ConcreteArray(_)
            | HeapType::None => Some(Ref::Any(None)),
            HeapType::Exn | HeapType::NoExn => Some(Ref::Exn(None)),
            HeapType::Cont | HeapType::ConcreteCont(_) | HeapType::NoCont => Some(Ref::Cont(None)),
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None) | Ref::Cont(None)
        )
    }

    /// The function, if it is a reference to functions. `Some(None)` is null.
    #[must_use]
    pub fn as_func(&self) -> Option<Option<&Func>> {
        match self {
            Ref::Func(f) => Some(f.as_ref()),
            Ref::Extern(_) | Ref::Any(_) | Ref::Exn(_) | Ref::Cont(_) => None,
        }
    }

    /// The function.
    ///
    /// # Panics
    /// If it is null or no reference to functions.
    #[must_use]
    #[track_caller]
    pub fn unwrap_func(&self) -> &Func {
        match self.as_func() {
            Some(Some(f)) => f,
            Some(None) => panic!("expected a function, found null"),
            None => panic!("expected a funcref, found a reference to an object"),
        }
    }

    /// The host value, if it is a reference to one. `Some(None)` is null.
    #[must_use]
    pub fn as_extern(&self) -> Option<Option<&Rooted<ExternRef>>> {
        match self {
            Ref::Extern(e) => Some(e.as_ref()),
            Ref::Func(_) | Ref::Any(_) | Ref::Exn(_) | Ref::Cont(_) => None,
        }
    }

    pub(crate) fn to_raw(self) -> rt::Value {
        Val::from(self).to_raw()
    }

    pub(crate) fn from_raw(value: rt::Value) -> Result<Ref, Error> {
        Val::from_raw(value).ref_().ok_or_else(|| {
            EngineError::ValueType {
                expected: "a reference".to_owned(),
                found: "a number".to_owned(),
            }
            .into()
        })
    }
}

impl From<Func> for Ref {
    fn from(func: Func) -> Ref {
        Ref::Func(Some(func))
    }
}

impl From<Rooted<ExternRef>> for Ref {
    fn from(value: Rooted<ExternRef>) -> Ref {
        Ref::Extern(Some(value))
    }
}

impl From<Rooted<AnyRef>> for Ref {
    fn from(value: Rooted<AnyRef>) -> Ref {
        Ref::Any(Some(value))
    }
}

impl From<&Ref> for RefType {
    fn from(value: &Ref) -> RefType {
        match value {
            Ref::Func(_) => RefType::FUNCREF,
            Ref::Extern(_) => RefType::EXTERNREF,
            Ref::Any(_) => RefType::new(true, HeapType::Any),
            Ref::Exn(_) => RefType::new(true, HeapType::Exn),
            Ref::Cont(_) => RefType::new(true, HeapType::Cont),
        }
    }
}
