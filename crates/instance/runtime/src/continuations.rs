//! A store's continuations: the table of computations, the stacks that they have had, and what is passed between stacks.
//!
//! An object that is a continuation has the place of a computation, and a computation that is a continuation belongs to one
//! object. What no object reaches any more is taken back by a full collection ([`crate::collection`]), which is due
//! whenever there are twice as many computations as the last one has left.
//!
//! Stacks come from the runtime's pool, and some that are idle stay with the store, so that a short computation costs no system call. A
//! computation that ends does so on its own stack: what is idle is given back before, never the stack that was just added.

use silica_contract::continuation::{CLAUSES, SLOT_BYTES, SLOTS};
use silica_os::Stack;

use crate::{
    computation::{Clause, Computation, Stage},
    entries::FunctionReference,
};

/// Idle stacks that stay with the store.
const IDLE_MAX: usize = 32;
/// With fewer computations than this no collection is due.
const DUE_MIN: usize = 1024;

const _: () = {
    assert!(size_of::<u128>() == SLOT_BYTES as usize && align_of::<u128>() == 16);
    assert!(size_of::<Clause>() == silica_contract::continuation::CLAUSE_BYTES as usize);
    assert!(
        std::mem::offset_of!(Clause, tag) == silica_contract::continuation::clause::TAG as usize
    );
    assert!(
        std::mem::offset_of!(Clause, type_id)
            == silica_contract::continuation::clause::TYPE as usize
    );
};

/// The continuations of one store.
#[derive(Default)]
pub(crate) struct Continuations {
    /// By place, of which 0 is none's; null where there is none. Each was a `Box`.
    computations: Vec<*mut Computation>,
    free: Vec<u32>,
    /// Places of those that may refer to young objects, each once.
    young: Vec<u32>,
    idle: Vec<Stack>,
    /// Stacks that there are, idle ones among them.
    stacks: usize,
    /// How many there may be, as the limiter has said.
    granted: usize,
    due: usize,
    passed: Box<[u128]>,
    clauses: Box<[Clause]>,
    /// Arguments that go to the stack, on their way there.
    pub(crate) stack_arguments: Vec<u64>,
}

// SAFETY: computations are used only by who has the store; the stacks hold frames of compiled code, and of this crate's, which keep
// nothing of a thread.
unsafe impl Send for Continuations {}
// SAFETY: as above.
unsafe impl Sync for Continuations {}

/// What a store's code is told: where values and clauses are passed.
#[derive(Clone, Copy)]
pub(crate) struct Buffers {
    pub(crate) passed: *mut u128,
    pub(crate) clauses: *mut Clause,
}

impl Continuations {
    /// Makes room for what is passed, the first time.
    pub(crate) fn buffers(&mut self) -> Buffers {
        if self.passed.is_empty() {
            self.passed = vec![0; SLOTS as usize].into();
            self.clauses = vec![Clause::default(); CLAUSES as usize].into();
            self.due = DUE_MIN;
        }
        Buffers {
            passed: self.passed.as_mut_ptr(),
            clauses: self.clauses.as_mut_ptr(),
        }
    }

    /// The slots of what is passed.
    pub(crate) fn passed(&mut self) -> &mut [u128] {
        &mut self.passed
    }

    /// The first of the clauses that were written.
    pub(crate) fn clauses(&self, count: u32) -> &[Clause] {
        &self.clauses[..(count as usize).min(self.clauses.len())]
    }

    // ---- computations ----

    /// How many computations there are.
    pub(crate) fn count(&self) -> usize {
        self.computations.len() - self.free.len()
    }

    /// Whether there are so many that those should be looked for that nothing needs.
    pub(crate) fn is_due(&self) -> bool {
        self.count() >= self.due
    }

    /// Makes a computation that begins with calling a function, as a continuation of a type; gives its place.
    pub(crate) fn add(&mut self, function: *mut FunctionReference, type_id: u32) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.computations.push(std::ptr::null_mut());
            // Far fewer than 2^32 fit in memory.
            self.computations.len() as u32
        });
        let computation = Box::into_raw(Box::new(Computation::new(place, function, type_id)));
        // SAFETY: it was just made.
        unsafe { (*computation).innermost = computation };
        self.computations[place as usize - 1] = computation;
        place
    }

    /// The computation at a place, if it is a continuation.
    pub(crate) fn continuation(&self, place: u32) -> Option<*mut Computation> {
        let index = (place as usize).checked_sub(1)?;
        let computation = *self.computations.get(index)?;
        // SAFETY: what is in the table was not freed yet.
        let is_continuation = unsafe { computation.as_ref() }?.is_continuation();
        is_continuation.then_some(computation)
    }

    /// Every computation that is a continuation.
    pub(crate) fn all(&self) -> impl Iterator<Item = *mut Computation> {
        (1..=self.computations.len() as u32).filter_map(|place| self.continuation(place))
    }

    /// Notes that a continuation may refer to young objects.
    ///
    /// # Safety
    /// It is in the table.
    pub(crate) unsafe fn note_young(&mut self, computation: *mut Computation) {
        // SAFETY: see above.
        let computation = unsafe { &mut *computation };
        if !std::mem::replace(&mut computation.is_young, true) {
            self.young.push(computation.place);
        }
    }

    /// Takes the list of continuations that may refer to young objects. Some of it may be none any more.
    pub(crate) fn take_young(&mut self) -> Vec<*mut Computation> {
        let mut young = Vec::new();
        for place in self.young.drain(..) {
            // SAFETY: what is in the table was not freed yet.
            if let Some(computation) = unsafe { self.computations[place as usize - 1].as_mut() } {
                computation.is_young = false;
                if computation.is_continuation() {
                    young.push(std::ptr::from_mut(computation));
                }
            }
        }
        young
    }

    /// Frees a computation. Its stack becomes idle, but is not touched: this may run on it.
    ///
    /// # Safety
    /// It is in the table, and is not used afterwards.
    pub(crate) unsafe fn remove(&mut self, computation: *mut Computation) {
        // SAFETY: see above: it came from a `Box`, and nobody else has it.
        let computation = unsafe { Box::from_raw(computation) };
        self.computations[computation.place as usize - 1] = std::ptr::null_mut();
        self.free.push(computation.place);
        self.idle.extend(computation.stack);
    }

    /// Frees a continuation with all that was suspended with it.
    ///
    /// # Safety
    /// It is in the table, and none of it is used afterwards.
    unsafe fn remove_suspended(&mut self, outermost: *mut Computation) {
        // SAFETY: see above: from the innermost on each has the next as its parent, up to the outermost.
        unsafe {
            let mut computation = (*outermost).innermost;
            while computation != outermost {
                let parent = (*computation).parent;
                self.remove(computation);
                computation = parent;
            }
            self.remove(outermost);
        }
    }

    /// Frees every continuation that is not marked, and takes the marks back.
    pub(crate) fn sweep(&mut self) {
        for index in 0..self.computations.len() {
            let Some(computation) = self.continuation(index as u32 + 1) else {
                continue;
            };
            // SAFETY: it is in the table; what was suspended with it is there too, and belongs to no other continuation.
            unsafe {
                if !std::mem::take(&mut (*computation).is_marked) {
                    self.remove_suspended(computation);
                }
            }
        }
        self.due = (2 * self.count()).max(DUE_MIN);
    }

    // ---- stacks ----

    /// An idle stack.
    pub(crate) fn take_idle(&mut self) -> Option<Stack> {
        self.idle.pop()
    }

    /// How many stacks there would be with one more, if the limiter has not yet allowed that many.
    pub(crate) fn to_be_granted(&self) -> Option<usize> {
        let wanted = self.stacks + 1;
        (wanted > self.granted).then_some(wanted)
    }

    /// Notes that there may be so many stacks.
    pub(crate) fn grant(&mut self, stacks: usize) {
        self.granted = stacks;
    }

    /// Notes that there is another stack.
    pub(crate) fn note_stack(&mut self) {
        self.stacks += 1;
    }

    /// Idle stacks beyond those that stay with the store. To be asked before others become idle: nothing runs on these.
    pub(crate) fn surplus(&mut self) -> impl Iterator<Item = Stack> {
        let surplus = self.idle.len().saturating_sub(IDLE_MAX);
        self.stacks -= surplus;
        self.idle.drain(..surplus)
    }

    /// Frees everything; gives all stacks.
    pub(crate) fn clear(&mut self) -> Vec<Stack> {
        for computation in std::mem::take(&mut self.computations) {
            if !computation.is_null() {
                // SAFETY: it came from a `Box`, and is taken out of the table here.
                let computation = unsafe { Box::from_raw(computation) };
                self.idle.extend(computation.stack);
            }
        }
        self.free.clear();
        self.young.clear();
        self.stacks = 0;
        std::mem::take(&mut self.idle)
    }
}

/// Makes what was suspended as one continuation run again, or the other way round.
///
/// # Safety
/// `outermost` is a continuation, or about to become one; `innermost` is what it was suspended in.
pub(crate) unsafe fn set_stages(outermost: *mut Computation, inner: Stage, outer: Stage) {
    // SAFETY: see above: from the innermost on each has the next as its parent, up to the outermost.
    unsafe {
        let mut computation = (*outermost).innermost;
        while computation != outermost {
            (*computation).stage = inner;
            computation = (*computation).parent;
        }
        (*outermost).stage = outer;
    }
}
