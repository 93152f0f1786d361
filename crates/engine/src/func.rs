//! Calling functions, with values whose types are checked at run time, or typed; and making host functions.
//! The handle itself is in `handle`.

use std::future::Future;
use std::marker::PhantomData;

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, Caller, Engine, Func, FuncType, Result, StoreContextMut, Val,
    WasmParams, WasmResults, WasmRet,
    error::EngineError,
    host::{DynamicList, HostFunc, IntoFunc, RawList},
    outcome::from_call,
    wasm_types::function_type,
};

impl Func {
    /// A host function of type `ty`. What `f` finds in its last argument are zeros and nulls of the results' types,
    /// which it replaces.
    ///
    /// # Panics
    /// If `ty` has types of another engine.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let mut store = store.as_context_mut();
        let host = HostFunc::dynamic(store.engine(), &ty, f);
        Func::add(&mut store, &host)
    }

    /// A typed host function: arguments arrive in registers.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        f: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let mut store = store.as_context_mut();
        let host = f.into_host(store.engine()).0;
        Func::add(&mut store, &host)
    }

    /// An asynchronous host function of type `ty`: the call's stack is suspended while it waits.
    pub fn new_async<T, F>(mut store: impl AsContextMut<Data = T>, ty: FuncType, f: F) -> Func
    where
        T: Send + 'static,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let mut store = store.as_context_mut();
        let host = HostFunc::dynamic_async(store.engine(), &ty, f);
        Func::add(&mut store, &host)
    }

    /// An asynchronous typed host function.
    pub fn wrap_async<T, P, R, F>(mut store: impl AsContextMut<Data = T>, f: F) -> Func
    where
        T: Send + 'static,
        P: WasmParams + DynamicList,
        R: WasmRet,
        R::Raw: RawList,
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let mut store = store.as_context_mut();
        let host = HostFunc::typed_async(store.engine(), f);
        Func::add(&mut store, &host)
    }

    pub(crate) fn add<T>(store: &mut StoreContextMut<'_, T>, host: &HostFunc<T>) -> Func {
        Func::from_raw(store.raw.add_host_function(&host.raw))
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let registered = self.into_raw().ty(store.as_context().raw.into_state());
        FuncType::new_of(registered)
    }

    /// Whether its type is `ty`.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &FuncType) -> bool {
        self.ty(store).matches(ty)
    }

    /// Calls it.
    ///
    /// # Errors
    /// If the number or the types of `params` or the number of `results` are not the function's; if the call
    /// traps ([`Trap`](crate::Trap)), or a host function gives an error.
    ///
    /// # Panics
    /// If it or a reference in `params` belongs to another store; and with a host function's panic.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        let (mut few, mut many) = ([rt::Value::I32(0); 17], Vec::new());
        let raw = room(&mut few, &mut many, params.len());
        for (place, param) in raw.iter_mut().zip(params) {
            *place = param.to_raw();
        }
        let (mut few, mut many) = ([rt::Value::I32(0); 4], Vec::new());
        let values = room(&mut few, &mut many, results.len());
        match store.raw.call(self.into_raw(), raw, values) {
            Ok(()) => {
                give_back(values, results);
                Ok(())
            }
            Err(error) => Err(failed(&store, error)),
        }
    }

    /// Calls it on a stack that asynchronous host functions suspend. Dropping the future
    /// unwinds the call.
    ///
    /// ```
    /// use silica_engine::{Engine, Func, Store};
    /// # fn main() -> silica_engine::Result<()> {
    /// # futures_executor(async {
    /// let mut store = Store::new(&Engine::default(), ());
    /// let later = Func::wrap_async(&mut store, |_caller, (n,): (i32,)| {
    ///     Box::new(async move { n + 1 })
    /// });
    /// let later = later.typed::<i32, i32>(&store)?;
    /// assert_eq!(later.call_async(&mut store, 1).await?, 2);
    /// # Ok(()) }) }
    /// # fn futures_executor<F: Future>(future: F) -> F::Output {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop { if let std::task::Poll::Ready(out) = future.as_mut().poll(&mut context) { return out } }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Func::call`].
    ///
    /// # Panics
    /// As [`Func::call`].
    pub async fn call_async<T: Send + 'static>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        let raw: Vec<rt::Value> = params.iter().map(|v| v.to_raw()).collect();
        let mut values = vec![rt::Value::I32(0); results.len()];
        match store
            .raw
            .call_async(self.into_raw(), &raw, &mut values)
            .await
        {
            Ok(()) => {
                give_back(&values, results);
                Ok(())
            }
            Err(error) => Err(failed(&store, error)),
        }
    }

    /// The function with its type known, to be called fast.
    ///
    /// # Errors
    /// [`EngineError::FunctionType`] if it is of another type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn typed<P: WasmParams, R: WasmResults>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<P, R>> {
        let store = store.as_context();
        match store
            .raw
            .into_state()
            .typed::<P::Raw, R::Raw>(self.into_raw())
        {
            Ok(raw) => Ok(TypedFunc {
                raw,
                func: *self,
                types: PhantomData,
            }),
            Err(_) => Err(EngineError::FunctionType {
                expected: function_type::<P, R>(),
                found: self.ty(store).to_string(),
            }
            .into()),
        }
    }
}

/// Room for `count` values: on the stack for as many as most functions have.
fn room<'a>(
    few: &'a mut [rt::Value],
    many: &'a mut Vec<rt::Value>,
    count: usize,
) -> &'a mut [rt::Value] {
    if count <= few.len() {
        return &mut few[..count];
    }
    many.resize(count, rt::Value::I32(0));
    many
}

fn give_back(values: &[rt::Value], results: &mut [Val]) {
    for (result, value) in results.iter_mut().zip(values) {
        *result = Val::from_raw(*value);
    }
}

/// The error of a call that failed. Out of line: a call that succeeds does not pay for it.
#[cold]
#[inline(never)]
pub(crate) fn failed<T>(store: &StoreContextMut<'_, T>, error: rt::CallError) -> anyhow::Error {
    let engine: &Engine = store.engine();
    from_call(engine, &store.raw, error)
}

/// A function whose parameters and results have these Rust types.
///
/// ```
/// use silica_engine::{Engine, Instance, Module, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "add") (param i32 i32) (result i32)
///     (i32.add (local.get 0) (local.get 1))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
/// assert_eq!(add.call(&mut store, (40, 2))?, 42);
/// # Ok(()) }
/// ```
pub struct TypedFunc<P: WasmParams, R: WasmResults> {
    raw: rt::Typed<P::Raw, R::Raw>,
    func: Func,
    types: PhantomData<fn(P) -> R>,
}

impl<P: WasmParams, R: WasmResults> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: WasmParams, R: WasmResults> Copy for TypedFunc<P, R> {}

impl<P: WasmParams, R: WasmResults> std::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    /// The function with its type forgotten.
    #[must_use]
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls it.
    ///
    /// # Errors
    /// If the call traps ([`Trap`](crate::Trap)), or a host function gives an error.
    ///
    /// # Panics
    /// If it or a reference in `params` belongs to another store; and with a host function's panic.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R> {
        let mut store = store.as_context_mut();
        match store.raw.call_typed(self.raw, params.into_raw()) {
            Ok(results) => Ok(R::from_raw(results)),
            Err(error) => Err(failed(&store, error)),
        }
    }

    /// Calls it on a stack that asynchronous host functions suspend. Dropping the future
    /// unwinds the call.
    ///
    /// # Errors
    /// As [`TypedFunc::call`].
    ///
    /// # Panics
    /// As [`TypedFunc::call`].
    pub async fn call_async<T: Send + 'static>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        params: P,
    ) -> Result<R> {
        let mut store = store.as_context_mut();
        let raw = self.raw;
        match store.raw.call_typed_async(raw, params.into_raw()).await {
            Ok(results) => Ok(R::from_raw(results)),
            Err(error) => Err(failed(&store, error)),
        }
    }
}
