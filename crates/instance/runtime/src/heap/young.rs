//! Young collections: what is reached in the nursery moves to the end of the old generation.
//!
//! It begins with the owner's roots and the objects on dirty cards, and goes on with what has just moved ("Cheney's algorithm"): the
//! part of the old generation that was not yet looked through is the list of what is to be done.

use silica_contract::object::{self, ALIGNMENT, heap};

use super::{
    host_values::HostValues,
    objects::Objects,
    owner::{Damaged, Owner, Suspended},
};

/// All offsets.
const EVERYWHERE: (u32, u32) = (0, u32::MAX);

/// Empties the nursery, whose last object ends at `nursery_end`.
pub(super) fn collect(
    objects: &mut Objects,
    nursery_end: u32,
    host_values: &mut HostValues,
    owner: &mut dyn Owner,
) -> Result<(), Damaged> {
    let moved_from = objects.top;
    owner.roots(&mut |reference| evacuate(objects, nursery_end, reference))?;
    owner.suspended(Suspended::Young, &mut |reference| {
        evacuate(objects, nursery_end, reference)
    })?;
    visit_dirty(objects, nursery_end, moved_from)?;
    let mut next = moved_from;
    while next < objects.top {
        let (object, shape) = objects.describe(next)?;
        let select = |reference| in_nursery(nursery_end, reference);
        objects.visit(object, shape, EVERYWHERE, select, |objects, reference| {
            evacuate(objects, nursery_end, reference)
        })?;
        next = object.end();
    }
    host_values.young_collected(|reference| {
        let head = objects.space.check(reference, ALIGNMENT)?;
        let header = objects.space.read(head, object::TYPE)?;
        Ok((header % 2 == 1).then(|| header - 1))
    })
}

/// Whether a reference is to an object of the nursery, or an `i31` like one.
#[inline(always)]
fn in_nursery(nursery_end: u32, reference: u32) -> bool {
    reference.wrapping_sub(heap::INACCESSIBLE) < nursery_end - heap::INACCESSIBLE
}

/// Where a reference points after its object has moved, if it is in the nursery.
#[inline(always)]
fn evacuate(objects: &mut Objects, nursery_end: u32, reference: u32) -> Result<u32, Damaged> {
    if !in_nursery(nursery_end, reference) || reference % 2 == 1 {
        return Ok(reference);
    }
    let head = objects.space.check(reference, ALIGNMENT)?;
    let header = objects.space.read(head, object::TYPE)?;
    if header % 2 == 1 {
        return Ok(header - 1);
    }
    let (from, _) = objects.describe_as(head, header)?;
    if from.end() > nursery_end {
        return Err(Damaged);
    }
    let to = objects.append(from.bytes())?;
    objects.space.copy_apart(from, to)?;
    objects.space.write(from, object::TYPE, to.start() + 1)?;
    Ok(to.start())
}

/// Looks through the old objects on dirty cards that were there before `end`, and cleans the cards.
fn visit_dirty(objects: &mut Objects, nursery_end: u32, end: u32) -> Result<(), Damaged> {
    /// So many cards are asked of memory before the first of them is looked at: they lie anywhere.
    const TOGETHER: usize = 8;
    let cards_end = end.div_ceil(heap::CARD_BYTES);
    let mut card = objects.old_start >> heap::CARD_SHIFT;
    let mut cards = [0; TOGETHER];
    loop {
        let mut count = 0;
        while count < TOGETHER
            && let Some(dirty) = objects.space.next_dirty(card, cards_end)
        {
            objects.space.set_dirty(dirty, false);
            objects.space.prefetch_card(dirty);
            cards[count] = dirty;
            count += 1;
            card = dirty + 1;
        }
        for card in &cards[..count] {
            visit_card(objects, nursery_end, *card, end)?;
        }
        if count < TOGETHER {
            return Ok(());
        }
    }
}

/// Looks through the objects on a card, before `end`.
fn visit_card(objects: &mut Objects, nursery_end: u32, card: u32, end: u32) -> Result<(), Damaged> {
    let start = card << heap::CARD_SHIFT;
    let window = (start, start.saturating_add(heap::CARD_BYTES).min(end));
    let select = |reference| in_nursery(nursery_end, reference);
    let mut at = objects.first_in(card)?;
    while at < window.1 {
        let (object, shape) = objects.describe(at)?;
        if object.end() > start {
            objects.visit(object, shape, window, select, |objects, reference| {
                evacuate(objects, nursery_end, reference)
            })?;
        }
        at = object.end();
    }
    Ok(())
}
