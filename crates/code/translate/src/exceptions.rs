//! Exceptions: throwing them, and the constructs that catch them.
//!
//! A construct that catches has a handler: a block that is entered with the exception, from calls and from `throw`.
//! There the exception's tag is compared with those of the clauses, in order, and what fits none is thrown again, to
//! the handler around. Where nothing goes to a handler, nothing is made of it.
//!
//! What an exception is made of is in `object::exception`.

use silica_contract::trap::TrapCode;
use silica_module::FunctionType;
use silica_operator::{IntCompare, IntType, IntUnary};
use wasmparser::{BlockType, Catch, Operator, TryTable};

use crate::{
    Backend, BranchTarget, CallTarget, TranslateError,
    control::plain,
    frame::{Branched, Caught, Clause, Frame, FrameKind},
    function::Translator,
};

type FrameOf<'r, B> = Frame<'r, <B as Backend>::Block, <B as Backend>::Value>;

impl<'r, B: Backend> Translator<'_, '_, 'r, B> {
    pub(crate) fn exception_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::TryTable { try_table } => return self.try_table(try_table),
            Operator::Try { blockty } => return self.try_(*blockty),
            Operator::Catch { tag_index } => return self.catch(Some(*tag_index)),
            Operator::CatchAll => return self.catch(None),
            Operator::Delegate { relative_depth } => return self.delegate(*relative_depth),
            Operator::Rethrow { relative_depth } => self.rethrow(*relative_depth),
            Operator::Throw { tag_index } => {
                self.settle_fuel();
                let exception = self.new_exception(*tag_index);
                self.throw(exception);
            }
            Operator::ThrowRef => {
                self.settle_fuel();
                let exception = self.pop();
                let copy = self.backend.duplicate(&exception);
                let is_null = self.backend.int_unary(IntUnary::Eqz, IntType::I32, copy);
                self.backend.trap_if(is_null, TrapCode::NullReference);
                self.throw(exception);
            }
            _ => return self.continuation_operator(operator),
        }
        Ok(())
    }

    /// The handler of exceptions in a frame, to which something is about to go.
    fn use_handler(&mut self, handler: Option<usize>) -> Option<B::Block> {
        let (block, used) = &mut self.handlers[handler?];
        *used = true;
        Some(*block)
    }

    /// The handler of exceptions here.
    fn handler(&mut self) -> Option<B::Block> {
        let handler = self.frames.last().and_then(|frame| frame.handler);
        self.use_handler(handler)
    }

    /// Calls, with the handler of this place if one may be needed.
    pub(crate) fn call_with_handler(
        &mut self,
        target: CallTarget<B::Value>,
        ty: &FunctionType,
        arguments: Vec<B::Value>,
    ) -> Vec<B::Value> {
        let handler = match target {
            CallTarget::Direct(function) if !self.environment.may_throw(function) => None,
            CallTarget::Direct(_) | CallTarget::Pointer { .. } => self.handler(),
        };
        self.backend.call(target, ty, arguments, handler)
    }

    fn throw(&mut self, exception: B::Value) {
        let handler = self.handler();
        self.backend.throw(exception, handler);
        self.reachable = false;
    }

    /// Opens a construct that catches.
    fn open_catching(
        &mut self,
        kind: FrameKind<B::Block, B::Value>,
        ty: BlockType,
    ) -> Result<(), TranslateError> {
        let (params, results) = self.block_types(ty);
        let end = self.backend.block(&results, false);
        let height = self.operands.len() - params.len();
        self.open(kind, end, ty, (params, results), height)?;
        let block = self.backend.handler();
        self.handlers.push((block, false));
        if let Some(frame) = self.frames.last_mut() {
            frame.handler = Some(self.handlers.len() - 1);
        }
        Ok(())
    }

    /// Goes on in the handler of a construct whose body has ended; gives the exception. `None` if nothing goes there.
    fn enter_handler(&mut self, frame: &FrameOf<'r, B>) -> Option<B::Value> {
        let (block, used) = self.handlers[frame.handler?];
        if !used {
            return None;
        }
        self.backend.seal(block);
        self.backend.enter_block(block).pop()
    }

    // ---- try_table ----

    fn try_table(&mut self, try_table: &TryTable) -> Result<(), TranslateError> {
        let clauses = try_table.catches.iter().map(|catch| {
            let (tag, with_exception, depth) = match *catch {
                Catch::One { tag, label } => (Some(tag), false, label),
                Catch::OneRef { tag, label } => (Some(tag), true, label),
                Catch::All { label } => (None, false, label),
                Catch::AllRef { label } => (None, true, label),
            };
            Clause {
                tag,
                with_exception,
                depth,
            }
        });
        let clauses = clauses.collect();
        self.open_catching(FrameKind::TryTable(clauses), try_table.ty)
    }

    /// What the handler of a `try_table` does. The frame is closed, so that labels are those of the clauses.
    pub(crate) fn end_try_table(
        &mut self,
        frame: &FrameOf<'r, B>,
        clauses: &[Clause],
    ) -> Result<(), TranslateError> {
        let Some(exception) = self.enter_handler(frame) else {
            return Ok(());
        };
        for clause in clauses {
            let Some(tag) = clause.tag else {
                return self.go_to_clause(clause, exception);
            };
            let copy = self.backend.duplicate(&exception);
            let next = self.branch_unless_tag(&exception, tag);
            self.go_to_clause(clause, copy)?;
            self.backend.enter_block(next);
        }
        self.throw(exception);
        Ok(())
    }

    /// Goes on where the exception's tag is this one; gives the block where it is another.
    fn branch_unless_tag(&mut self, exception: &B::Value, tag: u32) -> B::Block {
        let fits = self.backend.block(&[], false);
        let next = self.backend.block(&[], false);
        let found = self.exception_tag(exception);
        let expected = self.tag_number(tag);
        let is_it = self
            .backend
            .int_compare(IntCompare::Eq, IntType::I32, found, expected);
        self.backend.branch(is_it, plain(fits), plain(next));
        self.backend.seal(fits);
        self.backend.seal(next);
        self.backend.enter_block(fits);
        next
    }

    /// Branches to a clause's label with what it carries.
    fn go_to_clause(&mut self, clause: &Clause, exception: B::Value) -> Result<(), TranslateError> {
        let mut arguments = match clause.tag {
            Some(tag) => self.exception_values(&exception, tag),
            None => Vec::new(),
        };
        if clause.with_exception {
            arguments.push(exception);
        } else {
            self.backend.discard(exception);
        }
        self.spend_branch_values(arguments.len())?;
        let frame = self.frame(clause.depth);
        frame.branch(false);
        let block = frame.target;
        self.backend.jump(BranchTarget { block, arguments });
        Ok(())
    }

    // ---- exceptions as they were first shipped ----

    fn try_(&mut self, ty: BlockType) -> Result<(), TranslateError> {
        self.open_catching(FrameKind::Try, ty)
    }

    /// A `try` without clauses: exceptions go on around it.
    pub(crate) fn end_try(&mut self, frame: &FrameOf<'r, B>) {
        if let Some(exception) = self.enter_handler(frame) {
            self.throw(exception);
        }
    }

    /// The beginning of a clause: of a tag's, or of one for all that is left.
    pub(crate) fn catch(&mut self, tag: Option<u32>) -> Result<(), TranslateError> {
        let mut frame = self
            .frames
            .pop()
            .expect("the validator proved that a `try` is open");
        if !frame.reachable {
            self.frames.push(frame);
            return Ok(());
        }
        self.fall_to_end(&mut frame)?;
        let exception = match std::mem::replace(&mut frame.kind, FrameKind::Try) {
            FrameKind::Catch(caught) => match (caught.missed, caught.exception) {
                (Some(missed), Some(exception)) => {
                    self.backend.enter_block(missed);
                    Some(exception)
                }
                _ => None,
            },
            _ => self.enter_handler(&frame),
        };
        // What is thrown in a clause goes on around the `try`.
        frame.handler = self.frames.last().and_then(|frame| frame.handler);
        self.reachable = exception.is_some();
        let mut missed = None;
        if let (Some(exception), Some(tag)) = (&exception, tag) {
            missed = Some(self.branch_unless_tag(exception, tag));
            let types = &self.environment.tag_type(tag).params;
            let values = self.exception_values(exception, tag);
            for (ty, value) in types.iter().zip(values) {
                self.push(ty.machine(), value);
            }
        }
        frame.kind = FrameKind::Catch(Caught { exception, missed });
        self.frames.push(frame);
        Ok(())
    }

    /// After the last clause: what fitted none goes on around the `try`.
    pub(crate) fn end_catch(&mut self, caught: Caught<B::Block, B::Value>) {
        match (caught.missed, caught.exception) {
            (Some(missed), Some(exception)) => {
                self.backend.enter_block(missed);
                self.throw(exception);
            }
            (None, Some(exception)) => self.backend.discard(exception),
            (_, None) => {}
        }
    }

    fn rethrow(&mut self, depth: u32) {
        self.settle_fuel();
        let index = self.frames.len() - 1 - depth as usize;
        let exception = match &self.frames[index].kind {
            FrameKind::Catch(Caught {
                exception: Some(exception),
                ..
            }) => self.backend.duplicate(exception),
            _ => {
                unreachable!("the validator proved that the label is of a clause, which is reached")
            }
        };
        self.throw(exception);
    }

    /// The end of a `try` whose exceptions go on where those of another construct around it would.
    pub(crate) fn delegate(&mut self, depth: u32) -> Result<(), TranslateError> {
        let mut frame = self
            .frames
            .pop()
            .expect("the validator proved that a `try` is open");
        if !frame.reachable {
            return Ok(());
        }
        self.fall_to_end(&mut frame)?;
        if let Some(exception) = self.enter_handler(&frame) {
            let handler = self.frame(depth).handler;
            let handler = self.use_handler(handler);
            self.backend.throw(exception, handler);
        }
        self.reachable = false;
        if frame.branched != Branched::Never {
            self.backend.seal(frame.target);
            self.continue_at(frame.target, &frame.results);
        }
        self.restore_operands(frame.height);
        Ok(())
    }
}
