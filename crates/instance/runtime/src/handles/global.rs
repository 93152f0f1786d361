//! Globals: handles to those of instances and to those of the embedder.

use silica_module::GlobalType;

use crate::{
    Value,
    entries::{GlobalEntry, GlobalPlace},
    error::RuntimeError,
    identity::StoreId,
    state::StoreState,
};

/// A global of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global {
    pub(crate) store: StoreId,
    pub(crate) place: GlobalPlace,
}

impl Global {
    /// A global of the embedder's. The type is canonical.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] when the value is not of that type.
    ///
    /// # Panics
    /// If the value belongs to another store.
    pub fn new(
        store: &mut StoreState,
        ty: GlobalType,
        value: Value,
    ) -> Result<Global, RuntimeError> {
        check_value(store, &ty, &value)?;
        let id = store.id();
        let mentioned = store.runtime().types().mentioned(ty.value);
        let bits = value.to_bits(store);
        let globals = &mut store.state_mut().globals;
        globals.push(Box::new(GlobalEntry {
            value: std::cell::UnsafeCell::new(bits),
            ty,
            _mentioned: mentioned,
        }));
        Ok(Global {
            store: id,
            place: GlobalPlace::Host((globals.len() - 1) as u32),
        })
    }

    /// Its type, canonical.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn ty(&self, store: &StoreState) -> GlobalType {
        store.check(self.store, "the global");
        match self.place {
            GlobalPlace::Host(index) => store.state().globals[index as usize].ty,
            GlobalPlace::Instance(instance, index) => {
                let module = store.state().instances[instance as usize].module();
                let ty = module.module().globals[index as usize].ty;
                GlobalType {
                    value: module.canonical(ty.value),
                    mutable: ty.mutable,
                }
            }
        }
    }

    /// Where its value is; valid as long as the store.
    pub(crate) fn address(&self, store: &StoreState) -> *mut u128 {
        store.check(self.store, "the global");
        match self.place {
            GlobalPlace::Host(index) => store.state().globals[index as usize].value.get(),
            GlobalPlace::Instance(instance, index) => {
                store.state().instances[instance as usize].global_address(index)
            }
        }
    }

    /// Its value.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn get(&self, store: &mut StoreState) -> Value {
        // SAFETY: the address is valid while the store is borrowed, and holds a value of the global's type.
        unsafe { Value::from_bits(*self.address(store), self.ty(store).value, store) }
    }

    /// Sets its value.
    ///
    /// # Errors
    /// [`RuntimeError::Immutable`]; [`RuntimeError::Type`] when the value is not of its type.
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn set(&self, store: &mut StoreState, value: Value) -> Result<(), RuntimeError> {
        let ty = self.ty(store);
        if !ty.mutable {
            return Err(RuntimeError::Immutable("the global"));
        }
        check_value(store, &ty, &value)?;
        // SAFETY: the address is valid while the store is borrowed, here exclusively.
        unsafe { *self.address(store) = value.to_bits(store) };
        Ok(())
    }
}

fn check_value(store: &StoreState, ty: &GlobalType, value: &Value) -> Result<(), RuntimeError> {
    if value.matches(store, ty.value) {
        return Ok(());
    }
    Err(RuntimeError::Type {
        what: "global",
        expected: format!("{:?}", ty.value),
        found: format!("{value:?}"),
    })
}
