//! What a name in a linker stands for: a thing of a store, or a host function that is in no store yet.

use crate::{Extern, Func, StoreContextMut, host::HostFunc};

/// What a name stands for.
pub(crate) enum Definition<T: 'static> {
    Extern(Extern),
    Host(HostFunc<T>),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Definition::Extern(it) => Definition::Extern(it.clone()),
            Definition::Host(it) => Definition::Host(it.clone()),
        }
    }
}

impl<T> Definition<T> {
    pub(crate) fn to_extern(&self, store: &mut StoreContextMut<'_, T>) -> Extern {
        match self {
            Definition::Extern(it) => it.clone(),
            Definition::Host(host) => Func::add(store, host).into(),
        }
    }
}
