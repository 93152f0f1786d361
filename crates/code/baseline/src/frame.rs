//! Places in the frame: what is free, and how large the frame became.
//!
//! A place is named by its distance from the frame pointer, negative below it (what the caller passed on the stack lies
//! above). Places of 16 bytes are aligned to 16.

/// Where something lies in the frame: bytes from the frame pointer.
pub(crate) type Place = i32;

/// The frame of the function at hand.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// Bytes in use or on a free list.
    bytes: u32,
    free8: Vec<Place>,
    free16: Vec<Place>,
}

/// More than this, and a displacement might not hold it.
const FRAME_BYTES_MAX: u32 = 1 << 28;

impl Frame {
    pub(crate) fn clear(&mut self) {
        self.bytes = 0;
        self.free8.clear();
        self.free16.clear();
    }

    /// A place that nothing else uses.
    pub(crate) fn take(&mut self, bytes: u32) -> Place {
        if bytes > 8 {
            return self.free16.pop().unwrap_or_else(|| self.grow16());
        }
        self.free8.pop().unwrap_or_else(|| self.grow(8))
    }

    fn grow16(&mut self) -> Place {
        if !self.bytes.is_multiple_of(16) {
            let hole = self.grow(8);
            self.free8.push(hole);
        }
        self.grow(16)
    }

    /// Adds so many bytes below all others; gives the place of the lowest.
    pub(crate) fn grow(&mut self, bytes: u32) -> Place {
        self.bytes = self.bytes.saturating_add(bytes).min(FRAME_BYTES_MAX + 64);
        -(self.bytes as i32)
    }

    /// Gives back what [`Frame::take`] gave.
    pub(crate) fn give_back(&mut self, place: Place, bytes: u32) {
        if bytes > 8 {
            self.free16.push(place);
        } else {
            self.free8.push(place);
        }
    }

    /// Bytes that are in use or were.
    pub(crate) fn used(&self) -> u32 {
        self.bytes
    }

    /// Whether the frame is larger than any frame may be.
    pub(crate) fn is_too_large(&self) -> bool {
        self.bytes > FRAME_BYTES_MAX
    }

    /// Bytes of the whole frame, a multiple of 16.
    pub(crate) fn bytes(&self) -> u32 {
        self.bytes.next_multiple_of(16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_overlap_and_are_aligned() {
        let mut frame = Frame::default();
        let (a, b, c) = (frame.take(8), frame.take(16), frame.take(8));
        assert_eq!((a, b, c), (-8, -32, -16));
        frame.give_back(b, 16);
        assert_eq!(frame.take(16), b);
        assert_eq!(frame.bytes(), 32);
    }
}
