//! Tables of references.

use silica_runtime as rt;

use crate::{
    AsContext, AsContextMut, Ref, Result, TableType, error::EngineError, host_error::from_runtime,
    types::alive,
};

/// A table in a store.
///
/// ```
/// use silica_engine::{Engine, Func, Ref, RefType, Store, Table, TableType};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = TableType::new(RefType::FUNCREF, 2, None);
/// let table = Table::new(&mut store, ty, Ref::Func(None))?;
/// let f = Func::wrap(&mut store, || 7);
/// table.set(&mut store, 1, f.into())?;
/// assert!(table.get(&mut store, 0).unwrap().is_null());
/// assert!(table.get(&mut store, 2).is_none());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Table {
    raw: rt::Table,
}

impl Table {
    /// A new table whose elements are `initial`.
    ///
    /// # Errors
    /// If `initial` is not of the element type, or the store's limiter or the system refuses.
    ///
    /// # Panics
    /// If `ty` mentions a type of another engine.
    pub fn new(mut store: impl AsContextMut, ty: TableType, initial: Ref) -> Result<Table> {
        let mut store = store.as_context_mut();
        ty.check_engine(store.engine());
        let raw = rt::Table::new(&mut store.raw, ty.to_module(), initial.to_raw())
            .map_err(from_runtime)?;
        Ok(Table { raw })
    }

    pub(crate) fn from_raw(raw: rt::Table) -> Table {
        Table { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Table {
        self.raw
    }

    /// Its type. The minimum is what it was made with.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let state = store.as_context().raw.into_state();
        TableType::from_module(&self.raw.ty(state), &alive(state.runtime()))
    }

    /// How many elements it has.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.raw.size(store.as_context().raw.into_state())
    }

    /// An element, if there is one at `index`.
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Ref> {
        let mut store = store.as_context_mut();
        let value = self.raw.get(&mut store.raw, index)?;
        Ref::from_raw(value).ok()
    }

    /// Replaces an element.
    ///
    /// # Errors
    /// If there is none at `index`, or `value` is not of the element type.
    pub fn set(&self, mut store: impl AsContextMut, index: u64, value: Ref) -> Result<()> {
        let mut store = store.as_context_mut();
        self.raw
            .set(&mut store.raw, index, value.to_raw())
            .map_err(from_runtime)
    }

    /// Adds `delta` elements that are `value`; gives how many there were.
    ///
    /// # Errors
    /// If it has reached its maximum, if `value` is not of the element type, or if the store's limiter or the system
    /// refuses.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, value: Ref) -> Result<u64> {
        let mut store = store.as_context_mut();
        self.raw
            .grow(&mut store.raw, delta, value.to_raw())
            .map_err(from_runtime)
    }

    /// Makes `count` elements from `start` on `value`.
    ///
    /// # Errors
    /// If that is out of bounds, or `value` is not of the element type.
    pub fn fill(
        &self,
        mut store: impl AsContextMut,
        start: u64,
        value: Ref,
        count: u64,
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        self.raw
            .fill(&mut store.raw, start, value.to_raw(), count)
            .map_err(from_runtime)
    }

    /// Copies `count` elements of `source` to `destination`, which may be the same table.
    ///
    /// # Errors
    /// If that is out of bounds of either, or the element types differ.
    pub fn copy(
        mut store: impl AsContextMut,
        destination: &Table,
        destination_index: u64,
        source: &Table,
        source_index: u64,
        count: u64,
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        let (to, from) = (destination.ty(&store), source.ty(&store));
        if !from.element().matches(to.element()) {
            return Err(EngineError::ValueType {
                expected: to.element().to_string(),
                found: from.element().to_string(),
            }
            .into());
        }
        destination
            .raw
            .copy_from(
                &mut store.raw,
                destination_index,
                source.raw,
                source_index,
                count,
            )
            .map_err(from_runtime)
    }
}
