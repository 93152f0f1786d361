//! What a compiler makes of one function: inert data, the same from every tier.
//!
//! Where functions end up, and how their calls find each other, is the pipeline's business.

use crate::{
    call_sites::{Handler, StackMap},
    trap::TrapCode,
};

/// Machine code of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledFunction {
    /// The instructions, and the constants that they read.
    pub bytes: Vec<u8>,
    /// Calls of other functions whose distance is to be filled in.
    pub relocations: Vec<Relocation>,
    /// Offsets of instructions that may trap, ascending, and why.
    pub traps: Vec<(u32, TrapCode)>,
    /// Where code came from, ascending.
    pub locations: Vec<SourceLocation>,
    /// The operators of bodies that stand in place of calls: what a [`Place`] counts.
    pub inlined: Vec<InlinedPlace>,
    /// Bytes of stack that a call takes, without the return address and the saved frame pointer.
    pub frame_bytes: u32,
    /// References in the frame, ascending by return offset.
    pub stack_maps: Vec<StackMap>,
    /// Where exceptions of calls go on, ascending by return offset.
    pub handlers: Vec<Handler>,
    /// Where the call returns by which the function goes on in other code of its own: that frame stands for this one.
    pub continued_at: Option<u32>,
}

/// What refers to a function: mostly, a direct call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where in the function's bytes.
    pub offset: u32,
    /// The function that is referred to, in the function index space.
    pub function: u32,
    /// How the distance is written.
    pub kind: RelocationKind,
}

/// How the distance to a function, or to what there is for it in front of a growing text, is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocationKind {
    /// Four bytes: the callee's address minus the address after these bytes.
    X86Relative32,
    /// The low 26 bits of an instruction word: the distance from it in words.
    Aarch64Branch26,
    /// Four bytes: the address where the function's code is written, minus the address after these bytes. This and the next two are
    /// only of functions that count ([`Settings::counters`](crate::settings::Settings::counters)).
    X86Entry32,
    /// Four bytes: the address of the function's counter (32 bits), minus the address after these bytes.
    X86Counter32,
    /// Four bytes: the address of what asks for the function's code anew, minus the address after these bytes.
    X86Ask32,
}

/// From this offset on (until the next entry), code was made for this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// Offset in the function's bytes.
    pub offset: u32,
    /// Where that is; `None` where the code belongs to no operator.
    pub place: Option<Place>,
}

/// An operator that code was made for: its bytes from the module's start or, in a body that stands in place of a call, the number of an
/// [`InlinedPlace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// An operator of a body that stands in place of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlinedPlace {
    /// Its bytes from the module's start.
    pub module_offset: u32,
    /// The call. If that is in such a body, too, it has a lower number than this one.
    pub called_at: Place,
}

impl InlinedPlace {
    /// The same where so many operators are counted before.
    #[must_use]
    pub fn after(self, count: u32) -> InlinedPlace {
        InlinedPlace {
            called_at: self.called_at.after(count),
            ..self
        }
    }
}

impl Place {
    /// Set where the rest is a number. No module has so many bytes.
    const INLINED: u32 = 1 << 31;

    /// An operator at this offset in the module.
    #[must_use]
    pub fn at(module_offset: u32) -> Place {
        Place(module_offset & !Place::INLINED)
    }

    /// The operator that has this number.
    #[must_use]
    pub fn inlined(number: u32) -> Place {
        Place(number | Place::INLINED)
    }

    /// As a word; not `u32::MAX`.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// From a word; `u32::MAX` is no place.
    #[must_use]
    pub fn from_bits(bits: u32) -> Option<Place> {
        (bits != u32::MAX).then_some(Place(bits))
    }

    /// The same where so many operators are counted before.
    #[must_use]
    pub fn after(self, count: u32) -> Place {
        match self.number() {
            Some(number) => Place::inlined(number + count),
            None => self,
        }
    }

    /// The bytes from the module's start of the operator, of the call that its body stands in place of, and so on outwards.
    #[must_use]
    pub fn module_offsets(self, inlined: impl Fn(u32) -> Option<InlinedPlace>) -> Vec<u32> {
        let (mut place, mut offsets, mut end) = (self, Vec::new(), u32::MAX);
        while let Some(number) = place.number() {
            // Numbers descend in what a compiler made; this is also asked of files.
            let Some(found) = inlined(number).filter(|_| number < end) else {
                return offsets;
            };
            offsets.push(found.module_offset);
            (place, end) = (found.called_at, number);
        }
        offsets.push(place.0);
        offsets
    }

    /// Which [`InlinedPlace`] it is, if it is one.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        (self.0 & Place::INLINED != 0).then_some(self.0 & !Place::INLINED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_bodies_within_bodies_has_an_offset_for_each() {
        let inlined = [
            InlinedPlace {
                module_offset: 20,
                called_at: Place::at(10),
            },
            InlinedPlace {
                module_offset: 30,
                called_at: Place::inlined(0),
            },
        ];
        let offsets = |place: Place| place.module_offsets(|n| inlined.get(n as usize).copied());
        assert_eq!(offsets(Place::at(10)), [10]);
        assert_eq!(offsets(Place::inlined(1)), [30, 20, 10]);
        assert_eq!(offsets(Place::inlined(2)), []);
        assert_eq!(Place::inlined(1).after(7), Place::inlined(8));
        assert_eq!(Place::at(1).after(7), Place::at(1));
    }

    #[test]
    fn a_circle_of_places_ends() {
        let circle = InlinedPlace {
            module_offset: 5,
            called_at: Place::inlined(0),
        };
        assert_eq!(Place::inlined(0).module_offsets(|_| Some(circle)), [5]);
    }
}
