//! Calls and returns, as `silica_contract::abi` says.
//!
//! At a call every value that is needed afterwards is in the frame or in a register that the callee preserves.

use silica_contract::{
    abi::{Assigner, Location, RESULT_SLOT_BYTES, results_fit_registers},
    artefact::RelocationKind,
    builtin::{Builtin, BuiltinResult},
    call_sites::{Run, StackMap},
    layout::header,
    settings::Architecture,
};
use silica_module::FunctionType;
use silica_operator::MachineType;
use silica_translate::CallTarget;

use super::{
    BaselineBackend, Block, Home, Kept,
    assembler::Memory,
    place::is_narrow,
    register::{ARGUMENTS, R8, R10, RAX, RDI, RESULTS, RSP, Register, SCRATCH, bit},
    table::{Alu, CALL_DIGIT, INDIRECT, LEA},
};
use crate::{
    Value,
    value::{CONTEXT, Id, State},
};

/// Arguments on the stack of more than a page are brought there after a touch of each page.
const PAGE: u32 = 4096;

/// Objects that stack maps of a function name, at most: so many objects at so many calls are not bounded by its size.
const NOTED_OBJECTS_MAX: usize = 1 << 20;

/// What is called.
#[derive(Clone, Copy)]
pub(super) enum Code {
    Function(u32),
    /// The address is a field of the context.
    Field(u32),
    /// The address is in the register that no argument travels in.
    Register,
}

pub(super) fn fits(ty: &FunctionType) -> bool {
    results_fit_registers(ty.results.iter().map(|r| r.machine()))
}

impl BaselineBackend {
    // ---- moves into fixed registers ----

    /// Makes the moves of `register_moves` as if all at once.
    pub(super) fn move_registers(&mut self) {
        let mut left = self.register_moves.len();
        while left > 0 {
            let mut sources = 0;
            for &(to, from, _) in &self.register_moves[..left] {
                if to != from {
                    sources |= bit(from);
                }
            }
            let before = left;
            let mut index = 0;
            while index < left {
                let (to, from, ty) = self.register_moves[index];
                if to == from || sources & bit(to) == 0 {
                    self.move_register(to, from, ty);
                    left -= 1;
                    self.register_moves.swap(index, left);
                } else {
                    index += 1;
                }
            }
            self.register_moves.truncate(left);
            if left == before {
                self.break_cycle();
            }
        }
    }

    /// All that is left are cycles: one register's content goes aside.
    fn break_cycle(&mut self) {
        let Some(&(_, aside, ty)) = self.register_moves.first() else {
            return;
        };
        let (scratch, whole) = match ty.is_integer_class() {
            true => (SCRATCH, MachineType::I64),
            false => (super::register::FLOAT_SCRATCH, MachineType::V128),
        };
        self.move_register(scratch, aside, whole);
        for (_, from, _) in &mut self.register_moves {
            if *from == aside {
                *from = scratch;
            }
        }
    }

    /// Brings the values of `moves`, none of which is lazy, into their registers, and uses them up.
    pub(super) fn make_moves(&mut self) {
        self.register_moves.clear();
        for index in 0..self.moves.len() {
            let (to, id) = self.moves[index];
            // What is there already may stay as it is: nothing is promised of what lies above a narrow value.
            if let Some(from) = self.register_of(id)
                && from != to
            {
                self.register_moves.push((to, from, self.ty(id)));
            }
        }
        self.move_registers();
        for index in 0..self.moves.len() {
            let (to, id) = self.moves[index];
            if self.register_of(id).is_none() {
                self.load_into(to, id);
            }
        }
        for index in 0..self.moves.len() {
            self.release(self.moves[index].1);
        }
        self.moves.clear();
    }

    // ---- what a call leaves alone ----

    /// Puts values in registers into the frame, but for those that the call uses up.
    fn spill_all(&mut self) {
        let mut owned = self.owned;
        while owned != 0 {
            let register = owned.trailing_zeros();
            owned &= owned - 1;
            let id = self.owners[register as usize];
            if !self.values.entry(id).exempt {
                self.spill(id);
            }
        }
    }

    /// Saves the registers that hold locals: those that a callee does not preserve, or all for a handler.
    fn save(&mut self, preserved: bool) {
        for index in 0..self.kept.len() {
            let Kept { register, ty, .. } = self.kept[index];
            if self.kept[index].preserved && !preserved {
                continue;
            }
            let place = match self.kept[index].place {
                Some(place) => place,
                None => self.frame.take(ty.bytes()),
            };
            self.kept[index].place = Some(place);
            self.store_register(Memory::frame(place), register, ty, false);
        }
    }

    /// Saves all that a handler restores.
    pub(super) fn save_kept(&mut self) {
        self.save(true);
    }

    fn restore_volatile(&mut self) {
        self.restore(false);
    }

    /// Restores what a handler finds changed.
    pub(super) fn restore_kept(&mut self) {
        self.restore(true);
    }

    fn restore(&mut self, preserved: bool) {
        for index in 0..self.kept.len() {
            let kept = self.kept[index];
            if let Some(place) = kept.place
                && (preserved || !kept.preserved)
            {
                self.load_register(kept.register, Memory::frame(place), kept.ty);
            }
        }
    }

    /// Tells of the call that has just been written which objects the frame keeps, and where an exception goes on.
    fn note_call(&mut self, handler: Option<Block>) {
        let return_offset = self.asm.offset();
        if let Some(block) = handler {
            self.handled.push((return_offset, block));
        }
        if self.object_places.is_empty() && self.object_locals.count == 0 {
            return;
        }
        self.noted_objects += self.object_places.len();
        if self.noted_objects > NOTED_OBJECTS_MAX {
            self.refuse("too many objects across too many calls");
            return;
        }
        self.stack_maps.push(StackMap {
            return_offset,
            runs: (self.object_places.iter())
                .map(|place| Run {
                    below: place.unsigned_abs(),
                    count: 1,
                })
                .collect(),
            always: match self.object_locals.count {
                0 => Vec::new(),
                _ => vec![self.object_locals],
            },
        });
    }

    /// The context, as a value.
    #[inline]
    pub(super) fn context_value(&mut self) -> Value {
        self.share(CONTEXT)
    }

    /// One more holder of a value that lives as long as the function.
    #[inline]
    pub(super) fn share(&mut self, id: Id) -> Value {
        self.values.entry_mut(id).holders += 1;
        Value(id)
    }

    // ---- calls ----

    /// Computes what is lazy of a call, and puts what outlives it into the frame.
    pub(super) fn prepare_call(
        &mut self,
        target: &CallTarget<Value>,
        arguments: &[Value],
        is_edge: bool,
    ) {
        self.make_room();
        for value in arguments {
            self.force(value.0);
        }
        let pointers = match target {
            CallTarget::Direct(_) => None,
            CallTarget::Pointer { code, context } => Some([code.0, context.0]),
        };
        for id in pointers.into_iter().flatten() {
            self.force(id);
        }
        let exempt = |this: &mut Self, is_exempt| {
            for value in arguments {
                this.exempt(value.0, is_exempt);
            }
            for id in pointers.into_iter().flatten() {
                this.exempt(id, is_exempt);
            }
        };
        exempt(self, true);
        if is_edge {
            self.settle_all();
        } else {
            self.spill_all();
        }
        exempt(self, false);
    }

    /// Lists the moves of the contexts, and says what is called.
    pub(super) fn list_target(&mut self, target: CallTarget<Value>) -> Code {
        let own = self.context_value();
        self.moves.push((ARGUMENTS[1], own.0));
        match target {
            CallTarget::Direct(function) => {
                let own = self.context_value();
                self.moves.push((ARGUMENTS[0], own.0));
                Code::Function(function)
            }
            CallTarget::Pointer { code, context } => {
                self.moves.push((ARGUMENTS[0], context.0));
                if let State::Field { via: None, offset } = self.values.state(code.0) {
                    self.release(code.0);
                    return Code::Field(offset);
                }
                self.moves.push((R10, code.0));
                Code::Register
            }
        }
    }

    /// Lists the moves of arguments in registers; the others are written to `stack`, upwards from there.
    pub(super) fn list_arguments(
        &mut self,
        ty: &FunctionType,
        arguments: Vec<Value>,
        stack: Register,
        stack_offset: i32,
    ) {
        let mut assigner = Assigner::arguments(Architecture::X86_64, fits(ty));
        for (param, value) in ty.params.iter().zip(arguments) {
            let machine = param.machine();
            match assigner.assign(machine) {
                Location::Integer(at) => self.moves.push((ARGUMENTS[at as usize], value.0)),
                Location::Float(at) => self.moves.push((Register::float(at), value.0)),
                Location::Stack(offset) => {
                    let to = Memory::new(stack, stack_offset + offset as i32);
                    self.put(to, value.0, machine);
                    self.release(value.0);
                }
                Location::Area(_) => {}
            }
        }
    }

    pub(super) fn stack_bytes(ty: &FunctionType) -> u32 {
        let mut assigner = Assigner::arguments(Architecture::X86_64, fits(ty));
        for param in &ty.params {
            assigner.assign(param.machine());
        }
        assigner.stack_bytes()
    }

    /// Makes room below the frame.
    pub(super) fn lower_stack(&mut self, bytes: u32) {
        for _ in 0..bytes / PAGE {
            self.probe_page();
        }
        if !bytes.is_multiple_of(PAGE) {
            self.asm.alu_imm(Alu::Sub, true, RSP, (bytes % PAGE) as i32);
        }
    }

    pub(super) fn emit_call(
        &mut self,
        target: CallTarget<Value>,
        ty: &FunctionType,
        arguments: Vec<Value>,
        handler: Option<Block>,
    ) -> Vec<Value> {
        self.prepare_call(&target, &arguments, handler.is_some());
        self.save(handler.is_some());
        let stack_bytes = Self::stack_bytes(ty);
        // The callee gives it back.
        self.lower_stack(stack_bytes);
        self.moves.clear();
        self.list_arguments(ty, arguments, RSP, 0);
        let code = self.list_target(target);
        self.make_moves();
        self.unlock();
        let area = (!fits(ty)).then(|| self.callee_area(ty));
        if let Some(area) = area {
            self.asm.op(LEA, true, ARGUMENTS[2], Memory::frame(area));
        }
        self.emit_call_of(code);
        self.note_call(handler);
        let results = match area {
            None => self.results_in_registers(ty),
            Some(area) => self.results_in_area(ty, area),
        };
        self.restore_volatile();
        results
    }

    fn emit_call_of(&mut self, code: Code) {
        self.locate(Some(self.module_offset));
        match code {
            Code::Function(function) if self.target.counters => {
                let offset = self.asm.relative(INDIRECT, CALL_DIGIT);
                self.refer_to(offset, function, RelocationKind::X86Entry32);
            }
            Code::Function(function) => {
                let offset = self.asm.call();
                self.refer_to(offset, function, RelocationKind::X86Relative32);
            }
            Code::Field(offset) => {
                let memory = self.context_memory(offset);
                self.asm.digit(INDIRECT, false, CALL_DIGIT, memory);
            }
            Code::Register => self.asm.digit(INDIRECT, false, CALL_DIGIT, R10),
        }
    }

    /// A field of the context, by way of the scratch register where the context is in none.
    pub(super) fn context_memory(&mut self, offset: u32) -> Memory {
        let base = match self.context {
            Home::Register(register) => register,
            Home::Frame(place) => {
                self.asm.mov(true, SCRATCH, Memory::frame(place));
                SCRATCH
            }
        };
        Memory::new(base, offset as i32)
    }

    /// The area for results of a callee, which is used again by the next.
    fn callee_area(&mut self, ty: &FunctionType) -> i32 {
        let bytes = ty.results.len() as u32 * RESULT_SLOT_BYTES;
        if self.callee_area.1 < bytes {
            let used = self.frame.used();
            let place = self.frame.grow(used.next_multiple_of(16) - used + bytes);
            self.callee_area = (place, bytes);
        }
        self.callee_area.0
    }

    fn results_in_registers(&mut self, ty: &FunctionType) -> Vec<Value> {
        let mut assigner = Assigner::results();
        let mut values = Vec::with_capacity(ty.results.len());
        for result in &ty.results {
            let machine = result.machine();
            let register = match assigner.assign(machine) {
                // This one may be a local's.
                Location::Integer(at) if RESULTS[at as usize] == R8 => {
                    self.move_register(R10, R8, MachineType::I64);
                    R10
                }
                Location::Integer(at) => RESULTS[at as usize],
                Location::Float(at) => Register::float(at),
                Location::Stack(_) | Location::Area(_) => continue,
            };
            let value = self.in_register(register, machine);
            self.values.entry_mut(value.0).clean = !is_narrow(machine);
            values.push(value);
        }
        values
    }

    fn results_in_area(&mut self, ty: &FunctionType, area: i32) -> Vec<Value> {
        let places = (area..).step_by(RESULT_SLOT_BYTES as usize);
        let mut values = Vec::with_capacity(ty.results.len());
        for (result, from) in ty.results.iter().zip(places) {
            let machine = result.machine();
            let register = self.allocate_for(machine);
            self.load_register(register, Memory::frame(from), machine);
            values.push(self.in_register(register, machine));
        }
        values
    }

    pub(super) fn emit_builtin(
        &mut self,
        builtin: Builtin,
        arguments: Vec<Value>,
    ) -> Option<Value> {
        self.prepare_call(&CallTarget::Direct(0), &arguments, false);
        self.save(false);
        self.moves.clear();
        let own = self.context_value();
        self.moves.push((RDI, own.0));
        for (register, value) in ARGUMENTS[1..].iter().zip(&arguments) {
            self.moves.push((*register, value.0));
        }
        self.make_moves();
        self.unlock();
        self.emit_call_of_builtin(builtin);
        self.note_call(None);
        let result = builtin.result().map(|result| {
            let ty = match result {
                BuiltinResult::Integer => MachineType::I64,
                BuiltinResult::Object => MachineType::Object,
            };
            self.in_register(RAX, ty)
        });
        self.restore_volatile();
        result
    }

    /// Calls a builtin whose arguments are where they belong.
    pub(super) fn emit_call_of_builtin(&mut self, builtin: Builtin) {
        let table = Memory::new(RDI, header::BUILTINS as i32);
        self.locate(Some(self.module_offset));
        self.asm.mov(true, RAX, table);
        let code = Memory::new(RAX, builtin.table_offset() as i32);
        self.asm.digit(INDIRECT, false, CALL_DIGIT, code);
    }

    // ---- returns ----

    pub(super) fn emit_return(&mut self, values: Vec<Value>) {
        let results = std::mem::take(&mut self.results);
        for value in &values {
            self.force(value.0);
        }
        if results_fit_registers(results.iter().copied()) {
            let mut assigner = Assigner::results();
            self.moves.clear();
            for (result, value) in results.iter().zip(&values) {
                match assigner.assign(*result) {
                    Location::Integer(at) => self.moves.push((RESULTS[at as usize], value.0)),
                    Location::Float(at) => self.moves.push((Register::float(at), value.0)),
                    Location::Stack(_) | Location::Area(_) => {}
                }
            }
            self.make_moves();
        } else {
            let area = self.allocate(false);
            self.asm.mov(true, area, Memory::frame(self.result_area));
            let places = (0i32..).step_by(RESULT_SLOT_BYTES as usize);
            for ((result, value), at) in results.iter().zip(&values).zip(places) {
                self.put(Memory::new(area, at), value.0, *result);
                self.release(value.0);
            }
        }
        self.unlock();
        self.results = results;
        self.emit_epilogue();
    }
}
