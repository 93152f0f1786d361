//! The part of a store that does not depend on the embedder's data.

use std::sync::Arc;

use silica_contract::trap::TrapCode;
use silica_os::{OsError, Stack};

use crate::{
    Runtime,
    continuations::Continuations,
    entries::{FunctionReference, GlobalEntry, MemoryEntry, TableEntry},
    entry::StoreFields,
    function_numbers::FunctionNumbers,
    heap::Heap,
    host_context::HostContext,
    host_roots::HostRoots,
    identity::{ModuleId, StoreId},
    interrupt::{InterruptHandle, InterruptState},
    limiter::LimiterAccess,
    module::CompiledModule,
    raise::{Raise, Record},
    record::InstanceRecord,
    stacks::StackBounds,
    suspender::Suspender,
    types::RegisteredType,
};

/// Bytes above a stack's end that a leaving stub may need before it is on the reserve.
const STUB_BYTES: usize = 256;

/// All of a store but the embedder's data. Never moves: contexts point to it.
#[repr(C)]
#[expect(clippy::vec_box, reason = "compiled code holds the addresses")]
pub(crate) struct State {
    /// First, so that a pointer to it is a pointer to the state.
    pub(crate) fields: StoreFields,
    pub(crate) stack: StackBounds,
    pub(crate) id: StoreId,
    pub(crate) interrupt: Arc<InterruptState>,
    pub(crate) counts_fuel: bool,
    /// The whole store, of which this is the first part: for access to the rest.
    pub(crate) whole: *mut State,
    pub(crate) suspender: Option<Suspender>,
    pub(crate) runtime: Runtime,
    pub(crate) own_stack: Option<Stack>,
    /// What functions are compiled on, once there is code that grows.
    resolve_stack: Option<Stack>,
    pub(crate) pending: Option<Raise>,
    /// An exception that is on its way through host code, an object; 0 for none. The collector knows it.
    pub(crate) exception: u32,
    pub(crate) limiter: Option<LimiterAccess>,
    pub(crate) instances: Vec<Box<InstanceRecord>>,
    pub(crate) memories: Vec<MemoryEntry>,
    pub(crate) tables: Vec<TableEntry>,
    pub(crate) globals: Vec<Box<GlobalEntry>>,
    /// The type of each tag, by its number.
    pub(crate) tags: Vec<RegisteredType>,
    pub(crate) host_functions: Vec<Box<HostContext>>,
    /// Host functions by the address of what they were made from, sorted.
    pub(crate) host_functions_by_origin: Vec<(usize, u32)>,
    /// Made when the first object is, or the first instance whose code uses objects.
    pub(crate) heap: Option<Box<Heap>>,
    pub(crate) roots: HostRoots,
    pub(crate) functions: FunctionNumbers,
    pub(crate) continuations: Continuations,
    pub(crate) record: Record,
}

impl State {
    pub(crate) fn new(runtime: &Runtime, counts_fuel: bool) -> State {
        State {
            fields: StoreFields {
                exit_frame: 0,
                exit_pc: 0,
                host_stack_limit: 0,
                fuel: 0,
                nursery_next: 0,
                nursery_limit: 0,
                supertypes: std::ptr::null(),
                functions: std::ptr::null(),
                functions_length: 0,
                reserve_limit: 0,
                reserve_top: 0,
                resume: 0,
                suspend: 0,
                switch: 0,
                passed: std::ptr::null_mut(),
                clauses: std::ptr::null_mut(),
                activation: std::ptr::null_mut(),
                resolve_stack: 0,
                resolve: 0,
            },
            stack: StackBounds::default(),
            id: StoreId::next(),
            interrupt: Arc::new(InterruptState::new(runtime.interrupt_signal())),
            counts_fuel,
            whole: std::ptr::null_mut(),
            suspender: None,
            runtime: runtime.clone(),
            own_stack: None,
            resolve_stack: None,
            pending: None,
            exception: 0,
            limiter: None,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            host_functions: Vec::new(),
            host_functions_by_origin: Vec::new(),
            heap: None,
            roots: HostRoots::default(),
            functions: FunctionNumbers::new(),
            continuations: Continuations::default(),
            record: Record::new(),
        }
    }

    /// Ends the call if it was interrupted.
    pub(crate) fn check_interrupt(&self) -> Result<(), Raise> {
        if self.interrupt.is_asked() && self.interrupt.take() {
            return Err(Raise::Trap(TrapCode::Interrupt));
        }
        Ok(())
    }

    /// Makes the supertypes of all types of now known to the store's code. Called whenever the store gets a function or an object of a type
    /// that it may not have had.
    pub(crate) fn know_types(&mut self) {
        self.fields.supertypes = self.runtime.types().supertypes();
    }

    /// The number of a function of the store, which is 0 for null.
    ///
    /// # Safety
    /// As [`FunctionNumbers::number`].
    pub(crate) unsafe fn function_number(&mut self, function: *mut FunctionReference) -> u32 {
        // SAFETY: passed on.
        let number = unsafe { self.functions.number(function) };
        self.publish_functions();
        number
    }

    /// Takes back the numbers of functions from `count` on.
    pub(crate) fn forget_functions(&mut self, count: usize) {
        self.functions.forget(count);
        self.publish_functions();
    }

    /// Tells compiled code the functions that have numbers.
    pub(crate) fn publish_functions(&mut self) {
        let (table, length) = self.functions.table();
        self.fields.functions = table;
        self.fields.functions_length = length;
    }

    /// Sees to it that functions can be compiled when they are called, by that routine.
    pub(crate) fn prepare_resolve(&mut self, resolve: usize) -> Result<(), OsError> {
        if self.resolve_stack.is_none() {
            let stack = self.runtime.resolve_stacks().take()?;
            self.fields.resolve_stack = stack.top();
            self.fields.resolve = resolve;
            self.resolve_stack = Some(stack);
        }
        Ok(())
    }

    /// Makes the store's code run on that stack from now on.
    pub(crate) fn set_stack(&mut self, bounds: StackBounds) {
        self.stack = bounds;
        self.fields.host_stack_limit = bounds.bottom() + self.runtime.config().host_stack_bytes;
        self.fields.reserve_limit = bounds.bottom() + STUB_BYTES;
        self.fields.reserve_top = bounds.reserve_top();
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let stacks = self.own_stack.take().into_iter();
        for stack in stacks.chain(self.continuations.clear()) {
            self.runtime.stacks().give_back(stack);
        }
        if let Some(stack) = self.resolve_stack.take() {
            self.runtime.resolve_stacks().give_back(stack);
        }
    }
}

/// Everything of a store that does not depend on the embedder's data: instances, memories, tables, globals,
/// fuel. Handles take a reference to it.
///
/// It is unsized, and so cannot be moved or swapped: compiled code has pointers to it.
#[repr(transparent)]
pub struct StoreState([State]);

impl std::fmt::Debug for StoreState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StoreState").field(&self.id()).finish()
    }
}

impl StoreState {
    /// The public face of a state.
    #[inline(always)]
    pub(crate) fn from_state(state: &State) -> &StoreState {
        let slice: *const [State] = std::slice::from_ref(state);
        // SAFETY: `StoreState` is a transparent wrapper of `[State]`.
        unsafe { &*(slice as *const StoreState) }
    }

    /// The public face of a state.
    #[inline(always)]
    pub(crate) fn from_state_mut(state: &mut State) -> &mut StoreState {
        let slice: *mut [State] = std::slice::from_mut(state);
        // SAFETY: `StoreState` is a transparent wrapper of `[State]`.
        unsafe { &mut *(slice as *mut StoreState) }
    }

    #[inline(always)]
    pub(crate) fn state(&self) -> &State {
        &self.0[0]
    }

    #[inline(always)]
    pub(crate) fn state_mut(&mut self) -> &mut State {
        &mut self.0[0]
    }

    /// A pointer to the state with access to all of the store, for entering code. Whoever uses it does not use
    /// `self` as long as code may run.
    #[inline(always)]
    pub(crate) fn raw(&mut self) -> *mut State {
        self.0[0].whole
    }

    /// Which store this is.
    #[inline]
    #[must_use]
    pub fn id(&self) -> StoreId {
        self.state().id
    }

    /// The runtime that the store was made for.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.state().runtime
    }

    /// Whether code of this store counts fuel.
    #[must_use]
    pub fn counts_fuel(&self) -> bool {
        self.state().counts_fuel
    }

    /// The fuel that is left. Code looks at it when it enters a function or a turn of a loop, so it may have taken a
    /// little more than there was: that is kept as a debt, and told as 0.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        let left = self.state().fields.fuel.cast_signed();
        left.max(0).cast_unsigned()
    }

    /// Sets the fuel that is left, to `i64::MAX` at most. In a host function this holds when the function returns.
    pub fn set_fuel(&mut self, fuel: u64) {
        self.state_mut().fields.fuel = fuel.min(i64::MAX.cast_unsigned());
    }

    /// A handle to interrupt this store's calls with, from any thread.
    #[must_use]
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle::new(&self.state().interrupt)
    }

    /// Whether the handle is one of this store's.
    #[inline]
    #[must_use]
    pub fn is_interrupted_by(&self, handle: &InterruptHandle) -> bool {
        handle.is_of(&self.state().interrupt)
    }

    /// Takes a pending interruption, if one was asked for: then the host function that asks ends its call with
    /// the trap.
    ///
    /// # Errors
    /// [`TrapCode::Interrupt`].
    pub fn check_interrupt(&self) -> Result<(), TrapCode> {
        self.state().interrupt.check()
    }

    /// The modules of the store's instances, in the order of instantiation.
    pub fn modules(&self) -> impl Iterator<Item = &CompiledModule> {
        self.state()
            .instances
            .iter()
            .map(|instance| instance.module())
    }

    /// The module that a backtrace names so, if an instance of it is in this store.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> Option<&CompiledModule> {
        self.modules().find(|module| module.id() == id)
    }

    /// Panics when something belongs to another store.
    #[inline(always)]
    pub(crate) fn check(&self, owner: StoreId, what: &'static str) {
        if self.id() != owner {
            wrong_store(what);
        }
    }
}

#[cold]
#[inline(never)]
pub(crate) fn wrong_store(what: &'static str) -> ! {
    panic!("{what} belongs to another store")
}
