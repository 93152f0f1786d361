//! Edges: what is the same wherever control arrives.
//!
//! At each edge every value that is needed later is constant or in the frame, and locals are at home. So a block's beginning
//! looks the same from all its predecessors, and nothing has to be remembered of them. Parameters of a block travel in one
//! integer register and one vector register, the others in the frame; those of a loop all in the frame.

use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_operator::{Convert, MachineType};
use silica_translate::BranchTarget;

use super::{
    BaselineBackend, Block, BlockState, Fixup, Home, Param, Parity, Tail, Test,
    assembler::Memory,
    place::{is_narrow, is_wide},
    register::{FLOAT_SCRATCH, RAX, Register, SCRATCH, XMM0},
    table::{Alu, Condition, INDIRECT, JMP_DIGIT, LEA, MOVSXD},
};
use crate::{
    Value,
    value::{Id, NONE, State},
};

type Target = BranchTarget<Block, Value>;

/// Parameters of open blocks, at most: their number is not bounded by the size of the function.
const PARAMS_MAX: usize = 1 << 22;

impl BaselineBackend {
    // ---- values at an edge ----

    /// Says whether the value is used up at the edge or call at hand.
    pub(super) fn exempt(&mut self, id: Id, exempt: bool) {
        if !self.is_last_use(id) {
            return;
        }
        self.values.entry_mut(id).exempt = exempt;
        if let State::Lazy(lazy) = self.values.state(id) {
            for operand in lazy.operands() {
                if self.is_last_use(operand) {
                    self.values.entry_mut(operand).exempt = exempt;
                }
            }
        }
    }

    /// Settles all values but those that are exempt.
    pub(super) fn settle_all(&mut self) {
        for lazy_only in [true, false] {
            // Backwards: what is taken off the list is replaced by what was looked at already.
            let mut index = self.values.unsettled().len();
            while index > 0 {
                index -= 1;
                let Some(&id) = self.values.unsettled().get(index) else {
                    continue;
                };
                let is_lazy = matches!(self.values.state(id), State::Lazy(_));
                if !self.values.entry(id).exempt && (is_lazy || !lazy_only) {
                    self.settle(id);
                }
            }
        }
    }

    // ---- blocks ----

    pub(super) fn make_block(&mut self, params: &[MachineType], is_loop: bool) -> Block {
        if self.params.len() + params.len() > PARAMS_MAX {
            self.refuse("blocks with too many parameters");
            self.params.clear();
        }
        let start = self.params.len() as u32;
        self.params.extend(params.iter().map(|ty| Param {
            ty: *ty,
            home: Home::Frame(0),
        }));
        self.blocks.push(BlockState {
            offset: NONE,
            fixups: NONE,
            params_start: start,
            params_count: params.len() as u32,
            is_loop,
            is_handler: false,
            placed: false,
        });
        Block(self.blocks.len() as u32 - 1)
    }

    /// A block that exceptions go on in.
    pub(super) fn make_handler(&mut self) -> Block {
        if !self.has_handlers {
            self.refuse("handlers that were not seen before");
        }
        let block = self.make_block(&[MachineType::Object], false);
        self.blocks[block.0 as usize].is_handler = true;
        block
    }

    /// An exception that is here goes on in a handler, or leaves the function.
    pub(super) fn emit_throw(&mut self, exception: Value, handler: Option<Block>) {
        match handler {
            Some(block) => {
                self.save_kept();
                self.emit_jump(Target {
                    block,
                    arguments: vec![exception],
                });
            }
            None => {
                let exception = self.emit_convert(Convert::Extend { signed: false }, exception);
                self.emit_builtin(Builtin::Throw, vec![exception]);
                // It does not return.
                self.emit_trap(TrapCode::Unreachable);
            }
        }
    }

    pub(super) fn params_of(&self, block: Block) -> std::ops::Range<usize> {
        let state = self.blocks[block.0 as usize];
        let start = state.params_start as usize;
        start..start + state.params_count as usize
    }

    /// A parameter; of a function that was refused perhaps not the right one.
    pub(super) fn param(&self, index: usize) -> Param {
        self.params.get(index).copied().unwrap_or(Param {
            ty: MachineType::I64,
            home: Home::Frame(0),
        })
    }

    /// Decides where the block's parameters travel, at the first edge to it.
    fn place_params(&mut self, block: Block) {
        let state = &mut self.blocks[block.0 as usize];
        if std::mem::replace(&mut state.placed, true) {
            return;
        }
        let mut registers = [Some(RAX), Some(XMM0)];
        if state.is_loop {
            registers = [None, None];
        }
        for index in self.params_of(block) {
            let Some(Param { ty, .. }) = self.params.get(index).copied() else {
                continue;
            };
            let register = registers[usize::from(!ty.is_integer_class())].take();
            self.params[index].home = match register {
                Some(register) => Home::Register(register),
                None => Home::Frame(self.frame.take(ty.bytes())),
            };
        }
    }

    /// Brings the values to the places of the block's parameters, and uses them up.
    fn pass(&mut self, block: Block, arguments: Vec<Value>) {
        if arguments.is_empty() {
            return;
        }
        self.place_params(block);
        let params = self.params_of(block);
        for (index, value) in params.clone().zip(&arguments) {
            if let Param {
                ty,
                home: Home::Frame(place),
            } = self.param(index)
            {
                self.put(Memory::frame(place), value.0, ty);
                self.release(value.0);
            }
        }
        for (index, value) in params.zip(&arguments) {
            if let Home::Register(register) = self.param(index).home {
                self.take_into(register, value.0);
                self.unlock();
            }
        }
    }

    /// Writes a value to memory. Changes no state but of what is lazy.
    pub(super) fn put(&mut self, to: Memory, id: Id, ty: MachineType) {
        self.force(id);
        if ty.is_integer_class()
            && let Some(bits) = self.constant_of(id)
        {
            let value = if is_wide(ty) {
                bits as i64
            } else {
                i64::from(bits as i32)
            };
            if let Ok(value) = i32::try_from(value) {
                self.asm.store_imm(ty.bytes(), to, value);
                return;
            }
        }
        let register = self.register_of(id).unwrap_or_else(|| {
            let scratch = if ty.is_integer_class() {
                SCRATCH
            } else {
                FLOAT_SCRATCH
            };
            self.load_into(scratch, id);
            scratch
        });
        self.store_register(to, register, ty, false);
    }

    pub(super) fn emit_enter(&mut self, block: Block) -> Vec<Value> {
        self.cut_tail(block);
        let here = self.asm.offset();
        self.bind(block, here);
        self.abandon();
        self.last_load = None;
        let params = self.params_of(block);
        let BlockState {
            is_loop,
            is_handler,
            ..
        } = self.blocks[block.0 as usize];
        if is_loop {
            // Where programs are interrupted that do nothing but turn.
            self.locate(Some(self.module_offset));
            self.count_turn(block);
        }
        if is_handler {
            // The exception is in its register even where only calls come here.
            self.place_params(block);
            self.restore_kept();
        }
        let mut values = Vec::with_capacity(params.len());
        for index in params.clone() {
            let Param { ty, home } = self.param(index);
            values.push(match home {
                Home::Register(register) => self.in_register(register, ty),
                Home::Frame(place) if is_loop => self.load_loop_param(place, ty),
                Home::Frame(place) => {
                    let value = self.value(ty, State::Frame(place));
                    self.values.entry_mut(value.0).clean = !is_narrow(ty);
                    self.note_object(place, ty);
                    value
                }
            });
        }
        if !is_loop {
            self.forget_params(params);
        }
        values
    }

    /// What was not settled at any edge was computed where control never comes from: nobody will use it.
    fn abandon(&mut self) {
        while let Some(&id) = self.values.unsettled().last() {
            self.leave_register(id, State::Constant(0));
        }
    }

    /// Edges to come write to the parameter's own place: the value goes to another.
    fn load_loop_param(&mut self, place: i32, ty: MachineType) -> Value {
        let register = self.allocate_for(ty);
        self.load_register(register, Memory::frame(place), ty);
        self.in_register(register, ty)
    }

    pub(super) fn emit_seal(&mut self, block: Block) {
        if !self.blocks[block.0 as usize].is_loop {
            return;
        }
        let params = self.params_of(block);
        for index in params.clone() {
            if let Param {
                ty,
                home: Home::Frame(place),
            } = self.param(index)
                && self.blocks[block.0 as usize].placed
            {
                self.frame.give_back(place, ty.bytes());
            }
        }
        self.forget_params(params);
    }

    /// Blocks nest: what was made after this one's parameters is done with, too.
    fn forget_params(&mut self, params: std::ops::Range<usize>) {
        if !params.is_empty() {
            self.params.truncate(params.start);
        }
    }

    // ---- jumps ----

    fn bind(&mut self, block: Block, here: u32) {
        let state = &mut self.blocks[block.0 as usize];
        state.offset = here;
        let mut next = std::mem::replace(&mut state.fixups, NONE);
        while next != NONE {
            let fixup = self.fixups[next as usize];
            self.asm
                .patch32(fixup.at, here.wrapping_sub(fixup.base) as i32);
            next = fixup.next;
        }
    }

    /// The four bytes at `at` are the distance from `base` to the block.
    fn refer(&mut self, block: Block, at: u32, base: u32) {
        let state = &mut self.blocks[block.0 as usize];
        if state.offset != NONE {
            let distance = state.offset.wrapping_sub(base) as i32;
            self.asm.patch32(at, distance);
            return;
        }
        self.fixups.push(Fixup {
            at,
            base,
            next: state.fixups,
        });
        state.fixups = self.fixups.len() as u32 - 1;
    }

    fn jump_to(&mut self, block: Block) {
        let start = self.asm.offset();
        let at = self.asm.jmp();
        self.refer(block, at, at + 4);
        self.tail = Tail::Jump { start, to: block };
        self.tail_end = self.asm.offset();
    }

    fn jump_if(&mut self, condition: Condition, block: Block) {
        let at = self.asm.jcc(condition);
        self.refer(block, at, at + 4);
    }

    /// Forgets the last jump to the block, which was the last thing written.
    fn unrefer(&mut self, block: Block) {
        let state = &mut self.blocks[block.0 as usize];
        if state.offset == NONE
            && let Some(fixup) = self.fixups.pop()
        {
            state.fixups = fixup.next;
        }
    }

    /// A jump to what follows need not be made.
    fn cut_tail(&mut self, block: Block) {
        let tail = std::mem::replace(&mut self.tail, Tail::None);
        if self.tail_end != self.asm.offset() {
            return;
        }
        match tail {
            Tail::None => {}
            Tail::Jump { start, to } => {
                if to.0 == block.0 {
                    self.unrefer(to);
                    self.asm.cut(start);
                }
            }
            Tail::Branch {
                condition,
                start,
                yes,
                no,
            } => {
                if no.0 == block.0 {
                    self.unrefer(no);
                    self.asm.cut(self.tail_end - 5);
                } else if yes.0 == block.0 {
                    self.unrefer(no);
                    self.unrefer(yes);
                    self.asm.cut(start);
                    self.jump_if(condition.inverse(), no);
                }
            }
        }
    }

    pub(super) fn emit_jump(&mut self, target: Target) {
        for value in &target.arguments {
            self.exempt(value.0, true);
        }
        self.settle_all();
        self.pass(target.block, target.arguments);
        self.unlock();
        self.jump_to(target.block);
    }

    pub(super) fn emit_branch(&mut self, condition: Value, yes: Target, no: Target) {
        self.exempt(condition.0, true);
        self.settle_all();
        let test = self.test(condition);
        self.unlock();
        if yes.arguments.is_empty() && no.arguments.is_empty() {
            match test.parity {
                Parity::Ignored => {}
                Parity::False => self.jump_if(Condition::Parity, no.block),
                Parity::True => self.jump_if(Condition::Parity, yes.block),
            }
            let start = self.asm.offset();
            self.jump_if(test.condition, yes.block);
            self.jump_to(no.block);
            self.tail = Tail::Branch {
                condition: test.condition,
                start,
                yes: yes.block,
                no: no.block,
            };
            return;
        }
        let others = self.jump_unless(test);
        self.pass(yes.block, yes.arguments);
        self.unlock();
        self.jump_to(yes.block);
        self.bind_jumps(others);
        self.pass(no.block, no.arguments);
        self.unlock();
        self.jump_to(no.block);
    }

    /// Jumps that are taken where the test fails.
    fn jump_unless(&mut self, test: Test) -> [Option<u32>; 2] {
        let inverse = test.condition.inverse();
        match test.parity {
            Parity::Ignored => [Some(self.asm.jcc(inverse)), None],
            Parity::False => {
                let unordered = self.asm.jcc(Condition::Parity);
                [Some(unordered), Some(self.asm.jcc(inverse))]
            }
            Parity::True => {
                let taken = self.asm.jcc_short(Condition::Parity);
                let other = self.asm.jcc(inverse);
                self.asm.bind_short(taken);
                [Some(other), None]
            }
        }
    }

    fn bind_jumps(&mut self, jumps: [Option<u32>; 2]) {
        let here = self.asm.offset();
        for at in jumps.into_iter().flatten() {
            self.asm.patch32(at, here.wrapping_sub(at + 4) as i32);
        }
    }

    pub(super) fn emit_branch_table(
        &mut self,
        index: Value,
        targets: Vec<Target>,
        default: Target,
    ) {
        self.exempt(index.0, true);
        self.settle_all();
        let count = targets.len() as u64;
        let register = self.take_index(index);
        // Beyond the end the index is that of the default, which is last, and not by a branch that could be mispredicted.
        self.asm.mov_imm(SCRATCH, count);
        self.asm.alu(Alu::Cmp, false, register, SCRATCH);
        self.asm
            .cmov(Condition::AboveEqual, false, register, SCRATCH);
        let table_at = self.asm.op_relative(LEA, true, SCRATCH);
        let entry = Memory {
            base: SCRATCH,
            index: Some(register),
            scale_log2: 2,
            displacement: 0,
        };
        self.asm.op(MOVSXD, true, register, entry);
        self.asm.alu(Alu::Add, true, register, SCRATCH);
        self.asm.digit(INDIRECT, false, JMP_DIGIT, register);
        self.unlock();
        let table = self.asm.offset();
        self.asm.patch32(table_at, (table - (table_at + 4)) as i32);
        self.write_table(table, targets, default);
    }

    /// The index of a table of branches, in a register that is nobody's, with upper bits of zero.
    fn take_index(&mut self, index: Value) -> Register {
        let register = self.take_register(index.0);
        self.move_register(register, register, MachineType::I32);
        register
    }

    fn write_table(&mut self, table: u32, targets: Vec<Target>, default: Target) {
        let bytes = 4 * (targets.len() + 1);
        self.asm.code.resize(table as usize + bytes, 0);
        for (at, target) in (table..)
            .step_by(4)
            .zip(targets.into_iter().chain([default]))
        {
            if target.arguments.is_empty() {
                self.refer(target.block, at, table);
                continue;
            }
            let here = self.asm.offset();
            self.asm.patch32(at, (here - table) as i32);
            self.pass(target.block, target.arguments);
            self.unlock();
            self.jump_to(target.block);
        }
        self.tail = Tail::None;
    }
}
