//! Blocks, branches and calls of control: the structured part of a function.
//!
//! A frame's values cross its edges as block parameters. A block that nobody branches to makes no
//! block of machine code at all.

use silica_contract::trap::TrapCode;
use silica_operator::MachineType;
use wasmparser::{BlockType, BrTable, Operator};

use crate::{
    Backend, BranchTarget, TranslateError,
    frame::{Branched, Frame, FrameKind},
    function::{Operand, Translator},
};

impl<'r, B: Backend> Translator<'_, '_, 'r, B> {
    /// An operator that cannot be executed: only its nesting matters.
    pub(crate) fn unreachable_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                let target = self.frames[0].target;
                let height = self.operands.len();
                let kind = FrameKind::Block;
                let types = (Vec::new(), Vec::new());
                self.open(kind, target, BlockType::Empty, types, height)?;
                if let Some(frame) = self.frames.last_mut() {
                    frame.reachable = false;
                }
                Ok(())
            }
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Catch { tag_index } => self.catch(Some(*tag_index)),
            Operator::CatchAll => self.catch(None),
            Operator::Delegate { relative_depth } => self.delegate(*relative_depth),
            _ => Ok(()),
        }
    }

    pub(crate) fn control_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::Unreachable => {
                self.settle_fuel();
                self.backend.trap(TrapCode::Unreachable);
                self.reachable = false;
                Ok(())
            }
            Operator::Block { blockty } => self.block(*blockty),
            Operator::Loop { blockty } => self.loop_(*blockty),
            Operator::If { blockty } => self.if_(*blockty),
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => self.br(*relative_depth),
            Operator::BrIf { relative_depth } => self.br_if(*relative_depth),
            Operator::BrTable { targets } => self.br_table(targets),
            Operator::Return => {
                self.settle_fuel();
                let values = self.pop_many(self.frames[0].results.len());
                self.backend.return_(values);
                self.reachable = false;
                Ok(())
            }
            _ => self.exception_operator(operator),
        }
    }

    pub(crate) fn block_types(&self, ty: BlockType) -> (Vec<MachineType>, Vec<MachineType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(result) => (Vec::new(), vec![self.environment.machine_type(result)]),
            BlockType::FuncType(index) => {
                let ty = self.environment.function_type(index);
                (
                    ty.params.iter().map(|p| p.machine()).collect(),
                    ty.results.iter().map(|r| r.machine()).collect(),
                )
            }
        }
    }

    fn block(&mut self, ty: BlockType) -> Result<(), TranslateError> {
        let (params, results) = self.block_types(ty);
        self.spend_branch_values(results.len())?;
        let end = self.new_block(&results, false);
        let dispatched_by = self.note_block(end);
        let height = self.operands.len() - params.len();
        self.open(FrameKind::Block, end, ty, (params, results), height)?;
        if let Some(frame) = self.frames.last_mut() {
            frame.dispatched_by = dispatched_by;
        }
        Ok(())
    }

    /// Opens a construct that can be reached, inside of the one at hand.
    pub(crate) fn open(
        &mut self,
        kind: FrameKind<B::Block, B::Value>,
        target: B::Block,
        ty: BlockType,
        (params, results): (Vec<MachineType>, Vec<MachineType>),
        height: usize,
    ) -> Result<(), TranslateError> {
        self.keep_operands(height)?;
        let outer = self.frames.last();
        self.frames.push(Frame {
            kind,
            target,
            ty: Some(ty),
            params,
            results,
            height,
            reachable: true,
            branched: Branched::Never,
            rare: outer.is_some_and(|frame| frame.rare),
            handler: outer.and_then(|frame| frame.handler),
            dispatch: None,
            dispatched_by: None,
        });
        Ok(())
    }

    fn loop_(&mut self, ty: BlockType) -> Result<(), TranslateError> {
        let (params, results) = self.block_types(ty);
        self.settle_fuel();
        self.spend_branch_values(params.len())?;
        let header = self.new_block(&params, true);
        let arguments = self.pop_many(params.len());
        let height = self.operands.len();
        self.keep_operands(height)?;
        self.backend.jump(BranchTarget {
            block: header,
            arguments,
        });
        self.enter_from_outside(header, &params)?;
        self.turn_at(header, &params);
        self.charge_fuel();
        // A repetition would not be counted.
        let dispatch = match params.is_empty() && !self.environment.settings.counters {
            true => self.find_dispatch(),
            false => None,
        };
        self.open(FrameKind::Loop, header, ty, (params, results), height)?;
        self.open_dispatch(dispatch);
        Ok(())
    }

    fn if_(&mut self, ty: BlockType) -> Result<(), TranslateError> {
        let condition = self.pop();
        let (params, results) = self.block_types(ty);
        self.settle_fuel();
        self.spend_branch_values(params.len() + results.len())?;
        let height = self.operands.len() - params.len();
        self.keep_operands(height)?;
        let copies = self.copies(params.len());
        let then = self.new_block(&[], false);
        let otherwise = self.new_block(&[], false);
        let end = self.new_block(&results, false);
        let hint = self.environment.branch_hints.at(self.offset);
        match hint {
            Some(true) => self.backend.mark_cold(otherwise),
            Some(false) => self.backend.mark_cold(then),
            None => {}
        }
        self.backend
            .branch(condition, plain(then), plain(otherwise));
        self.backend.seal(then);
        self.backend.seal(otherwise);
        self.backend.enter_block(then);
        let kind = FrameKind::If {
            otherwise,
            params: copies,
            rarely: self.is_rare() || hint == Some(true),
        };
        self.open(kind, end, ty, (params, results), height)?;
        if hint == Some(false) {
            self.continue_rarely();
        }
        Ok(())
    }

    fn else_(&mut self) -> Result<(), TranslateError> {
        let mut frame = self
            .frames
            .pop()
            .expect("the validator proved that an `if` is open");
        if frame.reachable {
            self.fall_to_end(&mut frame)?;
            let kind = std::mem::replace(&mut frame.kind, FrameKind::Else);
            if let FrameKind::If {
                otherwise,
                params,
                rarely,
            } = kind
            {
                frame.rare = rarely;
                self.begin_otherwise(otherwise, params, &frame.params);
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    /// If the end of the frame can be reached from here, goes there. Drops what lies above the frame.
    pub(crate) fn fall_to_end(
        &mut self,
        frame: &mut Frame<'r, B::Block, B::Value>,
    ) -> Result<(), TranslateError> {
        if self.reachable {
            self.settle_fuel();
            self.spend_branch_values(frame.results.len())?;
            let arguments = self.pop_many(frame.results.len());
            self.backend.jump(BranchTarget {
                block: frame.target,
                arguments,
            });
            frame.branch(frame.rare);
            self.reachable = false;
        }
        self.forget_fuel();
        self.discard_above(frame.height);
        Ok(())
    }

    fn begin_otherwise(&mut self, block: B::Block, params: Vec<B::Value>, types: &[MachineType]) {
        self.backend.enter_block(block);
        self.reachable = true;
        for (value, ty) in params.into_iter().zip(types) {
            self.push(*ty, value);
        }
    }

    fn end(&mut self) -> Result<(), TranslateError> {
        let frame = self
            .frames
            .pop()
            .expect("the validator proved that a frame is open");
        if !frame.reachable {
            return Ok(());
        }
        let height = frame.height;
        self.end_frame(frame)?;
        self.restore_operands(height);
        Ok(())
    }

    fn end_frame(
        &mut self,
        mut frame: Frame<'r, B::Block, B::Value>,
    ) -> Result<(), TranslateError> {
        match std::mem::replace(&mut frame.kind, FrameKind::Block) {
            FrameKind::Loop => {
                self.backend.seal(frame.target);
                for block in frame
                    .dispatch
                    .map_or_else(Vec::new, |dispatch| dispatch.passed)
                {
                    self.backend.seal(block);
                }
                if !self.reachable {
                    self.discard_above(frame.height);
                }
                return Ok(());
            }
            FrameKind::If {
                otherwise,
                params,
                rarely,
            } => {
                // With no `else`, the parameters are the results.
                self.fall_to_end(&mut frame)?;
                frame.rare = rarely;
                self.begin_otherwise(otherwise, params, &frame.params);
            }
            FrameKind::Function => return self.end_function(frame),
            FrameKind::TryTable(clauses) => {
                self.fall_to_end(&mut frame)?;
                self.end_try_table(&frame, &clauses)?;
            }
            FrameKind::Try => {
                self.fall_to_end(&mut frame)?;
                self.end_try(&frame);
            }
            FrameKind::Catch(caught) => {
                self.fall_to_end(&mut frame)?;
                self.end_catch(caught);
            }
            FrameKind::Block | FrameKind::Else => {}
        }
        if frame.branched == Branched::Never {
            if !self.reachable {
                self.discard_above(frame.height);
            }
            return Ok(());
        }
        self.fall_to_end(&mut frame)?;
        if frame.branched == Branched::Rarely {
            self.backend.mark_cold(frame.target);
            self.continue_rarely();
        }
        self.seal_end(&frame);
        self.continue_at(frame.target, &frame.results);
        Ok(())
    }

    fn end_function(
        &mut self,
        mut frame: Frame<'r, B::Block, B::Value>,
    ) -> Result<(), TranslateError> {
        if frame.branched != Branched::Never {
            self.fall_to_end(&mut frame)?;
            self.backend.seal(frame.target);
            self.continue_at(frame.target, &frame.results);
        }
        if self.reachable {
            self.settle_fuel();
            let values = self.pop_many(frame.results.len());
            self.backend.return_(values);
            self.reachable = false;
        }
        Ok(())
    }

    /// Goes on at the start of a block whose parameters become operands.
    pub(crate) fn continue_at(&mut self, block: B::Block, types: &[MachineType]) {
        let values = self.backend.enter_block(block);
        self.reachable = true;
        for (value, ty) in values.into_iter().zip(types) {
            self.push(*ty, value);
        }
    }

    fn br(&mut self, depth: u32) -> Result<(), TranslateError> {
        self.settle_fuel();
        if self.repeat_dispatch(depth)? {
            self.reachable = false;
            return Ok(());
        }
        let rare = self.is_rare();
        let frame = self.frame(depth);
        frame.branch(rare);
        let (block, count) = (frame.target, frame.label_types().len());
        self.spend_branch_values(count)?;
        let arguments = self.pop_many(count);
        self.backend.jump(BranchTarget { block, arguments });
        self.reachable = false;
        Ok(())
    }

    fn br_if(&mut self, depth: u32) -> Result<(), TranslateError> {
        let condition = self.pop();
        self.settle_fuel();
        let rare = self.is_rare();
        let hint = self.environment.branch_hints.at(self.offset);
        let frame = self.frame(depth);
        frame.branch(rare || hint == Some(false));
        let leaves = !matches!(frame.kind, FrameKind::Loop);
        let (block, count) = (frame.target, frame.label_types().len());
        self.spend_branch_values(count)?;
        let arguments = self.copies(count);
        // That a loop is likely to turn says nothing of how often what comes after it is executed.
        if hint == Some(true) && leaves {
            self.continue_rarely();
        }
        self.branch_or_go_on(condition, BranchTarget { block, arguments });
        Ok(())
    }

    /// Goes to `target` if the condition holds.
    pub(crate) fn branch_or_go_on(
        &mut self,
        condition: B::Value,
        target: BranchTarget<B::Block, B::Value>,
    ) {
        let next = self.new_block(&[], false);
        self.backend.branch(condition, target, plain(next));
        self.backend.seal(next);
        self.backend.enter_block(next);
    }

    fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), TranslateError> {
        let index = self.pop();
        self.settle_fuel();
        let mut targets = Vec::with_capacity(table.len() as usize);
        for depth in table.targets() {
            targets.push(self.table_target(depth?)?);
        }
        let default = self.table_target(table.default())?;
        self.backend.branch_table(index, targets, default);
        self.reachable = false;
        Ok(())
    }

    pub(crate) fn table_target(
        &mut self,
        depth: u32,
    ) -> Result<BranchTarget<B::Block, B::Value>, TranslateError> {
        let rare = self.is_rare();
        let frame = self.frame(depth);
        frame.branch(rare);
        let (block, count) = (frame.target, frame.label_types().len());
        self.spend_branch_values(count)?;
        Ok(BranchTarget {
            block,
            arguments: self.copies(count),
        })
    }

    /// A block of the construct at hand, as rarely reached as that is.
    fn new_block(&mut self, params: &[MachineType], is_loop: bool) -> B::Block {
        let block = self.backend.block(params, is_loop);
        if self.is_rare() {
            self.backend.mark_cold(block);
        }
        block
    }

    /// Whether the operator at hand is rarely executed, as far as the module's hints tell.
    fn is_rare(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.rare)
    }

    /// Says that what comes next in the construct at hand is rarely executed.
    fn continue_rarely(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.rare = true;
        }
    }

    /// Drops the operands that lie above, the topmost first: so a backend finds what it gives back among the last that it
    /// made.
    fn discard_above(&mut self, height: usize) {
        for operand in self.operands.drain(height..).rev() {
            self.backend.discard(operand.value);
        }
    }

    /// Copies of the topmost operands, which stay.
    fn copies(&mut self, count: usize) -> Vec<B::Value> {
        if count == 0 {
            return Vec::new();
        }
        let start = self.operands.len() - count;
        let backend = &mut *self.backend;
        self.operands[start..]
            .iter()
            .map(|Operand { value, .. }| backend.duplicate(value))
            .collect()
    }

    /// Keeps the work that branches cause in proportion to the function's size.
    pub(crate) fn spend_branch_values(&mut self, count: usize) -> Result<(), TranslateError> {
        match self.branch_values_left.checked_sub(count as u64) {
            Some(left) => {
                self.branch_values_left = left;
                Ok(())
            }
            None => Err(TranslateError::TooComplex {
                limit: self.branch_values_limit,
                offset: self.offset,
            }),
        }
    }
}

pub(crate) fn plain<B, V>(block: B) -> BranchTarget<B, V> {
    BranchTarget {
        block,
        arguments: Vec::new(),
    }
}
