//! Loops that begin by choosing where to go, as interpreters do: their branches back choose on their own.
//!
//! Where a loop's body begins with a short run of plain operators that ends in a `br_table`, a `br` back to the loop does
//! not jump to that run but repeats it in place. So each of an interpreter's operations ends in an
//! indirect jump of its own, which processors predict far better than one that all share, and a jump is saved.
//!
//! Repeating is bounded: by the length of the run, and for each function by what all repetitions together may bring
//! (edges, times values that may have to cross them).

use wasmparser::{BlockType, BrTable, Operator, OperatorsReader};

use crate::{
    Backend, BranchTarget, TranslateError,
    class::classify,
    frame::{Dispatch, Frame},
    function::Translator,
};

/// Operators in a run, beside its `block`s.
const OPERATORS_MAX: usize = 24;
/// Targets of its `br_table`: each has all repetitions as predecessors.
const TARGETS_MAX: u32 = 256;

impl<'r, B: Backend> Translator<'_, '_, 'r, B> {
    /// Looks whether the loop about to be opened begins with a run that is worth repeating. Nothing of it has been
    /// validated yet.
    pub(crate) fn find_dispatch(&self) -> Option<Box<Dispatch<'r, B::Block>>> {
        let run = self.rest.clone();
        let mut operators = OperatorsReader::new(run.clone());
        let (mut blocks, mut others) = (0, 0);
        let targets = loop {
            match operators.read().ok()? {
                Operator::Block {
                    blockty: BlockType::Empty,
                } => blocks += 1,
                Operator::BrTable { targets } => break targets,
                Operator::BrIf { relative_depth }
                    if self.carries_nothing(blocks, relative_depth) =>
                {
                    others += 1;
                }
                operator if is_plain(&operator) => others += 1,
                _ => return None,
            }
            if others > OPERATORS_MAX {
                return None;
            }
        };
        if targets.len() > TARGETS_MAX {
            return None;
        }
        let mut depths = targets.targets().chain([Ok(targets.default())]);
        if !depths.all(|depth| depth.is_ok_and(|depth| self.carries_nothing(blocks, depth))) {
            return None;
        }
        let edges = u64::from(targets.len()) + 1 + (blocks + others) as u64;
        Some(Box::new(Dispatch {
            run,
            block_count: blocks,
            cost: edges * (self.local_types.len() as u64 + 1),
            blocks: Vec::new(),
            passed: Vec::new(),
        }))
    }

    /// Whether a branch of this depth carries no values, from within so many `block`s of a run whose loop is about to
    /// be opened.
    fn carries_nothing(&self, blocks: usize, depth: u32) -> bool {
        let Some(outer) = (depth as usize).checked_sub(blocks) else {
            return true;
        };
        match outer.checked_sub(1) {
            // The loop itself: one with parameters is never looked at.
            None => true,
            Some(outer) => (self.frames.iter().rev().nth(outer))
                .is_some_and(|frame| frame.label_types().is_empty()),
        }
    }

    /// Notes a `block` that was just opened, if it belongs to the run of an open loop. Gives that loop's frame.
    ///
    /// Operands that the run left beneath the block are used behind its end: a repetition would compute others, and
    /// nothing brings them there. Such a run is not repeated.
    pub(crate) fn note_block(&mut self, block: B::Block) -> Option<usize> {
        let index = self.dispatch_opening?;
        let frame = &mut self.frames[index];
        if self.operands.len() != frame.height {
            frame.dispatch = None;
            self.dispatch_opening = None;
            return None;
        }
        let dispatch = frame.dispatch.as_mut()?;
        dispatch.blocks.push(block);
        if dispatch.blocks.len() == dispatch.block_count {
            self.dispatch_opening = None;
        }
        Some(index)
    }

    /// Opens the run of a loop whose frame was just pushed.
    pub(crate) fn open_dispatch(&mut self, dispatch: Option<Box<Dispatch<'r, B::Block>>>) {
        let index = self.frames.len() - 1;
        let opens = dispatch.as_ref().is_some_and(|d| d.block_count > 0);
        self.dispatch_opening = opens.then_some(index);
        self.frames[index].dispatch = dispatch;
    }

    /// Says that no more branches to the end of a block will come, but for repetitions of a run that it belongs to.
    pub(crate) fn seal_end(&mut self, frame: &Frame<'r, B::Block, B::Value>) {
        let run = frame.dispatched_by.map(|index| &mut self.frames[index]);
        match run.and_then(|frame| frame.dispatch.as_mut()) {
            Some(dispatch) => dispatch.passed.push(frame.target),
            None => self.backend.seal(frame.target),
        }
    }

    /// Branches back to a loop by repeating the run at its start, if there is one and the budget allows. False if
    /// nothing was done.
    pub(crate) fn repeat_dispatch(&mut self, depth: u32) -> Result<bool, TranslateError> {
        let index = self.frames.len() - 1 - depth as usize;
        let Some(dispatch) = &self.frames[index].dispatch else {
            return Ok(false);
        };
        let Some(left) = self.dispatch_left.checked_sub(dispatch.cost) else {
            return Ok(false);
        };
        let mut run = OperatorsReader::new(dispatch.run.clone());
        self.dispatch_left = left;
        self.charge_fuel();
        let mut blocks = 0;
        loop {
            let (operator, offset) = run.read_with_offset()?;
            self.at_offset(offset);
            self.owe_fuel(&operator);
            match operator {
                Operator::Block { .. } => blocks += 1,
                Operator::BrTable { targets } => {
                    return self.repeat_table(index, blocks, &targets).map(|()| true);
                }
                Operator::BrIf { relative_depth } => {
                    let condition = self.pop();
                    self.settle_fuel();
                    let target = self.run_target(index, blocks, relative_depth);
                    self.branch_or_go_on(condition, target);
                }
                operator => self.operator(&operator)?,
            }
        }
    }

    fn repeat_table(
        &mut self,
        index: usize,
        blocks: usize,
        table: &BrTable<'_>,
    ) -> Result<(), TranslateError> {
        let value = self.pop();
        self.settle_fuel();
        let mut targets = Vec::with_capacity(table.len() as usize);
        for depth in table.targets() {
            targets.push(self.run_target(index, blocks, depth?));
        }
        let default = self.run_target(index, blocks, table.default());
        self.backend.branch_table(value, targets, default);
        Ok(())
    }

    /// Where a branch of this depth goes from within so many `block`s of the run of a loop.
    fn run_target(
        &mut self,
        index: usize,
        blocks: usize,
        depth: u32,
    ) -> BranchTarget<B::Block, B::Value> {
        let depth = depth as usize;
        let block = match (blocks.checked_sub(depth + 1), &self.frames[index].dispatch) {
            (Some(inner), Some(dispatch)) => dispatch.blocks[inner],
            _ => {
                let frame = &mut self.frames[index + blocks - depth];
                frame.branch(false);
                frame.target
            }
        };
        BranchTarget {
            block,
            arguments: Vec::new(),
        }
    }
}

/// An operator that neither branches nor calls, and takes few instructions.
fn is_plain(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Nop
            | Operator::Drop
            | Operator::Select
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::GlobalGet { .. }
    ) || classify(operator).is_some()
}
