//! Full collections: what is alive slides together, in its order.
//!
//! Each 8 bytes of the heap have a bit, which is set for all bytes of what is alive. Where an object goes follows from that: to where
//! the first live bytes of its card go, which a table says, and after the marked bytes before it on the card. So nothing is written
//! to objects but their new references, and they move in one pass. The nursery is empty meanwhile.

use silica_contract::object::{self, ALIGNMENT, heap};

use super::{
    host_values::HostValues,
    objects::Objects,
    owner::{Damaged, Owner, Suspended},
    shape::Shape,
    space::Extent,
};

/// All offsets.
const EVERYWHERE: (u32, u32) = (0, u32::MAX);
/// Objects that wait to be looked through, at most. Beyond that, marked objects are looked through once more in their order.
#[cfg(not(test))]
const STACK_MAX: usize = 1 << 20;
#[cfg(test)]
const STACK_MAX: usize = 16;

/// So many objects are on their way to the processor's caches.
const COMING: usize = 8;

/// Collects the old generation.
pub(super) fn collect(
    objects: &mut Objects,
    stack: &mut Vec<u32>,
    host_values: &mut HostValues,
    owner: &mut dyn Owner,
) -> Result<(), Damaged> {
    stack.clear();
    let mut marking = Marking {
        objects,
        stack,
        continuations: &mut Vec::new(),
        coming: [0; COMING],
        next: 0,
        overflowed: false,
    };
    owner.roots(&mut |reference| {
        marking.find(reference)?;
        Ok(reference)
    })?;
    marking.finish(owner)?;
    owner.marked();
    let top = place(objects);
    owner.roots(&mut |reference| new_place(objects, reference))?;
    owner.suspended(Suspended::All, &mut |reference| {
        new_place(objects, reference)
    })?;
    host_values.collected(|reference| match is_marked(objects, reference) {
        true => new_place(objects, reference).map(Some),
        false => Ok(None),
    })?;
    slide(objects)?;
    clean(objects);
    objects.top = top;
    Ok(())
}

fn card_of(reference: u32) -> u32 {
    reference >> heap::CARD_SHIFT
}

/// The bit of the 8 bytes at an offset, among those of its card.
fn bit_of(reference: u32) -> u32 {
    reference % heap::CARD_BYTES / ALIGNMENT
}

fn is_marked(objects: &Objects, reference: u32) -> bool {
    objects.space.marks(card_of(reference)) >> bit_of(reference) & 1 == 1
}

/// The cards of the old generation.
fn cards(objects: &Objects) -> std::ops::Range<u32> {
    card_of(objects.old_start)..objects.top.div_ceil(heap::CARD_BYTES)
}

/// Whether a reference is to an object.
#[inline(always)]
fn is_object(reference: u32) -> bool {
    reference != 0 && reference.is_multiple_of(2)
}

struct Marking<'a> {
    objects: &'a mut Objects,
    /// Marked objects that are to be looked through.
    stack: &'a mut Vec<u32>,
    /// Places of continuations whose objects were marked, to be looked through later.
    continuations: &'a mut Vec<u32>,
    /// References that were found, on their way to the processor's caches; 0 is none.
    coming: [u32; COMING],
    next: usize,
    /// Some marked object was not put on the stack.
    overflowed: bool,
}

impl Marking<'_> {
    /// Notes that an object is alive. It is marked a little later, when it and its marks are near.
    #[inline(always)]
    fn find(&mut self, reference: u32) -> Result<(), Damaged> {
        if !is_object(reference) {
            return Ok(());
        }
        self.objects.space.prefetch(reference);
        let arrived = std::mem::replace(&mut self.coming[self.next], reference);
        self.next = (self.next + 1) % COMING;
        if arrived == 0 {
            return Ok(());
        }
        self.mark(arrived)
    }

    /// Marks an object, to be looked through later.
    #[inline(always)]
    fn mark(&mut self, reference: u32) -> Result<(), Damaged> {
        if reference < self.objects.old_start || reference >= self.objects.top {
            return Err(Damaged);
        }
        if is_marked(self.objects, reference) {
            return Ok(());
        }
        let (object, shape) = self.objects.describe(reference)?;
        if object.end() > self.objects.top {
            return Err(Damaged);
        }
        set_marks(self.objects, object);
        let has_references = match shape {
            Shape::Fixed { offsets, .. } => offsets.0 < offsets.1,
            Shape::Array { objects, .. } => objects,
            Shape::Continuation => {
                let place = self
                    .objects
                    .space
                    .read(object, object::CONTINUATION_PLACE)?;
                // A consumed one has none.
                if place != 0 {
                    self.continuations.push(place);
                }
                false
            }
            Shape::Unknown => false,
        };
        if !has_references {
            return Ok(());
        }
        if self.stack.len() < STACK_MAX {
            self.stack.push(reference);
        } else {
            self.overflowed = true;
        }
        Ok(())
    }

    /// Looks through everything that was found.
    fn finish(&mut self, owner: &mut dyn Owner) -> Result<(), Damaged> {
        loop {
            self.finish_objects()?;
            let Some(place) = self.continuations.pop() else {
                return Ok(());
            };
            owner.continuation(place, &mut |reference| {
                self.find(reference)?;
                Ok(reference)
            })?;
        }
    }

    fn finish_objects(&mut self) -> Result<(), Damaged> {
        self.drain()?;
        while std::mem::take(&mut self.overflowed) {
            let mut next = self.objects.old_start;
            while let Some(reference) = next_marked(self.objects, next) {
                next = self.scan(reference)?;
                self.drain()?;
            }
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Damaged> {
        loop {
            while let Some(reference) = self.stack.pop() {
                self.scan(reference)?;
            }
            for place in 0..COMING {
                let arrived = std::mem::take(&mut self.coming[place]);
                if arrived != 0 {
                    self.mark(arrived)?;
                }
            }
            if self.stack.is_empty() {
                return Ok(());
            }
        }
    }

    /// Finds what an object refers to; gives where it ends.
    #[inline(always)]
    fn scan(&mut self, reference: u32) -> Result<u32, Damaged> {
        let (object, shape) = self.objects.describe(reference)?;
        match shape {
            Shape::Fixed { offsets, .. } => {
                for index in offsets.0..offsets.1 {
                    let offset = self.objects.shapes.offset(index);
                    self.find(self.objects.space.read(object, offset)?)?;
                }
            }
            Shape::Array {
                objects: true,
                layout,
            } => {
                let mut span = self.objects.span(object, layout, EVERYWHERE)?;
                while let Some(offset) = self.objects.space.find(object, span, is_object)? {
                    self.find(self.objects.space.read(object, offset)?)?;
                    span.0 = offset + 4;
                }
            }
            Shape::Array { objects: false, .. } | Shape::Continuation | Shape::Unknown => {}
        }
        Ok(object.end())
    }
}

/// Sets the bits of all bytes of an object.
#[inline(always)]
fn set_marks(objects: &mut Objects, object: Extent) {
    let mut at = object.start();
    while at < object.end() {
        let card = card_of(at);
        let first = bit_of(at);
        let count = ((object.end() - at) / ALIGNMENT).min(64 - first);
        let bits = (u64::MAX >> (64 - count)) << first;
        let marks = objects.space.marks(card);
        objects.space.set_marks(card, marks | bits);
        at += count * ALIGNMENT;
    }
}

/// The first marked bytes from an offset on, before the end of the old generation.
#[inline(always)]
fn next_marked(objects: &Objects, from: u32) -> Option<u32> {
    let end = cards(objects).end;
    let mut card = card_of(from);
    if card >= end {
        return None;
    }
    let mut marks = objects.space.marks(card) & (u64::MAX << bit_of(from));
    while marks == 0 {
        card += 1;
        if card >= end {
            return None;
        }
        marks = objects.space.marks(card);
    }
    Some((card << heap::CARD_SHIFT) + marks.trailing_zeros() * ALIGNMENT)
}

/// Computes where the live bytes of each card go; gives where the last end.
fn place(objects: &mut Objects) -> u32 {
    let mut next = objects.old_start;
    for card in cards(objects) {
        objects.space.set_place(card, next);
        next += objects.space.marks(card).count_ones() * ALIGNMENT;
    }
    next
}

/// Where a reference points after its object has moved.
#[inline(always)]
fn new_place(objects: &Objects, reference: u32) -> Result<u32, Damaged> {
    if reference == 0 || reference % 2 == 1 {
        return Ok(reference);
    }
    let (card, bit) = (card_of(reference), bit_of(reference));
    let marks = objects.space.marks(card);
    if marks >> bit & 1 == 0 {
        return Err(Damaged);
    }
    let before = (marks & ((1 << bit) - 1)).count_ones();
    Ok(objects.space.place(card) + before * ALIGNMENT)
}

/// Objects that follow one another, and go to one place.
#[derive(Clone, Copy, Default)]
struct Run {
    from: u32,
    to: u32,
    bytes: u32,
}

/// Gives all live objects their new references, and moves them.
fn slide(objects: &mut Objects) -> Result<(), Damaged> {
    let mut run = Run::default();
    let mut next = objects.old_start;
    while let Some(start) = next_marked(objects, next) {
        let (object, shape) = objects.describe(start)?;
        objects.visit(
            object,
            shape,
            EVERYWHERE,
            is_object,
            |objects, reference| new_place(objects, reference),
        )?;
        let to = new_place(objects, start)?;
        if to > start {
            return Err(Damaged);
        }
        if start == run.from + run.bytes && to == run.to + run.bytes {
            run.bytes += object.bytes();
        } else {
            move_run(objects, run)?;
            run = Run {
                from: start,
                to,
                bytes: object.bytes(),
            };
        }
        let moved = objects.space.check(to, object.bytes())?;
        objects.note_start(moved);
        next = object.end();
    }
    move_run(objects, run)
}

fn move_run(objects: &mut Objects, run: Run) -> Result<(), Damaged> {
    if run.from == run.to {
        return Ok(());
    }
    let from = objects.space.check(run.from, run.bytes)?;
    let to = objects.space.check(run.to, run.bytes)?;
    objects.space.copy((from, 0), (to, 0), run.bytes)
}

/// Clears what the next collections begin without.
fn clean(objects: &mut Objects) {
    for card in cards(objects) {
        objects.space.set_marks(card, 0);
        objects.space.set_dirty(card, false);
    }
}
