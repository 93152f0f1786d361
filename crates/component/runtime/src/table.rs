//! The host's side of its resources: values by the numbers that stand for them.

use std::any::Any;
use std::collections::BTreeSet;

use crate::resource::Resource;

/// Why a [`ResourceTable`] does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceTableError {
    /// It has as many resources as it may have.
    #[error("resource table has no room left")]
    Full,
    /// No resource has this number.
    #[error("resource not present")]
    NotPresent,
    /// The resource is of another type.
    #[error("resource is of another type")]
    WrongType,
    /// The resource has children, which must be deleted first.
    #[error("resource has children")]
    HasChildren,
}

/// Values that are a host's resources, by the numbers that [`Resource`] carries.
///
/// A resource may be the child of another, which cannot be deleted before it. How many there may be is bounded, since
/// it is guests that have them made.
///
/// ```
/// use silica_component::{ResourceTable, ResourceTableError};
/// # fn main() -> Result<(), ResourceTableError> {
/// let mut table = ResourceTable::new();
/// let file = table.push("a file".to_owned())?;
/// let line = table.push_child(7_u32, &file)?;
/// assert_eq!(*table.get(&line)?, 7);
/// let again = silica_component::Resource::<String>::new_own(file.rep());
/// assert_eq!(table.delete(file), Err(ResourceTableError::HasChildren));
/// table.delete(line)?;
/// assert_eq!(table.delete(again)?, "a file");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ResourceTable {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    count: usize,
    count_max: usize,
}

#[derive(Debug)]
struct Entry {
    value: Box<dyn Any + Send>,
    parent: Option<u32>,
    children: BTreeSet<u32>,
}

impl Default for ResourceTable {
    fn default() -> Self {
        ResourceTable::new()
    }
}

impl ResourceTable {
    /// How many resources a table has room for unless it is told.
    pub const COUNT_MAX: usize = 1 << 16;

    /// A table with nothing in it.
    #[must_use]
    pub fn new() -> ResourceTable {
        ResourceTable {
            entries: Vec::new(),
            free: Vec::new(),
            count: 0,
            count_max: ResourceTable::COUNT_MAX,
        }
    }

    /// Sets how many resources there may be at once.
    pub fn set_max_capacity(&mut self, count_max: usize) {
        self.count_max = count_max;
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds a resource.
    ///
    /// # Errors
    /// [`ResourceTableError::Full`].
    pub fn push<R: Send + 'static>(&mut self, value: R) -> Result<Resource<R>, ResourceTableError> {
        self.add(Box::new(value), None).map(Resource::new_own)
    }

    /// Adds a resource that is a child of `parent`.
    ///
    /// # Errors
    /// [`ResourceTableError::Full`]; [`ResourceTableError::NotPresent`] if there is no such parent.
    pub fn push_child<R: Send + 'static, P: 'static>(
        &mut self,
        value: R,
        parent: &Resource<P>,
    ) -> Result<Resource<R>, ResourceTableError> {
        self.entry(parent.rep())?;
        let number = self.add(Box::new(value), Some(parent.rep()))?;
        self.entry_mut(parent.rep())?.children.insert(number);
        Ok(Resource::new_own(number))
    }

    /// Makes `child`, which is nobody's child, one of `parent`.
    ///
    /// # Errors
    /// [`ResourceTableError::NotPresent`] if one of them is not there, or `child` has a parent.
    pub fn add_child<R: 'static, P: 'static>(
        &mut self,
        child: Resource<R>,
        parent: &Resource<P>,
    ) -> Result<(), ResourceTableError> {
        self.entry(parent.rep())?;
        let entry = self.entry_mut(child.rep())?;
        if entry.parent.is_some() {
            return Err(ResourceTableError::NotPresent);
        }
        entry.parent = Some(parent.rep());
        self.entry_mut(parent.rep())?.children.insert(child.rep());
        Ok(())
    }

    fn add(
        &mut self,
        value: Box<dyn Any + Send>,
        parent: Option<u32>,
    ) -> Result<u32, ResourceTableError> {
        if self.count >= self.count_max {
            return Err(ResourceTableError::Full);
        }
        let entry = Entry {
            value,
            parent,
            children: BTreeSet::new(),
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.entries[number as usize] = Some(entry);
                number
            }
            None => {
                let number =
                    u32::try_from(self.entries.len()).map_err(|_| ResourceTableError::Full)?;
                self.entries.push(Some(entry));
                number
            }
        };
        self.count += 1;
        Ok(number)
    }

    fn entry(&self, number: u32) -> Result<&Entry, ResourceTableError> {
        let entry = self.entries.get(number as usize).and_then(Option::as_ref);
        entry.ok_or(ResourceTableError::NotPresent)
    }

    fn entry_mut(&mut self, number: u32) -> Result<&mut Entry, ResourceTableError> {
        let entry = self.entries.get_mut(number as usize);
        entry
            .and_then(Option::as_mut)
            .ok_or(ResourceTableError::NotPresent)
    }

    /// A resource.
    ///
    /// # Errors
    /// If it is not there, or of another type.
    pub fn get<R: 'static>(&self, resource: &Resource<R>) -> Result<&R, ResourceTableError> {
        let value = &self.entry(resource.rep())?.value;
        value.downcast_ref().ok_or(ResourceTableError::WrongType)
    }

    /// A resource, to change it.
    ///
    /// # Errors
    /// As [`ResourceTable::get`].
    pub fn get_mut<R: 'static>(
        &mut self,
        resource: &Resource<R>,
    ) -> Result<&mut R, ResourceTableError> {
        let value = &mut self.entry_mut(resource.rep())?.value;
        value.downcast_mut().ok_or(ResourceTableError::WrongType)
    }

    /// A resource by its number alone, whatever its type.
    ///
    /// # Errors
    /// [`ResourceTableError::NotPresent`].
    pub fn get_any_mut(&mut self, rep: u32) -> Result<&mut (dyn Any + Send), ResourceTableError> {
        Ok(&mut *self.entry_mut(rep)?.value)
    }

    /// Takes a resource out.
    ///
    /// # Errors
    /// As [`ResourceTable::get`]; and [`ResourceTableError::HasChildren`].
    pub fn delete<R: 'static>(&mut self, resource: Resource<R>) -> Result<R, ResourceTableError> {
        let number = resource.rep();
        let entry = self.entry(number)?;
        if !entry.value.is::<R>() {
            return Err(ResourceTableError::WrongType);
        }
        if !entry.children.is_empty() {
            return Err(ResourceTableError::HasChildren);
        }
        let taken = self.entries[number as usize].take();
        let entry = taken.ok_or(ResourceTableError::NotPresent)?;
        self.free.push(number);
        self.count -= 1;
        if let Some(parent) = entry.parent {
            self.entry_mut(parent)?.children.remove(&number);
        }
        match entry.value.downcast() {
            Ok(value) => Ok(*value),
            Err(_) => Err(ResourceTableError::WrongType),
        }
    }

    /// The children of a resource, in the order of their numbers.
    ///
    /// # Errors
    /// [`ResourceTableError::NotPresent`].
    pub fn iter_children<P: 'static>(
        &self,
        parent: &Resource<P>,
    ) -> Result<impl Iterator<Item = &(dyn Any + Send)>, ResourceTableError> {
        let children = &self.entry(parent.rep())?.children;
        Ok(children
            .iter()
            .filter_map(|number| self.entry(*number).ok().map(|entry| &*entry.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many() {
        let mut table = ResourceTable::new();
        table.set_max_capacity(2);
        let first = table.push(1_u8).unwrap();
        table.push(2_u8).unwrap();
        assert_eq!(table.push(3_u8).unwrap_err(), ResourceTableError::Full);
        assert_eq!(table.delete(first).unwrap(), 1);
        let again = table.push(3_u8).unwrap();
        assert_eq!((again.rep(), table.len()), (0, 2));
    }

    #[test]
    fn types_and_presence_are_checked() {
        let mut table = ResourceTable::new();
        let number = table.push(1_u8).unwrap();
        let wrong = Resource::<String>::new_borrow(number.rep());
        assert_eq!(table.get(&wrong), Err(ResourceTableError::WrongType));
        assert_eq!(table.delete(wrong), Err(ResourceTableError::WrongType));
        let nothing = Resource::<u8>::new_borrow(77);
        assert_eq!(table.get(&nothing), Err(ResourceTableError::NotPresent));
    }

    #[test]
    fn children_hold_their_parents() {
        let mut table = ResourceTable::new();
        let parent = table.push("parent").unwrap();
        let child = table.push(5_i64).unwrap();
        let rep = child.rep();
        table.add_child(child, &parent).unwrap();
        let children: Vec<i64> = table
            .iter_children(&parent)
            .unwrap()
            .filter_map(|child| child.downcast_ref().copied())
            .collect();
        assert_eq!(children, [5]);
        let parent_again = Resource::<&str>::new_own(parent.rep());
        assert_eq!(table.delete(parent), Err(ResourceTableError::HasChildren));
        table.delete(Resource::<i64>::new_own(rep)).unwrap();
        assert_eq!(table.delete(parent_again), Ok("parent"));
        assert!(table.is_empty());
    }
}
