//! [`CraneliftBackend`]: Cranelift IR for what `translate` says.
//!
//! This file holds the trait's implementation, which mostly forwards: the state is in `state`, scalars are in `scalar`,
//! vectors in `vector` and `lane`, fields and linear memory in `memory`, calls in `call`, bodies put in place of
//! calls in `inline`.

mod call;
mod entrance;
mod inline;
mod lane;
mod memory;
mod region;
mod scalar;
mod state;
mod table;
mod types;
mod vector;

use cranelift_codegen::ir::{self, InstBuilder, condcodes::IntCC, types as ir_types};
use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, MachineType, StoreKind, VectorBinary,
    VectorCompare, VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};
use silica_translate::{Access, Backend, BranchTarget, CallTarget, Field};

use crate::places;

use state::Locals;
pub(crate) use state::ObjectsInMemory;
pub use state::{CraneliftBackend, InlineSource, Operand};
use types::{ir_type, trap_code};

impl Backend for CraneliftBackend<'_> {
    type Value = Operand;
    type Block = ir::Block;
    /// The constant that is taken.
    type Charge = ir::Inst;
    const ASKS_FOR_EDGES: bool = true;

    fn begin(&mut self, ty: &FunctionType, locals: &[MachineType], edges: u64) {
        self.open_body(ty, locals, edges);
    }

    fn set_module_offset(&mut self, offset: u32) {
        let place = self.place(offset);
        self.builder.set_srcloc(places::location(place));
    }

    fn finish(&mut self) {}

    fn entrance(&self) -> Option<u32> {
        // Only the function's own body is entered so, not those in place of calls.
        self.input.entrance.filter(|_| self.frames.len() == 1)
    }

    fn add_local(&mut self, ty: MachineType) -> u32 {
        self.declare_another_local(ty)
    }

    fn enter_at(&mut self, header: ir::Block, operands: &[u32], params: &[MachineType]) {
        self.emit_entrance(header, operands, params);
    }

    fn duplicate(&mut self, value: &Operand) -> Operand {
        *value
    }

    fn discard(&mut self, _value: Operand) {}

    fn known_constant(&self, operand: &Operand) -> Option<u64> {
        self.constant_bits(operand.value)
    }

    fn constant(&mut self, ty: MachineType, bits: u128) -> Operand {
        Operand::plain(match ty {
            MachineType::I32 | MachineType::Object => {
                self.ins().iconst(ir_types::I32, i64::from(bits as u32))
            }
            MachineType::I64 | MachineType::Reference => {
                self.ins().iconst(ir_types::I64, bits as i64)
            }
            MachineType::F32 => {
                let bits = ir::immediates::Ieee32::with_bits(bits as u32);
                self.ins().f32const(bits)
            }
            MachineType::F64 => {
                let bits = ir::immediates::Ieee64::with_bits(bits as u64);
                self.ins().f64const(bits)
            }
            MachineType::V128 => {
                let bytes = bits.to_le_bytes();
                let handle = self.builder.func.dfg.constants.insert(bytes[..].into());
                self.ins().vconst(ir_types::I8X16, handle)
            }
        })
    }

    fn local_get(&mut self, local: u32) -> Operand {
        let place = match &self.frame().locals {
            Locals::Variables(variables) => Ok(variables[local as usize]),
            Locals::Memory(slot, places) => Err((*slot, places[local as usize])),
        };
        Operand::plain(match place {
            Ok(variable) => self.builder.use_var(variable),
            Err((slot, (ty, at))) => {
                let loaded = self.ins().stack_load(ir_types::I64, ir_type(ty), slot, at);
                self.known(ty, loaded)
            }
        })
    }

    fn local_set(&mut self, local: u32, value: Operand) {
        let value = self.canonical(value);
        match &self.frame().locals {
            Locals::Variables(variables) => {
                let variable = variables[local as usize];
                self.builder.def_var(variable, value);
            }
            Locals::Memory(slot, places) => {
                let (slot, (_, at)) = (*slot, places[local as usize]);
                self.ins().stack_store(ir_types::I64, value, slot, at);
            }
        }
    }

    fn select(
        &mut self,
        ty: MachineType,
        condition: Operand,
        yes: Operand,
        no: Operand,
    ) -> Operand {
        let (yes, no) = (self.canonical(yes), self.canonical(no));
        let value = self.ins().select(condition.value, yes, no);
        Operand::plain(self.known(ty, value))
    }

    fn int_unary(&mut self, op: IntUnary, ty: IntType, a: Operand) -> Operand {
        self.emit_int_unary(op, ty, a)
    }

    fn int_binary(&mut self, op: IntBinary, _ty: IntType, a: Operand, b: Operand) -> Operand {
        self.emit_int_binary(op, a, b)
    }

    fn int_divide(&mut self, op: IntBinary, _ty: IntType, a: Operand, b: Operand) -> Operand {
        self.emit_int_binary(op, a, b)
    }

    fn int_compare(&mut self, op: IntCompare, _ty: IntType, a: Operand, b: Operand) -> Operand {
        let (a, b) = (self.scalar(a), self.scalar(b));
        Operand::flag(self.ins().icmp(scalar::int_condition(op), a, b))
    }

    fn float_unary(&mut self, op: FloatUnary, _ty: FloatType, a: Operand) -> Operand {
        Operand::plain(self.emit_float_unary(op, a.value))
    }

    fn float_binary(&mut self, op: FloatBinary, _ty: FloatType, a: Operand, b: Operand) -> Operand {
        Operand::plain(self.emit_float_binary(op, a.value, b.value))
    }

    fn float_compare(
        &mut self,
        op: FloatCompare,
        _ty: FloatType,
        a: Operand,
        b: Operand,
    ) -> Operand {
        let condition = scalar::float_condition(op);
        Operand::flag(self.ins().fcmp(condition, a.value, b.value))
    }

    fn convert(&mut self, op: Convert, a: Operand) -> Operand {
        let a = self.scalar(a);
        Operand::plain(self.emit_convert(op, a))
    }

    fn wide_binary(
        &mut self,
        op: WideBinary,
        a: (Operand, Option<Operand>),
        b: (Operand, Option<Operand>),
    ) -> (Operand, Operand) {
        let high = |v: Option<Operand>| v.map(|v| v.value);
        let (low, high) = self.emit_wide_binary(op, (a.0.value, high(a.1)), (b.0.value, high(b.1)));
        (Operand::plain(low), Operand::plain(high))
    }

    fn vector_unary(&mut self, op: VectorUnary, a: Operand) -> Operand {
        Operand::plain(self.emit_vector_unary(op, a.value))
    }

    fn vector_binary(&mut self, op: VectorBinary, a: Operand, b: Operand) -> Operand {
        Operand::plain(self.emit_vector_binary(op, a.value, b.value))
    }

    fn vector_ternary(&mut self, op: VectorTernary, a: Operand, b: Operand, c: Operand) -> Operand {
        Operand::plain(self.emit_vector_ternary(op, a.value, b.value, c.value))
    }

    fn vector_shift(
        &mut self,
        op: VectorShift,
        shape: LaneShape,
        a: Operand,
        count: Operand,
    ) -> Operand {
        let count = self.scalar(count);
        Operand::plain(self.emit_vector_shift(op, shape, a.value, count))
    }

    fn vector_compare(
        &mut self,
        op: VectorCompare,
        shape: LaneShape,
        a: Operand,
        b: Operand,
    ) -> Operand {
        Operand::plain(self.emit_vector_compare(op, shape, a.value, b.value))
    }

    fn vector_reduce(&mut self, op: VectorReduce, a: Operand) -> Operand {
        self.emit_vector_reduce(op, a.value)
    }

    fn vector_splat(&mut self, shape: LaneShape, a: Operand) -> Operand {
        let a = self.scalar(a);
        Operand::plain(self.emit_vector_splat(shape, a))
    }

    fn vector_extract_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        signed: bool,
        a: Operand,
    ) -> Operand {
        Operand::plain(self.emit_vector_extract_lane(shape, lane, signed, a.value))
    }

    fn vector_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Operand,
        scalar: Operand,
    ) -> Operand {
        let scalar = self.scalar(scalar);
        Operand::plain(self.emit_vector_replace_lane(shape, lane, a.value, scalar))
    }

    fn vector_shuffle(&mut self, lanes: [u8; 16], a: Operand, b: Operand) -> Operand {
        Operand::plain(self.emit_vector_shuffle(lanes, a.value, b.value))
    }

    fn context(&mut self) -> Operand {
        Operand::plain(self.context)
    }

    fn field_get(&mut self, pointer: Operand, field: Field) -> Operand {
        Operand::plain(self.emit_field_get(pointer.value, field))
    }

    fn field_set(&mut self, pointer: Operand, field: Field, value: Operand) {
        let value = self.canonical(value);
        self.emit_field_set(pointer.value, field, value);
    }

    fn object(&mut self, value: Operand) -> Operand {
        let value = self.scalar(value);
        Operand::plain(self.known(MachineType::Object, value))
    }

    fn pointer_add(&mut self, pointer: Operand, bytes: Operand) -> Operand {
        Operand::plain(self.ins().iadd(pointer.value, bytes.value))
    }

    fn speculation_guard(&mut self, condition: Operand, pointer: Operand) -> Operand {
        let null = self.ins().iconst(ir_types::I64, 0);
        Operand::plain(
            self.ins()
                .select_spectre_guard(condition.value, pointer.value, null),
        )
    }

    fn load(&mut self, kind: LoadKind, access: Access, address: Operand) -> Operand {
        Operand::plain(self.emit_load(kind, access, address.value))
    }

    fn store(&mut self, kind: StoreKind, access: Access, address: Operand, value: Operand) {
        let value = self.scalar(value);
        self.emit_store(kind, access, address.value, value);
    }

    fn vector_load(&mut self, kind: VectorLoad, access: Access, address: Operand) -> Operand {
        Operand::plain(self.emit_vector_load(kind, access, address.value))
    }

    fn atomic_load(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Operand,
    ) -> Operand {
        Operand::plain(self.emit_atomic_load(ty, width, access, address.value))
    }

    fn atomic_store(
        &mut self,
        _ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Operand,
        value: Operand,
    ) {
        let value = self.scalar(value);
        self.emit_atomic_store(width, access, address.value, value);
    }

    fn atomic_rmw(
        &mut self,
        op: AtomicRmw,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Operand,
        value: Operand,
    ) -> Operand {
        let value = self.scalar(value);
        Operand::plain(self.emit_atomic_rmw(op, (ty, width), access, address.value, value))
    }

    fn atomic_compare_exchange(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Operand,
        expected: Operand,
        replacement: Operand,
    ) -> Operand {
        let (expected, replacement) = (self.scalar(expected), self.scalar(replacement));
        let values = (expected, replacement);
        Operand::plain(self.emit_compare_exchange((ty, width), access, address.value, values))
    }

    fn atomic_fence(&mut self) {
        self.ins().fence();
    }

    fn trap_if(&mut self, condition: Operand, code: TrapCode) {
        self.ins().trapnz(condition.value, trap_code(code));
    }

    fn trap(&mut self, code: TrapCode) {
        self.ins().trap(trap_code(code));
    }

    fn fuel_take(&mut self, amount: u32) {
        let fuel = self.ins().get_pinned_reg(ir_types::I64);
        let left = self.ins().iadd_imm_s(fuel, -i64::from(amount));
        self.ins().set_pinned_reg(left);
    }

    fn fuel_charge(&mut self) -> ir::Inst {
        let fuel = self.ins().get_pinned_reg(ir_types::I64);
        let amount = self.ins().iconst(ir_types::I64, 0);
        let left = self.ins().iadd(fuel, amount);
        self.ins().set_pinned_reg(left);
        let spent = self.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        self.ins().trapnz(spent, trap_code(TrapCode::OutOfFuel));
        self.builder.func.dfg.value_def(amount).unwrap_inst()
    }

    fn fuel_settle(&mut self, charge: ir::Inst, amount: u32) {
        self.builder.func.dfg.insts[charge] = ir::InstructionData::UnaryImm {
            opcode: ir::Opcode::Iconst,
            imm: (-i64::from(amount)).into(),
        };
    }

    fn block(&mut self, params: &[MachineType], _is_loop: bool) -> ir::Block {
        let block = self.builder.create_block();
        for param in params {
            self.append_param(block, *param);
        }
        block
    }

    fn handler(&mut self) -> ir::Block {
        let block = self.builder.create_block();
        // The exception comes in a whole register.
        self.builder.append_block_param(block, ir_types::I64);
        self.builder.set_cold_block(block);
        self.handlers.insert(block);
        block
    }

    fn mark_cold(&mut self, block: ir::Block) {
        self.builder.set_cold_block(block);
    }

    fn enter_block(&mut self, block: ir::Block) -> Vec<Operand> {
        self.settle_return();
        self.builder.switch_to_block(block);
        let params = self.builder.block_params(block).to_vec();
        if self.handlers.contains(&block) {
            let exception = self.ins().ireduce(ir_types::I32, params[0]);
            return vec![Operand::plain(self.known(MachineType::Object, exception))];
        }
        params.into_iter().map(Operand::plain).collect()
    }

    fn seal(&mut self, block: ir::Block) {
        self.builder.seal_block(block);
    }

    fn jump(&mut self, target: BranchTarget<ir::Block, Operand>) {
        let arguments = self.block_arguments(target.arguments);
        self.ins().jump(target.block, &arguments);
    }

    fn branch(
        &mut self,
        condition: Operand,
        yes: BranchTarget<ir::Block, Operand>,
        no: BranchTarget<ir::Block, Operand>,
    ) {
        let yes_arguments = self.block_arguments(yes.arguments);
        let no_arguments = self.block_arguments(no.arguments);
        self.ins().brif(
            condition.value,
            yes.block,
            &yes_arguments,
            no.block,
            &no_arguments,
        );
    }

    fn branch_table(
        &mut self,
        index: Operand,
        targets: Vec<BranchTarget<ir::Block, Operand>>,
        default: BranchTarget<ir::Block, Operand>,
    ) {
        self.emit_branch_table(index, targets, default);
    }

    fn call(
        &mut self,
        target: CallTarget<Operand>,
        ty: &FunctionType,
        arguments: Vec<Operand>,
        handler: Option<ir::Block>,
    ) -> Vec<Operand> {
        let arguments: Vec<ir::Value> = arguments.into_iter().map(|a| self.canonical(a)).collect();
        let handler = handler.or(self.frame().handler);
        let results = match target {
            CallTarget::Direct(function) if self.may_inline(function) => {
                self.inline_call(function, ty, arguments, handler)
            }
            CallTarget::Direct(_) | CallTarget::Pointer { .. } => {
                self.emit_call(target, ty, arguments, handler)
            }
        };
        results.into_iter().map(Operand::plain).collect()
    }

    fn return_call(
        &mut self,
        target: CallTarget<Operand>,
        ty: &FunctionType,
        arguments: Vec<Operand>,
    ) {
        let arguments = arguments.into_iter().map(|a| self.canonical(a)).collect();
        self.emit_return_call(target, ty, arguments);
    }

    fn return_(&mut self, values: Vec<Operand>) {
        let values = values.into_iter().map(|v| self.canonical(v)).collect();
        self.emit_return(values);
    }

    fn throw(&mut self, exception: Operand, handler: Option<ir::Block>) {
        let exception = self.scalar(exception);
        self.emit_throw(exception, handler);
    }

    fn call_builtin(&mut self, builtin: Builtin, arguments: Vec<Operand>) -> Option<Operand> {
        let arguments = arguments.into_iter().map(|a| a.value).collect();
        self.emit_builtin_call(builtin, arguments)
            .map(Operand::plain)
    }
}
