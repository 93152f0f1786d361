//! References to objects of a store, as the host has them.
//!
//! An [`Object`] is a root: it keeps what it refers to alive, and follows it when it moves, until the scope ends that it was made in
//! ([`StoreState::root_scope`]). An [`OwnedObject`] does so as long as it is there.

use std::any::Any;

use silica_contract::object::type_id;
use silica_module::{HeapType, RefType};

use crate::{
    error::RuntimeError,
    host_roots::{OwnedPlace, RootPlace},
    identity::StoreId,
    state::StoreState,
    types::{heap_type_of, is_ref_subtype},
};

/// A reference to an object of a store, or to an `i31`: never null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    store: StoreId,
    place: RootPlace,
}

/// A reference to an object of a store, or to an `i31`, that lives as long as this.
#[derive(Clone, Debug)]
pub struct OwnedObject {
    store: StoreId,
    place: OwnedPlace,
}

/// The scoped roots that there are at some time, see [`StoreState::root_scope`].
#[derive(Clone, Copy, Debug)]
pub struct RootMark(usize);

impl Object {
    /// From what compiled code has: `None` for null.
    #[inline(always)]
    pub(crate) fn from_bits(reference: u32, store: &mut StoreState) -> Option<Object> {
        (reference != 0).then(|| Object::rooted(reference, store))
    }

    /// Makes a reference that the heap has given a root.
    pub(super) fn rooted(reference: u32, store: &mut StoreState) -> Object {
        Object {
            store: store.id(),
            place: store.state_mut().roots.add(reference),
        }
    }

    /// As compiled code has it: never 0. Holds until an object is made.
    ///
    /// # Panics
    /// If it belongs to another store, or its scope has ended.
    pub(crate) fn to_bits(self, store: &StoreState) -> u32 {
        match self.reference(store) {
            Ok(reference) => reference,
            Err(error) => panic!("{error}"),
        }
    }

    fn reference(self, store: &StoreState) -> Result<u32, RuntimeError> {
        store.check(self.store, "the object");
        let reference = store.state().roots.get(self.place);
        reference.ok_or(RuntimeError::Unrooted)
    }

    /// The store that it belongs to.
    #[must_use]
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// An `i31`, of which the lowest 31 bits count.
    #[must_use]
    pub fn new_i31(store: &mut StoreState, value: u32) -> Object {
        Object::rooted(value << 1 | 1, store)
    }

    /// The `i31` that it is, if it is one: 31 bits.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn i31(&self, store: &StoreState) -> Result<Option<u32>, RuntimeError> {
        let reference = self.reference(store)?;
        Ok((reference % 2 == 1).then_some(reference >> 1))
    }

    /// The host's value that it stands for, if it does.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn data<'a>(
        &self,
        store: &'a StoreState,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>, RuntimeError> {
        let reference = self.reference(store)?;
        let heap = store.state().heap.as_deref();
        Ok(heap.and_then(|heap| heap.host_value(reference)))
    }

    /// The host's value that it stands for, if it does.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn data_mut<'a>(
        &self,
        store: &'a mut StoreState,
    ) -> Result<Option<&'a mut (dyn Any + Send + Sync)>, RuntimeError> {
        let reference = self.reference(store)?;
        let heap = store.state_mut().heap.as_deref_mut();
        Ok(heap.and_then(|heap| heap.host_value_mut(reference)))
    }

    /// Whether both refer to the same object, or are the same `i31`.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`].
    ///
    /// # Panics
    /// If one belongs to another store.
    pub fn is_same(&self, other: Object, store: &StoreState) -> Result<bool, RuntimeError> {
        Ok(self.reference(store)? == other.reference(store)?)
    }

    /// Whether it is of that type (canonical) of the hierarchy of `any`. After its scope it is of none.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn is_of(&self, store: &StoreState, expected: HeapType) -> bool {
        let never_null = |heap| RefType {
            nullable: false,
            heap,
        };
        let types = store.runtime().types();
        self.heap_type(store)
            .is_ok_and(|found| is_ref_subtype(types, never_null(found), never_null(expected)))
    }

    /// Its type (canonical), of the hierarchy of `any`.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`]; [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn heap_type(&self, store: &StoreState) -> Result<HeapType, RuntimeError> {
        let reference = self.reference(store)?;
        if reference % 2 == 1 {
            return Ok(HeapType::I31);
        }
        let heap = store.state().heap.as_deref();
        match heap.and_then(|heap| heap.type_of(reference)) {
            Some(type_id::HOST) => Ok(HeapType::Any),
            Some(id) => heap_type_of(store.runtime().types(), id).ok_or(RuntimeError::HeapDamaged),
            None => Err(RuntimeError::HeapDamaged),
        }
    }

    /// Whether its scope has not ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn is_rooted(&self, store: &StoreState) -> bool {
        self.reference(store).is_ok()
    }

    /// Keeps it beyond the scope.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn to_owned(&self, store: &mut StoreState) -> Result<OwnedObject, RuntimeError> {
        let reference = self.reference(store)?;
        Ok(OwnedObject {
            store: self.store,
            place: store.state_mut().roots.add_owned(reference),
        })
    }
}

impl OwnedObject {
    /// The same reference, for the innermost scope.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn to_object(&self, store: &mut StoreState) -> Object {
        store.check(self.store, "the object");
        let roots = &mut store.state_mut().roots;
        let reference = roots.get_owned(&self.place);
        let reference = reference.expect("the place is the handle's as long as it is there");
        Object {
            store: self.store,
            place: roots.add(reference),
        }
    }
}

impl StoreState {
    /// Makes something of the embedder's known to the store, as an object that lives as long as something refers to it.
    ///
    /// # Errors
    /// [`RuntimeError::ExternQuota`] when the store holds as many as it may; [`RuntimeError::OutOfMemory`],
    /// [`RuntimeError::Limiter`], [`RuntimeError::HeapDamaged`].
    pub fn new_extern(
        &mut self,
        value: Box<dyn Any + Send + Sync>,
    ) -> Result<Object, RuntimeError> {
        let reference = self.state_mut().new_host_value(value)?;
        Ok(Object::rooted(reference, self))
    }

    /// Begins a scope of roots, to be ended by [`StoreState::end_root_scope`]. A call of a host function is one by itself.
    #[must_use]
    pub fn root_scope(&self) -> RootMark {
        RootMark(self.state().roots.scope())
    }

    /// Ends a scope: each [`Object`] that was made since is none any more.
    pub fn end_root_scope(&mut self, mark: RootMark) {
        self.state_mut().roots.end_scope(mark.0);
    }
}

/// A hierarchy of references to objects, for functions whose types are known when the host is compiled.
macro_rules! hierarchies {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub Object);
    )* };
}

hierarchies! {
    /// A reference of type `(ref extern)`.
    ExternObject;
    /// A reference of type `(ref any)`.
    AnyObject;
    /// A reference of type `(ref exn)`.
    ExnObject;
}
