//! Checking a heap, in stress mode and in tests, when its nursery is empty.
//!
//! The old generation has to be objects without gaps, which the table of starts finds, and each reference has to point to one of them.

use silica_contract::object::heap;

use super::{
    objects::Objects,
    owner::{Damaged, Owner, Suspended},
};

/// Checks everything that can be checked.
pub(super) fn verify(objects: &mut Objects, owner: &mut dyn Owner) -> Result<(), Damaged> {
    let mut starts = std::collections::HashSet::new();
    let mut at = objects.old_start;
    while at < objects.top {
        let (object, _) = objects.describe(at)?;
        starts.insert(at);
        at = object.end();
    }
    if at != objects.top {
        return Err(Damaged);
    }
    let check = |reference: u32| match reference == 0
        || reference % 2 == 1
        || starts.contains(&reference)
    {
        true => Ok(reference),
        false => Err(Damaged),
    };
    let mut at = objects.old_start;
    while at < objects.top {
        let (object, shape) = objects.describe(at)?;
        let all = |_| true;
        objects.visit(object, shape, (0, u32::MAX), all, |_, reference| {
            check(reference)
        })?;
        at = object.end();
    }
    let first = objects.old_start >> heap::CARD_SHIFT;
    for card in first..objects.top.div_ceil(heap::CARD_BYTES) {
        let found = objects.first_in(card)?;
        if !starts.contains(&found) || found > (card << heap::CARD_SHIFT).max(objects.old_start) {
            return Err(Damaged);
        }
    }
    owner.roots(&mut |reference| check(reference))?;
    owner.suspended(Suspended::All, &mut |reference| check(reference))
}
