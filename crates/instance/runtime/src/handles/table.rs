//! Tables: handles, and what is done with elements on their behalf.

use silica_module::{IndexType, RefType, TableType, ValueType};

use crate::{
    Value,
    entries::{TableEntry, TableError, checked_range},
    error::RuntimeError,
    identity::StoreId,
    limiter::{Counts, Limited},
    state::{State, StoreState},
};

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

impl Table {
    /// A table of the embedder's, all of its elements `value`. The type is canonical.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] when the value is not of the element type; [`RuntimeError::Limited`],
    /// [`RuntimeError::OutOfMemory`].
    ///
    /// # Panics
    /// If the value belongs to another store.
    pub fn new(store: &mut StoreState, ty: TableType, value: Value) -> Result<Table, RuntimeError> {
        check_value(store, ty.element, &value)?;
        let id = store.id();
        let mentioned = store
            .runtime()
            .types()
            .mentioned(ValueType::Ref(ty.element));
        let bits = value.to_bits(store) as u64;
        let state = store.state_mut();
        state.ask_counts(Counts {
            instances: 0,
            memories: 0,
            tables: 1,
        })?;
        ask_minimum(state, &ty)?;
        let mut entry = TableEntry::new(ty, bits)?;
        entry.define_alone(mentioned);
        state.tables.push(entry);
        Ok(Table {
            store: id,
            index: (state.tables.len() - 1) as u32,
        })
    }

    pub(crate) fn entry<'a>(&self, store: &'a StoreState) -> &'a TableEntry {
        store.check(self.store, "the table");
        &store.state().tables[self.index as usize]
    }

    fn entry_mut<'a>(&self, store: &'a mut StoreState) -> &'a mut TableEntry {
        store.check(self.store, "the table");
        &mut store.state_mut().tables[self.index as usize]
    }

    /// Its type, canonical.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn ty(&self, store: &StoreState) -> TableType {
        self.entry(store).ty
    }

    /// Its length in elements.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn size(&self, store: &StoreState) -> u64 {
        self.entry(store).elements().len() as u64
    }

    /// An element; `None` beyond the end.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn get(&self, store: &mut StoreState, index: u64) -> Option<Value> {
        let entry = self.entry(store);
        let bits = *entry.elements().get(usize::try_from(index).ok()?)?;
        let ty = ValueType::Ref(entry.ty.element);
        // SAFETY: the elements of a table are references of its element type, of its store.
        Some(unsafe { Value::from_bits(u128::from(bits), ty, store) })
    }

    /// Sets an element.
    ///
    /// # Errors
    /// [`RuntimeError::OutOfBounds`]; [`RuntimeError::Type`].
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn set(
        &self,
        store: &mut StoreState,
        index: u64,
        value: Value,
    ) -> Result<(), RuntimeError> {
        self.fill(store, index, value, 1)
    }

    /// Sets `count` elements from `start`.
    ///
    /// # Errors
    /// [`RuntimeError::OutOfBounds`]; [`RuntimeError::Type`]. Then nothing has changed.
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn fill(
        &self,
        store: &mut StoreState,
        start: u64,
        value: Value,
        count: u64,
    ) -> Result<(), RuntimeError> {
        check_value(store, self.entry(store).ty.element, &value)?;
        let bits = value.to_bits(store) as u64;
        let elements = self.entry_mut(store).range_mut(start, count);
        elements
            .map_err(|_| RuntimeError::OutOfBounds("table elements"))?
            .fill(bits);
        Ok(())
    }

    /// Grows by `delta` elements; gives the old size.
    ///
    /// # Errors
    /// [`RuntimeError::Growth`], [`RuntimeError::Limited`], [`RuntimeError::Limiter`],
    /// [`RuntimeError::OutOfMemory`], [`RuntimeError::Type`]; then nothing has changed.
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn grow(
        &self,
        store: &mut StoreState,
        delta: u64,
        value: Value,
    ) -> Result<u64, RuntimeError> {
        check_value(store, self.entry(store).ty.element, &value)?;
        let bits = value.to_bits(store) as u64;
        grow(store.state_mut(), self.index, delta, bits)
    }

    /// Copies `count` elements from `source`, from `source_start`, to this table, to `start`.
    ///
    /// # Errors
    /// [`RuntimeError::OutOfBounds`]; [`RuntimeError::Type`] when the element types do not fit. Then nothing
    /// has changed.
    ///
    /// # Panics
    /// If one belongs to another store.
    pub fn copy_from(
        &self,
        store: &mut StoreState,
        start: u64,
        source: Table,
        source_start: u64,
        count: u64,
    ) -> Result<(), RuntimeError> {
        let (to, from) = (self.entry(store).ty.element, source.entry(store).ty.element);
        if !crate::value::is_subtype(store, ValueType::Ref(from), ValueType::Ref(to)) {
            return Err(RuntimeError::Type {
                what: "copying elements",
                expected: format!("{to:?}"),
                found: format!("{from:?}"),
            });
        }
        copy(
            store.state_mut(),
            (self.index, start),
            (source.index, source_start),
            count,
        )
        .map_err(|TableError| RuntimeError::OutOfBounds("table elements"))
    }
}

fn check_value(store: &StoreState, element: RefType, value: &Value) -> Result<(), RuntimeError> {
    if value.matches(store, ValueType::Ref(element)) {
        return Ok(());
    }
    Err(RuntimeError::Type {
        what: "table element",
        expected: format!("{element:?}"),
        found: format!("{value:?}"),
    })
}

/// Asks whether a table of this type may be made.
pub(crate) fn ask_minimum(state: &mut State, ty: &TableType) -> Result<(), RuntimeError> {
    if ty.min > state.runtime.config().table_elements_max {
        return Err(RuntimeError::Growth(
            "a table of so many elements is more than the engine allows",
        ));
    }
    let elements = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    state.ask_growth(Limited::Table, 0, elements(ty.min), ty.max.map(elements))
}

/// Grows table `index` of the store.
pub(crate) fn grow(
    state: &mut State,
    index: u32,
    delta: u64,
    value: u64,
) -> Result<u64, RuntimeError> {
    let entry = &state.tables[index as usize];
    let old = entry.elements.len();
    let addressable = match entry.ty.index {
        IndexType::I32 => u64::from(u32::MAX),
        IndexType::I64 => u64::MAX,
    };
    let max = entry.ty.max.unwrap_or(addressable).min(addressable);
    let max = max.min(state.runtime.config().table_elements_max);
    let wanted = (old as u64)
        .checked_add(delta)
        .filter(|wanted| *wanted <= max);
    let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    let declared = entry
        .ty
        .max
        .map(|max| usize::try_from(max).unwrap_or(usize::MAX));
    if delta > 0 {
        state.ask_growth(Limited::Table, old, wanted.unwrap_or(usize::MAX), declared)?;
    }
    let grown = match wanted {
        None => Err(RuntimeError::Growth("the table is at its maximum")),
        Some(wanted) => {
            let entry = &mut state.tables[index as usize];
            entry.extend(wanted, value).map(|()| entry.publish())
        }
    };
    if let Err(error) = grown {
        state.tell_failure(Limited::Table, &error.to_string())?;
        return Err(error);
    }
    Ok(old as u64)
}

/// Copies elements between (or within) tables of the store, each named by its number and where to begin.
pub(crate) fn copy(
    state: &mut State,
    to: (u32, u64),
    from: (u32, u64),
    count: u64,
) -> Result<(), TableError> {
    let length = |table: u32| state.tables[table as usize].elements.len();
    let source = checked_range(length(from.0), from.1, count)?;
    let target = checked_range(length(to.0), to.1, count)?;
    if to.0 == from.0 {
        state.tables[to.0 as usize]
            .elements
            .copy_within(source, target.start);
        return Ok(());
    }
    let tables = state
        .tables
        .get_disjoint_mut([to.0 as usize, from.0 as usize]);
    let [to, from] = tables.expect("two tables of the store");
    to.elements[target].copy_from_slice(&from.elements[source]);
    Ok(())
}
