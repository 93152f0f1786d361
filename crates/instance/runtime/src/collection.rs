//! A store's heap of objects: when it is made, what in the store refers to objects, and what may make one.
//!
//! Whatever may make an object may collect, and then every object may move: who holds a reference over such a call has made it a root.

use std::any::Any;

use silica_contract::{layout::header, trap::TrapCode};
use silica_module::ValueType;

use crate::{
    computation::{Computation, Stage},
    continuations::Continuations,
    entries::{GlobalEntry, TableEntry},
    error::{HostError, RuntimeError},
    fault::{self, Exit},
    growth::Limits,
    heap::{Cursor, Damaged, Heap, HeapConfig, HeapError, Owner, Suspended, Visit, is_object},
    host_roots::HostRoots,
    raise::Raise,
    record::InstanceRecord,
    state::{State, StoreState},
};

impl From<HeapError> for Raise {
    fn from(error: HeapError) -> Raise {
        match error {
            HeapError::Damaged => Raise::Trap(TrapCode::HeapDamaged),
            HeapError::Exhausted => Raise::Trap(TrapCode::HeapExhausted),
            HeapError::Limiter(error) => Raise::host(error),
            HeapError::System(error) => RuntimeError::System(error).into(),
        }
    }
}

impl From<Damaged> for Raise {
    fn from(damaged: Damaged) -> Raise {
        HeapError::from(damaged).into()
    }
}

impl From<HeapError> for RuntimeError {
    fn from(error: HeapError) -> RuntimeError {
        match error {
            HeapError::Damaged => RuntimeError::HeapDamaged,
            HeapError::Exhausted => RuntimeError::OutOfMemory("the store's heap of objects"),
            HeapError::Limiter(error) => RuntimeError::Limiter(error),
            HeapError::System(error) => RuntimeError::System(error),
        }
    }
}

impl From<Damaged> for RuntimeError {
    fn from(damaged: Damaged) -> RuntimeError {
        HeapError::from(damaged).into()
    }
}

/// What of a store refers to objects, and who is asked before its heap grows.
struct StoreOwner<'a> {
    instances: &'a mut [Box<InstanceRecord>],
    tables: &'a mut [TableEntry],
    globals: &'a [Box<GlobalEntry>],
    roots: &'a mut HostRoots,
    /// An exception on its way through host code.
    exception: &'a mut u32,
    continuations: &'a mut Continuations,
    /// Where code of the store waits.
    exit: Exit,
    limits: Limits,
    bytes_max: usize,
}

impl Owner for StoreOwner<'_> {
    fn roots(&mut self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        // SAFETY: the owner was made of a state that is borrowed exclusively, so that no code of the store runs.
        unsafe { self.exit.visit_frames(visit)? };
        self.roots.visit(visit)?;
        if *self.exception != 0 {
            *self.exception = visit(*self.exception)?;
        }
        for instance in &mut *self.instances {
            instance.visit_objects(visit)?;
        }
        for global in self.globals {
            if is_object(global.ty.value) {
                global.visit_object(visit)?;
            }
        }
        for table in &mut *self.tables {
            if is_object(ValueType::Ref(table.ty.element)) {
                for element in table.elements_mut() {
                    // Most elements of most tables are null.
                    if *element != 0 {
                        *element = u64::from(visit(*element as u32)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn suspended(&mut self, which: Suspended, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        let all: Vec<_> = match which {
            Suspended::Young => self.continuations.take_young(),
            Suspended::All => self.continuations.all().collect(),
        };
        for continuation in all {
            // SAFETY: it is in the store's table, and no code of the store runs.
            unsafe { visit_continuation(continuation, visit)? };
        }
        Ok(())
    }

    fn continuation(&mut self, place: u32, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        let found = self.continuations.continuation(place).ok_or(Damaged)?;
        // SAFETY: it is in the store's table, and no code of the store runs.
        unsafe {
            if std::mem::replace(&mut (*found).is_marked, true) {
                return Err(Damaged);
            }
            visit_continuation(found, visit)
        }
    }

    fn marked(&mut self) {
        self.continuations.sweep();
    }

    fn may_grow(&mut self, current: usize, desired: usize) -> Result<bool, HostError> {
        self.limits.ask(Ok(true), |limiter| {
            limiter.memory_growing(current, desired, Some(self.bytes_max))
        })
    }
}

/// Tells each reference to an object that a continuation keeps, in its frames and among what it was bound to.
///
/// # Safety
/// It is a continuation, and nobody else uses it.
unsafe fn visit_continuation(
    continuation: *mut Computation,
    visit: &mut Visit<'_>,
) -> Result<(), Damaged> {
    // SAFETY: see above.
    unsafe {
        for bound in (*continuation)
            .bound
            .iter_mut()
            .filter(|bound| bound.is_object)
        {
            bound.bits = u128::from(visit(bound.bits as u32)?);
        }
        match (*continuation).stage {
            Stage::Suspended => fault::visit_suspended(continuation, visit),
            Stage::Fresh | Stage::Inner | Stage::Running => Ok(()),
        }
    }
}

impl State {
    /// Does something with the heap, which is made if there is none, and with what owns it. What the embedder has given to the program and
    /// is gone afterwards is dropped, which runs the embedder's code.
    pub(crate) fn with_heap<R>(
        &mut self,
        act: impl FnOnce(&mut Heap, &mut dyn Owner) -> Result<R, HeapError>,
    ) -> Result<R, HeapError> {
        let limits = self.limits();
        let exit = Exit::of(self);
        let config = self.runtime.config();
        let mut owner = StoreOwner {
            instances: &mut self.instances,
            tables: &mut self.tables,
            globals: &self.globals,
            roots: &mut self.roots,
            exception: &mut self.exception,
            continuations: &mut self.continuations,
            exit,
            limits,
            bytes_max: usize::try_from(config.heap_bytes_max).unwrap_or(usize::MAX),
        };
        let heap = match &mut self.heap {
            Some(heap) => heap,
            none @ None => {
                let sizes = HeapConfig {
                    stress: config.heap_stress,
                    host_values_max: config.externrefs_max,
                    ..HeapConfig::new(config.heap_bytes_max, config.heap_nursery_bytes)
                };
                let types = self.runtime.types().clone();
                none.insert(Box::new(Heap::new(types, sizes, &mut owner)?))
            }
        };
        heap.set_next(self.fields.nursery_next);
        let result = act(heap, &mut owner);
        let Cursor { next, limit } = heap.cursor();
        self.fields.nursery_next = next;
        self.fields.nursery_limit = limit;
        let dropped = heap.take_dropped();
        drop(dropped);
        result
    }

    /// Makes the heap, for an instance whose code uses objects; gives its base.
    pub(crate) fn make_heap(&mut self) -> Result<*mut u8, RuntimeError> {
        self.publish_functions();
        Ok(self.with_heap(|heap, _| Ok(heap.base()))?)
    }

    /// The heap, where there are objects.
    pub(crate) fn heap(&mut self) -> Result<&mut Heap, Damaged> {
        self.heap.as_deref_mut().ok_or(Damaged)
    }

    /// Makes an object of a type, of so many bytes; its fields are zero.
    pub(crate) fn new_object(&mut self, type_id: u32, bytes: u64) -> Result<u32, HeapError> {
        self.with_heap(|heap, owner| heap.allocate(type_id, bytes, owner))
    }

    /// Makes an array of zeros.
    pub(crate) fn new_array(&mut self, type_id: u32, length: u32) -> Result<u32, HeapError> {
        self.with_heap(|heap, owner| heap.allocate_array(type_id, length, owner))
    }

    /// Makes an object that stands for a value of the host.
    pub(crate) fn new_host_value(
        &mut self,
        value: Box<dyn Any + Send + Sync>,
    ) -> Result<u32, RuntimeError> {
        let made = self.with_heap(|heap, owner| heap.allocate_host_value(value, owner))?;
        let quota = self.runtime.config().externrefs_max;
        made.ok_or(RuntimeError::ExternQuota(quota))
    }
}

impl StoreState {
    /// Collects all objects that nothing refers to. Without it they are collected when there is need.
    ///
    /// # Errors
    /// [`RuntimeError::Limiter`]; [`RuntimeError::HeapDamaged`].
    pub fn collect_garbage(&mut self) -> Result<(), RuntimeError> {
        let state = self.state_mut();
        if state.heap.is_none() {
            return Ok(());
        }
        Ok(state.with_heap(Heap::collect_all)?)
    }

    /// Bytes that the store's objects take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.state().heap.as_ref().map_or(0, |heap| heap.bytes())
    }
}

impl InstanceRecord {
    /// Tells code where the heap of objects is.
    pub(crate) fn connect_heap(&mut self, base: *mut u8) {
        self.put(header::HEAP, base);
    }
}
