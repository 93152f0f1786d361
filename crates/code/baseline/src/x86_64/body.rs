//! How a function begins and ends: what gets a register for the whole of it, the frame, and what lies behind its code.
//!
//! The most used locals, the context and the first memory's address stay in registers. Registers that a callee preserves cost a
//! save and a restore in all; others are saved around each call, which pays where calls are rare.

use silica_contract::{
    abi::{Assigner, Location, results_fit_registers},
    artefact::{CompiledFunction, Place, SourceLocation},
    call_sites::{Handler, Run, SLOT_BYTES},
    settings::Architecture,
    trap::TrapCode,
};
use silica_module::FunctionType;
use silica_operator::MachineType;

use super::{
    BaselineBackend, Home, Local, Tail,
    assembler::Memory,
    register::{ARGUMENTS, FLOAT_SCRATCH, RBP, RSP, Register, SCRATCH},
    table::{Alu, Condition, MOVU_TO, PS, XOR},
};
use crate::{
    Error,
    value::{CONTEXT, MEMORY_BASE, NONE, State},
    workspace::FunctionInput,
};

/// Stacks end in a guard that is at least this large.
const PAGE: u32 = 4096;
/// Frames of more pages are probed by a loop.
const PROBES_IN_LINE_MAX: u32 = 8;
/// Code of a function, at most: distances between its parts are 32 bits.
const CODE_BYTES_MAX: usize = 1 << 30;
/// Places in the frame are zeroed one by one up to so many bytes.
const ZEROED_IN_LINE_MAX: u32 = 256;

impl BaselineBackend {
    pub(crate) fn reset(&mut self, input: FunctionInput<'_>) {
        self.asm.code.clear();
        self.values.clear();
        let context = self.values.insert(MachineType::I64, State::Context, true);
        debug_assert_eq!(context, CONTEXT);
        if let Some((via, offset)) = input.memory_base {
            let state = State::Field { via, offset };
            let base = self.values.insert(MachineType::I64, state, true);
            debug_assert_eq!(base, MEMORY_BASE);
        }
        self.vectors.clear();
        self.owners = [NONE; 32];
        (self.owned, self.locked, self.turn) = (0, 0, 0);
        self.frame.clear();
        self.locals.clear();
        (self.base, self.base_field) = (None, input.memory_base);
        self.saved.clear();
        self.kept.clear();
        self.has_handlers = input.survey.handlers;
        self.object_places.clear();
        self.noted_objects = 0;
        self.object_locals = Run { below: 0, count: 0 };
        self.stack_maps.clear();
        self.handled.clear();
        self.weights.clone_from(&input.survey.locals);
        self.calls_weight = input.survey.calls;
        self.context_weight = input.survey.context;
        self.memory_weight = input.survey.memory;
        self.callee_area = (0, 0);
        self.epilogue = NONE;
        self.blocks.clear();
        self.params.clear();
        self.fixups.clear();
        (self.tail, self.last_load) = (Tail::None, None);
        self.stubs.clear();
        self.counting.clear(input.function, input.body_bytes);
        self.pool.clear();
        self.pool_uses.clear();
        self.traps.clear();
        self.locations.clear();
        self.relocations.clear();
        self.failure = None;
    }

    // ---- the beginning ----

    pub(super) fn emit_begin(&mut self, ty: &FunctionType, locals: &[MachineType]) {
        self.results.clear();
        self.results.extend(ty.results.iter().map(|r| r.machine()));
        self.locate(Some(self.module_offset));
        self.count_entry();
        self.asm.push(RBP);
        self.asm.mov(true, RBP, RSP);
        // sub rsp, distance
        self.asm.bytes(&[0x48, 0x81, 0xec, 0, 0, 0, 0]);
        self.frame_size_at = self.asm.offset() - 4;
        self.locals.extend(
            (ty.params.iter().map(|p| p.machine()))
                .chain(locals.iter().copied())
                .map(|ty| Local {
                    ty,
                    home: Home::Frame(0),
                }),
        );
        self.choose_registers();
        self.save_registers();
        self.place_objects();
        self.settle_in(ty);
        self.zero_locals(ty.params.len());
        if let (Some(register), Some((via, offset))) = (self.base, self.base_field) {
            self.load_base(register, via, offset);
        }
        self.unlock();
    }

    fn save_registers(&mut self) {
        for index in 0..self.saved.len() {
            let place = self.frame.take(8);
            self.saved[index].1 = place;
            let (register, _) = self.saved[index];
            self.asm.store(true, Memory::frame(place), register);
        }
    }

    /// Locals that are objects lie in a row, which the collector knows at each call.
    fn place_objects(&mut self) {
        let objects = self
            .locals
            .iter()
            .filter(|local| local.ty == MachineType::Object);
        let count = objects.count() as u32;
        if count == 0 {
            return;
        }
        let bytes = (count * SLOT_BYTES).next_multiple_of(16);
        let used = self.frame.used();
        let lowest = self.frame.grow(used.next_multiple_of(16) - used + bytes);
        self.object_locals = Run {
            below: lowest.unsigned_abs(),
            count: bytes / SLOT_BYTES,
        };
        let mut place = lowest;
        for local in &mut self.locals {
            if local.ty == MachineType::Object {
                local.home = Home::Frame(place);
                place += SLOT_BYTES as i32;
            }
        }
        self.zero(lowest, bytes);
    }

    /// Brings the context, the result area's address and the parameters to where they stay.
    fn settle_in(&mut self, ty: &FunctionType) {
        let fits = results_fit_registers(self.results.iter().copied());
        let mut assigner = Assigner::arguments(Architecture::X86_64, fits);
        self.register_moves.clear();
        match self.context {
            Home::Register(register) => {
                self.register_moves
                    .push((register, ARGUMENTS[0], MachineType::I64));
            }
            Home::Frame(_) => {
                let place = self.frame.take(8);
                self.context = Home::Frame(place);
                self.asm.store(true, Memory::frame(place), ARGUMENTS[0]);
            }
        }
        if !fits {
            self.result_area = self.frame.take(8);
            let place = Memory::frame(self.result_area);
            self.asm.store(true, place, ARGUMENTS[2]);
        }
        let mut on_stack = false;
        for (index, param) in ty.params.iter().enumerate() {
            let machine = param.machine();
            match assigner.assign(machine) {
                Location::Integer(at) => self.settle_param(index, ARGUMENTS[at as usize], machine),
                Location::Float(at) => self.settle_param(index, Register::float(at), machine),
                Location::Stack(offset) => {
                    on_stack = true;
                    // Above the saved frame pointer and the return address.
                    if self.locals[index].home == Home::Frame(0) {
                        self.locals[index].home = Home::Frame(offset as i32 + 16);
                    }
                }
                Location::Area(_) => {}
            }
        }
        self.stack_argument_bytes = assigner.stack_bytes();
        self.move_registers();
        if on_stack {
            self.load_stack_params(ty, fits);
        }
    }

    fn settle_param(&mut self, index: usize, from: Register, ty: MachineType) {
        match self.locals[index].home {
            Home::Frame(place) if place != 0 => {
                self.store_register(Memory::frame(place), from, ty, false);
            }
            // Nothing is known of the upper half of a narrow parameter: a 32-bit move clears it.
            Home::Register(register) => self.register_moves.push((register, from, ty)),
            Home::Frame(_) => {
                let place = self.frame.take(ty.bytes());
                self.locals[index].home = Home::Frame(place);
                self.store_register(Memory::frame(place), from, ty, false);
            }
        }
    }

    /// Parameters on the stack that stay in registers.
    fn load_stack_params(&mut self, ty: &FunctionType, fits: bool) {
        let mut assigner = Assigner::arguments(Architecture::X86_64, fits);
        for (index, param) in ty.params.iter().enumerate() {
            let machine = param.machine();
            let Location::Stack(offset) = assigner.assign(machine) else {
                continue;
            };
            let memory = Memory::frame(offset as i32 + 16);
            match self.locals[index].home {
                Home::Register(register) => self.load_register(register, memory, machine),
                Home::Frame(place) if machine == MachineType::Object => {
                    self.load_register(SCRATCH, memory, machine);
                    self.store_register(Memory::frame(place), SCRATCH, machine, false);
                }
                Home::Frame(_) => {}
            }
        }
    }

    fn zero_locals(&mut self, params: usize) {
        let start = self.frame.bytes();
        let mut end = start;
        for index in params..self.locals.len() {
            let Local { ty, home } = self.locals[index];
            match home {
                Home::Register(register) if register.is_float() => {
                    self.asm.op(XOR, false, register, register);
                }
                Home::Register(register) => self.asm.zero(register),
                // Objects are null already.
                Home::Frame(_) if ty == MachineType::Object => {}
                Home::Frame(_) => {
                    end = (end + ty.bytes().max(8)).next_multiple_of(ty.bytes().max(8));
                    self.locals[index].home = Home::Frame(-(end as i32));
                }
            }
        }
        let end = end.next_multiple_of(16);
        if end == start {
            return;
        }
        let used = self.frame.used();
        let lowest = self.frame.grow(end - used);
        self.zero(lowest, end - start);
    }

    /// Zeroes places of the frame, a multiple of 16 bytes, with no registers but the scratch registers.
    fn zero(&mut self, lowest: i32, bytes: u32) {
        let store = MOVU_TO.prefixed(PS);
        self.asm.op(XOR, false, FLOAT_SCRATCH, FLOAT_SCRATCH);
        if bytes <= ZEROED_IN_LINE_MAX {
            for at in (lowest..lowest + bytes as i32).step_by(16) {
                self.asm.op(store, false, FLOAT_SCRATCH, Memory::frame(at));
            }
            return;
        }
        // From the lowest up, the distance to the end running from below to zero.
        let place = Memory {
            index: Some(SCRATCH),
            ..Memory::frame(lowest + bytes as i32)
        };
        self.asm.mov_imm(SCRATCH, -i64::from(bytes) as u64);
        let again = self.asm.offset();
        self.asm.op(store, false, FLOAT_SCRATCH, place);
        self.asm.alu_imm(Alu::Add, true, SCRATCH, 16);
        let at = self.asm.jcc(Condition::NotEqual);
        self.asm.patch32(at, again.wrapping_sub(at + 4) as i32);
    }

    pub(super) fn load_base(&mut self, register: Register, via: Option<u32>, offset: u32) {
        let mut from = match self.context {
            Home::Register(context) => context,
            Home::Frame(place) => {
                self.asm.mov(true, register, Memory::frame(place));
                register
            }
        };
        if let Some(via) = via {
            self.asm.mov(true, register, Memory::new(from, via as i32));
            from = register;
        }
        self.asm
            .mov(true, register, Memory::new(from, offset as i32));
    }

    // ---- the end ----

    pub(super) fn emit_trap(&mut self, code: TrapCode) {
        self.trap_site(code);
        self.asm.ud2();
    }

    /// Restores what a callee preserves.
    pub(super) fn restore_registers(&mut self) {
        for index in 0..self.saved.len() {
            let (register, place) = self.saved[index];
            self.asm.mov(true, register, Memory::frame(place));
        }
    }

    /// Returns, with the results where they belong.
    pub(super) fn emit_epilogue(&mut self) {
        if self.epilogue != NONE && !self.saved.is_empty() {
            let at = self.asm.jmp();
            let distance = self.epilogue.wrapping_sub(at + 4) as i32;
            self.asm.patch32(at, distance);
            return;
        }
        self.epilogue = self.asm.offset();
        self.restore_registers();
        // leave
        self.asm.bytes(&[0xc9]);
        match u16::try_from(self.stack_argument_bytes) {
            Ok(0) => self.asm.bytes(&[0xc3]),
            Ok(bytes) => {
                self.asm.bytes(&[0xc2]);
                self.asm.bytes(&bytes.to_le_bytes());
            }
            Err(_) => self.refuse("too many arguments on the stack"),
        }
    }

    /// Writes what lies behind the code and fills in what was left open.
    pub(crate) fn complete(&mut self) -> Result<CompiledFunction, Error> {
        let continued_at = self.emit_exits();
        let frame_bytes = self.frame.bytes();
        if self.frame.is_too_large() {
            self.refuse("its frame is too large");
        }
        self.asm.patch32(self.frame_size_at, frame_bytes as i32);
        if frame_bytes > PAGE {
            self.emit_probes(frame_bytes);
        }
        self.emit_stubs();
        self.emit_pool();
        if self.asm.code.len() > CODE_BYTES_MAX {
            self.refuse("its code is too large");
        }
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.traps.sort_unstable_by_key(|trap| trap.0);
        let handlers = self.handled.iter().map(|&(return_offset, block)| Handler {
            return_offset,
            handler_offset: self.blocks[block.index()].offset,
            frame_bytes,
        });
        let handlers = handlers.collect();
        Ok(CompiledFunction {
            bytes: self.asm.code.clone(),
            relocations: self.relocations.clone(),
            traps: self.traps.clone(),
            locations: self.locations.clone(),
            inlined: Vec::new(),
            frame_bytes,
            stack_maps: std::mem::take(&mut self.stack_maps),
            handlers,
            continued_at,
        })
    }

    /// A frame of more than a page touches each of its pages, from a place behind the code.
    fn emit_probes(&mut self, frame_bytes: u32) {
        let start = self.frame_size_at - 3;
        let back = self.frame_size_at + 4;
        self.locate(None);
        let here = self.asm.offset();
        // jmp here; nop; nop
        self.asm.code[start as usize] = 0xe9;
        self.asm.patch32(start + 1, (here - (start + 5)) as i32);
        self.asm.code[start as usize + 5..back as usize].copy_from_slice(&[0x90, 0x90]);
        let pages = frame_bytes / PAGE;
        if pages <= PROBES_IN_LINE_MAX {
            for _ in 0..pages {
                self.probe_page();
            }
        } else {
            self.asm.mov_imm(SCRATCH, pages.into());
            let again = self.asm.offset();
            self.probe_page();
            self.asm.alu_imm(Alu::Sub, false, SCRATCH, 1);
            let at = self.asm.jcc(Condition::NotEqual);
            self.asm.patch32(at, again.wrapping_sub(at + 4) as i32);
        }
        self.asm
            .alu_imm(Alu::Sub, true, RSP, (frame_bytes % PAGE) as i32);
        let at = self.asm.jmp();
        self.asm.patch32(at, back.wrapping_sub(at + 4) as i32);
    }

    pub(super) fn probe_page(&mut self) {
        self.asm.alu_imm(Alu::Sub, true, RSP, PAGE as i32);
        self.asm.store_imm(4, Memory::new(RSP, 0), 0);
    }

    fn emit_stubs(&mut self) {
        for index in 0..self.stubs.len() {
            let stub = self.stubs[index];
            let here = self.asm.offset();
            self.asm
                .patch32(stub.at, here.wrapping_sub(stub.at + 4) as i32);
            self.module_offset = stub.module_offset;
            self.emit_trap(stub.code);
        }
    }

    fn emit_pool(&mut self) {
        if self.pool.is_empty() {
            return;
        }
        self.locate(None);
        self.asm
            .code
            .resize(self.asm.code.len().next_multiple_of(16), 0);
        let start = self.asm.offset();
        for &(at, index) in &self.pool_uses {
            let place = start + 16 * index;
            self.asm.patch32(at, place.wrapping_sub(at + 4) as i32);
        }
        for bits in &self.pool {
            self.asm.bytes(&bits.to_le_bytes());
        }
    }

    /// From here on, code is made for this place of the module. It is asked of where calls return and of what traps.
    pub(super) fn locate(&mut self, module_offset: Option<u32>) {
        let offset = self.asm.offset();
        while self
            .locations
            .last()
            .is_some_and(|last| last.offset >= offset)
        {
            self.locations.pop();
        }
        let place = module_offset.map(Place::at);
        if self.locations.last().map(|last| last.place) != Some(place) {
            self.locations.push(SourceLocation { offset, place });
        }
    }
}
