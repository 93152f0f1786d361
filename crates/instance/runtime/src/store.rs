//! Stores: the embedder's data beside everything that WebAssembly code may refer to.

use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

use crate::{
    Runtime,
    entry::StoreFields,
    limiter::{LimiterAccess, ResourceLimiter},
    state::{State, StoreState},
};

type LimiterOf<T> = Box<dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync>;

#[repr(C)]
pub(crate) struct StoreInner<T: 'static> {
    /// First, so that a pointer to it is a pointer to the whole.
    state: State,
    data: T,
    limiter: Option<LimiterOf<T>>,
}

/// A store: it owns instances and all that they are made of, until it is dropped, and a `T` of
/// the embedder's for host functions.
pub struct Store<T: 'static> {
    inner: NonNull<StoreInner<T>>,
    owns: PhantomData<StoreInner<T>>,
}

// SAFETY: a store owns all that it points to; nothing in it stays with a thread. What it shares
// with other stores (types, modules, pools, shared memories) is thread-safe. Externals are `Send`.
unsafe impl<T: Send> Send for Store<T> {}
// SAFETY: through `&Store` the data can be read, and definitions that only `&mut` changes.
unsafe impl<T: Sync> Sync for Store<T> {}

impl<T> std::fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.id()).finish()
    }
}

/// Shared access to a store.
pub struct StoreRef<'a, T: 'static> {
    inner: NonNull<StoreInner<T>>,
    borrows: PhantomData<&'a StoreInner<T>>,
}

/// Exclusive access to a store.
pub struct StoreMut<'a, T: 'static> {
    inner: NonNull<StoreInner<T>>,
    borrows: PhantomData<&'a mut StoreInner<T>>,
}

// SAFETY: as a shared reference to the store.
unsafe impl<T: Sync> Send for StoreRef<'_, T> {}
// SAFETY: as a shared reference to the store.
unsafe impl<T: Sync> Sync for StoreRef<'_, T> {}
// SAFETY: as an exclusive reference to the store.
unsafe impl<T: Send> Send for StoreMut<'_, T> {}
// SAFETY: as an exclusive reference to the store.
unsafe impl<T: Sync> Sync for StoreMut<'_, T> {}

impl<T> Clone for StoreRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StoreRef<'_, T> {}

impl<T: 'static> Store<T> {
    /// A store with `data`. With `fuel`, code in it counts fuel: then all of its modules must be compiled so.
    #[must_use]
    pub fn new(runtime: &Runtime, fuel: bool, data: T) -> Store<T> {
        let inner = Box::into_raw(Box::new(StoreInner {
            state: State::new(runtime, fuel),
            data,
            limiter: None,
        }));
        // SAFETY: just made from a box; nobody else knows it.
        unsafe { (*inner).state.whole = inner.cast() };
        Store {
            // SAFETY: a box's pointer is not null.
            inner: unsafe { NonNull::new_unchecked(inner) },
            owns: PhantomData,
        }
    }

    /// Shared access.
    #[must_use]
    pub fn as_ref(&self) -> StoreRef<'_, T> {
        StoreRef {
            inner: self.inner,
            borrows: PhantomData,
        }
    }

    /// Exclusive access.
    #[inline(always)]
    pub fn as_mut(&mut self) -> StoreMut<'_, T> {
        StoreMut {
            inner: self.inner,
            borrows: PhantomData,
        }
    }

    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &T {
        self.as_ref().data()
    }

    /// The embedder's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.as_mut().into_data_mut()
    }

    /// Drops everything but the data.
    #[must_use]
    pub fn into_data(self) -> T {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: the pointer came from a box, and `this` is not dropped: the box has one owner again.
        let inner = unsafe { Box::from_raw(this.inner.as_ptr()) };
        inner.data
    }

    /// Asks a limiter in the data before memories and tables are made or grow.
    pub fn limiter(
        &mut self,
        limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        // SAFETY: `self` is borrowed exclusively.
        let inner = unsafe { self.inner.as_mut() };
        inner.limiter = Some(Box::new(limiter));
        inner.state.limiter = Some(LimiterAccess::new(with_limiter::<T>));
    }
}

/// Gives the store's limiter to `use_it`.
///
/// # Safety
/// `state` is the `whole` of a store with data of type `T`, and its data and limiter are not borrowed.
unsafe fn with_limiter<T: 'static>(
    state: *mut StoreFields,
    use_it: &mut dyn FnMut(&mut dyn ResourceLimiter),
) {
    let inner = state.cast::<StoreInner<T>>();
    // SAFETY: see above; the two fields are disjoint, and neither is part of `state`.
    unsafe {
        let data = &mut (*inner).data;
        if let Some(limiter) = &mut (*inner).limiter {
            use_it(limiter(data));
        }
    }
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box in `new`, and this is its only owner.
        drop(unsafe { Box::from_raw(self.inner.as_ptr()) });
    }
}

impl<'a, T: 'static> StoreRef<'a, T> {
    /// The state, for as long as the access lasts.
    #[must_use]
    pub fn into_state(self) -> &'a StoreState {
        // SAFETY: the store is borrowed for `'a`.
        StoreState::from_state(unsafe { &(*self.inner.as_ptr()).state })
    }

    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &'a T {
        // SAFETY: the store is borrowed for `'a`; while it is shared, the data is not changed.
        unsafe { &(*self.inner.as_ptr()).data }
    }
}

impl<'a, T: 'static> StoreMut<'a, T> {
    /// Exclusive access to the store of a state, in a host function.
    ///
    /// # Safety
    /// `state` is the `whole` of a store with data of type `T` that nobody else uses for `'a`.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(state: *mut State) -> StoreMut<'a, T> {
        StoreMut {
            // SAFETY: see above; a store's address is not null.
            inner: unsafe { NonNull::new_unchecked(state.cast()) },
            borrows: PhantomData,
        }
    }

    /// The same access for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> StoreMut<'_, T> {
        StoreMut {
            inner: self.inner,
            borrows: PhantomData,
        }
    }

    /// Shared access for a shorter time.
    #[must_use]
    pub fn as_ref(&self) -> StoreRef<'_, T> {
        StoreRef {
            inner: self.inner,
            borrows: PhantomData,
        }
    }

    /// The embedder's data.
    #[must_use]
    pub fn data(&self) -> &T {
        // SAFETY: the store is borrowed through `self`.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The embedder's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.reborrow().into_data_mut()
    }

    /// The embedder's data, for as long as the access lasts.
    #[must_use]
    pub fn into_data_mut(self) -> &'a mut T {
        // SAFETY: the store is borrowed exclusively for `'a`.
        unsafe { &mut (*self.inner.as_ptr()).data }
    }

    /// The state, for as long as the access lasts.
    #[must_use]
    #[inline(always)]
    pub fn into_state(self) -> &'a mut StoreState {
        // SAFETY: the store is borrowed exclusively for `'a`.
        StoreState::from_state_mut(unsafe { &mut (*self.inner.as_ptr()).state })
    }

    /// Shared access, for as long as the access lasts.
    #[must_use]
    pub fn into_ref(self) -> StoreRef<'a, T> {
        StoreRef {
            inner: self.inner,
            borrows: PhantomData,
        }
    }

    /// The state and the data, apart.
    pub(crate) fn into_parts(self) -> (&'a mut StoreState, &'a mut T) {
        // SAFETY: the store is borrowed exclusively for `'a`, and the two fields are disjoint.
        unsafe {
            let inner = self.inner.as_ptr();
            (
                StoreState::from_state_mut(&mut (*inner).state),
                &mut (*inner).data,
            )
        }
    }
}

impl<T> Deref for Store<T> {
    type Target = StoreState;

    #[inline(always)]
    fn deref(&self) -> &StoreState {
        // SAFETY: the store is borrowed through `self`.
        StoreState::from_state(unsafe { &(*self.inner.as_ptr()).state })
    }
}

impl<T> DerefMut for Store<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut StoreState {
        // SAFETY: the store is borrowed exclusively through `self`.
        StoreState::from_state_mut(unsafe { &mut (*self.inner.as_ptr()).state })
    }
}

impl<T> Deref for StoreRef<'_, T> {
    type Target = StoreState;

    #[inline(always)]
    fn deref(&self) -> &StoreState {
        // SAFETY: the store is borrowed for longer than `self` lives.
        StoreState::from_state(unsafe { &(*self.inner.as_ptr()).state })
    }
}

impl<T> Deref for StoreMut<'_, T> {
    type Target = StoreState;

    #[inline(always)]
    fn deref(&self) -> &StoreState {
        // SAFETY: the store is borrowed for longer than `self` lives.
        StoreState::from_state(unsafe { &(*self.inner.as_ptr()).state })
    }
}

impl<T> DerefMut for StoreMut<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut StoreState {
        // SAFETY: the store is borrowed exclusively for longer than `self` lives.
        StoreState::from_state_mut(unsafe { &mut (*self.inner.as_ptr()).state })
    }
}
