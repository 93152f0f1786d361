//! Small callees, translated in place of their calls.
//!
//! A direct call of a small function does not become a call: its body is translated right there, by the same lowering,
//! with locals of its own and returns that go on after the call. So source offsets and fuel stay exact,
//! nothing of the callee has to be kept, and a body costs only its own translation. Exceptions that leave the body go
//! where the call's would go.
//!
//! What bounds it: a body's size, how deep bodies nest, no body within itself, and a budget for each function.

use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use silica_contract::{
    artefact::{InlinedPlace, Place},
    trap::TrapCode,
};
use silica_module::FunctionType;

use super::{
    state::{CraneliftBackend, Exit, InlinedCall, Join},
    types::trap_code,
};
use crate::{Error, places};

/// How deep bodies may nest.
const DEPTH_MAX: usize = 4;
impl CraneliftBackend<'_> {
    pub(super) fn may_inline(&mut self, function: u32) -> bool {
        let Some(bytes) = self.inliner.and_then(|i| i.inline_bytes(function)) else {
            return false;
        };
        self.failure.is_none()
            && bytes <= self.inline_budget
            && self.frames.len() <= DEPTH_MAX
            && self.frames.iter().all(|f| f.function != function)
    }

    pub(super) fn inline_call(
        &mut self,
        function: u32,
        ty: &FunctionType,
        arguments: Vec<Value>,
        handler: Option<Block>,
    ) -> Vec<Value> {
        let source = self.inliner.expect("`may_inline` found one");
        self.inline_budget -= source.inline_bytes(function).unwrap_or(0);
        let location = self.builder.srcloc();
        self.inlined_call = Some(InlinedCall {
            function,
            arguments,
            handler,
            called_at: places::place(location),
        });
        let depth = self.frames.len();
        let valid = source.translate(function, self);
        self.builder.set_srcloc(location);
        if !valid {
            return self.abandon_inlined(function, ty, depth);
        }
        let frame = self.frames.pop().expect("the body opened a frame");
        let Exit::Join(join) = frame.exit else {
            unreachable!("the body was opened in place of a call");
        };
        self.close_join(join)
    }

    /// Where the operator at this offset in the module is.
    pub(super) fn place(&mut self, module_offset: u32) -> Place {
        let called_at = match &self.inlined_call {
            Some(call) => call.called_at,
            None => self.frames.last().and_then(|frame| frame.called_at),
        };
        let Some(called_at) = called_at else {
            return Place::at(module_offset);
        };
        self.inlined.push(InlinedPlace {
            module_offset,
            called_at,
        });
        Place::inlined(self.inlined.len() as u32 - 1)
    }

    /// What `begin` does for a body in place of a call.
    pub(super) fn open_inlined(ty: &FunctionType) -> Join {
        Join {
            block: None,
            pending: None,
            ty: ty.clone(),
        }
    }

    /// Goes on after a body that has been translated; gives its results.
    fn close_join(&mut self, join: Join) -> Vec<Value> {
        match (join.block, join.pending) {
            (None, Some(values)) => values,
            (Some(block), pending) => {
                if let Some(values) = pending {
                    self.jump_to_join(block, values);
                }
                self.builder.switch_to_block(block);
                self.builder.seal_block(block);
                self.builder.block_params(block).to_vec()
            }
            (None, None) => {
                // It never returns: what follows is not reached, but needs a place to stand in.
                let block = self.make_join(&join.ty);
                self.builder.switch_to_block(block);
                self.builder.seal_block(block);
                self.builder.block_params(block).to_vec()
            }
        }
    }

    fn is_block_filled(&self) -> bool {
        let function = &self.builder.func;
        let last = (self.builder.current_block()).and_then(|b| function.layout.last_inst(b));
        last.is_some_and(|inst| function.dfg.insts[inst].opcode().is_terminator())
    }

    fn make_join(&mut self, ty: &FunctionType) -> Block {
        let block = self.builder.create_block();
        for result in &ty.results {
            self.append_param(block, result.machine());
        }
        block
    }

    fn jump_to_join(&mut self, block: Block, values: Vec<Value>) {
        let arguments: Vec<BlockArg> = values.into_iter().map(BlockArg::Value).collect();
        self.ins().jump(block, &arguments);
    }

    fn join(&mut self) -> Option<&mut Join> {
        match &mut self.frames.last_mut()?.exit {
            Exit::Return(_) => None,
            Exit::Join(join) => Some(join),
        }
    }

    /// A return of a body in place of a call.
    pub(super) fn return_to_join(&mut self, values: Vec<Value>) {
        if let Some(join) = self.join() {
            join.pending = Some(values);
        }
    }

    /// Writes the jump of a return after which the body goes on in another block.
    pub(super) fn settle_return(&mut self) {
        let Some(join) = self.join() else { return };
        let Some(values) = join.pending.take() else {
            return;
        };
        let (block, ty) = (join.block, join.ty.clone());
        let block = match block {
            Some(block) => block,
            None => {
                let block = self.make_join(&ty);
                if let Some(join) = self.join() {
                    join.block = Some(block);
                }
                block
            }
        };
        self.jump_to_join(block, values);
    }

    /// The callee is invalid, which its own compilation will report. This function is given up, but
    /// its translation still has to come to its end.
    fn abandon_inlined(&mut self, function: u32, ty: &FunctionType, depth: usize) -> Vec<Value> {
        self.failure = Some(Error::InvalidCallee(function));
        self.inlined_call = None;
        self.frames.truncate(depth);
        if !self.is_block_filled() {
            self.ins().trap(trap_code(TrapCode::Unreachable));
        }
        let block = self.make_join(ty);
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
        self.builder.block_params(block).to_vec()
    }
}
