//! Counting what holds something of the host's, such as a descriptor: the table of resources bounds handles, and one
//! handle may be gone while a stream that it gave lives on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many there may be, and are.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    taken: Arc<AtomicUsize>,
    count_max: usize,
}

/// One that is counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<AtomicUsize>,
}

impl Room {
    pub(crate) fn new(count_max: usize) -> Room {
        Room {
            taken: Arc::default(),
            count_max,
        }
    }

    /// Room for one more, if there is any.
    pub(crate) fn take(&self) -> Option<Place> {
        let place = Place {
            taken: Arc::clone(&self.taken),
        };
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        // The place gives back what it took where that was too much.
        (before < self.count_max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_for_what_was_dropped() {
        let room = Room::new(2);
        let first = room.take().unwrap();
        let _second = room.take().unwrap();
        assert!(room.take().is_none() && room.take().is_none());
        drop(first);
        let third = room.take();
        assert!(third.is_some() && room.take().is_none());
    }
}
