//! Rust types that stand for WebAssembly's, for functions whose types are known when the embedder is compiled.
//!
//! Each is a thin face on a type of the runtime's, so converting costs nothing.

use silica_runtime as rt;

use crate::{
    AnyRef, Error, ExnRef, ExternRef, Func, HeapType, RefType, Result, Rooted, V128, ValType,
};

mod private {
    pub trait Sealed {}
}
use private::Sealed;

/// A Rust type that stands for a WebAssembly value type: `i32` and `u32` for `i32`, `i64` and `u64` for `i64`,
/// `f32`, `f64`, [`V128`], `Option<Func>` for `funcref`, `Option<Rooted<ExternRef>>` for
/// `externref`, and [`Func`] and [`Rooted<ExternRef>`] for those that are never null.
pub trait WasmTy: Sealed + Send + 'static {
    /// How the runtime passes it.
    #[doc(hidden)]
    type Raw: rt::WasmType;
    /// The WebAssembly type.
    fn valtype() -> ValType;
    #[doc(hidden)]
    fn into_raw(self) -> Self::Raw;
    #[doc(hidden)]
    fn from_raw(raw: Self::Raw) -> Self;
}

macro_rules! wasm_ty {
    ($($ty:ty as $raw:ty = $valtype:expr, |$value:ident| $into:expr, |$back:ident| $from:expr;)*) => { $(
        impl Sealed for $ty {}
        impl WasmTy for $ty {
            type Raw = $raw;
            fn valtype() -> ValType { $valtype }
            #[inline(always)]
            fn into_raw(self) -> $raw { let $value = self; $into }
            #[inline(always)]
            fn from_raw($back: $raw) -> Self { $from }
        }
    )* };
}
wasm_ty! {
    i32 as i32 = ValType::I32, |v| v, |v| v;
    u32 as u32 = ValType::I32, |v| v, |v| v;
    i64 as i64 = ValType::I64, |v| v, |v| v;
    u64 as u64 = ValType::I64, |v| v, |v| v;
    f32 as f32 = ValType::F32, |v| v, |v| v;
    f64 as f64 = ValType::F64, |v| v, |v| v;
    V128 as rt::V128 = ValType::V128, |v| rt::V128(v.as_u128()), |v| V128::from(v.0);
    Func as rt::Function = ValType::Ref(RefType::new(false, HeapType::Func)),
        |v| v.into_raw(), |v| Func::from_raw(v);
    Option<Func> as Option<rt::Function> = ValType::FUNCREF,
        |v| v.map(Func::into_raw), |v| v.map(Func::from_raw);
    Rooted<ExternRef> as rt::ExternObject = ValType::Ref(RefType::new(false, HeapType::Extern)),
        |v| rt::ExternObject(v.into_raw()), |v| Rooted::from_raw(v.0);
    Option<Rooted<ExternRef>> as Option<rt::ExternObject> = ValType::EXTERNREF,
        |v| v.map(|v| rt::ExternObject(v.into_raw())), |v| v.map(|v| Rooted::from_raw(v.0));
    Rooted<AnyRef> as rt::AnyObject = ValType::Ref(RefType::new(false, HeapType::Any)),
        |v| rt::AnyObject(v.into_raw()), |v| Rooted::from_raw(v.0);
    Option<Rooted<AnyRef>> as Option<rt::AnyObject> = ValType::Ref(RefType::new(true, HeapType::Any)),
        |v| v.map(|v| rt::AnyObject(v.into_raw())), |v| v.map(|v| Rooted::from_raw(v.0));
    Rooted<ExnRef> as rt::ExnObject = ValType::Ref(RefType::new(false, HeapType::Exn)),
        |v| rt::ExnObject(v.into_raw()), |v| Rooted::from_raw(v.0);
    Option<Rooted<ExnRef>> as Option<rt::ExnObject> = ValType::Ref(RefType::new(true, HeapType::Exn)),
        |v| v.map(|v| rt::ExnObject(v.into_raw())), |v| v.map(|v| Rooted::from_raw(v.0));
}

/// Parameters of a typed function: one [`WasmTy`], or a tuple of up to 16.
pub trait WasmParams: Send + 'static {
    /// How the runtime passes them.
    #[doc(hidden)]
    type Raw: rt::WasmTypes;
    #[doc(hidden)]
    fn valtypes() -> Box<[ValType]>;
    #[doc(hidden)]
    fn into_raw(self) -> Self::Raw;
    #[doc(hidden)]
    fn from_raw(raw: Self::Raw) -> Self;
}

/// Results of a typed function: one [`WasmTy`], or a tuple of up to 16.
pub trait WasmResults: WasmParams {}
impl<T: WasmParams> WasmResults for T {}

/// What a typed host function may return: nothing, a [`WasmTy`], a tuple of them, or a
/// [`Result`] of one of these.
pub trait WasmRet: Send + 'static {
    /// How the runtime passes it.
    #[doc(hidden)]
    type Raw: rt::WasmTypes;
    #[doc(hidden)]
    fn valtypes() -> Box<[ValType]>;
    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Raw>;
}

impl<A: WasmTy> WasmParams for A {
    type Raw = (A::Raw,);
    fn valtypes() -> Box<[ValType]> {
        Box::new([A::valtype()])
    }
    #[inline(always)]
    fn into_raw(self) -> Self::Raw {
        (WasmTy::into_raw(self),)
    }
    #[inline(always)]
    fn from_raw(raw: Self::Raw) -> Self {
        <A as WasmTy>::from_raw(raw.0)
    }
}

impl<A: WasmTy> WasmRet for A {
    type Raw = (A::Raw,);
    fn valtypes() -> Box<[ValType]> {
        Box::new([A::valtype()])
    }
    #[inline(always)]
    fn into_result(self) -> Result<Self::Raw> {
        Ok((WasmTy::into_raw(self),))
    }
}

impl<R: WasmRet> WasmRet for Result<R, Error> {
    type Raw = R::Raw;
    fn valtypes() -> Box<[ValType]> {
        R::valtypes()
    }
    #[inline(always)]
    fn into_result(self) -> Result<Self::Raw> {
        self.and_then(R::into_result)
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        #[allow(non_snake_case, clippy::unused_unit)]
        impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {
            type Raw = ($($name::Raw,)*);
            fn valtypes() -> Box<[ValType]> {
                Box::new([$($name::valtype()),*])
            }
            #[inline(always)]
            fn into_raw(self) -> Self::Raw {
                let ($($name,)*) = self;
                ($(WasmTy::into_raw($name),)*)
            }
            #[inline(always)]
            fn from_raw(raw: Self::Raw) -> Self {
                let ($($name,)*) = raw;
                ($(<$name as WasmTy>::from_raw($name),)*)
            }
        }

        impl<$($name: WasmTy),*> WasmRet for ($($name,)*) {
            type Raw = ($($name::Raw,)*);
            fn valtypes() -> Box<[ValType]> {
                <Self as WasmParams>::valtypes()
            }
            #[inline(always)]
            fn into_result(self) -> Result<Self::Raw> {
                Ok(WasmParams::into_raw(self))
            }
        }
    };
}

/// Calls a macro with 0 to 16 names.
macro_rules! for_each_arity {
    ($macro:ident) => {
        $macro!();
        $macro!(A1);
        $macro!(A1 A2);
        $macro!(A1 A2 A3);
        $macro!(A1 A2 A3 A4);
        $macro!(A1 A2 A3 A4 A5);
        $macro!(A1 A2 A3 A4 A5 A6);
        $macro!(A1 A2 A3 A4 A5 A6 A7);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15);
        $macro!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16);
    };
}
pub(crate) use for_each_arity;

for_each_arity!(tuples);

/// The function type of `P` to `R`, in words.
pub(crate) fn function_type<P: WasmParams, R: WasmParams>() -> String {
    let list = |types: Box<[ValType]>| types.iter().map(ValType::to_module).collect();
    let ty = silica_module::FunctionType {
        params: list(P::valtypes()),
        results: list(R::valtypes()),
    };
    ty.to_string()
}
