//! What a store keeps of the components in it.
//!
//! One value, in the engine's store beside the instances. Numbers name what is in it, so that functions that guests
//! call hold no reference to it.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use silica_component_describe::Encoding;
use silica_engine::{
    Func, GlobalI32, Instance, Memory, Module, NumericFunc, StoreContextMut, TypedFunc,
};

use crate::component::Component;
use crate::error::{CanonicalTrap, ComponentError};
use crate::handles::{Handle, HandleTable, Quota, ResourceId};
use crate::links::LiftedType;

/// A component instance within a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GuestId {
    /// Which instance of a whole component it belongs to.
    pub(crate) root: u32,
    /// Which of the plan's it is.
    pub(crate) guest: u32,
}

/// The `realloc` of a guest: old pointer, old size, alignment, new size.
pub(crate) type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

/// Options of lifting and lowering, of a guest that runs.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) encoding: Encoding,
    pub(crate) memory: Option<Memory>,
    pub(crate) realloc: Option<Realloc>,
    pub(crate) guest: GuestId,
    /// The guest's.
    pub(crate) may_leave: GlobalI32,
}

/// A function that a guest exports.
#[derive(Debug)]
pub(crate) struct Lifted {
    pub(crate) function: NumericFunc,
    pub(crate) post_return: Option<NumericFunc>,
    pub(crate) options: Options,
    pub(crate) ty: Arc<LiftedType>,
}

/// What is kept of one component instance.
pub(crate) struct Guest {
    pub(crate) handles: HandleTable,
    /// 1 while it may call out, else 0. Adapters read and write it, so it is a global.
    pub(crate) may_leave: GlobalI32,
    /// What belongs to the call that is under way.
    pub(crate) context: [u64; 2],
    /// How often it has asked that calls wait. Those that cannot wait do not heed it.
    pub(crate) backpressure: u16,
}

/// What is kept of one instance of a whole component.
pub(crate) struct Root {
    pub(crate) component: Component,
    pub(crate) guests: Vec<Guest>,
    pub(crate) core_instances: Vec<Instance>,
    pub(crate) trampolines: Vec<Func>,
    /// For each of the plan's, once the step that it waits for is done.
    pub(crate) lifts: Vec<Option<Arc<Lifted>>>,
    /// For each resource type of the plan, which of the store's it is.
    pub(crate) resources: Vec<ResourceId>,
    pub(crate) modules: Vec<Module>,
    pub(crate) entered: bool,
    pub(crate) poisoned: bool,
}

/// What a resource type is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ResourceKind {
    /// Representations are the host's.
    Host(TypeId),
    /// A guest defined it: by the store, and the number there.
    Guest(u64, u32),
}

pub(crate) struct ResourceInfo {
    pub(crate) kind: ResourceKind,
    /// The instance that defined it.
    pub(crate) owner: Option<GuestId>,
    /// Called with the representation.
    pub(crate) destructor: Option<Func>,
}

/// A resource that the host holds by a handle of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostHandle {
    pub(crate) resource: ResourceId,
    pub(crate) representation: u32,
    pub(crate) owned: bool,
    pub(crate) lent: u32,
    generation: u32,
}

/// Which of the host's handles, and which use of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostIndex {
    index: u32,
    generation: u32,
}

/// Something that was lent for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loan {
    /// By a guest.
    Guest(GuestId, u32),
    /// By the host.
    Host(HostIndex),
    /// To the host, whose handle ends with the call.
    ToHost(HostIndex),
}

/// A call in which handles are lent.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Borrowed handles that the callee has not dropped.
    pub(crate) borrowed: u32,
    pub(crate) loans: Vec<Loan>,
}

/// What a store keeps of the components in it.
pub(crate) struct State {
    pub(crate) id: u64,
    pub(crate) roots: Vec<Root>,
    pub(crate) resources: Vec<ResourceInfo>,
    pub(crate) quota: Quota,
    pub(crate) scopes: Vec<Scope>,
    host_handles: Vec<Option<HostHandle>>,
    host_free: Vec<u32>,
    generation: u32,
}

impl Default for State {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        State {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            roots: Vec::new(),
            resources: Vec::new(),
            quota: Quota::default(),
            scopes: Vec::new(),
            host_handles: Vec::new(),
            host_free: Vec::new(),
            generation: 0,
        }
    }
}

/// The state of a store.
pub(crate) fn state<'a, T>(store: &'a mut StoreContextMut<'_, T>) -> &'a mut State {
    store.extension::<State>()
}

impl State {
    pub(crate) fn root(&mut self, root: u32) -> &mut Root {
        &mut self.roots[root as usize]
    }

    pub(crate) fn guest(&mut self, id: GuestId) -> &mut Guest {
        &mut self.roots[id.root as usize].guests[id.guest as usize]
    }

    pub(crate) fn info(&self, resource: ResourceId) -> &ResourceInfo {
        &self.resources[resource.0 as usize]
    }

    /// The handle that `guest` gets for an owned resource.
    pub(crate) fn lower_own(
        &mut self,
        guest: GuestId,
        resource: ResourceId,
        representation: u32,
    ) -> Result<u32, CanonicalTrap> {
        let handle = Handle {
            resource,
            representation,
            borrowed_for: None,
            lent: 0,
        };
        let State { roots, quota, .. } = self;
        let guest = &mut roots[guest.root as usize].guests[guest.guest as usize];
        guest.handles.add(handle, quota)
    }

    /// What `guest` gets for a borrowed resource: the representation, if it defined the type, else a handle until the
    /// innermost call ends.
    pub(crate) fn lower_borrow(
        &mut self,
        guest: GuestId,
        resource: ResourceId,
        representation: u32,
    ) -> Result<u32, CanonicalTrap> {
        if self.info(resource).owner == Some(guest) {
            return Ok(representation);
        }
        let State {
            roots,
            quota,
            scopes,
            ..
        } = self;
        let scope = scopes.len().saturating_sub(1) as u32;
        let handle = Handle {
            resource,
            representation,
            borrowed_for: Some(scope),
            lent: 0,
        };
        let guest = &mut roots[guest.root as usize].guests[guest.guest as usize];
        let index = guest.handles.add(handle, quota)?;
        if let Some(scope) = scopes.last_mut() {
            scope.borrowed += 1;
        }
        Ok(index)
    }

    /// Takes an owned resource from `guest`.
    pub(crate) fn lift_own(
        &mut self,
        guest: GuestId,
        resource: ResourceId,
        index: u32,
    ) -> Result<u32, CanonicalTrap> {
        self.guest(guest).handles.remove_owned(index, resource)
    }

    /// The representation of what `guest` lends until the innermost call ends.
    pub(crate) fn lift_borrow(
        &mut self,
        guest: GuestId,
        resource: ResourceId,
        index: u32,
    ) -> Result<u32, CanonicalTrap> {
        let handle = self.guest(guest).handles.get(index, resource)?;
        let representation = handle.representation;
        handle.lent += 1;
        if let Some(scope) = self.scopes.last_mut() {
            scope.loans.push(Loan::Guest(guest, index));
        }
        Ok(representation)
    }

    /// A handle of the host's.
    pub(crate) fn add_host(
        &mut self,
        resource: ResourceId,
        representation: u32,
        owned: bool,
    ) -> Result<HostIndex, CanonicalTrap> {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let handle = Some(HostHandle {
            resource,
            representation,
            owned,
            lent: 0,
            generation,
        });
        let index = match self.host_free.pop() {
            Some(index) => {
                self.host_handles[index as usize] = handle;
                index
            }
            None => {
                self.quota.take()?;
                self.host_handles.push(handle);
                self.host_handles.len() as u32 - 1
            }
        };
        let index = HostIndex { index, generation };
        if !owned && let Some(scope) = self.scopes.last_mut() {
            scope.loans.push(Loan::ToHost(index));
        }
        Ok(index)
    }

    pub(crate) fn host(&mut self, index: HostIndex) -> Result<&mut HostHandle, ComponentError> {
        match self.host_handles.get_mut(index.index as usize) {
            Some(Some(handle)) if handle.generation == index.generation => Ok(handle),
            Some(_) | None => Err(ComponentError::NoResource),
        }
    }

    pub(crate) fn remove_host(&mut self, index: HostIndex) -> Result<HostHandle, ComponentError> {
        let handle = *self.host(index)?;
        self.host_handles[index.index as usize] = None;
        self.host_free.push(index.index);
        Ok(handle)
    }

    pub(crate) fn enter_scope(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Ends the innermost call: what was lent for it is given back.
    pub(crate) fn exit_scope(&mut self) -> Result<(), CanonicalTrap> {
        let Some(scope) = self.scopes.pop() else {
            return Ok(());
        };
        let borrowed = scope.borrowed;
        self.give_back(scope);
        if borrowed > 0 {
            return Err(CanonicalTrap::BorrowsRemain);
        }
        Ok(())
    }

    /// Ends the innermost calls until `depth` are left, whatever they owe: they have failed.
    pub(crate) fn unwind_scopes(&mut self, depth: usize) {
        while self.scopes.len() > depth {
            if let Some(scope) = self.scopes.pop() {
                self.give_back(scope);
            }
        }
    }

    fn give_back(&mut self, scope: Scope) {
        for loan in scope.loans {
            match loan {
                Loan::Guest(guest, index) => self.guest(guest).handles.give_back(index),
                Loan::Host(index) => {
                    if let Ok(handle) = self.host(index) {
                        handle.lent = handle.lent.saturating_sub(1);
                    }
                }
                Loan::ToHost(index) => {
                    // The host may have dropped it itself.
                    let _ = self.remove_host(index);
                }
            }
        }
    }

    /// A borrowed handle was dropped.
    pub(crate) fn dropped_borrow(&mut self, scope: u32) {
        if let Some(scope) = self.scopes.get_mut(scope as usize) {
            scope.borrowed = scope.borrowed.saturating_sub(1);
        }
    }
}

/// Whether the guest of these options may call out.
pub(crate) fn may_leave<T>(store: &StoreContextMut<'_, T>, options: &Options) -> bool {
    options.may_leave.get(store) == 1
}

/// Says whether the guest of these options may call out.
pub(crate) fn set_may_leave<T>(store: &mut StoreContextMut<'_, T>, options: &Options, may: bool) {
    options.may_leave.set(store, may.into());
}

/// How far a call of a component has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It was not entered.
    Outside,
    /// Something may have run, and has not ended well.
    Inside,
    /// It was entered, and nothing has run.
    Harmless,
    /// It has ended well.
    Done,
}

/// An instance of a whole component in which something runs. Unless it is said to be done it has failed, or was
/// abandoned, and never runs again; but where nothing of it has run.
pub(crate) struct Entered<'s, T: 'static> {
    pub(crate) store: StoreContextMut<'s, T>,
    guest: GuestId,
    depth: usize,
    progress: Progress,
}

impl<'s, T: 'static> Entered<'s, T> {
    /// What is to be entered, by a call of this guest's.
    #[inline]
    pub(crate) fn outside(store: StoreContextMut<'s, T>, guest: GuestId) -> Entered<'s, T> {
        Entered {
            store,
            guest,
            depth: 0,
            progress: Progress::Outside,
        }
    }

    /// Enters it, unless it runs already.
    ///
    /// # Panics
    /// If the store is not the one whose state has this id.
    #[inline]
    pub(crate) fn enter(&mut self, id: u64) -> Result<(), CanonicalTrap> {
        let all = state(&mut self.store);
        assert_eq!(
            all.id, id,
            "a component's function is used with another store than its own"
        );
        let depth = all.scopes.len();
        let root = all.root(self.guest.root);
        if root.entered || root.poisoned {
            return Err(CanonicalTrap::CannotEnter);
        }
        root.entered = true;
        root.guests[self.guest.guest as usize].context = [0; 2];
        self.depth = depth;
        self.progress = Progress::Inside;
        Ok(())
    }

    /// Nothing of it has run, though it was entered.
    pub(crate) fn nothing_ran(&mut self) {
        self.progress = Progress::Harmless;
    }

    /// It has ended well.
    #[inline]
    pub(crate) fn done(mut self) {
        self.progress = Progress::Done;
    }
}

impl<T: 'static> Drop for Entered<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.progress == Progress::Outside {
            return;
        }
        let (root, depth) = (self.guest.root, self.depth);
        let all = state(&mut self.store);
        all.root(root).entered = false;
        if self.progress != Progress::Done {
            all.unwind_scopes(depth);
            all.root(root).poisoned |= self.progress != Progress::Harmless;
        }
    }
}
