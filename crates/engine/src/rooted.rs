//! References to objects: what keeps them alive, and for how long.
//!
//! Objects move and go; a [`Rooted`] follows one until the scope ends in which it was made: a [`RootScope`], a host function's call, or
//! the store's life. An [`OwnedRooted`] has no scope.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, RefType, Result, StoreContext, StoreContextMut,
    host_error::from_runtime,
};

/// A host value that WebAssembly can hold a reference to and never look into.
///
/// It lives as long as something refers to it. What is handed around is a [`Rooted<ExternRef>`].
///
/// ```
/// use silica_engine::{Engine, ExternRef, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let reference = ExternRef::new(&mut store, String::from("hello"))?;
/// let data = reference.data(&store)?.expect("it has data");
/// assert_eq!(data.downcast_ref::<String>().map(String::as_str), Some("hello"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ExternRef(());

/// An object of WebAssembly's: a struct, an array, an `i31`, or a host value by another type.
///
/// ```
/// use silica_engine::{AnyRef, Engine, I31, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let reference = AnyRef::from_i31(&mut store, I31::wrapping_u32(7));
/// assert_eq!(reference.as_i31(&store)?.map(I31::get_u32), Some(7));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct AnyRef(());

/// An exception that WebAssembly holds.
#[derive(Debug)]
pub struct ExnRef(());

/// A continuation that WebAssembly holds. The host can keep it and give it back where any continuation is accepted; only WebAssembly resumes it.
#[derive(Debug)]
pub struct ContRef(());

/// An integer of 31 bits that is its own reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct I31(u32);

impl I31 {
    const MASK: u32 = u32::MAX >> 1;

    /// The lowest 31 bits of `value`.
    #[must_use]
    pub const fn wrapping_u32(value: u32) -> I31 {
        I31(value & I31::MASK)
    }

    /// The lowest 31 bits of `value`.
    #[must_use]
    pub const fn wrapping_i32(value: i32) -> I31 {
        I31::wrapping_u32(value.cast_unsigned())
    }

    /// `value`, if it fits.
    #[must_use]
    pub const fn new_u32(value: u32) -> Option<I31> {
        if value <= I31::MASK {
            Some(I31(value))
        } else {
            None
        }
    }

    /// `value`, if it fits.
    #[must_use]
    pub const fn new_i32(value: i32) -> Option<I31> {
        let fits = I31::wrapping_i32(value);
        if fits.get_i32() == value {
            Some(fits)
        } else {
            None
        }
    }

    /// Without a sign.
    #[must_use]
    pub const fn get_u32(self) -> u32 {
        self.0
    }

    /// With a sign.
    #[must_use]
    pub const fn get_i32(self) -> i32 {
        (self.0 << 1).cast_signed() >> 1
    }
}

/// A reference to an object of a store, which keeps it alive until its scope ends.
///
/// After that, and with another store, using it is an error or a panic with a message.
pub struct Rooted<T> {
    raw: rt::Object,
    object: PhantomData<fn() -> T>,
}

impl<T> Clone for Rooted<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rooted<T> {}

impl<T> fmt::Debug for Rooted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rooted").field(&self.raw).finish()
    }
}

impl<T> Rooted<T> {
    pub(crate) fn from_raw(raw: rt::Object) -> Rooted<T> {
        Rooted {
            raw,
            object: PhantomData,
        }
    }

    pub(crate) fn into_raw(self) -> rt::Object {
        self.raw
    }

    /// Keeps the object beyond the scope.
    ///
    /// ```
    /// use silica_engine::{Engine, ExternRef, RootScope, Store};
    /// # fn main() -> silica_engine::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// let (gone, kept) = {
    ///     let mut scope = RootScope::new(&mut store);
    ///     let reference = ExternRef::new(&mut scope, 1)?;
    ///     (reference, reference.to_owned_rooted(&mut scope)?)
    /// };
    /// assert!(gone.data(&store).is_err());
    /// assert!(kept.to_rooted(&mut store).data(&store)?.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn to_owned_rooted(&self, mut store: impl AsContextMut) -> Result<OwnedRooted<T>> {
        let raw = self.raw.to_owned(&mut store.as_context_mut().raw);
        Ok(OwnedRooted {
            raw: raw.map_err(from_runtime)?,
            object: PhantomData,
        })
    }

    /// Whether two references are to the same object.
    ///
    /// # Errors
    /// If the scope of one has ended.
    ///
    /// # Panics
    /// If one belongs to another store.
    pub fn ref_eq(store: impl AsContext, a: &Rooted<T>, b: &Rooted<T>) -> Result<bool> {
        let store = store.as_context();
        a.raw.is_same(b.raw, &store.raw).map_err(from_runtime)
    }
}

/// A reference to an object of a store, which keeps it alive as long as this is there.
pub struct OwnedRooted<T> {
    raw: rt::OwnedObject,
    object: PhantomData<fn() -> T>,
}

impl<T> Clone for OwnedRooted<T> {
    fn clone(&self) -> Self {
        OwnedRooted {
            raw: self.raw.clone(),
            object: PhantomData,
        }
    }
}

impl<T> fmt::Debug for OwnedRooted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedRooted").field(&self.raw).finish()
    }
}

impl<T> OwnedRooted<T> {
    /// The same reference, for the innermost scope.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn to_rooted(&self, mut store: impl AsContextMut) -> Rooted<T> {
        Rooted::from_raw(self.raw.to_object(&mut store.as_context_mut().raw))
    }
}

/// A scope of [`Rooted`] references: those that are made in it are none any more when it is dropped, and keep nothing alive. A
/// program that makes many outside of host functions uses one, since otherwise they live as long as the store.
#[derive(Debug)]
pub struct RootScope<C: AsContextMut> {
    store: C,
    mark: rt::RootMark,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins a scope within those that there are.
    pub fn new(store: C) -> RootScope<C> {
        let mark = store.as_context().raw.root_scope();
        RootScope { store, mark }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().raw.end_root_scope(self.mark);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}

impl ExternRef {
    /// Puts `value` in the store.
    ///
    /// # Errors
    /// When the store holds as many as it may, or its heap has no room.
    pub fn new<V: Any + Send + Sync>(
        mut store: impl AsContextMut,
        value: V,
    ) -> Result<Rooted<ExternRef>> {
        let raw = store.as_context_mut().raw.new_extern(Box::new(value));
        Ok(Rooted::from_raw(raw.map_err(from_runtime)?))
    }

    /// The same object by the type `externref`, as `extern.convert_any` does.
    ///
    /// # Errors
    /// Never now; it is there for what is written against the most used engine.
    pub fn convert_any(
        _store: impl AsContextMut,
        reference: Rooted<AnyRef>,
    ) -> Result<Rooted<ExternRef>> {
        Ok(Rooted::from_raw(reference.raw))
    }
}

impl Rooted<ExternRef> {
    /// The host's value; `None` if it is an object of WebAssembly's.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let data = self.raw.data(store.into().raw.into_state());
        data.map_err(from_runtime)
    }

    /// The host's value, to change it; `None` if it is an object of WebAssembly's.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<Option<&'a mut (dyn Any + Send + Sync)>> {
        let data = self.raw.data_mut(store.into().raw.into_state());
        data.map_err(from_runtime)
    }
}

impl AnyRef {
    /// The reference that is an integer.
    pub fn from_i31(mut store: impl AsContextMut, value: I31) -> Rooted<AnyRef> {
        let store = &mut store.as_context_mut().raw;
        Rooted::from_raw(rt::Object::new_i31(store, value.get_u32()))
    }

    /// The same object by the type `anyref`, as `any.convert_extern` does.
    ///
    /// # Errors
    /// Never now; it is there for what is written against the most used engine.
    pub fn convert_extern(
        _store: impl AsContextMut,
        reference: Rooted<ExternRef>,
    ) -> Result<Rooted<AnyRef>> {
        Ok(Rooted::from_raw(reference.raw))
    }
}

/// Asks of which abstract type an object is.
macro_rules! tests {
    ($($(#[$doc:meta])* $name:ident $heap:ident;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// If its scope has ended.
        ///
        /// # Panics
        /// If it belongs to another store.
        pub fn $name(&self, store: impl AsContext) -> Result<bool> {
            let store = store.as_context();
            // For its error.
            self.raw.i31(&store.raw).map_err(from_runtime)?;
            Ok(self.raw.is_of(&store.raw, silica_module::HeapType::$heap))
        }
    )* };
}

impl Rooted<AnyRef> {
    pub(crate) fn ref_type(&self, store: impl AsContext) -> Result<RefType> {
        let store = store.as_context();
        let heap = self.raw.heap_type(&store.raw).map_err(from_runtime)?;
        let ty = silica_module::RefType {
            nullable: false,
            heap,
        };
        let runtime = store.raw.runtime();
        let resolve = |id| {
            runtime
                .type_of_id(id)
                .expect("an object keeps its type alive")
        };
        Ok(RefType::from_module(ty, &resolve))
    }

    /// The integer, if it is one.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>> {
        let store = store.as_context();
        let value = self.raw.i31(&store.raw).map_err(from_runtime)?;
        Ok(value.map(I31::wrapping_u32))
    }

    /// The host's value that it stands for, if it does.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let data = self.raw.data(store.into().raw.into_state());
        data.map_err(from_runtime)
    }

    tests! {
        /// Whether it is an integer.
        is_i31 I31;
        /// Whether it is a struct.
        is_struct Struct;
        /// Whether it is an array.
        is_array Array;
        /// Whether `ref.eq` can compare it: it is no host value.
        is_eqref Eq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_31_bits() {
        assert_eq!(I31::new_u32(1 << 31), None);
        assert_eq!(I31::new_i32(1 << 30), None);
        assert_eq!(I31::new_i32(-(1 << 30)).map(I31::get_i32), Some(-(1 << 30)));
        assert_eq!(I31::wrapping_i32(-1).get_u32(), u32::MAX >> 1);
        assert_eq!(I31::wrapping_u32(u32::MAX).get_i32(), -1);
    }
}
