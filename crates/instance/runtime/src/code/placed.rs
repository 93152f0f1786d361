//! The functions that growing code has so far: found by address without a lock, while others are added.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
    time::Duration,
};

use silica_contract::{
    artefact::{CompiledFunction, InlinedPlace, SourceLocation},
    call_sites::{Handler, Handlers, StackMaps, write_handlers, write_stack_maps},
    image::CodeRange,
    trap::TrapCode,
};

use super::tables::References;

/// Why a function was compiled while its module was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It was called for the first time: in one pass.
    FirstCall,
    /// It was used much: optimized.
    Use,
    /// The loop at this offset in the module turned often: optimized, to go on there.
    Loop(u32),
}

/// The compilation of a function, while its module was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compilation {
    /// Which defined function.
    pub defined: u32,
    /// Why.
    pub occasion: Occasion,
    /// When it began, since the module was made.
    pub at: Duration,
    /// What it took.
    pub took: Duration,
    /// Bytes of code that came out.
    pub bytes: u32,
}

/// What is known of a function's code. Offsets count from its start.
#[derive(Debug)]
pub(super) struct Placed {
    /// Which defined function it is.
    pub(super) defined: u32,
    /// Where in the text it starts.
    pub(super) start: u32,
    /// Bytes of code.
    pub(super) length: u32,
    pub(super) compilation: Compilation,
    /// Ascending.
    traps: Box<[(u32, TrapCode)]>,
    /// Where code came from, ascending; an entry holds until the next.
    locations: Box<[SourceLocation]>,
    inlined: Box<[InlinedPlace]>,
    stack_maps: Box<[u8]>,
    handlers: Box<[u8]>,
    /// Where the call returns by which it goes on in other code of its own.
    pub(super) continued_at: Option<u32>,
}

impl Placed {
    /// A function at `start`, compiled on some occasion, at a time that took some time.
    pub(super) fn new(
        (defined, occasion): (u32, Occasion),
        start: u32,
        function: &CompiledFunction,
        (at, took): (Duration, Duration),
    ) -> Placed {
        let bytes = function.bytes.len() as u32;
        let encoded = |is_empty: bool, write: &dyn Fn() -> Vec<u8>| match is_empty {
            true => Box::default(),
            false => write().into_boxed_slice(),
        };
        Placed {
            defined,
            start,
            length: bytes,
            compilation: Compilation {
                defined,
                occasion,
                at,
                took,
                bytes,
            },
            traps: function.traps.clone().into_boxed_slice(),
            locations: function.locations.clone().into_boxed_slice(),
            inlined: function.inlined.clone().into_boxed_slice(),
            stack_maps: encoded(function.stack_maps.is_empty(), &|| {
                write_stack_maps(&function.stack_maps)
            }),
            handlers: encoded(function.handlers.is_empty(), &|| {
                write_handlers(&function.handlers)
            }),
            continued_at: function.continued_at,
        }
    }

    /// Where it is.
    pub(super) fn code(&self) -> CodeRange {
        CodeRange {
            start: self.start,
            length: self.length,
        }
    }

    /// The instructions that may trap, ascending.
    pub(super) fn traps(&self) -> &[(u32, TrapCode)] {
        &self.traps
    }

    /// Where code came from, ascending; an entry holds until the next.
    pub(super) fn locations(&self) -> &[SourceLocation] {
        &self.locations
    }

    /// The operators of bodies that stand in place of calls.
    pub(super) fn inlined(&self) -> &[InlinedPlace] {
        &self.inlined
    }

    /// The references that its frames keep, by return address.
    pub(super) fn stack_maps(&self) -> StackMaps<'_> {
        StackMaps::new(&self.stack_maps)
    }

    /// The handlers of exceptions, by return address.
    pub(super) fn handlers(&self) -> Handlers<'_> {
        Handlers::new(&self.handlers)
    }

    pub(super) fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        let index = self.traps.binary_search_by_key(&offset, |trap| trap.0);
        Some(self.traps[index.ok()?].1)
    }

    pub(super) fn module_offsets_at(&self, offset: u32) -> Vec<u32> {
        let after = self.locations.partition_point(|l| l.offset <= offset);
        let place = (after.checked_sub(1)).and_then(|index| self.locations[index].place);
        place.map_or_else(Vec::new, |place| {
            place.module_offsets(|number| self.inlined.get(number as usize).copied())
        })
    }

    /// The handler of the call that returns there; its own offset counts from the function's start, too.
    pub(super) fn handler_at(&self, return_offset: u32) -> Option<Handler> {
        Handlers::new(&self.handlers).at(return_offset)
    }

    pub(super) fn references_at(&self, return_offset: u32, into: &mut References) {
        let found = StackMaps::new(&self.stack_maps).at(return_offset);
        into.extend(found.into_iter().flatten());
    }
}

/// Functions in a piece of a list.
const PIECE: usize = 1 << 10;

/// Places of a piece of a list, null where no function is yet.
type Piece = Box<[AtomicPtr<Placed>]>;

/// A list that only grows, at its end, with room for a fixed number. Its functions lie in the text in the list's order.
pub(super) struct PlacedList {
    /// Made as they are needed. The first `count` places in them point to what came from a box, and never change.
    pieces: Box<[OnceLock<Piece>]>,
    count: AtomicUsize,
}

impl PlacedList {
    pub(super) fn new(capacity: usize) -> PlacedList {
        PlacedList {
            pieces: (0..capacity.div_ceil(PIECE))
                .map(|_| OnceLock::new())
                .collect(),
            count: AtomicUsize::new(0),
        }
    }

    /// Adds a function, which lies after all others in the text. The caller sees to it that nobody else adds one meanwhile.
    ///
    /// # Panics
    /// If there is no room.
    pub(super) fn push(&self, placed: Placed) {
        let count = self.count.load(Ordering::Relaxed);
        let last = count.checked_sub(1).and_then(|last| self.get(last));
        assert!(last.is_none_or(|last| last.start + last.length <= placed.start));
        let piece = self.pieces[count / PIECE]
            .get_or_init(|| (0..PIECE).map(|_| AtomicPtr::default()).collect());
        piece[count % PIECE].store(Box::into_raw(Box::new(placed)), Ordering::Release);
        self.count.store(count + 1, Ordering::Release);
    }

    fn get(&self, index: usize) -> Option<&Placed> {
        let piece = self.pieces.get(index / PIECE)?.get()?;
        let place = piece[index % PIECE].load(Ordering::Acquire);
        // SAFETY: a place that is not null came from a box, which is dropped with the list.
        unsafe { place.as_ref() }
    }

    /// All of them, in the order in which they were added.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Placed> {
        (0..self.count.load(Ordering::Acquire)).filter_map(|index| self.get(index))
    }

    /// The function whose code contains this text offset. Allocates nothing.
    pub(super) fn at(&self, offset: u32) -> Option<&Placed> {
        let (mut low, mut high) = (0, self.count.load(Ordering::Acquire));
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle)?.start <= offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let found = self.get(low.checked_sub(1)?)?;
        (offset - found.start < found.length).then_some(found)
    }
}

impl Drop for PlacedList {
    fn drop(&mut self) {
        let pieces = self.pieces.iter_mut().filter_map(OnceLock::get_mut);
        for place in pieces.flatten().take(*self.count.get_mut()) {
            // SAFETY: it came from a box, and nobody has the list any more.
            drop(unsafe { Box::from_raw(*place.get_mut()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use silica_contract::artefact::Place;

    use super::*;

    fn placed(defined: u32, start: u32, bytes: usize) -> Placed {
        let function = CompiledFunction {
            bytes: vec![0; bytes],
            traps: vec![(1, TrapCode::Unreachable), (7, TrapCode::MemoryOutOfBounds)],
            locations: vec![
                SourceLocation {
                    offset: 2,
                    place: Some(Place::at(100)),
                },
                SourceLocation {
                    offset: 8,
                    place: None,
                },
            ],
            handlers: vec![Handler {
                return_offset: 5,
                handler_offset: 9,
                frame_bytes: 16,
            }],
            ..CompiledFunction::default()
        };
        let times = (Duration::ZERO, Duration::ZERO);
        Placed::new((defined, Occasion::FirstCall), start, &function, times)
    }

    #[test]
    fn functions_are_found_by_offset() {
        let list = PlacedList::new(3);
        assert!(list.at(0).is_none());
        list.push(placed(7, 64, 10));
        list.push(placed(2, 128, 20));
        let at = |offset| list.at(offset).map(|placed| placed.defined);
        assert_eq!(
            [at(63), at(64), at(73), at(74)],
            [None, Some(7), Some(7), None]
        );
        assert_eq!(
            [at(127), at(128), at(147), at(148)],
            [None, Some(2), Some(2), None]
        );
        list.push(placed(0, 148, 1));
        assert_eq!(list.at(148).map(|placed| placed.defined), Some(0));
    }

    #[test]
    fn tables_count_from_the_functions_start() {
        let placed = placed(0, 640, 10);
        assert_eq!(placed.trap_at(7), Some(TrapCode::MemoryOutOfBounds));
        assert_eq!(placed.trap_at(2), None);
        let places = [1, 2, 7, 8].map(|offset| placed.module_offsets_at(offset));
        assert_eq!(places, [vec![], vec![100], vec![100], vec![]]);
        assert_eq!(
            placed.handler_at(5).map(|handler| handler.handler_offset),
            Some(9)
        );
        assert_eq!(placed.handler_at(6), None);
        let mut references = References::new();
        placed.references_at(5, &mut references);
        assert!(references.is_empty());
    }
}
