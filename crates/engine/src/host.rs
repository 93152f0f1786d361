//! Host functions: Rust closures as the runtime wants them.
//!
//! A typed closure stays typed all the way down, so its arguments arrive in registers; the others
//! go through slices of values.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use silica_runtime as rt;

use crate::{
    Caller, Engine, FuncType, Result, Val, ValType, WasmParams, WasmRet, WasmTy,
    error::EngineError, host_error::to_host, inner::Inner, wasm_types::for_each_arity,
};

/// A boxed future, as asynchronous host functions return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A host function that is in no store yet: for any store with this data.
pub(crate) struct HostFunc<T: 'static> {
    pub(crate) raw: rt::HostFunction<Inner<T>>,
}

impl<T> Clone for HostFunc<T> {
    fn clone(&self) -> Self {
        HostFunc {
            raw: self.raw.clone(),
        }
    }
}

impl<T> HostFunc<T> {
    pub(crate) fn typed<P, R>(
        engine: &Engine,
        f: impl Fn(Caller<'_, T>, P) -> R + Send + Sync + 'static,
    ) -> HostFunc<T>
    where
        P: WasmParams,
        R: WasmRet,
    {
        let raw = rt::HostFunction::typed::<P::Raw, R::Raw>(
            engine.runtime(),
            move |call: rt::HostCall<'_, Inner<T>>, params| {
                f(Caller { raw: call }, P::from_raw(params))
                    .into_result()
                    .map_err(to_host)
            },
        );
        HostFunc { raw }
    }

    pub(crate) fn dynamic(
        engine: &Engine,
        ty: &FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> HostFunc<T> {
        let template = template(ty);
        let raw = rt::HostFunction::dynamic(
            engine.runtime(),
            ty.registered().clone(),
            move |call: rt::HostCall<'_, Inner<T>>, params, results| {
                let params: Vec<Val> = params.iter().map(|v| Val::from_raw(*v)).collect();
                let mut values = template.to_vec();
                f(Caller { raw: call }, &params, &mut values).map_err(to_host)?;
                store_results(&template, &values, results).map_err(to_host)
            },
        );
        HostFunc { raw }
    }

    pub(crate) fn dynamic_async<F>(engine: &Engine, ty: &FuncType, f: F) -> HostFunc<T>
    where
        T: Send,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let template = template(ty);
        let f = Arc::new(f);
        let raw = rt::HostFunction::dynamic_async(
            engine.runtime(),
            ty.registered().clone(),
            move |call: rt::HostCall<'_, Inner<T>>, params, results| {
                let (template, f) = (Arc::clone(&template), Arc::clone(&f));
                Box::pin(async move {
                    let params: Vec<Val> = params.iter().map(|v| Val::from_raw(*v)).collect();
                    let mut values = template.to_vec();
                    let future = f(Caller { raw: call }, &params, &mut values);
                    Box::into_pin(future).await.map_err(to_host)?;
                    store_results(&template, &values, results).map_err(to_host)
                })
            },
        );
        HostFunc { raw }
    }

    pub(crate) fn typed_async<P, R, F>(engine: &Engine, f: F) -> HostFunc<T>
    where
        T: Send,
        P: WasmParams + DynamicList,
        R: WasmRet,
        R::Raw: RawList,
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let ty = FuncType::of_lists(engine, &P::valtypes(), &R::valtypes());
        let f = Arc::new(f);
        let raw = rt::HostFunction::dynamic_async(
            engine.runtime(),
            ty.registered().clone(),
            move |call: rt::HostCall<'_, Inner<T>>, params, results| {
                let f = Arc::clone(&f);
                Box::pin(async move {
                    let params = P::from_values(params).map_err(to_host)?;
                    let future = f(Caller { raw: call }, params);
                    let values = Box::into_pin(future).await.into_result().map_err(to_host)?;
                    values.write(results);
                    Ok(())
                })
            },
        );
        HostFunc { raw }
    }
}

/// What results start as: zeros and nulls, also of types that have no null.
fn template(ty: &FuncType) -> Arc<[Val]> {
    let default = |ty: ValType| match ty {
        ValType::Ref(ty) => Val::null_ref(ty.heap_type()),
        number => Val::default_for_ty(&number),
    };
    ty.results()
        .map(|ty| default(ty).unwrap_or(Val::FuncRef(None)))
        .collect()
}

fn store_results(template: &[Val], values: &[Val], results: &mut [rt::Value]) -> Result<()> {
    for ((expected, value), result) in template.iter().zip(values).zip(results) {
        if std::mem::discriminant(expected) != std::mem::discriminant(value) {
            return Err(EngineError::ValueType {
                expected: format!("a host function's result of type {}", expected.ty_name()),
                found: value.ty_name().to_owned(),
            }
            .into());
        }
        *result = value.to_raw();
    }
    Ok(())
}

/// A tuple that is made of dynamic values: parameters of asynchronous typed functions.
pub trait DynamicList: Sized {
    #[doc(hidden)]
    fn from_values(values: &[rt::Value]) -> Result<Self>;
}

/// A tuple of the runtime's types that becomes dynamic values.
pub trait RawList {
    #[doc(hidden)]
    fn write(self, values: &mut [rt::Value]);
}

macro_rules! lists {
    ($($name:ident)*) => {
        #[allow(non_snake_case, unused_variables, unused_mut)]
        impl<$($name: WasmTy),*> DynamicList for ($($name,)*) {
            fn from_values(values: &[rt::Value]) -> Result<Self> {
                let mut values = values.iter().copied();
                $(let $name = values
                    .next()
                    .and_then(<$name::Raw as rt::WasmType>::from_value)
                    .map(<$name as WasmTy>::from_raw)
                    .ok_or_else(|| EngineError::ValueType {
                        expected: $name::valtype().to_string(),
                        found: "another value".to_owned(),
                    })?;)*
                Ok(($($name,)*))
            }
        }

        #[allow(non_snake_case, unused_variables, unused_mut)]
        impl<$($name: rt::WasmType),*> RawList for ($($name,)*) {
            fn write(self, values: &mut [rt::Value]) {
                let ($($name,)*) = self;
                let mut places = values.iter_mut();
                $(if let Some(place) = places.next() {
                    *place = <$name as rt::WasmType>::into_value($name);
                })*
            }
        }
    };
}
for_each_arity!(lists);

/// A Rust closure that can be a host function: `Fn(A…) -> R` or `Fn(Caller<'_, T>, A…) -> R`, where each `A` is
/// a [`WasmTy`] and `R` a [`WasmRet`].
pub trait IntoFunc<T: 'static, Params, Results>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_host(self, engine: &Engine) -> HostFuncBox<T>;
}

/// A host function, on its way from [`IntoFunc`] to a store or a linker.
#[doc(hidden)]
pub struct HostFuncBox<T: 'static>(pub(crate) HostFunc<T>);

macro_rules! closures {
    ($($name:ident)*) => {
        #[allow(non_snake_case)]
        impl<T: 'static, F, $($name,)* R> IntoFunc<T, ($($name,)*), R> for F
        where
            F: Fn($($name),*) -> R + Send + Sync + 'static,
            $($name: WasmTy,)*
            R: WasmRet,
        {
            fn into_host(self, engine: &Engine) -> HostFuncBox<T> {
                let f = move |_: Caller<'_, T>, ($($name,)*): ($($name,)*)| self($($name),*);
                HostFuncBox(HostFunc::typed::<($($name,)*), R>(engine, f))
            }
        }

        #[allow(non_snake_case)]
        impl<T: 'static, F, $($name,)* R> IntoFunc<T, (Caller<'_, T>, $($name,)*), R> for F
        where
            F: Fn(Caller<'_, T>, $($name),*) -> R + Send + Sync + 'static,
            $($name: WasmTy,)*
            R: WasmRet,
        {
            fn into_host(self, engine: &Engine) -> HostFuncBox<T> {
                let f = move |caller: Caller<'_, T>, ($($name,)*): ($($name,)*)| self(caller, $($name),*);
                HostFuncBox(HostFunc::typed::<($($name,)*), R>(engine, f))
            }
        }
    };
}
for_each_arity!(closures);
