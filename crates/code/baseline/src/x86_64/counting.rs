//! What is known of what a function counts: see `count`.

use silica_operator::MachineType;

use crate::value::State;

/// Values that the exits of a function may pass, whatever its size, and one more for so many bytes of its body. Each loop costs as much
/// as some.
const PASSED_FREE: u32 = 64;
const BYTES_PER_PASSED: u32 = 4;
const LOOP_COST: u32 = 4;

/// A loop that may be left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit {
    /// The distance of the jump that leaves it.
    pub(super) at: u32,
    /// Where the loop goes on otherwise.
    pub(super) back: u32,
    pub(super) module_offset: u32,
    /// Its operands and parameters, among those of all exits.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is counted in the function at hand.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) function: u32,
    /// Values that more exits may pass.
    pub(super) passed_left: u32,
    /// The distance of the jump by which the entry asks anew, or 0.
    pub(super) entry_at: u32,
    pub(super) exits: Vec<Exit>,
    pub(super) passed: Vec<(MachineType, State)>,
    /// Where the operands of the loop begin that is about to be entered.
    pub(super) noted: Option<usize>,
}

impl Counting {
    pub(super) fn clear(&mut self, function: u32, body_bytes: u32) {
        self.function = function;
        self.passed_left = PASSED_FREE + body_bytes / BYTES_PER_PASSED;
        self.entry_at = 0;
        self.exits.clear();
        self.passed.clear();
        self.noted = None;
    }

    /// Takes the cost of one more exit from what is left, if there is so much.
    pub(super) fn spend(&mut self, values: usize, locals: usize) -> bool {
        let all = if self.exits.is_empty() { locals } else { 0 };
        let cost = u32::try_from(values + all).unwrap_or(u32::MAX);
        let left = self.passed_left.checked_sub(cost.saturating_add(LOOP_COST));
        self.passed_left = left.unwrap_or(self.passed_left);
        left.is_some()
    }
}
