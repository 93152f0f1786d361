//! What an image says of a return address: which references its frame keeps, and where an exception goes on.
//!
//! Both are tables by return address, as offset in the text, ascending: [`StackMaps`] for the collector, [`Handlers`]
//! for a throw. A call that keeps no reference, or that nothing catches from, has no entry. All places in a frame
//! are told as bytes below its frame pointer.
//!
//! Readers believe nothing: whatever the bytes are, they give something or nothing, in time bounded by the bytes.

use std::collections::HashMap;

/// Bytes from one reference of a run to the next: a slot of a frame.
pub const SLOT_BYTES: u32 = 8;

/// References of a frame that lie in a row, [`SLOT_BYTES`] apart, 32 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// Bytes from the lowest of them up to the frame pointer.
    pub below: u32,
    /// How many there are.
    pub count: u32,
}

/// The references of a frame at one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackMap {
    /// Offset of the address that the call returns to.
    pub return_offset: u32,
    /// References of this call.
    pub runs: Vec<Run>,
    /// References that the frame keeps at each of its calls.
    pub always: Vec<Run>,
}

/// Where an exception that a call throws goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Offset of the address that the call returns to.
    pub return_offset: u32,
    /// Offset of the handler's first instruction.
    pub handler_offset: u32,
    /// Bytes from the stack pointer that the handler expects up to the frame pointer.
    pub frame_bytes: u32,
}

/// Words of a handler.
const HANDLER_WORDS: usize = 3;
/// Words of a run.
const RUN_WORDS: usize = 2;

/// Writes the section of stack maps: the number of maps, then for each a return offset, then for each the index of its
/// first run among the runs and the number of its runs, then the runs. Equal lists of runs are written once.
#[must_use]
pub fn write_stack_maps(maps: &[StackMap]) -> Vec<u8> {
    let mut known: HashMap<Vec<Run>, u32> = HashMap::new();
    let (mut places, mut runs) = (Vec::with_capacity(maps.len()), Vec::new());
    for map in maps {
        let mut place = |list: &[Run]| {
            let start = *known.entry(list.to_vec()).or_insert_with(|| {
                let start = runs.len() as u32;
                runs.extend_from_slice(list);
                start
            });
            (start, list.len() as u32)
        };
        let of_call = place(&map.runs);
        let always = place(&map.always);
        places.push([of_call.0, of_call.1, always.0, always.1]);
    }
    let head = std::iter::once(maps.len() as u32);
    let offsets = maps.iter().map(|map| map.return_offset);
    let places = places.into_iter().flatten();
    let runs = runs.iter().flat_map(|run| [run.below, run.count]);
    (head.chain(offsets).chain(places).chain(runs))
        .flat_map(u32::to_le_bytes)
        .collect()
}

/// Writes the section of handlers.
#[must_use]
pub fn write_handlers(handlers: &[Handler]) -> Vec<u8> {
    (handlers.iter())
        .flat_map(|h| [h.return_offset, h.handler_offset, h.frame_bytes])
        .flat_map(u32::to_le_bytes)
        .collect()
}

/// Words of a section.
#[derive(Clone, Copy, Debug)]
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn get(self, index: usize) -> Option<u32> {
        let start = index.checked_mul(4)?;
        let word = self.0.get(start..start.checked_add(4)?)?;
        word.try_into().ok().map(u32::from_le_bytes)
    }

    fn len(self) -> usize {
        self.0.len() / 4
    }

    /// Of `count` words, `step` apart from `first` on and ascending, the place of the one that is `value`.
    fn find(self, first: usize, step: usize, count: usize, value: u32) -> Option<usize> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            let found = self.get(first + middle * step)?;
            match found.cmp(&value) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Stack maps as an image has them.
#[derive(Clone, Copy, Debug)]
pub struct StackMaps<'a>(Words<'a>);

impl<'a> StackMaps<'a> {
    /// Those of a section.
    #[must_use]
    pub fn new(section: &'a [u8]) -> StackMaps<'a> {
        StackMaps(Words(section))
    }

    /// The references that a frame keeps in the call that returns to this offset: of each the bytes that it lies below
    /// the frame pointer. `None` where it keeps none.
    #[must_use]
    pub fn at(self, return_offset: u32) -> Option<impl Iterator<Item = u32> + 'a> {
        let words = self.0;
        // No more than there is room for.
        let count = (words.get(0)? as usize).min(words.len());
        let index = words.find(1, 1, count, return_offset)?;
        let place = 1 + count + index * 4;
        let first_run = 1 + count * 5;
        let list = move |at: usize| {
            let (start, length) = (words.get(at).unwrap_or(0), words.get(at + 1).unwrap_or(0));
            let start = first_run + start as usize * RUN_WORDS;
            (0..length as usize)
                .map_while(move |run| {
                    let below = words.get(start + run * RUN_WORDS)?;
                    Some((below, words.get(start + run * RUN_WORDS + 1)?))
                })
                .flat_map(|(below, count)| {
                    // A reference lies below the frame pointer, whatever the count says.
                    let count = count.min(below / SLOT_BYTES + 1);
                    (0..count).map(move |slot| below.saturating_sub(slot * SLOT_BYTES))
                })
        };
        Some(list(place).chain(list(place + 2)))
    }
}

impl StackMaps<'_> {
    /// All of them, ascending.
    pub fn all(self) -> impl Iterator<Item = StackMap> {
        let words = self.0;
        let count = (words.get(0).unwrap_or(0) as usize).min(words.len());
        let runs = move |at: usize| -> Option<Vec<Run>> {
            let (start, length) = (words.get(at)? as usize, words.get(at + 1)?);
            (0..length as usize)
                .map(|run| {
                    let at = 1 + count * 5 + (start + run) * RUN_WORDS;
                    Some(Run {
                        below: words.get(at)?,
                        count: words.get(at + 1)?,
                    })
                })
                .collect()
        };
        (0..count).map_while(move |index| {
            let place = 1 + count + index * 4;
            Some(StackMap {
                return_offset: words.get(1 + index)?,
                runs: runs(place)?,
                always: runs(place + 2)?,
            })
        })
    }
}

/// Handlers as an image has them.
#[derive(Clone, Copy, Debug)]
pub struct Handlers<'a>(Words<'a>);

impl<'a> Handlers<'a> {
    /// Those of a section.
    #[must_use]
    pub fn new(section: &'a [u8]) -> Handlers<'a> {
        Handlers(Words(section))
    }

    /// The handler of exceptions that come out of the call that returns to this offset.
    #[must_use]
    pub fn at(self, return_offset: u32) -> Option<Handler> {
        let words = self.0;
        let count = words.len() / HANDLER_WORDS;
        let at = words.find(0, HANDLER_WORDS, count, return_offset)? * HANDLER_WORDS;
        Some(Handler {
            return_offset,
            handler_offset: words.get(at + 1)?,
            frame_bytes: words.get(at + 2)?,
        })
    }

    /// All of them, ascending.
    pub fn all(self) -> impl Iterator<Item = Handler> + 'a {
        let words = self.0;
        (0..words.len() / HANDLER_WORDS).map_while(move |index| {
            Some(Handler {
                return_offset: words.get(index * HANDLER_WORDS)?,
                handler_offset: words.get(index * HANDLER_WORDS + 1)?,
                frame_bytes: words.get(index * HANDLER_WORDS + 2)?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(below: u32, count: u32) -> Run {
        Run { below, count }
    }

    fn maps() -> Vec<u8> {
        let map = |return_offset, runs: &[Run], always: &[Run]| StackMap {
            return_offset,
            runs: runs.to_vec(),
            always: always.to_vec(),
        };
        write_stack_maps(&[
            map(10, &[run(32, 2), run(8, 1)], &[]),
            map(20, &[], &[run(64, 3)]),
            map(30, &[run(32, 2), run(8, 1)], &[run(64, 3)]),
        ])
    }

    #[test]
    fn references_are_found_by_return_address() {
        let bytes = maps();
        let at = |offset| StackMaps::new(&bytes).at(offset).map(Iterator::collect);
        assert_eq!(at(10), Some(vec![32, 24, 8]));
        assert_eq!(at(20), Some(vec![64, 56, 48]));
        assert_eq!(at(30), Some(vec![32, 24, 8, 64, 56, 48]));
        assert_eq!(at(11), None::<Vec<u32>>);
        assert_eq!(at(31), None);
        assert_eq!(at(0), None);
        assert!(StackMaps::new(&[]).at(0).is_none());
    }

    #[test]
    fn handlers_are_found_by_return_address() {
        let handler = |return_offset| Handler {
            return_offset,
            handler_offset: return_offset + 100,
            frame_bytes: 48,
        };
        let all = [handler(4), handler(9), handler(77)];
        let bytes = write_handlers(&all);
        for handler in all {
            assert_eq!(
                Handlers::new(&bytes).at(handler.return_offset),
                Some(handler)
            );
        }
        assert_eq!(Handlers::new(&bytes).at(5), None);
        assert_eq!(Handlers::new(&bytes).all().collect::<Vec<_>>(), all);
    }

    /// Any bytes are a table of something, read in bounded time and without a panic.
    #[test]
    fn damaged_tables_are_read_without_a_panic() {
        let bytes = maps();
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                for offset in [10, 20, 30, 255] {
                    let found = StackMaps::new(&damaged).at(offset);
                    let count = found.map_or(0, |found| found.take(1 << 20).count());
                    assert!(count < 1 << 20);
                }
                let _ = Handlers::new(&damaged[..at]).at(10);
            }
        }
    }
}
