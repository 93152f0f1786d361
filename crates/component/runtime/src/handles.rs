//! Tables of handles: a component instance's resources, its own and borrowed.

use crate::error::CanonicalTrap;

/// A resource type within a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResourceId(pub(crate) u32);

/// What a handle stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    pub(crate) resource: ResourceId,
    /// What the resource is to whoever defined its type.
    pub(crate) representation: u32,
    /// Nothing if it is owned; else the call that it was borrowed for.
    pub(crate) borrowed_for: Option<u32>,
    /// How many calls that it was lent to are not over.
    pub(crate) lent: u32,
}

#[derive(Debug)]
enum Entry {
    Handle(Handle),
    Free,
}

/// The handles of one component instance. Index 0 is none.
#[derive(Debug)]
pub(crate) struct HandleTable {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

impl Default for HandleTable {
    fn default() -> Self {
        HandleTable {
            entries: vec![Entry::Free],
            free: Vec::new(),
        }
    }
}

impl HandleTable {
    /// Gives `handle` an index: the one that was freed last, if there is one.
    pub(crate) fn add(&mut self, handle: Handle, quota: &mut Quota) -> Result<u32, CanonicalTrap> {
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = Entry::Handle(handle);
            return Ok(index);
        }
        quota.take()?;
        let index = self.entries.len() as u32;
        self.entries.push(Entry::Handle(handle));
        Ok(index)
    }

    /// What is at `index`, of this resource type.
    pub(crate) fn get(
        &mut self,
        index: u32,
        resource: ResourceId,
    ) -> Result<&mut Handle, CanonicalTrap> {
        match self.entries.get_mut(index as usize) {
            Some(Entry::Handle(handle)) if handle.resource == resource => Ok(handle),
            Some(Entry::Handle(_)) => Err(CanonicalTrap::HandleType(index)),
            Some(Entry::Free) | None => Err(CanonicalTrap::UnknownHandle(index)),
        }
    }

    /// Takes out what is at `index`, which must not be lent.
    pub(crate) fn remove(
        &mut self,
        index: u32,
        resource: ResourceId,
    ) -> Result<Handle, CanonicalTrap> {
        let handle = *self.get(index, resource)?;
        if handle.lent > 0 {
            return Err(CanonicalTrap::Lent);
        }
        self.entries[index as usize] = Entry::Free;
        self.free.push(index);
        Ok(handle)
    }

    /// Takes out what is at `index`, which must be owned.
    pub(crate) fn remove_owned(
        &mut self,
        index: u32,
        resource: ResourceId,
    ) -> Result<u32, CanonicalTrap> {
        let handle = *self.get(index, resource)?;
        if handle.lent == 0 && handle.borrowed_for.is_some() {
            return Err(CanonicalTrap::NotOwned(index));
        }
        self.remove(index, resource)
            .map(|handle| handle.representation)
    }

    /// A call that `index` was lent to is over.
    pub(crate) fn give_back(&mut self, index: u32) {
        if let Some(Entry::Handle(handle)) = self.entries.get_mut(index as usize) {
            handle.lent = handle.lent.saturating_sub(1);
        }
    }
}

/// How many more entries the tables of a store may have, together.
#[derive(Debug)]
pub(crate) struct Quota(u32);

impl Default for Quota {
    fn default() -> Self {
        Quota(1_000_000)
    }
}

impl Quota {
    pub(crate) fn take(&mut self) -> Result<(), CanonicalTrap> {
        self.0 = self.0.checked_sub(1).ok_or(CanonicalTrap::TooManyHandles)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ResourceId = ResourceId(0);

    fn owned(representation: u32) -> Handle {
        Handle {
            resource: A,
            representation,
            borrowed_for: None,
            lent: 0,
        }
    }

    #[test]
    fn indices_start_at_one_and_are_used_again() {
        let (mut table, mut quota) = (HandleTable::default(), Quota::default());
        let first = table.add(owned(7), &mut quota).unwrap();
        let second = table.add(owned(8), &mut quota).unwrap();
        assert_eq!((first, second), (1, 2));
        assert_eq!(table.remove_owned(first, A), Ok(7));
        assert_eq!(
            table.remove_owned(first, A),
            Err(CanonicalTrap::UnknownHandle(1))
        );
        assert_eq!(table.add(owned(9), &mut quota), Ok(1));
        assert_eq!(
            table.get(2, ResourceId(1)).err(),
            Some(CanonicalTrap::HandleType(2))
        );
    }

    #[test]
    fn what_is_lent_stays() {
        let (mut table, mut quota) = (HandleTable::default(), Quota::default());
        let index = table.add(owned(7), &mut quota).unwrap();
        table.get(index, A).unwrap().lent += 1;
        assert_eq!(table.remove_owned(index, A), Err(CanonicalTrap::Lent));
        table.give_back(index);
        assert_eq!(table.remove_owned(index, A), Ok(7));
    }

    #[test]
    fn a_store_has_room_for_so_many_handles() {
        let (mut table, mut quota) = (HandleTable::default(), Quota(2));
        table.add(owned(1), &mut quota).unwrap();
        table.add(owned(2), &mut quota).unwrap();
        let refused = table.add(owned(3), &mut quota);
        assert_eq!(refused, Err(CanonicalTrap::TooManyHandles));
    }
}
