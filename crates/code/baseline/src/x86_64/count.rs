//! Counting entries and turns, and leaving a loop for better code.
//!
//! Each function of a growing text has a counter, which goes down by one where the function is entered and where one of its loops turns. Below
//! zero, an entry asks for the function's code anew, and begins with what it gets. A loop asks for code that goes on at it: then what that may need
//! is below the frame already, in the order that [`silica_contract::abi::PASSED_SLOT_BYTES`] tells, and the code is called with its address. It returns
//! what this function returns. If there is none, the loop goes on.
//!
//! The header of a loop is an edge: nothing is in registers but what stays there throughout. What all loops of a function have in common is written once.

use silica_contract::{
    abi::{PASSED_SLOT_BYTES, results_fit_registers},
    artefact::{Relocation, RelocationKind},
    builtin::Builtin,
};

use super::{
    BaselineBackend, Block, Home,
    assembler::Memory,
    counting::Exit,
    register::{ARGUMENTS, FLOAT_SCRATCH, PRESERVED, RAX, RDI, RDX, RSI, RSP, Register, SCRATCH},
    table::{Alu, CALL_DIGIT, Condition, DEC_DIGIT, INDIRECT, JMP_DIGIT, LEA},
};
use crate::{Value, value::State};

impl BaselineBackend {
    /// The four bytes at `offset` are a distance that is known when the function is placed.
    pub(super) fn refer_to(&mut self, offset: u32, function: u32, kind: RelocationKind) {
        self.relocations.push(Relocation {
            offset,
            function,
            kind,
        });
    }

    /// Counts; gives the distance of the jump to where the count is below zero.
    fn count(&mut self) -> u32 {
        let at = self.asm.relative(INDIRECT, DEC_DIGIT);
        self.refer_to(at, self.counting.function, RelocationKind::X86Counter32);
        self.asm.jcc(Condition::Sign)
    }

    pub(super) fn count_entry(&mut self) {
        if self.target.counters {
            self.counting.entry_at = self.count();
        }
    }

    /// Remembers the operands below the loop that is about to be entered, unless it is to have no exit.
    pub(super) fn note_operands(&mut self, operands: &mut dyn Iterator<Item = &Value>) {
        let start = self.counting.passed.len();
        for value in operands {
            if self.counting.passed.len() - start > self.counting.passed_left as usize {
                break;
            }
            let entry = self.values.entry(value.0);
            debug_assert!(!entry.state.is_unsettled(), "at an edge all is settled");
            self.counting.passed.push((entry.ty, entry.state));
        }
        self.counting.noted = Some(start);
    }

    /// Counts a turn of the loop whose header begins here.
    pub(super) fn count_turn(&mut self, block: Block) {
        let Some(start) = self.counting.noted.take() else {
            return;
        };
        for index in self.params_of(block) {
            let param = self.param(index);
            if let Home::Frame(place) = param.home {
                self.counting.passed.push((param.ty, State::Frame(place)));
            }
        }
        let end = self.counting.passed.len();
        if !self.counting.spend(end - start, self.locals.len()) {
            self.counting.passed.truncate(start);
            return;
        }
        let at = self.count();
        self.counting.exits.push(Exit {
            at,
            back: self.asm.offset(),
            module_offset: self.module_offset,
            start,
            end,
        });
    }

    // ---- behind the code ----

    fn bind_jump(&mut self, at: u32) {
        let here = self.asm.offset();
        self.asm.patch32(at, here.wrapping_sub(at + 4) as i32);
    }

    /// Writes what happens where the count is below zero. Gives the offset where the call returns that goes on in other code, if there is one.
    pub(super) fn emit_exits(&mut self) -> Option<u32> {
        if self.counting.entry_at != 0 {
            self.bind_jump(self.counting.entry_at);
            self.locate(None);
            let at = self.asm.jmp();
            self.refer_to(at, self.counting.function, RelocationKind::X86Ask32);
        }
        let exits = std::mem::take(&mut self.counting.exits);
        if exits.is_empty() {
            return None;
        }
        let values = exits.iter().map(|exit| exit.end - exit.start).max();
        // No place in the frame is taken: one that is free here may have been in use at the loop.
        let slots = self.locals.len() + values.unwrap_or(0);
        let back_place = Self::slot(slots);
        let bytes = (slots as u32 + 1) * PASSED_SLOT_BYTES;
        let mut jumps = Vec::with_capacity(exits.len());
        for exit in &exits {
            self.bind_jump(exit.at);
            self.module_offset = exit.module_offset;
            self.locate(Some(exit.module_offset));
            self.lower_stack(bytes);
            self.pass_operands(exit);
            let at = self.asm.op_relative(LEA, true, SCRATCH);
            self.asm.patch32(at, exit.back.wrapping_sub(at + 4) as i32);
            self.asm.store(true, back_place, SCRATCH);
            self.asm.mov_imm(RDX, exit.module_offset.into());
            jumps.push(self.asm.jmp());
        }
        for at in jumps {
            self.bind_jump(at);
        }
        self.counting.exits = exits;
        Some(self.emit_exit(back_place, bytes))
    }

    /// Where a value is passed.
    fn slot(index: usize) -> Memory {
        Memory::new(RSP, (index as u32 * PASSED_SLOT_BYTES) as i32)
    }

    fn pass_operands(&mut self, exit: &Exit) {
        let first = self.locals.len();
        for (slot, index) in (first..).zip(exit.start..exit.end) {
            let (ty, state) = self.counting.passed[index];
            // Only to be read: no other value is made any more.
            let id = self.values.insert(ty, state, true);
            self.put(Self::slot(slot), id, ty);
        }
    }

    fn pass_locals(&mut self) {
        for index in 0..self.locals.len() {
            let local = self.locals[index];
            let register = match local.home {
                Home::Register(register) => register,
                Home::Frame(place) => {
                    let scratch = match local.ty.is_integer_class() {
                        true => SCRATCH,
                        false => FLOAT_SCRATCH,
                    };
                    self.load_register(scratch, Memory::frame(place), local.ty);
                    scratch
                }
            };
            self.store_register(Self::slot(index), register, local.ty, false);
        }
    }

    /// Restores what stays in a register that a callee does not preserve: locals from where they are passed.
    fn bring_back(&mut self) {
        for index in 0..self.locals.len() {
            let local = self.locals[index];
            if let Home::Register(register) = local.home
                && !PRESERVED.contains(&register)
            {
                self.load_register(register, Self::slot(index), local.ty);
            }
        }
        if let (Some(register), Some((via, offset))) = (self.base, self.base_field) {
            self.load_base(register, via, offset);
        }
    }

    fn load_context(&mut self, to: Register) {
        match self.context {
            Home::Register(context) => self.asm.mov(true, to, context),
            Home::Frame(place) => self.asm.mov(true, to, Memory::frame(place)),
        }
    }

    /// What all exits have in common. The operands are passed already, the loop's offset is in the builtin's register.
    fn emit_exit(&mut self, back_place: Memory, bytes: u32) -> u32 {
        self.pass_locals();
        self.load_context(RDI);
        self.asm.mov_imm(RSI, self.counting.function.into());
        self.emit_call_of_builtin(Builtin::LoopTurned);
        self.asm.alu(Alu::Or, true, RAX, RAX);
        let none = self.asm.jcc(Condition::Equal);
        self.load_context(ARGUMENTS[0]);
        self.load_context(ARGUMENTS[1]);
        let mut next = 2;
        if !results_fit_registers(self.results.iter().copied()) {
            let area = Memory::frame(self.result_area);
            self.asm.mov(true, ARGUMENTS[next], area);
            next += 1;
        }
        self.asm.mov(true, ARGUMENTS[next], RSP);
        self.locate(None);
        self.asm.digit(INDIRECT, false, CALL_DIGIT, RAX);
        let continued_at = self.asm.offset();
        self.emit_epilogue();
        self.bind_jump(none);
        self.bring_back();
        self.asm.mov(true, SCRATCH, back_place);
        self.asm.alu_imm(Alu::Add, true, RSP, bytes as i32);
        self.asm.digit(INDIRECT, false, JMP_DIGIT, SCRATCH);
        continued_at
    }
}
