//! What a store knows of the suspendable call that runs in it.

use std::task::Context;

use corosensei::Yielder;

use crate::entry::Activation;

/// Lets host functions of a call suspend it.
pub(crate) struct Suspender {
    pub(crate) yielder: *const Yielder<(), ()>,
    /// The store's innermost activation when the call began.
    pub(crate) base: *mut Activation,
    /// The context of the poll that runs now.
    pub(crate) context: *mut Context<'static>,
}
