//! What a host function gets to know of who called it.

use std::fmt;

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, Engine, Extern, Instance, InterruptHandle, Result, StoreContext,
    StoreContextMut, inner::Inner,
};

/// What a host function gets to know of who called it: the store, and what the calling instance exports.
///
/// ```
/// use silica_engine::{Caller, Engine, Func, Instance, Module, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "print" (func $print (param i32 i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 8) "hello")
///     (func (export "run") (call $print (i32.const 8) (i32.const 5))))"#)?;
/// let mut store = Store::new(&engine, String::new());
/// let print = Func::wrap(&mut store, |mut caller: Caller<'_, String>, at: u32, length: u32| {
///     let memory = caller.get_export("memory").and_then(|e| e.into_memory()).expect("it is exported");
///     let (bytes, out) = memory.data_and_store_mut(&mut caller);
///     out.push_str(&String::from_utf8_lossy(&bytes[at as usize..][..length as usize]));
/// });
/// let instance = Instance::new(&mut store, &module, &[print.into()])?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// assert_eq!(store.data(), "hello");
/// # Ok(()) }
/// ```
pub struct Caller<'a, T: 'static> {
    pub(crate) raw: rt::HostCall<'a, Inner<T>>,
}

impl<T> Caller<'_, T> {
    /// What the calling instance exports as `name`, if it was an instance that called, and exports that.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        let instance = self.raw.caller()?;
        instance
            .export_by_name(&self.raw.store, name)
            .map(Extern::from_raw)
    }

    /// The calling instance, if it was one that called.
    #[must_use]
    pub fn instance(&self) -> Option<Instance> {
        self.raw.caller().map(Instance::from_raw)
    }

    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.raw.store.data().data
    }

    /// The embedder's data, to change it.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.raw.store.data_mut().data
    }

    /// The store's engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.raw.store.data().engine
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
        self.as_context_mut().set_fuel(fuel)
    }

    /// A handle by which any thread can stop what runs in this store.
    #[must_use]
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.raw.store.interrupt_handle()
    }

    /// Whether the handle stops what runs in this store.
    #[inline]
    #[must_use]
    pub fn is_interrupted_by(&self, handle: &InterruptHandle) -> bool {
        self.raw.store.is_interrupted_by(handle)
    }

    /// For a host function that waits or works long: whether it may go on. A system call in which an interruption finds it
    /// waiting ends with `EINTR` ([`std::io::ErrorKind::Interrupted`]), again and again until the call ends; much of the standard library
    /// hides that and waits on.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use silica_engine::{Caller, Engine, Func, Instance, Module, Store, Trap};
    /// # fn main() -> silica_engine::Result<()> {
    /// let (mut input, _never_written) = std::io::pipe()?;
    /// let mut store = Store::new(&Engine::default(), ());
    /// let read = Func::wrap(&mut store, move |caller: Caller<'_, ()>| -> silica_engine::Result<u32> {
    ///     loop {
    ///         match (&input).read(&mut [0; 16]) {
    ///             Err(error) if error.kind() == ErrorKind::Interrupted => caller.check_interrupt()?,
    ///             done => return Ok(done? as u32),
    ///         }
    ///     }
    /// });
    /// let handle = store.interrupt_handle();
    /// let stopper = std::thread::spawn(move || {
    ///     std::thread::sleep(std::time::Duration::from_millis(20));
    ///     handle.interrupt();
    /// });
    /// let error = read.typed::<(), u32>(&store)?.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    /// # stopper.join().unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Trap::Interrupt`](crate::Trap::Interrupt) when an interruption was asked for: the host function returns with it.
    pub fn check_interrupt(&self) -> Result<()> {
        let checked = self.raw.store.check_interrupt();
        checked.map_err(|code| crate::Trap::from_code(code).into())
    }
}

impl<T: fmt::Debug> fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(self.data()).finish()
    }
}

impl<T> AsContext for Caller<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            raw: self.raw.store.as_ref(),
        }
    }
}

impl<T> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut {
            raw: self.raw.store.reborrow(),
        }
    }
}
