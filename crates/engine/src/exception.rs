//! Exceptions in the host's hands: made, looked into, thrown and caught.
//!
//! An exception that leaves a call is pending in the store: the call's error is [`ThrownException`]. Whoever takes it has
//! caught it; a host function that returns the error throws it on.

use crate::{
    AsContextMut, Caller, ExnRef, Result, Rooted, Store, StoreContextMut, Tag, ThrownException,
    Val, host_error::from_runtime,
};

impl ExnRef {
    /// Makes an exception with a tag, which carries these values.
    ///
    /// ```
    /// use silica_engine::{Engine, ExnRef, FuncType, Store, Tag, TagType, Val, ValType};
    /// # fn main() -> silica_engine::Result<()> {
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, ());
    /// let tag = Tag::new(&mut store, &TagType::new(FuncType::new(&engine, [ValType::I32], [])))?;
    /// let exception = ExnRef::new(&mut store, &tag, &[Val::I32(7)])?;
    /// assert_eq!(exception.field(&mut store, 0)?.i32(), Some(7));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the values are not of the tag's types, or there is no room.
    ///
    /// # Panics
    /// If the tag or a value belongs to another store.
    pub fn new(mut store: impl AsContextMut, tag: &Tag, fields: &[Val]) -> Result<Rooted<ExnRef>> {
        let values: Vec<_> = fields.iter().map(|field| field.to_raw()).collect();
        let mut store = store.as_context_mut();
        let made = store.raw.reborrow().into_state();
        let made = made.new_exception(tag.into_raw(), &values);
        made.map(Rooted::from_raw).map_err(from_runtime)
    }
}

impl Rooted<ExnRef> {
    /// Its tag.
    ///
    /// # Errors
    /// If the store's heap is damaged.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn tag(&self, mut store: impl AsContextMut) -> Result<Tag> {
        let mut store = store.as_context_mut();
        let state = store.raw.reborrow().into_state();
        let tag = state.exception_tag(self.into_raw());
        tag.map(Tag::from_raw).map_err(from_runtime)
    }

    /// The values that it carries.
    ///
    /// # Errors
    /// If the store's heap is damaged.
    pub fn fields(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<impl ExactSizeIterator<Item = Val>> {
        let mut store = store.as_context_mut();
        let state = store.raw.reborrow().into_state();
        let values = state
            .exception_values(self.into_raw())
            .map_err(from_runtime)?;
        Ok(values.into_iter().map(Val::from_raw))
    }

    /// One of the values that it carries.
    ///
    /// # Errors
    /// If there are not so many, or the store's heap is damaged.
    pub fn field(&self, store: impl AsContextMut, index: usize) -> Result<Val> {
        let mut fields = self.fields(store)?;
        let count = fields.len();
        let field = fields.nth(index);
        field.ok_or_else(|| anyhow::anyhow!("field {index} of an exception that carries {count}"))
    }
}

impl<T> StoreContextMut<'_, T> {
    /// Makes an exception the pending one. A host function throws it by returning what this gives.
    ///
    /// # Errors
    /// Always.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R, ThrownException> {
        let state = self.raw.reborrow().into_state();
        state.set_exception(exception.into_raw());
        Err(ThrownException)
    }

    /// Takes the exception that left a call, and so catches it.
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
        let state = self.raw.reborrow().into_state();
        state.take_exception().map(Rooted::from_raw)
    }

    /// Whether an exception left a call, and was not taken.
    #[must_use]
    pub fn has_pending_exception(&self) -> bool {
        self.raw.as_ref().into_state().has_exception()
    }
}

macro_rules! forward {
    ($($ty:ty),*) => { $(
        impl<T> $ty {
            /// As [`StoreContextMut::throw`].
            ///
            /// # Errors
            /// Always.
            ///
            /// # Panics
            /// If it belongs to another store.
            pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R, ThrownException> {
                self.as_context_mut().throw(exception)
            }

            /// As [`StoreContextMut::take_pending_exception`].
            pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
                self.as_context_mut().take_pending_exception()
            }
        }
    )* };
}
forward!(Store<T>, Caller<'_, T>);
