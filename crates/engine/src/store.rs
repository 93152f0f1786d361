//! A store: what owns instances and everything that they can reach, beside the embedder's own data.
//!
//! The runtime's store does the owning; this adds the engine and the limiter to the data that it carries.

use std::fmt;

use silica_runtime as rt;

use crate::{
    Engine, InterruptHandle, ResourceLimiter, Result,
    context::{AsContext, AsContextMut, StoreContext, StoreContextMut},
    host_error::from_runtime,
    inner::Inner,
};

/// Owns instances, their memories, tables and globals, and a value of the embedder's. One thread
/// uses it at a time; it may move between threads where `T` may.
///
/// ```
/// use silica_engine::{Engine, Store};
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, 5);
/// *store.data_mut() += 1;
/// assert_eq!(*store.data(), 6);
/// assert_eq!(store.into_data(), 6);
/// ```
pub struct Store<T: 'static> {
    pub(crate) raw: rt::Store<Inner<T>>,
}

impl<T> Store<T> {
    /// An empty store.
    #[must_use]
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        let inner = Inner::new(engine, data);
        Store {
            raw: rt::Store::new(engine.runtime(), engine.settings().fuel, inner),
        }
    }

    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.raw.data().data
    }

    /// The embedder's data, to change it.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.raw.data_mut().data
    }

    /// Drops the store, but not the embedder's data.
    #[must_use]
    pub fn into_data(self) -> T {
        self.raw.into_data().data
    }

    /// The engine that it was made with.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.raw.data().engine
    }

    /// Makes `limiter` decide how far memories and tables grow, and how many instances there may be.
    ///
    /// ```
    /// use silica_engine::{Engine, Memory, MemoryType, Store, StoreLimitsBuilder};
    /// let limits = StoreLimitsBuilder::new().memory_size(3 << 16).build();
    /// let mut store = Store::new(&Engine::default(), limits);
    /// store.limiter(|limits| limits);
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    /// assert!(memory.grow(&mut store, 2).is_ok());
    /// assert!(memory.grow(&mut store, 1).is_err());
    /// ```
    pub fn limiter(
        &mut self,
        mut limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        let inner = self.raw.data_mut();
        // Asked once now, so that an embedder's mistake shows at once and not in a call.
        let _ = limiter(&mut inner.data);
        inner.set_limiter(Box::new(limiter));
        self.raw.limiter(|inner| inner);
    }

    /// Fuel that is left.
    ///
    /// # Errors
    /// [`crate::EngineError::FuelNotCounted`].
    pub fn get_fuel(&self) -> Result<u64> {
        self.as_context().get_fuel()
    }

    /// Sets the fuel that is left, and forgives what code took beyond its end (see [`Config::consume_fuel`](crate::Config::consume_fuel)).
    ///
    /// ```
    /// use silica_engine::{Config, Engine, Store};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(10_000)?;
    /// assert_eq!(store.get_fuel()?, 10_000);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`crate::EngineError::FuelNotCounted`].
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.as_context_mut().set_fuel(fuel)
    }

    /// Collects the objects that nothing refers to. Without it they are collected when there is need.
    ///
    /// # Errors
    /// The limiter's; an error if the store's heap was found damaged.
    pub fn gc(&mut self) -> Result<()> {
        self.raw.collect_garbage().map_err(from_runtime)
    }

    /// A handle by which any thread can stop what runs in this store.
    ///
    /// ```
    /// use silica_engine::{Engine, Instance, Module, Store, Trap};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop br 0)))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let spin = Instance::new(&mut store, &module, &[])?.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// let handle = store.interrupt_handle();
    /// let stopper = std::thread::spawn(move || {
    ///     std::thread::sleep(std::time::Duration::from_millis(20));
    ///     handle.interrupt();
    /// });
    /// let error = spin.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    /// # stopper.join().unwrap();
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.raw.interrupt_handle()
    }
}

impl<T: Default> Default for Store<T> {
    fn default() -> Self {
        Store::new(&Engine::default(), T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("id", &self.raw.id())
            .field("data", self.data())
            .finish()
    }
}

impl<T> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            raw: self.raw.as_ref(),
        }
    }
}

impl<T> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut {
            raw: self.raw.as_mut(),
        }
    }
}
