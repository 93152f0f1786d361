//! Ways to reach a store: borrowed shared, or borrowed exclusively. Host functions reach it through `caller`.

use std::fmt;

use silica_runtime as rt;

use crate::{
    Engine, InterruptHandle, Result,
    inner::{Inner, need_fuel},
};

/// Shared access to a store.
pub struct StoreContext<'a, T: 'static> {
    pub(crate) raw: rt::StoreRef<'a, Inner<T>>,
}

impl<T> Clone for StoreContext<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StoreContext<'_, T> {}

impl<'a, T> StoreContext<'a, T> {
    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &'a T {
        &self.raw.data().data
    }

    /// The store's engine.
    #[must_use]
    pub fn engine(&self) -> &'a Engine {
        &self.raw.data().engine
    }

    /// Fuel that is left.
    ///
    /// # Errors
    /// [`EngineError::FuelNotCounted`](crate::EngineError::FuelNotCounted).
    pub fn get_fuel(&self) -> Result<u64> {
        let state = self.raw.into_state();
        need_fuel(state)?;
        Ok(state.fuel())
    }
}

/// Exclusive access to a store.
pub struct StoreContextMut<'a, T: 'static> {
    pub(crate) raw: rt::StoreMut<'a, Inner<T>>,
}

impl<'a, T> StoreContextMut<'a, T> {
    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.raw.data().data
    }

    /// The embedder's data, to change it.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.raw.data_mut().data
    }

    /// The embedder's data, for as long as the store is borrowed.
    #[must_use]
    pub fn into_data_mut(self) -> &'a mut T {
        &mut self.raw.into_data_mut().data
    }

    /// The store's engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.raw.data().engine
    }

    /// What components keep in the store, made when it is first asked for.
    #[doc(hidden)]
    pub fn extension<E: Default + std::any::Any + Send + Sync>(&mut self) -> &mut E {
        self.raw.data_mut().extension()
    }

    /// Fuel that is left.
    ///
    /// # Errors
    /// [`EngineError::FuelNotCounted`](crate::EngineError::FuelNotCounted).
    pub fn get_fuel(&self) -> Result<u64> {
        self.as_context().get_fuel()
    }

    /// Sets the fuel that is left.
    ///
    /// # Errors
    /// [`EngineError::FuelNotCounted`](crate::EngineError::FuelNotCounted).
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        need_fuel(&self.raw)?;
        self.raw.set_fuel(fuel);
        Ok(())
    }

    /// A handle by which any thread can stop what runs in this store.
    #[must_use]
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.raw.interrupt_handle()
    }
}

impl<T: fmt::Debug> fmt::Debug for StoreContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreContext").field(self.data()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for StoreContextMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreContextMut").field(self.data()).finish()
    }
}

/// Something that a store can be read through: a [`Store`](crate::Store), a [`Caller`](crate::Caller), a [`StoreContext`], a
/// [`StoreContextMut`], or a borrow of one.
pub trait AsContext {
    /// The type of the embedder's data.
    type Data: 'static;

    /// Shared access to the store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Something that a store can be changed through.
pub trait AsContextMut: AsContext {
    /// Exclusive access to the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<T> AsContext for StoreContext<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        *self
    }
}

impl<T> AsContext for StoreContextMut<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            raw: self.raw.as_ref(),
        }
    }
}

impl<T> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut {
            raw: self.raw.reborrow(),
        }
    }
}

impl<'a, C: AsContext> From<&'a C> for StoreContext<'a, C::Data> {
    fn from(store: &'a C) -> Self {
        store.as_context()
    }
}

impl<'a, C: AsContext> From<&'a mut C> for StoreContext<'a, C::Data> {
    fn from(store: &'a mut C) -> Self {
        C::as_context(store)
    }
}

impl<'a, T> From<StoreContextMut<'a, T>> for StoreContext<'a, T> {
    fn from(store: StoreContextMut<'a, T>) -> Self {
        StoreContext {
            raw: store.raw.into_ref(),
        }
    }
}

impl<'a, C: AsContextMut> From<&'a mut C> for StoreContextMut<'a, C::Data> {
    fn from(store: &'a mut C) -> Self {
        store.as_context_mut()
    }
}
