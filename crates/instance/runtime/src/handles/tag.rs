//! Tags of exceptions.

use crate::{identity::StoreId, state::StoreState, types::RegisteredType};

/// A tag of a store: exceptions are told apart by it, and carry values of its parameters' types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    pub(crate) store: StoreId,
    /// Its number in the store, which compiled code compares.
    pub(crate) number: u32,
}

impl Tag {
    /// A new tag, unlike every other.
    ///
    /// # Panics
    /// If the type is no function type, or there are 2^32 tags.
    pub fn new(store: &mut StoreState, ty: RegisteredType) -> Tag {
        assert!(
            ty.is_function() && ty.is_of(store.runtime().types()),
            "a tag's type is a function type of its engine"
        );
        let id = store.id();
        let tags = &mut store.state_mut().tags;
        tags.push(ty);
        Tag {
            store: id,
            number: u32::try_from(tags.len() - 1).expect("fewer tags than fit in memory"),
        }
    }

    /// The function type whose parameters an exception with this tag carries.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn ty(&self, store: &StoreState) -> RegisteredType {
        store.check(self.store, "the tag");
        store.state().tags[self.number as usize].clone()
    }
}
