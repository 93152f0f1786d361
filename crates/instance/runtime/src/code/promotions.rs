//! What became of the functions of a growing text that were found to be used much.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Loops of a function for which there is code that goes on at them, at most: each costs as much as the whole function.
const LOOPS_MAX: usize = 16;

/// How far the optimized code of something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nobody has asked for it.
    #[default]
    Unasked,
    /// It is being made, or waits to be.
    Asked,
    /// It is at this address.
    Ready(usize),
    /// It cannot be made.
    Refused,
}

/// What is optimized: a function, or code of it that goes on at one of its loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Which defined function.
    pub(super) defined: u32,
    /// The loop, by its offset in the module.
    pub(super) entrance: Option<u32>,
}

#[derive(Debug, Default)]
struct Promotion {
    whole: Progress,
    loops: Vec<(u32, Progress)>,
}

/// Functions that are or will be optimized.
#[derive(Debug, Default)]
pub(super) struct Promotions(Mutex<HashMap<u32, Promotion>>);

impl Promotions {
    fn all(&self) -> MutexGuard<'_, HashMap<u32, Promotion>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn progress(&self, wanted: Wanted) -> Progress {
        let all = self.all();
        let Some(promotion) = all.get(&wanted.defined) else {
            return Progress::Unasked;
        };
        match wanted.entrance {
            None => promotion.whole,
            Some(entrance) => {
                let mut loops = promotion.loops.iter();
                let found = loops.find(|(offset, _)| *offset == entrance);
                found.map_or_else(
                    || match promotion.loops.len() < LOOPS_MAX {
                        true => Progress::Unasked,
                        false => Progress::Refused,
                    },
                    |(_, progress)| *progress,
                )
            }
        }
    }

    pub(super) fn set(&self, wanted: Wanted, progress: Progress) {
        let mut all = self.all();
        let promotion = all.entry(wanted.defined).or_default();
        let Some(entrance) = wanted.entrance else {
            promotion.whole = progress;
            return;
        };
        let mut loops = promotion.loops.iter_mut();
        match loops.find(|(offset, _)| *offset == entrance) {
            Some((_, known)) => *known = progress,
            None => promotion.loops.push((entrance, progress)),
        }
    }

    /// Notes that something is asked for, unless it was before. Says whether it was not.
    pub(super) fn ask(&self, wanted: Wanted) -> bool {
        let is_new = self.progress(wanted) == Progress::Unasked;
        if is_new {
            self.set(wanted, Progress::Asked);
        }
        is_new
    }

    /// The optimized code of a function, if it is there.
    pub(super) fn code(&self, defined: u32) -> Option<usize> {
        let wanted = Wanted {
            defined,
            entrance: None,
        };
        match self.progress(wanted) {
            Progress::Ready(code) => Some(code),
            Progress::Unasked | Progress::Asked | Progress::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_and_its_loops_are_asked_for_once() {
        let promotions = Promotions::default();
        let wanted = |entrance| Wanted {
            defined: 3,
            entrance,
        };
        assert!(promotions.ask(wanted(None)) && !promotions.ask(wanted(None)));
        assert!(promotions.ask(wanted(Some(7))) && !promotions.ask(wanted(Some(7))));
        assert_eq!(promotions.code(3), None);
        promotions.set(wanted(None), Progress::Ready(64));
        assert_eq!(promotions.code(3), Some(64));
        for offset in 8..7 + LOOPS_MAX as u32 {
            assert!(promotions.ask(wanted(Some(offset))));
        }
        assert_eq!(promotions.progress(wanted(Some(99))), Progress::Refused);
        promotions.set(wanted(Some(7)), Progress::Unasked);
        assert!(promotions.ask(wanted(Some(7))));
    }
}
