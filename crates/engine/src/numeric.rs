//! Functions of numbers whose types are known only at run time, called with the numbers' bits. For who makes calls of
//! many types from one place, as components do: neither values with types nor allocations are between.

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, Caller, Func, FuncType, Result, func::failed, host::HostFunc,
    host_error::to_host,
};

/// Most numbers that a [`NumericFunc`] takes.
pub const NUMERIC_PARAMS_MAX: usize = rt::NUMBERS_MAX;

/// A function that takes at most [`NUMERIC_PARAMS_MAX`] numbers and gives one or nothing.
///
/// ```
/// use silica_engine::{Engine, Func, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let half = Func::wrap(&mut store, |number: f64| number / 2.0);
/// let half = half.numeric(&store).unwrap();
/// let bits = half.call(&mut store, &[5.0_f64.to_bits()])?;
/// assert_eq!(f64::from_bits(bits), 2.5);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct NumericFunc {
    raw: rt::Numbers,
}

impl Func {
    /// The function as one of numbers, if it is one.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn numeric(&self, store: impl AsContext) -> Option<NumericFunc> {
        let raw = store.as_context().raw.into_state().numbers(self.into_raw());
        raw.map(|raw| NumericFunc { raw })
    }

    /// A host function of numbers. `f` finds their bits, and puts those of its result in the first place. `None` if
    /// the type is not one of numbers.
    ///
    /// # Panics
    /// If `ty` has types of another engine.
    pub fn new_numeric<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: &FuncType,
        f: impl Fn(Caller<'_, T>, &mut [u64; NUMERIC_PARAMS_MAX]) -> Result<()> + Send + Sync + 'static,
    ) -> Option<Func> {
        let mut store = store.as_context_mut();
        let host = HostFunc::numeric(store.engine(), ty, f)?;
        Some(Func::add(&mut store, &host))
    }
}

impl NumericFunc {
    /// The function.
    #[must_use]
    pub fn func(&self) -> Func {
        Func::from_raw(self.raw.function())
    }

    /// Calls it with the bits of its arguments, of which narrower ones have the lower half. Gives those of its
    /// result, 0 if it has none.
    ///
    /// # Errors
    /// As [`Func::call`].
    ///
    /// # Panics
    /// If it belongs to another store, or takes another number of arguments; and with a host function's panic.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: &[u64]) -> Result<u64> {
        let mut store = store.as_context_mut();
        match store.raw.call_numbers(&self.raw, params) {
            Ok(bits) => Ok(bits),
            Err(error) => Err(failed(&store, error)),
        }
    }
}

impl<T> HostFunc<T> {
    fn numeric(
        engine: &crate::Engine,
        ty: &FuncType,
        f: impl Fn(Caller<'_, T>, &mut [u64; NUMERIC_PARAMS_MAX]) -> Result<()> + Send + Sync + 'static,
    ) -> Option<HostFunc<T>> {
        let closure = move |raw: rt::HostCall<'_, _>, values: &mut [u64; NUMERIC_PARAMS_MAX]| {
            f(Caller { raw }, values).map_err(to_host)
        };
        let raw = rt::HostFunction::numbers(engine.runtime(), ty.registered().clone(), closure)?;
        Some(HostFunc { raw })
    }
}
