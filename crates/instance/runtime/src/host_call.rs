//! A call of a host function: what its closure is given, and what becomes of its panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
};

use silica_contract::layout;

use crate::{
    StoreMut, host_context::HostContext, instance::Instance, raise::Raise, record::InstanceRecord,
    state::State,
};

/// A call of a host function.
pub struct HostCall<'a, T: 'static> {
    /// The store that it was called in.
    pub store: StoreMut<'a, T>,
    /// The caller's context; null for the host.
    pub(crate) caller: *mut u8,
}

// SAFETY: the caller's context belongs to the store, which the call has exclusively.
unsafe impl<T: Send> Send for HostCall<'_, T> {}

impl<T> std::fmt::Debug for HostCall<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostCall")
            .field("caller", &self.caller())
            .finish_non_exhaustive()
    }
}

impl<T> HostCall<'_, T> {
    /// The instance whose code called; `None` when the host did.
    #[must_use]
    pub fn caller(&self) -> Option<Instance> {
        let context = NonNull::new(self.caller)?;
        // SAFETY: compiled code passes its own context, whose header points to the record.
        let record = unsafe {
            context
                .byte_add(layout::header::INSTANCE as usize)
                .cast::<*const InstanceRecord>()
                .read()
        };
        // SAFETY: the record lives as long as the store.
        let index = unsafe { (*record).index };
        Some(Instance {
            store: self.store.id(),
            index,
        })
    }
}

/// Runs a host function's closure, and catches its panics.
///
/// # Safety
/// `callee` is the context of a host function that was made from an `F` for a store of `T`, called by compiled
/// code of this thread's current activation; `caller` is that code's context or null.
#[inline(always)]
pub(crate) unsafe fn guarded<T: 'static, F, V>(
    callee: *mut HostContext,
    caller: *mut u8,
    body: impl FnOnce(HostCall<'_, T>, &F, *mut State) -> Result<V, Raise>,
) -> Result<V, Raise> {
    // SAFETY: see above; while the host function runs, nobody else uses the store.
    let (state, closure) = unsafe {
        (
            (*callee).state.cast::<State>(),
            &*(*callee).closure.cast::<F>(),
        )
    };
    // SAFETY: as above. The host function's roots live as long as its call.
    let scope = unsafe { (*state).roots.scope() };
    let result = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as above.
        let store = unsafe { StoreMut::from_raw(state) };
        body(HostCall { store, caller }, closure, state)
    }));
    // SAFETY: as above.
    unsafe { (*state).roots.end_scope(scope) };
    match result {
        Ok(result) => result,
        Err(payload) => Err(Raise::Panic(payload)),
    }
}
