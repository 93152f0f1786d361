//! Globals of a store: reading them and, where they are mutable, writing them.

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, GlobalType, Result, Val, host_error::from_runtime, types::alive,
};

/// A global in a store.
///
/// ```
/// use silica_engine::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::I32(1))?;
/// global.set(&mut store, Val::I32(2))?;
/// assert_eq!(global.get(&mut store).i32(), Some(2));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Global {
    raw: rt::Global,
}

impl Global {
    /// A new global that holds `value`.
    ///
    /// # Errors
    /// If `value` is not of the global's type.
    ///
    /// # Panics
    /// If `ty` mentions a type of another engine.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        let mut store = store.as_context_mut();
        ty.check_engine(store.engine());
        let raw = rt::Global::new(&mut store.raw, ty.to_module(), value.to_raw())
            .map_err(from_runtime)?;
        Ok(Global { raw })
    }

    pub(crate) fn from_raw(raw: rt::Global) -> Global {
        Global { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Global {
        self.raw
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let state = store.as_context().raw.into_state();
        GlobalType::from_module(&self.raw.ty(state), &alive(state.runtime()))
    }

    /// Its value.
    pub fn get(&self, mut store: impl AsContextMut) -> Val {
        Val::from_raw(self.raw.get(&mut store.as_context_mut().raw))
    }

    /// Replaces its value.
    ///
    /// # Errors
    /// If it is immutable, or `value` is of another type.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let mut store = store.as_context_mut();
        self.raw
            .set(&mut store.raw, value.to_raw())
            .map_err(from_runtime)
    }
}

/// A mutable global of an `i32`, read and written with no look at its type. For what is read at each call, as components'
/// flags are.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct GlobalI32 {
    raw: rt::GlobalI32,
}

impl Global {
    /// The global as a mutable one of an `i32`, if it is one.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[doc(hidden)]
    #[must_use]
    pub fn mutable_i32(&self, store: impl AsContext) -> Option<GlobalI32> {
        let raw = self.raw.mutable_i32(store.as_context().raw.into_state());
        raw.map(|raw| GlobalI32 { raw })
    }
}

impl GlobalI32 {
    /// The global.
    #[must_use]
    pub fn global(&self) -> Global {
        Global::from_raw(self.raw.global())
    }

    /// Its value.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    pub fn get(&self, store: impl AsContext) -> i32 {
        self.raw.get(store.as_context().raw.into_state())
    }

    /// Replaces its value.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    pub fn set(&self, mut store: impl AsContextMut, value: i32) {
        self.raw.set(&mut store.as_context_mut().raw, value);
    }
}
