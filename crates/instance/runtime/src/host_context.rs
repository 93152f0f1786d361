//! A host function as a store has it: the context that its code gets, and what it was made from.

use std::{any::Any, sync::Arc};

use silica_contract::layout;

use crate::{
    RegisteredType, Runtime,
    entries::FunctionReference,
    entry::{StoreFields, leave_general, leave_general_fuel, leave_typed, leave_typed_fuel},
};

/// What a host function is made from, whatever its store.
pub(crate) struct HostFunctionInner {
    pub(crate) runtime: Runtime,
    pub(crate) ty: RegisteredType,
    pub(crate) general: bool,
    pub(crate) routine: usize,
    /// Points into `closure`.
    pub(crate) closure_address: *const (),
    /// Keeps the closure.
    pub(crate) _closure: Box<dyn Any + Send + Sync>,
}

// SAFETY: the address is of the boxed closure, which is `Send` and `Sync`.
unsafe impl Send for HostFunctionInner {}
// SAFETY: as above.
unsafe impl Sync for HostFunctionInner {}

/// A host function in a store: the context that its code gets ([`silica_contract::layout::host_context`]).
#[repr(C)]
pub(crate) struct HostContext {
    pub(crate) state: *mut StoreFields,
    pub(crate) routine: usize,
    pub(crate) closure: *const (),
    pub(crate) reference: FunctionReference,
    pub(crate) function: Arc<HostFunctionInner>,
}

const _: () = {
    assert!(std::mem::offset_of!(HostContext, state) == layout::host_context::STORE as usize);
    assert!(std::mem::offset_of!(HostContext, routine) == layout::host_context::CODE as usize);
};

// SAFETY: the state is the store that owns the context, followed only by who has the store.
unsafe impl Send for HostContext {}
// SAFETY: as above.
unsafe impl Sync for HostContext {}

impl HostContext {
    pub(crate) fn new(
        state: *mut StoreFields,
        counts_fuel: bool,
        function: &Arc<HostFunctionInner>,
    ) -> Box<HostContext> {
        let stub = match (function.general, counts_fuel) {
            (false, false) => leave_typed as *const (),
            (false, true) => leave_typed_fuel as *const (),
            (true, false) => leave_general as *const (),
            (true, true) => leave_general_fuel as *const (),
        };
        let mut context = Box::new(HostContext {
            state,
            routine: function.routine,
            closure: function.closure_address,
            reference: FunctionReference {
                code: stub as usize,
                context: std::ptr::null_mut(),
                type_id: function.ty.id(),
                number: 0,
            },
            function: Arc::clone(function),
        });
        context.reference.context = std::ptr::from_mut(&mut *context).cast();
        context
    }
}
