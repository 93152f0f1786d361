//! The table of supertypes that compiled code reads ([`silica_contract::object::supertypes`]).
//!
//! It grows while code on other threads reads it. So a table that became too small is kept beside the larger one that took its place:
//! what it says stays true of the types that were there, and a store takes a newer table's address when it gets something of a newer
//! type. Each table is twice as long as the one before, so that all together are less than twice the last.

use std::sync::atomic::{AtomicU32, Ordering};

use silica_contract::object::{supertypes, type_id};

const DEPTHS: usize = supertypes::DEPTHS as usize;
/// Types in the first table.
const FIRST_LENGTH: usize = 64;

/// All tables of an engine, the last of which is complete.
pub(crate) struct SupertypeTables(Vec<Box<[[AtomicU32; DEPTHS]]>>);

impl Default for SupertypeTables {
    fn default() -> SupertypeTables {
        SupertypeTables(vec![new_table(FIRST_LENGTH)])
    }
}

fn new_table(length: usize) -> Box<[[AtomicU32; DEPTHS]]> {
    (0..length)
        .map(|_| [const { AtomicU32::new(type_id::HOST) }; DEPTHS])
        .collect()
}

impl SupertypeTables {
    /// The place of a type in a table.
    fn place(id: u32) -> usize {
        (id / type_id::STEP) as usize
    }

    /// Notes the types above a type and its own id, from the top down.
    pub(crate) fn set(&mut self, id: u32, from_top: impl Iterator<Item = u32>) {
        let place = SupertypeTables::place(id);
        let last = self.last();
        if place >= last.len() {
            let grown = new_table((place + 1).next_power_of_two());
            for (new, old) in grown.iter().flatten().zip(last.iter().flatten()) {
                new.store(old.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            self.0.push(grown);
        }
        let above = from_top.chain(std::iter::repeat(type_id::HOST));
        for (entry, above) in self.last()[place].iter().zip(above) {
            entry.store(above, Ordering::Relaxed);
        }
    }

    fn last(&self) -> &[[AtomicU32; DEPTHS]] {
        self.0.last().expect("there is one from the start")
    }

    /// The address of the table with all types of now. It is valid as long as `self`.
    pub(crate) fn address(&self) -> *mut u32 {
        self.last().as_ptr().cast_mut().cast()
    }
}

const _: () = {
    assert!(size_of::<[AtomicU32; DEPTHS]>() == supertypes::ENTRY_BYTES as usize);
    assert!(supertypes::entry(type_id::STEP) == supertypes::ENTRY_BYTES as u64);
};

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(table: &[[AtomicU32; DEPTHS]], id: u32) -> Vec<u32> {
        let entry = &table[SupertypeTables::place(id)];
        entry
            .iter()
            .map(|above| above.load(Ordering::Relaxed))
            .collect()
    }

    #[test]
    fn what_was_said_stays_where_it_was_and_moves_along() {
        let mut tables = SupertypeTables::default();
        tables.set(10, [type_id::STRUCT, 8, 10].into_iter());
        let first = tables.address();
        tables.set(1 << 12, [type_id::ARRAY, 1 << 12].into_iter());
        assert_ne!(tables.address(), first);
        assert_eq!(tables.0.len(), 2);
        for table in &tables.0 {
            assert_eq!(entry(table, 10)[..4], [type_id::STRUCT, 8, 10, 0]);
        }
        assert_eq!(
            entry(tables.last(), 1 << 12)[..3],
            [type_id::ARRAY, 1 << 12, 0]
        );
        // A number that is given again has nothing of the type that had it.
        tables.set(10, [type_id::ARRAY].into_iter());
        assert_eq!(entry(tables.last(), 10)[..3], [type_id::ARRAY, 0, 0]);
    }

    #[test]
    fn longer_chains_are_cut() {
        let mut tables = SupertypeTables::default();
        tables.set(8, (0..40).map(|above| 2 * above));
        assert_eq!(
            entry(tables.last(), 8),
            (0..16).map(|i| 2 * i).collect::<Vec<_>>()
        );
    }
}
