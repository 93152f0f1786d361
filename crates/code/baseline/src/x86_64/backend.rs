//! The trait's implementation, which mostly forwards.

use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, MachineType, StoreKind, VectorBinary,
    VectorCompare, VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};
use silica_translate::{Access, Backend, BranchTarget, CallTarget, Field};

use super::{
    BaselineBackend, Block, Home,
    assembler::Memory,
    place::is_narrow,
    register::{FUEL, Register},
    table::{Alu, Condition},
};
use crate::{
    Value,
    value::{Id, State},
};

impl BaselineBackend {
    fn emit_local_set(&mut self, local: u32, value: Value) {
        let id = value.0;
        if matches!(self.values.state(id), State::Local(same) if same == local)
            && self.ty(id) == self.locals[local as usize].ty
        {
            self.release(id);
            return;
        }
        self.save_readers(local, id);
        let ty = self.locals[local as usize].ty;
        match self.locals[local as usize].home {
            Home::Register(register) => self.write_register(local, register, id),
            Home::Frame(place) => {
                self.put(Memory::frame(place), id, ty);
                self.release(id);
            }
        }
        self.unlock();
    }

    /// Values that read the local get a register of their own, but for what the new value is computed from.
    fn save_readers(&mut self, local: u32, id: Id) {
        let operands = match self.values.state(id) {
            State::Lazy(lazy) => lazy.operands(),
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Register(_)
            | State::Frame(_)
            | State::Local(_)
            | State::Context
            | State::Field { .. } => [id; 2],
        };
        // Backwards: what is taken off the list is replaced by what was looked at already.
        let mut index = self.values.unsettled().len();
        while index > 0 {
            index -= 1;
            let Some(&reader) = self.values.unsettled().get(index) else {
                continue;
            };
            let reads = matches!(self.values.state(reader), State::Local(l) if l == local);
            let is_own = reader == id || (operands.contains(&reader) && self.is_last_use(reader));
            if reads && !is_own {
                self.detach(reader);
            }
        }
    }

    /// Gives a value that reads a local a register of its own.
    fn detach(&mut self, reader: Id) {
        let ty = self.ty(reader);
        let register = self.allocate_for(ty);
        self.load_into(register, reader);
        self.unlock();
        self.give_register(reader, register);
    }

    /// Writes a local that is in a register. A value that is still needed is then read from there.
    fn write_register(&mut self, local: u32, register: Register, id: Id) {
        if self.retarget(id, register) {
            if !self.is_last_use(id) {
                self.leave_register(id, State::Local(local));
            }
            self.release(id);
            return;
        }
        if self.is_last_use(id) {
            self.take_into(register, id);
            return;
        }
        match self.values.state(id) {
            State::Lazy(lazy) => {
                self.values.set_state(id, State::Local(local));
                self.emit_lazy(lazy, Some(register));
                if is_narrow(self.ty(id)) && !lazy.is_narrow() {
                    self.move_register(register, register, MachineType::I32);
                }
                self.values.entry_mut(id).clean = true;
            }
            State::Register(_) => {
                self.load_into(register, id);
                self.leave_register(id, State::Local(local));
            }
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Frame(_)
            | State::Local(_)
            | State::Context
            | State::Field { .. } => self.load_into(register, id),
        }
        self.release(id);
    }

    /// If the value is what the last instruction has loaded, lets that instruction load it to another register.
    fn retarget(&mut self, id: Id, register: Register) -> bool {
        let Some(load) = self.last_load.take() else {
            return false;
        };
        let State::Register(from) = self.values.state(id) else {
            return false;
        };
        if load.id != id || load.end != self.asm.offset() || from.is_float() != register.is_float()
        {
            return false;
        }
        self.asm.code.truncate(load.start as usize);
        self.asm
            .op(load.instruction, load.wide, register, load.memory);
        true
    }
}

impl Backend for BaselineBackend {
    type Value = Value;
    type Block = Block;
    /// Where the amount is written in the code.
    type Charge = u32;
    const ASKS_FOR_EDGES: bool = false;

    fn begin(&mut self, ty: &FunctionType, locals: &[MachineType], _edges: u64) {
        self.emit_begin(ty, locals);
    }

    #[inline]
    fn set_module_offset(&mut self, offset: u32) {
        self.module_offset = offset;
    }

    fn finish(&mut self) {}

    #[inline]
    fn duplicate(&mut self, value: &Value) -> Value {
        self.values.entry_mut(value.0).holders += 1;
        Value(value.0)
    }

    #[inline]
    fn discard(&mut self, value: Value) {
        self.release(value.0);
    }

    #[inline]
    fn constant(&mut self, ty: MachineType, bits: u128) -> Value {
        let state = match ty {
            MachineType::V128 => {
                self.vectors.push(bits);
                State::Vector(self.vectors.len() as u32 - 1)
            }
            MachineType::I32 | MachineType::Object | MachineType::F32 => {
                State::Constant(u64::from(bits as u32))
            }
            MachineType::I64 | MachineType::F64 | MachineType::Reference => {
                State::Constant(bits as u64)
            }
        };
        self.value(ty, state)
    }

    #[inline]
    fn local_get(&mut self, local: u32) -> Value {
        let ty = self.locals[local as usize].ty;
        self.value(ty, State::Local(local))
    }

    fn local_set(&mut self, local: u32, value: Value) {
        self.emit_local_set(local, value);
    }

    fn select(&mut self, ty: MachineType, condition: Value, yes: Value, no: Value) -> Value {
        self.emit_select(ty, condition, yes, no)
    }

    fn int_unary(&mut self, op: IntUnary, ty: IntType, a: Value) -> Value {
        self.emit_int_unary(op, ty, a)
    }

    fn int_binary(&mut self, op: IntBinary, ty: IntType, a: Value, b: Value) -> Value {
        match op {
            IntBinary::DivS | IntBinary::DivU | IntBinary::RemS | IntBinary::RemU => {
                self.emit_divide(op, ty, a, b)
            }
            IntBinary::Add
            | IntBinary::Sub
            | IntBinary::Mul
            | IntBinary::And
            | IntBinary::Or
            | IntBinary::Xor
            | IntBinary::Shl
            | IntBinary::ShrS
            | IntBinary::ShrU
            | IntBinary::Rotl
            | IntBinary::Rotr => self.emit_int_binary(op, ty, a, b),
        }
    }

    fn int_divide(&mut self, op: IntBinary, ty: IntType, a: Value, b: Value) -> Value {
        self.emit_divide(op, ty, a, b)
    }

    fn int_compare(&mut self, op: IntCompare, ty: IntType, a: Value, b: Value) -> Value {
        self.emit_int_compare(op, ty, a, b)
    }

    fn float_unary(&mut self, op: FloatUnary, ty: FloatType, a: Value) -> Value {
        self.emit_float_unary(op, ty, a)
    }

    fn float_binary(&mut self, op: FloatBinary, ty: FloatType, a: Value, b: Value) -> Value {
        self.emit_float_binary(op, ty, a, b)
    }

    fn float_compare(&mut self, op: FloatCompare, ty: FloatType, a: Value, b: Value) -> Value {
        self.emit_float_compare_value(op, ty, a, b)
    }

    fn convert(&mut self, op: Convert, a: Value) -> Value {
        self.emit_convert(op, a)
    }

    fn wide_binary(
        &mut self,
        op: WideBinary,
        a: (Value, Option<Value>),
        b: (Value, Option<Value>),
    ) -> (Value, Value) {
        self.emit_wide(op, a, b)
    }

    fn vector_unary(&mut self, op: VectorUnary, a: Value) -> Value {
        self.emit_vector_unary(op, a)
    }

    fn vector_binary(&mut self, op: VectorBinary, a: Value, b: Value) -> Value {
        self.emit_vector_binary(op, a, b)
    }

    fn vector_ternary(&mut self, op: VectorTernary, a: Value, b: Value, c: Value) -> Value {
        self.emit_vector_ternary(op, a, b, c)
    }

    fn vector_shift(&mut self, op: VectorShift, shape: LaneShape, a: Value, count: Value) -> Value {
        self.emit_vector_shift(op, shape, a, count)
    }

    fn vector_compare(&mut self, op: VectorCompare, shape: LaneShape, a: Value, b: Value) -> Value {
        self.emit_vector_compare(op, shape, a, b)
    }

    fn vector_reduce(&mut self, op: VectorReduce, a: Value) -> Value {
        self.emit_vector_reduce(op, a)
    }

    fn vector_splat(&mut self, shape: LaneShape, a: Value) -> Value {
        self.emit_vector_splat(shape, a)
    }

    fn vector_extract_lane(&mut self, shape: LaneShape, lane: u8, signed: bool, a: Value) -> Value {
        self.emit_extract_lane(shape, lane, signed, a)
    }

    fn vector_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Value,
        scalar: Value,
    ) -> Value {
        self.emit_replace_lane(shape, lane, a, scalar)
    }

    fn vector_shuffle(&mut self, lanes: [u8; 16], a: Value, b: Value) -> Value {
        self.emit_vector_shuffle(lanes, a, b)
    }

    #[inline]
    fn context(&mut self) -> Value {
        self.context_value()
    }

    fn field_get(&mut self, pointer: Value, field: Field) -> Value {
        self.emit_field_get(pointer, field)
    }

    fn field_set(&mut self, pointer: Value, field: Field, value: Value) {
        self.emit_field_set(pointer, field, value);
    }

    fn object(&mut self, value: Value) -> Value {
        self.emit_object(value)
    }

    fn pointer_add(&mut self, pointer: Value, bytes: Value) -> Value {
        self.emit_pointer_add(pointer, bytes)
    }

    fn speculation_guard(&mut self, condition: Value, pointer: Value) -> Value {
        self.emit_guard(condition, pointer)
    }

    fn load(&mut self, kind: LoadKind, access: Access, address: Value) -> Value {
        self.emit_load(kind, access, address)
    }

    fn store(&mut self, kind: StoreKind, access: Access, address: Value, value: Value) {
        self.emit_store(kind, access, address, value);
    }

    fn vector_load(&mut self, kind: VectorLoad, access: Access, address: Value) -> Value {
        self.emit_vector_load(kind, access, address)
    }

    fn atomic_load(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
    ) -> Value {
        self.emit_atomic_load(ty, width, access, address)
    }

    fn atomic_store(
        &mut self,
        _ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
        value: Value,
    ) {
        self.emit_atomic_store(width, access, address, value);
    }

    fn atomic_rmw(
        &mut self,
        op: AtomicRmw,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
        value: Value,
    ) -> Value {
        self.emit_atomic_rmw(op, (ty, width), access, address, value)
    }

    fn atomic_compare_exchange(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
        expected: Value,
        replacement: Value,
    ) -> Value {
        self.emit_compare_exchange((ty, width), access, address, expected, replacement)
    }

    fn atomic_fence(&mut self) {
        self.emit_atomic_fence();
    }

    fn trap_if(&mut self, condition: Value, code: TrapCode) {
        self.emit_trap_if(condition, code);
    }

    fn trap(&mut self, code: TrapCode) {
        self.emit_trap(code);
    }

    fn fuel_take(&mut self, amount: u32) {
        match i32::try_from(amount) {
            Ok(amount) => self.asm.alu_imm(Alu::Sub, true, FUEL, amount),
            Err(_) => self.refuse("a run of operators that costs too much fuel"),
        }
    }

    fn fuel_charge(&mut self) -> u32 {
        // sub r15, amount
        self.asm.bytes(&[0x49, 0x81, 0xef, 0, 0, 0, 0]);
        let charge = self.asm.offset() - 4;
        self.trap_on(Condition::Sign, TrapCode::OutOfFuel);
        charge
    }

    fn fuel_settle(&mut self, charge: u32, amount: u32) {
        match i32::try_from(amount) {
            Ok(amount) => self.asm.patch32(charge, amount),
            Err(_) => self.refuse("a run of operators that costs too much fuel"),
        }
    }

    fn block(&mut self, params: &[MachineType], is_loop: bool) -> Block {
        self.make_block(params, is_loop)
    }

    fn handler(&mut self) -> Block {
        self.make_handler()
    }

    fn mark_cold(&mut self, _block: Block) {}

    fn enter_block(&mut self, block: Block) -> Vec<Value> {
        self.emit_enter(block)
    }

    fn enter_loop(
        &mut self,
        block: Block,
        operands: &mut dyn Iterator<Item = &Value>,
    ) -> Vec<Value> {
        if self.target.counters {
            self.note_operands(operands);
        }
        self.emit_enter(block)
    }

    fn seal(&mut self, block: Block) {
        self.emit_seal(block);
    }

    fn jump(&mut self, target: BranchTarget<Block, Value>) {
        self.emit_jump(target);
    }

    fn branch(
        &mut self,
        condition: Value,
        yes: BranchTarget<Block, Value>,
        no: BranchTarget<Block, Value>,
    ) {
        self.emit_branch(condition, yes, no);
    }

    fn branch_table(
        &mut self,
        index: Value,
        targets: Vec<BranchTarget<Block, Value>>,
        default: BranchTarget<Block, Value>,
    ) {
        self.emit_branch_table(index, targets, default);
    }

    fn call(
        &mut self,
        target: CallTarget<Value>,
        ty: &FunctionType,
        arguments: Vec<Value>,
        handler: Option<Block>,
    ) -> Vec<Value> {
        self.emit_call(target, ty, arguments, handler)
    }

    fn return_call(&mut self, target: CallTarget<Value>, ty: &FunctionType, arguments: Vec<Value>) {
        self.emit_return_call(target, ty, arguments);
    }

    fn return_(&mut self, values: Vec<Value>) {
        self.emit_return(values);
    }

    fn throw(&mut self, exception: Value, handler: Option<Block>) {
        self.emit_throw(exception, handler);
    }

    fn call_builtin(&mut self, builtin: Builtin, arguments: Vec<Value>) -> Option<Value> {
        self.emit_builtin(builtin, arguments)
    }
}
