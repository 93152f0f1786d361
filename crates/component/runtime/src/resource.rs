//! Resources as the host has them: its own, by a number that it chose, and those of guests, by a handle.

use std::any::TypeId;
use std::marker::PhantomData;

use silica_engine::{AsContextMut, Result, StoreContextMut};

use crate::error::{CanonicalTrap, ComponentError};
use crate::handles::ResourceId;
use crate::state::{Entered, HostHandle, HostIndex, Loan, ResourceKind, state};

/// A resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceType {
    pub(crate) kind: ResourceKind,
}

impl ResourceType {
    /// The host's resource type that `R` stands for.
    #[must_use]
    pub fn host<R: 'static>() -> ResourceType {
        ResourceType {
            kind: ResourceKind::Host(TypeId::of::<R>()),
        }
    }
}

/// A resource whose type the host defined: what stands for it is a number of the host's.
///
/// It is owned or borrowed, as the function's type says.
pub struct Resource<R> {
    representation: u32,
    owned: bool,
    marker: PhantomData<fn() -> R>,
}

impl<R: 'static> Resource<R> {
    /// One that is owned, for a guest to get.
    #[must_use]
    pub fn new_own(representation: u32) -> Resource<R> {
        Resource {
            representation,
            owned: true,
            marker: PhantomData,
        }
    }

    /// One that is lent.
    #[must_use]
    pub fn new_borrow(representation: u32) -> Resource<R> {
        Resource {
            representation,
            owned: false,
            marker: PhantomData,
        }
    }

    /// The host's number for it.
    #[must_use]
    pub fn rep(&self) -> u32 {
        self.representation
    }

    /// Whether it is owned.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.owned
    }
}

impl<R> std::fmt::Debug for Resource<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resource")
            .field("rep", &self.representation)
            .field("owned", &self.owned)
            .finish()
    }
}

/// A resource of any type, by a handle of the host's. An owned one stays until it is given to a guest or dropped with
/// [`ResourceAny::resource_drop`]; a borrowed one until the call ends that it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceAny {
    pub(crate) store: u64,
    pub(crate) index: HostIndex,
    ty: ResourceType,
    owned: bool,
}

impl ResourceAny {
    /// A resource of the host's, of the type by which `instance`'s component knows it.
    pub(crate) fn add<T: 'static>(
        store: &mut StoreContextMut<'_, T>,
        resource: ResourceId,
        representation: u32,
        owned: bool,
    ) -> Result<ResourceAny> {
        let state = state(store);
        let index = state.add_host(resource, representation, owned)?;
        let ty = ResourceType {
            kind: state.info(resource).kind,
        };
        Ok(ResourceAny {
            store: state.id,
            index,
            ty,
            owned,
        })
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> ResourceType {
        self.ty
    }

    /// Whether it is owned.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.owned
    }

    /// Drops it, which calls its type's destructor if it is owned.
    ///
    /// # Errors
    /// If it is there no more, or is lent; and what the destructor gives.
    pub fn resource_drop(self, mut store: impl AsContextMut) -> Result<()> {
        let mut store = store.as_context_mut();
        let handle = self.remove(&mut store)?;
        let info = state(&mut store).info(handle.resource);
        let (owner, Some(destructor), true) = (info.owner, info.destructor, handle.owned) else {
            return Ok(());
        };
        let destructor = destructor.typed::<u32, ()>(&store)?;
        match owner {
            Some(owner) => {
                let mut entered = Entered::outside(store, owner);
                entered.enter(self.store)?;
                destructor.call(&mut entered.store, handle.representation)?;
                entered.done();
                Ok(())
            }
            None => destructor.call(&mut store, handle.representation),
        }
    }

    fn check<T: 'static>(self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        if state(store).id == self.store {
            Ok(())
        } else {
            Err(ComponentError::NoResource.into())
        }
    }

    fn remove<T: 'static>(self, store: &mut StoreContextMut<'_, T>) -> Result<HostHandle> {
        self.check(store)?;
        let state = state(store);
        if state.host(self.index)?.lent > 0 {
            return Err(CanonicalTrap::Lent.into());
        }
        Ok(state.remove_host(self.index)?)
    }

    /// Takes it from the host, as one of type `resource`; gives the representation.
    pub(crate) fn give<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        resource: ResourceId,
    ) -> Result<u32> {
        self.expect(store, resource)?;
        if !state(store).host(self.index)?.owned {
            return Err(ComponentError::Type {
                expected: "an owned resource".to_owned(),
                found: "a borrowed one".to_owned(),
            }
            .into());
        }
        self.remove(store).map(|handle| handle.representation)
    }

    /// Lends it for the innermost call, as one of type `resource`; gives the representation.
    pub(crate) fn lend<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        resource: ResourceId,
    ) -> Result<u32> {
        self.expect(store, resource)?;
        let state = state(store);
        let handle = state.host(self.index)?;
        handle.lent += 1;
        let representation = handle.representation;
        if let Some(scope) = state.scopes.last_mut() {
            scope.loans.push(Loan::Host(self.index));
        }
        Ok(representation)
    }

    fn expect<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        resource: ResourceId,
    ) -> Result<()> {
        self.check(store)?;
        let state = state(store);
        let handle = *state.host(self.index)?;
        if state.info(handle.resource).kind == state.info(resource).kind {
            return Ok(());
        }
        Err(ComponentError::Type {
            expected: "a resource of the function's type".to_owned(),
            found: "one of another".to_owned(),
        }
        .into())
    }
}
