//! The address space of a heap, and every access of the collector to it.
//!
//! What the collector reads there is a claim of the guest's: an offset is only used after [`Space::check`] has turned it into an
//! [`Extent`], which lies within what is accessible. The tables beside the heap have an entry for each card of the whole
//! reservation, so that no offset is beyond them.

use silica_contract::object::{ALIGNMENT, heap};
use silica_os::{Mapping, OsError, Protection};

use super::owner::Damaged;

/// How many cards, and so entries of each table, there are.
const CARDS: usize = (heap::RESERVATION >> heap::CARD_SHIFT) as usize;
/// Where each table lies in the reservation: starts (a byte for each card), marks (8 bytes), places (4 bytes), cards (1 byte).
const STARTS_AT: usize = 0;
const MARKS_AT: usize = STARTS_AT + CARDS;
const PLACES_AT: usize = MARKS_AT + 8 * CARDS;
const CARDS_AT: usize = PLACES_AT + 4 * CARDS;
/// Where the heap's base lies.
const BASE_AT: usize = CARDS_AT + CARDS;

const _: () = {
    assert!(heap::CARDS == -(CARDS as i32));
    // A card's marks are one word.
    assert!(heap::CARD_BYTES == 64 * ALIGNMENT);
};

/// Bytes that a heap becomes longer or shorter by: a multiple of every page size.
pub(super) const GRAIN: u32 = 64 << 10;
/// The end of the last object at most.
pub(super) const END_MAX: u32 = (heap::RESERVATION - GRAIN as u64) as u32;

/// The reservation of one heap.
pub(super) struct Space {
    mapping: Mapping,
    /// Where what is accessible ends; it begins at [`heap::INACCESSIBLE`].
    end: u32,
}

/// A part of the heap that is accessible, as of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    start: u32,
    bytes: u32,
}

impl Extent {
    pub(super) fn start(self) -> u32 {
        self.start
    }

    pub(super) fn bytes(self) -> u32 {
        self.bytes
    }

    pub(super) fn end(self) -> u32 {
        self.start + self.bytes
    }
}

impl Space {
    /// A reservation of which nothing is accessible yet.
    pub(super) fn new() -> Result<Space, OsError> {
        let length = BASE_AT + heap::RESERVATION as usize + heap::GUARD as usize;
        let mapping = Mapping::reserve(length)?;
        mapping.protect(0..BASE_AT, Protection::ReadWrite)?;
        Ok(Space {
            mapping,
            end: heap::INACCESSIBLE,
        })
    }

    /// The address of offset 0.
    pub(super) fn base(&self) -> *mut u8 {
        self.mapping.base().wrapping_add(BASE_AT)
    }

    /// Where what is accessible ends.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// Makes everything accessible up to `end`, a multiple of [`GRAIN`].
    pub(super) fn extend(&mut self, end: u32) -> Result<(), OsError> {
        debug_assert!(end.is_multiple_of(GRAIN) && end >= self.end && end <= END_MAX);
        let range = BASE_AT + self.end as usize..BASE_AT + end as usize;
        self.mapping.protect(range, Protection::ReadWrite)?;
        self.end = end;
        Ok(())
    }

    /// Makes everything from `end` on, a multiple of [`GRAIN`], inaccessible, and gives its memory back.
    pub(super) fn shrink(&mut self, end: u32) -> Result<(), OsError> {
        debug_assert!(end.is_multiple_of(GRAIN) && end <= self.end);
        let range = BASE_AT + end as usize..BASE_AT + self.end as usize;
        self.mapping.overlay_anonymous(range, Protection::None)?;
        self.end = end;
        Ok(())
    }

    /// A part of the heap, if it is accessible as a whole and begins where an object can.
    #[inline(always)]
    pub(super) fn check(&self, start: u32, bytes: u32) -> Result<Extent, Damaged> {
        let fits = start >= heap::INACCESSIBLE
            && start.is_multiple_of(ALIGNMENT)
            && u64::from(start) + u64::from(bytes) <= u64::from(self.end);
        if fits {
            Ok(Extent { start, bytes })
        } else {
            Err(Damaged)
        }
    }

    /// A pointer to `bytes` bytes of an extent.
    #[inline(always)]
    fn pointer(&self, extent: Extent, offset: u32, bytes: u32) -> Result<*mut u8, Damaged> {
        if u64::from(offset) + u64::from(bytes) <= u64::from(extent.bytes)
            && extent.end() <= self.end
        {
            Ok(self.base().wrapping_add((extent.start + offset) as usize))
        } else {
            Err(Damaged)
        }
    }

    /// 32 bits of an object.
    #[inline(always)]
    pub(super) fn read(&self, extent: Extent, offset: u32) -> Result<u32, Damaged> {
        let pointer = self.pointer(extent, offset, 4)?;
        // SAFETY: `pointer` checked that four bytes there are accessible; nobody else uses the heap now.
        Ok(unsafe { pointer.cast::<u32>().read_unaligned() })
    }

    /// Writes 32 bits of an object.
    #[inline(always)]
    pub(super) fn write(&mut self, extent: Extent, offset: u32, value: u32) -> Result<(), Damaged> {
        let pointer = self.pointer(extent, offset, 4)?;
        // SAFETY: as in `read`; the space is borrowed exclusively.
        unsafe { pointer.cast::<u32>().write_unaligned(value) };
        Ok(())
    }

    /// Where in an object, from one offset to before another, the first word is that `select` picks.
    #[inline(always)]
    pub(super) fn find(
        &self,
        extent: Extent,
        (first, end): (u32, u32),
        select: impl Fn(u32) -> bool + Copy,
    ) -> Result<Option<u32>, Damaged> {
        /// So many words are looked at together.
        const TOGETHER: usize = 16;
        let count = end.saturating_sub(first) / 4;
        let pointer = self.pointer(extent, first, 4 * count)?.cast::<u32>();
        if !pointer.is_aligned() {
            return Err(Damaged);
        }
        // SAFETY: `pointer` checked that so many bytes there are accessible; nobody writes them while the space is borrowed.
        let words = unsafe { std::slice::from_raw_parts(pointer, count as usize) };
        if words.first().is_some_and(|word| select(*word)) {
            return Ok(Some(first));
        }
        let none = |words: &&[u32]| !words.iter().fold(false, |any, word| any | select(*word));
        let before = words.chunks_exact(TOGETHER).take_while(none).count() * TOGETHER;
        let found = words[before..].iter().position(|word| select(*word));
        Ok(found.map(|found| first + 4 * (before + found) as u32))
    }

    /// Says that an object will soon be looked at, and its marks.
    #[inline(always)]
    pub(super) fn prefetch(&self, reference: u32) {
        prefetch(self.base().wrapping_add(reference as usize));
        let marks = self.entry::<u64>(MARKS_AT, reference >> heap::CARD_SHIFT);
        prefetch(marks.cast());
    }

    /// Says that the objects on a card will soon be looked at.
    #[inline(always)]
    pub(super) fn prefetch_card(&self, card: u32) {
        /// Bytes that processors read at once.
        const LINE: usize = 64;
        let start = self
            .base()
            .wrapping_add((card << heap::CARD_SHIFT) as usize);
        for offset in (0..heap::CARD_BYTES as usize).step_by(LINE) {
            prefetch(start.wrapping_add(offset));
        }
    }

    /// Bytes of an object, to read.
    #[cfg(test)]
    pub(super) fn bytes(&self, extent: Extent, offset: u32, bytes: u32) -> Result<&[u8], Damaged> {
        let pointer = self.pointer(extent, offset, bytes)?;
        // SAFETY: `pointer` checked that so many bytes there are accessible; nobody writes them while the space is borrowed.
        Ok(unsafe { std::slice::from_raw_parts(pointer, bytes as usize) })
    }

    /// Bytes of an object, to write.
    pub(super) fn bytes_mut(
        &mut self,
        extent: Extent,
        offset: u32,
        bytes: u32,
    ) -> Result<&mut [u8], Damaged> {
        let pointer = self.pointer(extent, offset, bytes)?;
        // SAFETY: as in `bytes`; the space is borrowed exclusively.
        Ok(unsafe { std::slice::from_raw_parts_mut(pointer, bytes as usize) })
    }

    /// Copies an object of whole words to a place that it does not overlap.
    #[inline(always)]
    pub(super) fn copy_apart(&mut self, from: Extent, to: Extent) -> Result<(), Damaged> {
        if from.start.abs_diff(to.start) < from.bytes {
            return Err(Damaged);
        }
        let source = self.pointer(from, 0, from.bytes)?.cast::<u64>();
        let target = self.pointer(to, 0, from.bytes)?.cast::<u64>();
        let words = from.bytes as usize / 8;
        // SAFETY: both ranges are accessible, aligned as objects are, and do not overlap. Most objects are a few words, for which a
        // loop is quicker than a call.
        unsafe {
            if words <= 8 {
                for word in 0..words {
                    target.add(word).write(source.add(word).read());
                }
            } else {
                std::ptr::copy_nonoverlapping(source, target, words);
            }
        }
        Ok(())
    }

    /// Copies bytes within the heap, from the bytes of one extent to those of another, which may overlap.
    pub(super) fn copy(
        &mut self,
        (from, from_offset): (Extent, u32),
        (to, to_offset): (Extent, u32),
        bytes: u32,
    ) -> Result<(), Damaged> {
        let source = self.pointer(from, from_offset, bytes)?;
        let target = self.pointer(to, to_offset, bytes)?;
        // SAFETY: both ranges are accessible; they may overlap.
        unsafe { std::ptr::copy(source, target, bytes as usize) };
        Ok(())
    }

    /// An entry of one of the tables.
    #[inline(always)]
    fn entry<T>(&self, table: usize, card: u32) -> *mut T {
        let card = card as usize % CARDS;
        self.mapping
            .base()
            .wrapping_add(table)
            .cast::<T>()
            .wrapping_add(card)
    }

    /// Where the last object begins that begins in a card, see [`super::starts`].
    #[inline(always)]
    pub(super) fn start(&self, card: u32) -> u8 {
        // SAFETY: the table has an entry for each card, and is always accessible.
        unsafe { self.entry::<u8>(STARTS_AT, card).read() }
    }

    #[inline(always)]
    pub(super) fn set_start(&mut self, card: u32, value: u8) {
        // SAFETY: as above.
        unsafe { self.entry::<u8>(STARTS_AT, card).write(value) };
    }

    /// The marks of a card: a bit for each 8 bytes.
    #[inline(always)]
    pub(super) fn marks(&self, card: u32) -> u64 {
        // SAFETY: as above.
        unsafe { self.entry::<u64>(MARKS_AT, card).read() }
    }

    #[inline(always)]
    pub(super) fn set_marks(&mut self, card: u32, marks: u64) {
        // SAFETY: as above.
        unsafe { self.entry::<u64>(MARKS_AT, card).write(marks) };
    }

    /// Where the first marked bytes of a card go.
    #[inline(always)]
    pub(super) fn place(&self, card: u32) -> u32 {
        // SAFETY: as above.
        unsafe { self.entry::<u32>(PLACES_AT, card).read() }
    }

    #[inline(always)]
    pub(super) fn set_place(&mut self, card: u32, place: u32) {
        // SAFETY: as above.
        unsafe { self.entry::<u32>(PLACES_AT, card).write(place) };
    }

    /// Whether references may have been written in a card.
    #[inline(always)]
    pub(super) fn is_dirty(&self, card: u32) -> bool {
        // SAFETY: as above.
        unsafe { self.entry::<u8>(CARDS_AT, card).read() != 0 }
    }

    pub(super) fn set_dirty(&mut self, card: u32, dirty: bool) {
        let value = if dirty { heap::CARD_DIRTY } else { 0 };
        // SAFETY: as above.
        unsafe { self.entry::<u8>(CARDS_AT, card).write(value) };
    }

    /// The first dirty card from `card` on, before `end`.
    pub(super) fn next_dirty(&self, mut card: u32, end: u32) -> Option<u32> {
        while card < end {
            if card.is_multiple_of(8) && card + 8 <= end {
                // SAFETY: as above, for eight cards of the table, whose beginning is on a page boundary.
                if unsafe { self.entry::<u8>(CARDS_AT, card).cast::<u64>().read() } == 0 {
                    card += 8;
                    continue;
                }
            }
            if self.is_dirty(card) {
                return Some(card);
            }
            card += 1;
        }
        None
    }
}

/// Asks memory for what lies at an address.
#[inline(always)]
fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: prefetching faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    // There is no such function for other processors; it only saves time.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_the_end_is_given() {
        let mut space = Space::new().unwrap();
        assert!(space.check(heap::INACCESSIBLE, 8).is_err());
        space.extend(heap::INACCESSIBLE + GRAIN).unwrap();
        let object = space.check(heap::INACCESSIBLE, 16).unwrap();
        space.write(object, 12, 7).unwrap();
        assert_eq!(space.read(object, 12), Ok(7));
        assert!(space.read(object, 13).is_err());
        assert!(space.read(object, u32::MAX).is_err());
        let last = heap::INACCESSIBLE + GRAIN - 8;
        assert!(space.check(last, 8).is_ok() && space.check(last, 16).is_err());
        assert!(space.check(last, u32::MAX).is_err());
        assert!(space.check(0, 8).is_err() && space.check(heap::INACCESSIBLE + 4, 8).is_err());
        space.shrink(heap::INACCESSIBLE).unwrap();
        assert!(space.check(heap::INACCESSIBLE, 8).is_err());
        assert!(space.read(object, 12).is_err(), "an extent of before");
        space.extend(heap::INACCESSIBLE + GRAIN).unwrap();
        assert_eq!(space.read(object, 12), Ok(0), "the memory was given back");
    }

    #[test]
    fn dirty_cards_are_found_in_order() {
        let mut space = Space::new().unwrap();
        for card in [3, 16, 17, 4000] {
            space.set_dirty(card, true);
        }
        let mut found = Vec::new();
        let mut card = 0;
        while let Some(dirty) = space.next_dirty(card, 4001) {
            found.push(dirty);
            card = dirty + 1;
        }
        assert_eq!(found, [3, 16, 17, 4000]);
        assert_eq!(space.next_dirty(18, 4000), None);
    }
}
