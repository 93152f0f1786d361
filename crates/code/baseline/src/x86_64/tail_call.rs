//! Calls in tail position, which take the place of this function's frame.

use silica_contract::artefact::RelocationKind;
use silica_module::FunctionType;
use silica_operator::MachineType;
use silica_translate::CallTarget;

use super::{
    BaselineBackend,
    assembler::Memory,
    call::{Code, fits},
    register::{R10, RAX, RBP, RDX, RSP, SCRATCH},
    table::{INDIRECT, JMP_DIGIT, LEA},
};
use crate::{Value, value::State};

/// Above the saved frame pointer lies the return address, and above that what the caller passed on the stack.
const ARGUMENTS_AT: i32 = 16;

impl BaselineBackend {
    pub(super) fn emit_return_call(
        &mut self,
        target: CallTarget<Value>,
        ty: &FunctionType,
        arguments: Vec<Value>,
    ) {
        self.prepare_call(&target, &arguments, false);
        let new_bytes = Self::stack_bytes(ty);
        let moves_stack = new_bytes > 0 || self.stack_argument_bytes > 0;
        // Below the frame: the saved frame pointer, the return address, then the arguments on the stack, as they will lie
        // above the next frame.
        if moves_stack {
            self.lower_stack(new_bytes + ARGUMENTS_AT as u32);
        }
        self.moves.clear();
        self.list_arguments(ty, arguments, RSP, ARGUMENTS_AT);
        if !fits(ty) {
            let area = self.value(MachineType::I64, State::Frame(self.result_area));
            // Its place is not the value's own.
            self.values.entry_mut(area.0).holders += 1;
            self.moves.push((RDX, area.0));
        }
        let code = self.list_target(target);
        self.make_moves();
        self.unlock();
        let code = match code {
            Code::Field(offset) => {
                let memory = self.context_memory(offset);
                self.asm.mov(true, R10, memory);
                Code::Register
            }
            Code::Function(_) | Code::Register => code,
        };
        self.restore_registers();
        if moves_stack {
            self.replace_frame(new_bytes);
        } else {
            // leave
            self.asm.bytes(&[0xc9]);
        }
        match code {
            Code::Function(function) if self.target.counters => {
                let offset = self.asm.relative(INDIRECT, JMP_DIGIT);
                self.refer_to(offset, function, RelocationKind::X86Entry32);
            }
            Code::Function(function) => {
                let offset = self.asm.jmp();
                self.refer_to(offset, function, RelocationKind::X86Relative32);
            }
            Code::Field(_) | Code::Register => {
                self.asm.digit(INDIRECT, false, JMP_DIGIT, R10);
            }
        }
    }

    /// Puts the arguments on the stack where the callee expects them, which is over this function's own and its frame. All
    /// registers but rax and the scratch register are in use.
    fn replace_frame(&mut self, new_bytes: u32) {
        let frame = |displacement| Memory::new(RBP, displacement);
        self.asm.mov(true, RAX, frame(0));
        self.asm.store(true, Memory::new(RSP, 0), RAX);
        self.asm.mov(true, RAX, frame(8));
        self.asm.store(true, Memory::new(RSP, 8), RAX);
        // The new arguments end where this function's own do. From the highest down, since the places overlap.
        let start = self.stack_argument_bytes as i32 - new_bytes as i32;
        let words = (ARGUMENTS_AT as u32 + new_bytes) / 8;
        for word in (0..words as i32).rev() {
            self.asm.mov(true, RAX, Memory::new(RSP, word * 8));
            match word {
                0 => self.asm.mov(true, SCRATCH, RAX),
                _ => self.asm.store(true, frame(start + word * 8), RAX),
            }
        }
        self.asm.op(LEA, true, RSP, frame(start + 8));
        self.asm.mov(true, RBP, SCRATCH);
    }
}
