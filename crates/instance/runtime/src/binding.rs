//! Continuations before they are resumed: making them, finding them by their place, and binding them to values.

use silica_contract::{continuation::SLOTS, trap::TrapCode};
use silica_module::CompositeType;

use crate::{
    computation::{Bound, Computation},
    entries::FunctionReference,
    heap::{Damaged, Heap, HeapError, is_object},
    raise::Raise,
    state::State,
};

/// Makes a continuation that begins with calling a function; gives its place.
pub(crate) fn new(state: &mut State, _: u32, function: u64, type_id: u64) -> Result<u64, Raise> {
    let function = function as usize as *mut FunctionReference;
    if function.is_null() {
        return Err(Raise::Trap(TrapCode::NullFunction));
    }
    let max = state.runtime.config().continuations_max as usize;
    if state.continuations.is_due() || state.continuations.count() >= max {
        state.collect_continuations()?;
        if state.continuations.count() >= max {
            return Err(Raise::Trap(TrapCode::ContinuationsExhausted));
        }
    }
    Ok(state.continuations.add(function, type_id as u32).into())
}

/// Binds a continuation of a type to the first values that are passed.
pub(crate) fn bind(
    state: &mut State,
    _: u32,
    place: u64,
    type_id: u64,
    count: u64,
    bound_type: u64,
) -> Result<u64, Raise> {
    let continuation = state.continuation(place as u32, type_id as u32)?;
    let types = state.runtime.types();
    let function = types
        .get(type_id as u32)
        .and_then(|ty| match ty.sub_type().composite {
            CompositeType::Continuation(ty) => types.get(ty.function),
            CompositeType::Function(_) | CompositeType::Struct(_) | CompositeType::Array(_) => None,
        });
    let function = function.ok_or(Damaged)?;
    let params = function.function().params.iter();
    let passed = state.continuations.passed().iter();
    let bound = params
        .zip(passed)
        .take(count as usize)
        .map(|(ty, bits)| Bound {
            bits: *bits,
            is_object: is_object(*ty),
        });
    // SAFETY: it is in the table, and nobody else uses it.
    unsafe {
        (*continuation).bound.extend(bound);
        (*continuation).type_id = bound_type as u32;
        state.continuations.note_young(continuation);
    }
    Ok(place)
}

impl State {
    /// The continuation at a place, which the program says is of a type.
    #[inline(always)]
    pub(crate) fn continuation(&self, place: u32, type_id: u32) -> Result<*mut Computation, Raise> {
        if place == 0 {
            return Err(Raise::Trap(TrapCode::ContinuationConsumed));
        }
        let found = self.continuations.continuation(place).ok_or(Damaged)?;
        // SAFETY: it is in the table.
        let found_type = unsafe { (*found).type_id };
        if found_type != type_id {
            self.check_subtype(found_type, type_id)?;
        }
        Ok(found)
    }

    /// What compiled code knows of a continuation's type is true unless the heap was damaged.
    #[cold]
    fn check_subtype(&self, found: u32, expected: u32) -> Result<(), Raise> {
        let found = self.runtime.types().get(found);
        match found.is_some_and(|found| found.is_subtype_of_id(expected)) {
            true => Ok(()),
            false => Err(Damaged.into()),
        }
    }

    /// Puts what a continuation was bound to before the values that are passed.
    ///
    /// # Safety
    /// It is in the table.
    #[inline(always)]
    pub(crate) unsafe fn pass_bound(
        &mut self,
        continuation: *mut Computation,
        values: usize,
    ) -> Result<(), Raise> {
        // SAFETY: see above.
        let bound = unsafe { &mut (*continuation).bound };
        if bound.is_empty() {
            return Ok(());
        }
        let count = bound.len();
        let passed = self.continuations.passed();
        if count + values > SLOTS as usize {
            return Err(Damaged.into());
        }
        passed.copy_within(..values, count);
        for (slot, bound) in passed.iter_mut().zip(bound.drain(..)) {
            *slot = bound.bits;
        }
        Ok(())
    }

    #[cold]
    fn collect_continuations(&mut self) -> Result<(), HeapError> {
        self.with_heap(Heap::collect_all)?;
        self.trim_stacks();
        Ok(())
    }
}
