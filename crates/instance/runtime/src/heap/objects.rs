//! Objects in the heap's space: how long each is, which follow one another in the old generation, what elements an array has.

use std::sync::Arc;

use silica_contract::object::{self, ALIGNMENT, ArrayLayout, heap};

use super::{
    owner::Damaged,
    shape::{Shape, Shapes},
    space::{Extent, Space},
};
use crate::types::TypeRegistry;

/// In the table of starts, a card in which no object begins has this and more: so many to the power of two cards further
/// back is the next place to look.
const BACK: u8 = 64;

/// The objects of a heap.
pub(crate) struct Objects {
    pub(super) space: Space,
    pub(super) shapes: Shapes,
    types: Arc<TypeRegistry>,
    /// Where the first old object is.
    pub(super) old_start: u32,
    /// Where the last ends.
    pub(super) top: u32,
    /// Nothing was ever written beyond this since it became accessible.
    pub(super) written: u32,
}

/// An array, for access to its elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array {
    extent: Extent,
    layout: ArrayLayout,
    length: u32,
    objects: bool,
}

impl Array {
    /// How many elements it has.
    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// Bytes of an element.
    pub(crate) fn element_bytes(self) -> u32 {
        1 << self.layout.element_shift
    }

    /// The offset in the object, and bytes, of elements.
    fn range(self, start: u32, count: u32) -> Result<(u32, u32), Damaged> {
        let end = start.checked_add(count).filter(|end| *end <= self.length);
        end.ok_or(Damaged)?;
        let shift = self.layout.element_shift;
        Ok((self.layout.elements + (start << shift), count << shift))
    }
}

impl Objects {
    pub(super) fn new(
        types: Arc<TypeRegistry>,
        nursery_end: u32,
    ) -> Result<Objects, silica_os::OsError> {
        let mut space = Space::new()?;
        space.extend(nursery_end)?;
        Ok(Objects {
            space,
            shapes: Shapes::new(),
            types,
            old_start: nursery_end,
            top: nursery_end,
            written: nursery_end,
        })
    }

    /// What objects with this header are made of.
    #[inline(always)]
    pub(super) fn shape(&mut self, header: u32) -> Result<Shape, Damaged> {
        self.shapes.get(&self.types, header)
    }

    /// The object at an offset, with what it is made of.
    #[inline(always)]
    pub(super) fn describe(&mut self, start: u32) -> Result<(Extent, Shape), Damaged> {
        let head = self.space.check(start, ALIGNMENT)?;
        let header = self.space.read(head, object::TYPE)?;
        self.describe_as(head, header)
    }

    /// As [`Objects::describe`], with the header known.
    #[inline(always)]
    pub(super) fn describe_as(
        &mut self,
        head: Extent,
        header: u32,
    ) -> Result<(Extent, Shape), Damaged> {
        let shape = self.shape(header)?;
        let bytes = match shape {
            Shape::Fixed { bytes, .. } => bytes,
            Shape::Continuation => object::CONTINUATION_BYTES,
            Shape::Array { layout, .. } => {
                let length = self.space.read(head, object::ARRAY_LENGTH)?;
                u32::try_from(layout.bytes(length)).map_err(|_| Damaged)?
            }
            Shape::Unknown => return Err(Damaged),
        };
        Ok((self.space.check(head.start(), bytes)?, shape))
    }

    /// Gives each reference of an object that `select` picks to `visit`, and puts what it gives in its place. Of an array only those
    /// elements that begin in `window`, which are offsets of the heap.
    #[inline(always)]
    pub(super) fn visit(
        &mut self,
        object: Extent,
        shape: Shape,
        window: (u32, u32),
        select: impl Fn(u32) -> bool + Copy,
        mut visit: impl FnMut(&mut Objects, u32) -> Result<u32, Damaged>,
    ) -> Result<(), Damaged> {
        match shape {
            Shape::Fixed { offsets, .. } => {
                for index in offsets.0..offsets.1 {
                    let offset = self.shapes.offset(index);
                    if select(self.space.read(object, offset)?) {
                        self.visit_one(object, offset, &mut visit)?;
                    }
                }
            }
            Shape::Array {
                objects: true,
                layout,
            } => {
                let mut span = self.span(object, layout, window)?;
                while let Some(offset) = self.space.find(object, span, select)? {
                    self.visit_one(object, offset, &mut visit)?;
                    span.0 = offset + 4;
                }
            }
            Shape::Array { objects: false, .. } | Shape::Continuation | Shape::Unknown => {}
        }
        Ok(())
    }

    /// From which offset in an array to before which those elements lie that begin in `window`, which are offsets of the heap.
    #[inline(always)]
    pub(super) fn span(
        &self,
        array: Extent,
        layout: ArrayLayout,
        window: (u32, u32),
    ) -> Result<(u32, u32), Damaged> {
        let length = self.space.read(array, object::ARRAY_LENGTH)?;
        let end = u64::from(layout.elements) + 4 * u64::from(length);
        let end = end.min(u64::from(array.bytes())) as u32;
        let inside = |at: u32| at.saturating_sub(array.start());
        let first = inside(window.0).max(layout.elements);
        Ok((first, end.min(inside(window.1))))
    }

    #[inline(always)]
    fn visit_one(
        &mut self,
        object: Extent,
        offset: u32,
        visit: &mut impl FnMut(&mut Objects, u32) -> Result<u32, Damaged>,
    ) -> Result<(), Damaged> {
        let before = self.space.read(object, offset)?;
        let after = visit(self, before)?;
        if after != before {
            self.space.write(object, offset, after)?;
        }
        Ok(())
    }

    /// Takes the next bytes of the old generation for an object.
    #[inline(always)]
    pub(super) fn append(&mut self, bytes: u32) -> Result<Extent, Damaged> {
        let object = self.space.check(self.top, bytes)?;
        self.note_start(object);
        self.top = object.end();
        self.written = self.written.max(self.top);
        Ok(object)
    }

    /// As [`Objects::append`], with zeros there.
    pub(super) fn append_zeroed(&mut self, bytes: u32) -> Result<Extent, Damaged> {
        let written = self.written;
        let object = self.append(bytes)?;
        // Fresh pages are zero, and are not touched before the program does.
        let stale = written.saturating_sub(object.start()).min(bytes);
        self.space.bytes_mut(object, 0, stale)?.fill(0);
        Ok(object)
    }

    /// Notes that an old object begins there.
    #[inline(always)]
    pub(super) fn note_start(&mut self, object: Extent) {
        let first = object.start() >> heap::CARD_SHIFT;
        let last = (object.end() - 1) >> heap::CARD_SHIFT;
        let word = object.start() % heap::CARD_BYTES / ALIGNMENT;
        self.space.set_start(first, word as u8);
        for card in first + 1..=last {
            let back = (card - first).ilog2() as u8;
            self.space.set_start(card, BACK + back);
        }
    }

    /// An old object to begin with where those in a card are looked for: it ends at the card's first byte or later.
    pub(super) fn first_in(&self, card: u32) -> Result<u32, Damaged> {
        let at = card << heap::CARD_SHIFT;
        if at <= self.old_start {
            return Ok(self.old_start);
        }
        self.last_before(card)
    }

    /// The last object that begins before a card.
    fn last_before(&self, card: u32) -> Result<u32, Damaged> {
        let mut card = card.checked_sub(1).ok_or(Damaged)?;
        loop {
            match self.space.start(card) {
                word if word < BACK => {
                    return Ok((card << heap::CARD_SHIFT) + u32::from(word) * ALIGNMENT);
                }
                back => {
                    let back = 1_u32.checked_shl(u32::from(back - BACK)).ok_or(Damaged)?;
                    card = card.checked_sub(back).ok_or(Damaged)?;
                }
            }
        }
    }

    /// Marks all cards of an object.
    pub(super) fn dirty(&mut self, object: Extent) {
        let first = object.start() >> heap::CARD_SHIFT;
        for card in first..=(object.end() - 1) >> heap::CARD_SHIFT {
            self.space.set_dirty(card, true);
        }
    }

    /// Notes that a reference is about to be written to a field of a struct.
    pub(crate) fn mark_object(&mut self, reference: u32) {
        self.space.set_dirty(reference >> heap::CARD_SHIFT, true);
    }

    /// Bytes of the field at `offset` of an object, to be written: of one that was just made or marked, or of no reference.
    pub(crate) fn field_mut(
        &mut self,
        reference: u32,
        offset: u32,
        bytes: u32,
    ) -> Result<&mut [u8], Damaged> {
        let (object, _) = self.describe(reference)?;
        self.space.bytes_mut(object, offset, bytes)
    }

    /// The array at an offset.
    pub(crate) fn array(&mut self, reference: u32) -> Result<Array, Damaged> {
        let (extent, shape) = self.describe(reference)?;
        let Shape::Array { layout, objects } = shape else {
            return Err(Damaged);
        };
        Ok(Array {
            extent,
            layout,
            length: self.space.read(extent, object::ARRAY_LENGTH)?,
            objects,
        })
    }

    /// Elements, as bytes, to be written: of numbers or function numbers only.
    pub(crate) fn elements_mut(
        &mut self,
        array: Array,
        start: u32,
        count: u32,
    ) -> Result<&mut [u8], Damaged> {
        let (offset, bytes) = array.range(start, count)?;
        self.space.bytes_mut(array.extent, offset, bytes)
    }

    /// Elements, as bytes.
    #[cfg(test)]
    pub(crate) fn elements(&self, array: Array, start: u32, count: u32) -> Result<&[u8], Damaged> {
        let (offset, bytes) = array.range(start, count)?;
        self.space.bytes(array.extent, offset, bytes)
    }

    /// Sets elements to one value.
    pub(crate) fn fill(
        &mut self,
        array: Array,
        start: u32,
        count: u32,
        value: u128,
    ) -> Result<(), Damaged> {
        self.dirty_elements(array, start, count)?;
        let bytes = self.elements_mut(array, start, count)?;
        let value = value.to_le_bytes();
        match array.element_bytes() {
            1 => bytes.fill(value[0]),
            size => {
                let value = &value[..size as usize];
                bytes
                    .chunks_exact_mut(value.len())
                    .for_each(|element| element.copy_from_slice(value));
            }
        }
        Ok(())
    }

    /// Copies elements between arrays, or within one.
    pub(crate) fn copy(
        &mut self,
        (to, to_start): (Array, u32),
        (from, from_start): (Array, u32),
        count: u32,
    ) -> Result<(), Damaged> {
        if to.layout != from.layout {
            return Err(Damaged);
        }
        self.dirty_elements(to, to_start, count)?;
        let (to_offset, bytes) = to.range(to_start, count)?;
        let (from_offset, _) = from.range(from_start, count)?;
        self.space
            .copy((from.extent, from_offset), (to.extent, to_offset), bytes)
    }

    /// Marks the cards of elements that are about to be written.
    fn dirty_elements(&mut self, array: Array, start: u32, count: u32) -> Result<(), Damaged> {
        let (offset, bytes) = array.range(start, count)?;
        if !array.objects || bytes == 0 {
            return Ok(());
        }
        let first = array.extent.start() + offset;
        for card in first >> heap::CARD_SHIFT..=(first + bytes - 1) >> heap::CARD_SHIFT {
            self.space.set_dirty(card, true);
        }
        Ok(())
    }
}
