//! What the embedder has given to the program: values that objects stand for.
//!
//! A place is free again when its object is gone. The value itself is dropped only after the collection, by who has the store:
//! dropping runs the embedder's code.

use std::any::Any;

use super::owner::Damaged;

type Value = Box<dyn Any + Send + Sync>;

struct Entry {
    value: Value,
    /// The object that stands for it.
    object: u32,
}

/// The values of one heap, by place.
pub(super) struct HostValues {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// Places of those whose objects are in the nursery.
    young: Vec<u32>,
    dropped: Vec<Value>,
    max: u32,
}

impl HostValues {
    pub(super) fn new(max: u32) -> HostValues {
        HostValues {
            entries: Vec::new(),
            free: Vec::new(),
            young: Vec::new(),
            dropped: Vec::new(),
            max,
        }
    }

    /// Whether there are as many as there may be.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() - self.free.len() >= self.max as usize
    }

    /// Gives a value the object at `object`, which is young.
    pub(super) fn insert(&mut self, object: u32, value: Value) -> u32 {
        let entry = Some(Entry { value, object });
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                // As many as `max`, which is 32 bits wide.
                (self.entries.len() - 1) as u32
            }
        };
        self.young.push(place);
        place
    }

    /// The value at a place, if `object` is what stands for it.
    pub(super) fn get(&self, place: u32, object: u32) -> Option<&(dyn Any + Send + Sync)> {
        let entry = self.entries.get(place as usize)?.as_ref()?;
        (entry.object == object).then_some(&*entry.value)
    }

    /// The value at a place, if `object` is what stands for it.
    pub(super) fn get_mut(
        &mut self,
        place: u32,
        object: u32,
    ) -> Option<&mut (dyn Any + Send + Sync)> {
        let entry = self.entries.get_mut(place as usize)?.as_mut()?;
        (entry.object == object).then_some(&mut *entry.value)
    }

    /// Takes note of a young collection: `moved` tells where an object of the nursery is now.
    pub(super) fn young_collected(
        &mut self,
        mut moved: impl FnMut(u32) -> Result<Option<u32>, Damaged>,
    ) -> Result<(), Damaged> {
        for place in std::mem::take(&mut self.young) {
            self.update(place, &mut moved)?;
        }
        Ok(())
    }

    /// Takes note of a full collection: `moved` tells where an object is now.
    pub(super) fn collected(
        &mut self,
        mut moved: impl FnMut(u32) -> Result<Option<u32>, Damaged>,
    ) -> Result<(), Damaged> {
        for place in 0..self.entries.len() as u32 {
            self.update(place, &mut moved)?;
        }
        Ok(())
    }

    fn update(
        &mut self,
        place: u32,
        moved: &mut impl FnMut(u32) -> Result<Option<u32>, Damaged>,
    ) -> Result<(), Damaged> {
        let slot = &mut self.entries[place as usize];
        let Some(entry) = slot else {
            return Ok(());
        };
        match moved(entry.object)? {
            Some(object) => entry.object = object,
            None => {
                self.dropped.extend(slot.take().map(|entry| entry.value));
                self.free.push(place);
            }
        }
        Ok(())
    }

    /// Values whose objects are gone.
    pub(super) fn take_dropped(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.dropped)
    }
}
