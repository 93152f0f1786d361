//! The computations that run in an activation, when control leaves some of them for good.

use crate::{computation::Computation, entry::Activation, state::State};

impl State {
    /// Ends every computation of an activation from the innermost on, up to `until`, which goes on; null is the activation's own stack.
    /// Their stacks are left as they are, so that this may run on one of them.
    ///
    /// # Safety
    /// `activation` is this store's, and `until` runs in it or is null.
    pub(crate) unsafe fn end_computations(
        &mut self,
        activation: *mut Activation,
        until: *mut Computation,
    ) {
        self.trim_stacks();
        // SAFETY: see above; computations that run are in the table, each with the next as its parent.
        unsafe {
            while (*activation).computation != until && !(*activation).computation.is_null() {
                let computation = (*activation).computation;
                (*activation).computation = (*computation).parent;
                self.set_stack((*computation).resumer.bounds);
                self.continuations.remove(computation);
            }
        }
    }

    /// Gives idle stacks back to the runtime, but for some.
    pub(crate) fn trim_stacks(&mut self) {
        let stacks = self.runtime.stacks();
        for stack in self.continuations.surplus() {
            stacks.give_back(stack);
        }
    }
}
