//! Globals: handles to those of instances and to those of the embedder.

use silica_module::{GlobalType, ValueType};

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
    #[inline]
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

/// A mutable `i32` global, read and written with no look at its type.
#[derive(Clone, Copy, Debug)]
pub struct GlobalI32 {
    global: Global,
}

impl Global {
    /// The global as a mutable one of an `i32`, if it is one.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn mutable_i32(&self, store: &StoreState) -> Option<GlobalI32> {
        let ty = self.ty(store);
        (ty.mutable && ty.value == ValueType::I32).then_some(GlobalI32 { global: *self })
    }
}

impl GlobalI32 {
    /// The global.
    #[must_use]
    pub fn global(&self) -> Global {
        self.global
    }

    /// Its value.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    #[must_use]
    pub fn get(&self, store: &StoreState) -> i32 {
        // SAFETY: the address is valid while the store is borrowed, and that of an `i32`, as `mutable_i32` found.
        unsafe { self.global.address(store).cast::<i32>().read() }
    }

    /// Sets its value.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[inline]
    pub fn set(&self, store: &mut StoreState, value: i32) {
        // SAFETY: the address is valid while the store is borrowed, here exclusively; the global is a mutable `i32`.
        unsafe { self.global.address(store).cast::<i32>().write(value) };
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
