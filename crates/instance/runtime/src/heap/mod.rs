//! The heap of a store's objects, and its collector.
//!
//! Objects are made in the nursery, a fixed range at the start, and what survives a young collection ([`young`]) moves to the old generation,
//! which follows it and is one run of objects without gaps. When that has grown enough, a full collection ([`full`]) slides what is
//! alive together. [`space`] is the address space and the only way to it; [`shape`] knows what a type's objects are made of;
//! [`host_values`] keeps what the embedder has given to the program.
//!
//! It knows nothing of stores: [`Owner`] is what it needs of one. What it reads from the heap it believes only after a check, so
//! that a heap that was damaged ends calls, and nothing worse.

mod config;
mod full;
mod host_values;
mod objects;
mod owner;
mod shape;
mod space;
#[cfg(test)]
mod tests;
mod verify;
mod young;

use std::{any::Any, sync::Arc};

use silica_contract::object::{self, ALIGNMENT, ArrayLayout, heap};

pub(crate) use self::{
    config::HeapConfig,
    objects::Array,
    owner::{Damaged, HeapError, Owner, Suspended, Visit},
    shape::is_object,
};
use self::{
    host_values::HostValues,
    objects::Objects,
    shape::Shape,
    space::{END_MAX, Extent, GRAIN},
};
use crate::types::TypeRegistry;

/// Objects of more bytes than this are made in the old generation.
const LARGE_BYTES: u32 = 64 << 10;
/// A heap that cannot have this much of a nursery is full.
const NURSERY_MIN: u32 = GRAIN;
/// In stress mode every so many collections are full ones.
const STRESS_FULL: u64 = 16;

/// Where the next object is made, and what the last must not end beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) next: u32,
    pub(crate) limit: u32,
}

/// How many collections there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) young: u64,
    pub(crate) full: u64,
}

/// The heap of one store.
pub(crate) struct Heap {
    config: HeapConfig,
    objects: Objects,
    cursor: Cursor,
    host_values: HostValues,
    mark_stack: Vec<u32>,
    /// Old objects end here when the next full collection is due.
    full_due: u32,
    counts: Counts,
    damaged: bool,
}

impl Heap {
    /// An empty heap.
    ///
    /// # Errors
    /// [`HeapError::System`]; [`HeapError::Exhausted`] when not even a nursery is allowed; [`HeapError::Limiter`].
    pub(crate) fn new(
        types: Arc<TypeRegistry>,
        config: HeapConfig,
        owner: &mut dyn Owner,
    ) -> Result<Heap, HeapError> {
        let nursery_bytes = Heap::first_nursery(&config, owner)?;
        let nursery_end = heap::INACCESSIBLE + nursery_bytes;
        let mut heap = Heap {
            config: HeapConfig {
                nursery_bytes,
                ..config
            },
            objects: Objects::new(types, nursery_end)?,
            cursor: Cursor {
                next: heap::INACCESSIBLE,
                limit: heap::INACCESSIBLE,
            },
            host_values: HostValues::new(config.host_values_max),
            mark_stack: Vec::new(),
            full_due: nursery_end.saturating_add(config.full_min),
            counts: Counts::default(),
            damaged: false,
        };
        heap.objects.space.extend(nursery_end + nursery_bytes)?;
        heap.set_limit();
        Ok(heap)
    }

    /// How large the nursery may be, with as much beside it for what survives there.
    fn first_nursery(config: &HeapConfig, owner: &mut dyn Owner) -> Result<u32, HeapError> {
        let mut bytes = config.nursery_bytes;
        while bytes >= GRAIN {
            let both = 2 * u64::from(bytes);
            if both <= config.bytes_max
                && owner
                    .may_grow(0, both as usize)
                    .map_err(HeapError::Limiter)?
            {
                return Ok(bytes);
            }
            bytes = bytes / 2 / GRAIN * GRAIN;
        }
        Err(HeapError::Exhausted)
    }

    /// What compiled code gets as the heap's base.
    pub(crate) fn base(&self) -> *mut u8 {
        self.objects.space.base()
    }

    /// Where compiled code makes the next object, to be told to it.
    pub(crate) fn cursor(&self) -> Cursor {
        if self.config.stress {
            // So that it always asks.
            return Cursor {
                limit: 0,
                ..self.cursor
            };
        }
        self.cursor
    }

    /// Where compiled code has come to.
    pub(crate) fn set_next(&mut self, next: u32) {
        let fits = next >= self.cursor.next && next <= self.cursor.limit;
        if fits && next.is_multiple_of(ALIGNMENT) {
            self.cursor.next = next;
        }
    }

    /// Whether that many bytes can be made now without a collection.
    #[inline(always)]
    fn fits(&self, bytes: u32) -> bool {
        bytes <= self.cursor.limit - self.cursor.next
    }

    /// Makes an object of a type, of so many bytes, which are zero but for the header. It collects where it must: afterwards no
    /// reference is what it was but those that `owner` holds.
    ///
    /// # Errors
    /// [`HeapError`].
    pub(crate) fn allocate(
        &mut self,
        type_id: u32,
        bytes: u64,
        owner: &mut dyn Owner,
    ) -> Result<u32, HeapError> {
        if self.damaged {
            return Err(HeapError::Damaged);
        }
        let result = self.allocate_in(type_id, bytes, owner);
        self.damaged |= matches!(result, Err(HeapError::Damaged));
        result
    }

    fn allocate_in(
        &mut self,
        type_id: u32,
        bytes: u64,
        owner: &mut dyn Owner,
    ) -> Result<u32, HeapError> {
        let bytes = u32::try_from(bytes).ok().filter(|bytes| *bytes <= END_MAX);
        let bytes = bytes.ok_or(HeapError::Exhausted)?;
        debug_assert!(bytes.is_multiple_of(ALIGNMENT) && bytes >= ALIGNMENT);
        if self.config.stress {
            self.collect(owner)?;
            verify::verify(&mut self.objects, owner)?;
        }
        let object = if bytes > LARGE_BYTES.min(self.config.nursery_bytes / 4) {
            self.place_large(bytes, owner)?
        } else {
            self.place_small(bytes, owner)?
        };
        self.objects.space.write(object, object::TYPE, type_id)?;
        Ok(object.start())
    }

    /// A place in the nursery, zeroed.
    fn place_small(&mut self, bytes: u32, owner: &mut dyn Owner) -> Result<Extent, HeapError> {
        if !self.fits(bytes) {
            self.collect(owner)?;
            if !self.fits(bytes) {
                return Err(HeapError::Exhausted);
            }
        }
        let object = self.objects.space.check(self.cursor.next, bytes)?;
        self.cursor.next += bytes;
        self.objects.space.bytes_mut(object, 0, bytes)?.fill(0);
        Ok(object)
    }

    /// A place in the old generation, zeroed.
    fn place_large(&mut self, bytes: u32, owner: &mut dyn Owner) -> Result<Extent, HeapError> {
        let due = u64::from(self.objects.top) + u64::from(bytes) > u64::from(self.full_due);
        if due || (!self.grow(bytes, owner)? && !self.has_room(bytes)) {
            self.collect_young(owner)?;
            self.collect_full(owner)?;
        }
        if !self.grow(bytes, owner)? && !self.has_room(bytes) {
            self.set_limit();
            return Err(HeapError::Exhausted);
        }
        let object = self.objects.append_zeroed(bytes)?;
        // Its fields may be set to young objects without a mark.
        self.objects.dirty(object);
        // A large object that lives is no reason to collect the next time.
        self.full_due = self.full_due.max(self.objects.top);
        self.set_limit();
        Ok(object)
    }

    /// Bytes of an element of arrays of a type.
    pub(crate) fn element_bytes(&mut self, type_id: u32) -> Result<u32, Damaged> {
        match self.objects.shape(type_id)? {
            Shape::Array { layout, .. } => Ok(1 << layout.element_shift),
            Shape::Unknown | Shape::Fixed { .. } | Shape::Continuation => Err(Damaged),
        }
    }

    /// Makes an array of zeros. As [`Heap::allocate`].
    ///
    /// # Errors
    /// [`HeapError`]; [`HeapError::Damaged`] if the type is none of an array.
    pub(crate) fn allocate_array(
        &mut self,
        type_id: u32,
        length: u32,
        owner: &mut dyn Owner,
    ) -> Result<u32, HeapError> {
        let layout: ArrayLayout = match self.objects.shape(type_id)? {
            Shape::Array { layout, .. } => layout,
            Shape::Unknown | Shape::Fixed { .. } | Shape::Continuation => {
                return Err(HeapError::Damaged);
            }
        };
        let start = self.allocate(type_id, layout.bytes(length), owner)?;
        let object = self.objects.space.check(start, 8)?;
        self.objects
            .space
            .write(object, object::ARRAY_LENGTH, length)?;
        Ok(start)
    }

    /// Gives a value of the host an object. As [`Heap::allocate`].
    ///
    /// # Errors
    /// [`HeapError`]; `Ok(None)` when there are as many as there may be.
    pub(crate) fn allocate_host_value(
        &mut self,
        value: Box<dyn Any + Send + Sync>,
        owner: &mut dyn Owner,
    ) -> Result<Option<u32>, HeapError> {
        if self.host_values.is_full() {
            // Some may be gone.
            self.collect_all(owner)?;
            if self.host_values.is_full() {
                return Ok(None);
            }
        }
        let bytes = u64::from(object::HOST_BYTES);
        let start = self.allocate(object::type_id::HOST, bytes, owner)?;
        let place = self.host_values.insert(start, value);
        let object = self.objects.space.check(start, object::HOST_BYTES)?;
        self.objects
            .space
            .write(object, object::HOST_PLACE, place)?;
        Ok(Some(start))
    }

    /// The value of the host that an object stands for, if it does.
    pub(crate) fn host_value(&self, reference: u32) -> Option<&(dyn Any + Send + Sync)> {
        self.host_values.get(self.host_place(reference)?, reference)
    }

    /// The value of the host that an object stands for, if it does.
    pub(crate) fn host_value_mut(
        &mut self,
        reference: u32,
    ) -> Option<&mut (dyn Any + Send + Sync)> {
        let place = self.host_place(reference)?;
        self.host_values.get_mut(place, reference)
    }

    fn host_place(&self, reference: u32) -> Option<u32> {
        let space = &self.objects.space;
        let object = space.check(reference, object::HOST_BYTES).ok()?;
        let is_host = space.read(object, object::TYPE) == Ok(object::type_id::HOST);
        is_host.then(|| space.read(object, object::HOST_PLACE).ok())?
    }

    /// Values of the host whose objects are gone, to be dropped when nothing of the store is borrowed.
    #[must_use]
    pub(crate) fn take_dropped(&mut self) -> Vec<Box<dyn Any + Send + Sync>> {
        self.host_values.take_dropped()
    }

    /// The canonical id of an object's type; `None` for null, an `i31`, and what is no object.
    pub(crate) fn type_of(&self, reference: u32) -> Option<u32> {
        let object = self.objects.space.check(reference, ALIGNMENT).ok()?;
        self.objects.space.read(object, object::TYPE).ok()
    }

    /// The objects, for access to their fields.
    pub(crate) fn objects(&mut self) -> &mut Objects {
        &mut self.objects
    }

    /// Bytes that the heap takes, young and old.
    pub(crate) fn bytes(&self) -> usize {
        (self.objects.space.end() - heap::INACCESSIBLE) as usize
    }

    /// How many collections there were.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Collects all garbage.
    ///
    /// # Errors
    /// [`HeapError`].
    pub(crate) fn collect_all(&mut self, owner: &mut dyn Owner) -> Result<(), HeapError> {
        if self.damaged {
            return Err(HeapError::Damaged);
        }
        let result = self
            .collect_young(owner)
            .and_then(|()| self.collect_full(owner))
            .and_then(|()| self.grow(0, owner).map(|_| self.set_limit()));
        self.damaged |= matches!(result, Err(HeapError::Damaged));
        result
    }

    /// Collects the nursery, and everything if that is due or if there would be little room otherwise.
    fn collect(&mut self, owner: &mut dyn Owner) -> Result<(), HeapError> {
        self.collect_young(owner)?;
        let stress = self.config.stress && self.counts.young.is_multiple_of(STRESS_FULL);
        let grown = self.grow(0, owner)?;
        if stress
            || self.objects.top >= self.full_due
            || (!grown && self.room() < self.config.nursery_bytes / 2)
        {
            self.collect_full(owner)?;
            self.grow(0, owner)?;
        }
        self.set_limit();
        Ok(())
    }

    fn collect_young(&mut self, owner: &mut dyn Owner) -> Result<(), HeapError> {
        self.counts.young += 1;
        young::collect(
            &mut self.objects,
            self.cursor.next,
            &mut self.host_values,
            owner,
        )?;
        self.cursor.next = heap::INACCESSIBLE;
        Ok(())
    }

    /// Collects the old generation, after the young one.
    fn collect_full(&mut self, owner: &mut dyn Owner) -> Result<(), HeapError> {
        debug_assert!(self.cursor.next == heap::INACCESSIBLE);
        self.counts.full += 1;
        full::collect(
            &mut self.objects,
            &mut self.mark_stack,
            &mut self.host_values,
            owner,
        )?;
        let live = self.objects.top - self.objects.old_start;
        let due = u64::from(self.objects.top) + u64::from(live.max(self.config.full_min));
        self.full_due = u32::try_from(due).unwrap_or(u32::MAX);
        self.give_back()
    }

    /// Gives memory back that the next collections will not need.
    fn give_back(&mut self) -> Result<(), HeapError> {
        let keep = u64::from(self.full_due) + u64::from(self.config.nursery_bytes);
        let keep = keep.next_multiple_of(u64::from(GRAIN));
        if keep < u64::from(self.objects.space.end()) {
            self.objects.space.shrink(keep as u32)?;
        }
        Ok(())
    }

    /// Whether the old generation can take so many bytes beside all that may survive in the nursery.
    fn has_room(&self, bytes: u32) -> bool {
        let used = self.cursor.next - heap::INACCESSIBLE;
        let end = u64::from(self.objects.top) + u64::from(bytes) + u64::from(used);
        end <= u64::from(self.objects.space.end())
    }

    /// Grows so that so many bytes fit in the old generation beside a whole nursery; `false` where that may not be.
    fn grow(&mut self, bytes: u32, owner: &mut dyn Owner) -> Result<bool, HeapError> {
        let needed =
            u64::from(self.objects.top) + u64::from(bytes) + u64::from(self.config.nursery_bytes);
        let end = self.objects.space.end();
        if needed <= u64::from(end) {
            return Ok(true);
        }
        let end_max = self.config.end_max();
        if needed > u64::from(end_max) {
            return Ok(false);
        }
        // An eighth more, so that growing is rare.
        let generous = needed + (needed / 8);
        let wanted = generous
            .next_multiple_of(u64::from(GRAIN))
            .min(u64::from(end_max)) as u32;
        let bytes_at = |end: u32| (end - heap::INACCESSIBLE) as usize;
        if !owner
            .may_grow(bytes_at(end), bytes_at(wanted))
            .map_err(HeapError::Limiter)?
        {
            return Ok(false);
        }
        self.objects.space.extend(wanted)?;
        Ok(true)
    }

    /// Bytes of the nursery that the old generation has room for.
    fn room(&self) -> u32 {
        let free = self.objects.space.end() - self.objects.top;
        free.min(self.config.nursery_bytes)
    }

    /// Sets the nursery's limit so that the old generation can take all of it.
    fn set_limit(&mut self) {
        let room = self.room();
        let room = if room < NURSERY_MIN { 0 } else { room };
        self.cursor.limit = (heap::INACCESSIBLE + room).max(self.cursor.next);
    }
}
