//! Functions that components export, called with values whose types are checked at run time, or typed.

use std::marker::PhantomData;
use std::sync::Arc;

use silica_component_describe::{FunctionType, function_text};
use silica_engine::{AsContextMut, Result, StoreContextMut};

use crate::call::{Values, call, call_async};
use crate::component::Component;
use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::ComponentError;
use crate::list_types::ListTypes;
use crate::resource::ResourceType;
use crate::state::{Lifted, state};
use crate::val::Val;
use crate::values::{ComponentNamedList, LiftList, LowerList, TypeCheck};
use crate::{lift, lower};

/// A function that an instance of a component exports.
#[derive(Clone)]
pub struct Func {
    pub(crate) store: u64,
    pub(crate) component: Component,
    pub(crate) lifted: Arc<Lifted>,
}

impl std::fmt::Debug for Func {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Func").field(&self.text()).finish()
    }
}

/// Dynamic values for a call.
struct Dynamic<'a> {
    params: &'a [Val],
}

impl<T: 'static> Values<T> for Dynamic<'_> {
    type Output = Option<Val>;

    fn lower_flat(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: &FunctionType,
        out: &mut FlatValues,
    ) -> Result<()> {
        for (param, value) in ty.params.iter().zip(self.params) {
            lower::flat(cx, value, param.ty, out)?;
        }
        Ok(())
    }

    fn lower_memory(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: &FunctionType,
        pointer: u32,
    ) -> Result<()> {
        let parts = self
            .params
            .iter()
            .zip(ty.params.iter().map(|param| param.ty));
        lower::sequence(cx, parts, pointer)
    }

    fn lift_flat(
        &self,
        cx: &mut LiftContext<'_, T>,
        ty: &FunctionType,
        values: &mut FlatValues,
    ) -> Result<Option<Val>> {
        ty.result.map(|ty| lift::flat(cx, ty, values)).transpose()
    }

    fn lift_memory(
        &self,
        cx: &mut LiftContext<'_, T>,
        ty: &FunctionType,
        pointer: u32,
    ) -> Result<Option<Val>> {
        ty.result
            .map(|ty| lift::memory(cx, ty, pointer))
            .transpose()
    }
}

impl Func {
    /// Its type as WIT writes it.
    #[must_use]
    pub fn text(&self) -> String {
        function_text(self.component.plan(), self.lifted.ty.number)
    }

    /// Its type, in terms of its component's [`Plan`](silica_component_describe::Plan).
    #[must_use]
    pub fn ty(&self) -> &FunctionType {
        self.component.plan().types.function(self.lifted.ty.number)
    }

    /// The component whose plan its types are of.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.component
    }

    fn check_store<T: 'static>(&self, store: &mut StoreContextMut<'_, T>) {
        assert_eq!(
            state(store).id,
            self.store,
            "a component's function is used with another store than its own"
        );
    }

    /// Calls it.
    ///
    /// # Errors
    /// If the number or the types of `params` or the number of `results` are not the function's; if the call traps
    /// ([`Trap`](silica_engine::Trap), [`CanonicalTrap`](crate::CanonicalTrap)), or a host function gives an error.
    /// After a trap its instance cannot be entered again.
    ///
    /// # Panics
    /// If it belongs to another store; and with a host function's panic.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let ty = self.ty();
        count("parameters", ty.params.len(), params.len())?;
        count("results", usize::from(ty.result.is_some()), results.len())?;
        let values = Dynamic { params };
        let store = store.as_context_mut();
        let output = call(store, self.store, &self.component, &self.lifted, &values)?;
        if let (Some(place), Some(output)) = (results.first_mut(), output) {
            *place = output;
        }
        Ok(())
    }

    /// As [`Func::call`], on a stack that asynchronous host functions suspend. Dropping the future unwinds the call,
    /// after which its instance cannot be entered again.
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
        let ty = self.ty();
        count("parameters", ty.params.len(), params.len())?;
        count("results", usize::from(ty.result.is_some()), results.len())?;
        let values = Dynamic { params };
        let store = store.as_context_mut();
        let output = call_async(store, self.store, &self.component, &self.lifted, &values).await?;
        if let (Some(place), Some(output)) = (results.first_mut(), output) {
            *place = output;
        }
        Ok(())
    }

    /// Compares its type with these.
    #[doc(hidden)]
    pub fn check_typed<P: ComponentNamedList, R: ComponentNamedList>(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        self.check_store(&mut store);
        let all = state(&mut store);
        let root = &all.roots[self.lifted.options.guest.root as usize];
        let resources: Vec<Option<ResourceType>> = root
            .resources
            .iter()
            .map(|resource| {
                let kind = all.info(*resource).kind;
                Some(ResourceType { kind })
            })
            .collect();
        let check = TypeCheck {
            plan: self.component.plan(),
            resources: &resources,
        };
        check_function::<P, R>(self.ty(), &check)
    }

    /// Calls it with values of types that it was compared with.
    #[doc(hidden)]
    pub fn call_checked<P: LowerList, R: LiftList>(
        &self,
        mut store: impl AsContextMut,
        params: P,
    ) -> Result<R> {
        let values = Static {
            params,
            types: &self.lifted.ty.types,
            result: PhantomData,
        };
        let store = store.as_context_mut();
        call(store, self.store, &self.component, &self.lifted, &values)
    }

    /// As [`Func::call_checked`], on a stack that asynchronous host functions suspend.
    #[doc(hidden)]
    pub async fn call_checked_async<T, P, R>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        params: P,
    ) -> Result<R>
    where
        T: Send + 'static,
        P: LowerList + Send + Sync,
        R: LiftList + Send,
    {
        let values = Static {
            params,
            types: &self.lifted.ty.types,
            result: PhantomData,
        };
        let store = store.as_context_mut();
        call_async(store, self.store, &self.component, &self.lifted, &values).await
    }

    /// The function with its type known, to be called fast.
    ///
    /// # Errors
    /// [`ComponentError::Type`] or [`ComponentError::Count`] if it is of another type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn typed<P: LowerList, R: LiftList>(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<TypedFunc<P, R>> {
        let mut store = store.as_context_mut();
        self.check_store(&mut store);
        self.check_typed::<P, R>(&mut store)?;
        Ok(TypedFunc {
            func: self.clone(),
            marker: PhantomData,
        })
    }
}

/// Whether a function's parameters and results are `P`'s and `R`'s.
pub(crate) fn check_function<P: ComponentNamedList, R: ComponentNamedList>(
    ty: &FunctionType,
    check: &TypeCheck<'_>,
) -> Result<()> {
    count("parameters", ty.params.len(), P::COUNT)?;
    let types = ListTypes::of(ty);
    P::check_list(&types.params, check)?;
    count("results", usize::from(ty.result.is_some()), R::COUNT)?;
    R::check_list(types.result.as_slice(), check)
}

fn count(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(ComponentError::Count {
        what,
        expected,
        found,
    }
    .into())
}

/// A function whose parameters and results have these Rust types, each a tuple.
///
/// ```
/// use silica_component::{Component, Linker};
/// use silica_engine::{Engine, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let component = Component::new(&engine, r#"(component
///     (core module $m (func (export "add") (param i32 i32) (result i32)
///         (i32.add (local.get 0) (local.get 1))))
///     (core instance $i (instantiate $m))
///     (func (export "add") (param "a" u32) (param "b" u32) (result u32)
///         (canon lift (core func $i "add"))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
/// assert_eq!(add.call(&mut store, (40, 2))?, (42,));
/// # Ok(()) }
/// ```
pub struct TypedFunc<P, R> {
    func: Func,
    marker: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        TypedFunc {
            func: self.func.clone(),
            marker: PhantomData,
        }
    }
}

impl<P, R> std::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func.text()).finish()
    }
}

/// Typed values for a call.
struct Static<'a, P, R> {
    params: P,
    types: &'a ListTypes,
    result: PhantomData<fn() -> R>,
}

impl<T: 'static, P: LowerList, R: LiftList> Values<T> for Static<'_, P, R> {
    type Output = R;

    fn lower_flat(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: &FunctionType,
        out: &mut FlatValues,
    ) -> Result<()> {
        self.params.lower_list_flat(cx, &self.types.params, out)
    }

    fn lower_memory(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: &FunctionType,
        pointer: u32,
    ) -> Result<()> {
        self.params
            .lower_list_memory(cx, &self.types.params, pointer)
    }

    fn lift_flat(
        &self,
        cx: &mut LiftContext<'_, T>,
        _: &FunctionType,
        values: &mut FlatValues,
    ) -> Result<R> {
        R::lift_list_flat(cx, self.types.result.as_slice(), values)
    }

    fn lift_memory(
        &self,
        cx: &mut LiftContext<'_, T>,
        _: &FunctionType,
        pointer: u32,
    ) -> Result<R> {
        R::lift_list_memory(cx, self.types.result.as_slice(), pointer)
    }
}

impl<P: LowerList, R: LiftList> TypedFunc<P, R> {
    /// The function with its type forgotten.
    #[must_use]
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls it.
    ///
    /// # Errors
    /// If the call traps ([`Trap`](silica_engine::Trap), [`CanonicalTrap`](crate::CanonicalTrap)), or a host function
    /// gives an error. After a trap its instance cannot be entered again.
    ///
    /// # Panics
    /// If it belongs to another store; and with a host function's panic.
    pub fn call(&self, store: impl AsContextMut, params: P) -> Result<R> {
        self.func.call_checked(store, params)
    }

    /// As [`TypedFunc::call`], on a stack that asynchronous host functions suspend. Dropping the future unwinds the
    /// call, after which its instance cannot be entered again.
    ///
    /// # Errors
    /// As [`TypedFunc::call`].
    ///
    /// # Panics
    /// As [`TypedFunc::call`].
    pub async fn call_async<T: Send + 'static>(
        &self,
        store: impl AsContextMut<Data = T>,
        params: P,
    ) -> Result<R>
    where
        P: Send + Sync,
        R: Send,
    {
        self.func.call_checked_async(store, params).await
    }
}
