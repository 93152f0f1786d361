//! [`CraneliftBackend`]: Cranelift IR for what `translate` says.
//!
//! This file holds the state and the trait's implementation, which mostly forwards: scalars are in `scalar`,
//! vectors in `vector`, fields and linear memory in `memory`, calls in `call`, bodies put in place of
//! calls in `inline`.

mod call;
mod inline;
mod memory;
mod scalar;
mod vector;

use std::collections::HashMap;

use cranelift_codegen::{
    ir::{
        self, AbiParam, BlockArg, BlockCall, InstBuilder, JumpTableData, MemFlagsData, Signature,
        SourceLoc, StackSlotData, StackSlotKind, Type, condcodes::IntCC, types,
    },
    isa::{CallConv, TargetFrontendConfig},
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use silica_contract::{abi, builtin::Builtin, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, MachineType, StoreKind, VectorBinary,
    VectorCompare, VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};
use silica_translate::{Access, Backend, BranchTarget, CallTarget, Field};

pub use inline::InlineSource;

use crate::{Error, FunctionInput, Target};

/// Where locals times bytes of the body are more than this, locals live in memory: Cranelift's
/// construction of SSA form may need a word for each local in each block.
const SSA_LOCALS_TIMES_BYTES_MAX: u64 = 1 << 28;

/// A value of a function that is being made.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    value: ir::Value,
    /// It is the 8-bit outcome of a comparison, standing for an `i32`.
    flag: bool,
}

impl Operand {
    fn plain(value: ir::Value) -> Operand {
        Operand { value, flag: false }
    }

    fn flag(value: ir::Value) -> Operand {
        Operand { value, flag: true }
    }
}

/// Where a frame's locals are.
enum Locals {
    /// Each an SSA variable.
    Variables(Vec<Variable>),
    /// Each in 16 bytes of a stack slot.
    Memory(ir::StackSlot, Vec<Type>),
}

/// A body that is being translated: the function's own, or one put in place of a call.
struct Frame {
    function: u32,
    locals: Locals,
    exit: Exit,
}

/// What a return of a frame does.
enum Exit {
    /// Returns; where the results do not fit in registers, after writing them to this area.
    Return(Option<ir::Value>),
    /// Goes on after the call that the body replaces.
    Join(inline::Join),
}

/// The Cranelift backend, for one function.
pub struct CraneliftBackend<'a> {
    builder: FunctionBuilder<'a>,
    target: &'a Target,
    input: FunctionInput,
    inliner: Option<&'a dyn InlineSource>,
    inline_budget: u32,
    /// Open bodies, the function's own first.
    frames: Vec<Frame>,
    /// The function whose body is about to begin in place of a call, and its arguments.
    inline_arguments: Option<(u32, Vec<ir::Value>)>,
    context: ir::Value,
    regions: [ir::AliasRegion; memory::REGIONS],
    signatures: HashMap<FunctionType, ir::SigRef>,
    functions: HashMap<u32, ir::FuncRef>,
    builtins: HashMap<(usize, bool), ir::SigRef>,
    failure: Option<Error>,
}

impl<'a> CraneliftBackend<'a> {
    pub(crate) fn new(
        target: &'a Target,
        function: &'a mut ir::Function,
        builder_context: &'a mut FunctionBuilderContext,
        inliner: Option<&'a dyn InlineSource>,
        input: FunctionInput,
    ) -> CraneliftBackend<'a> {
        let regions = memory::make_regions(function);
        CraneliftBackend {
            builder: FunctionBuilder::new(function, builder_context),
            target,
            input,
            inliner,
            inline_budget: inline::budget(input.body_bytes),
            frames: Vec::new(),
            inline_arguments: None,
            context: ir::Value::from_u32(0),
            regions,
            signatures: HashMap::new(),
            functions: HashMap::new(),
            builtins: HashMap::new(),
            failure: None,
        }
    }

    /// Ends the construction.
    pub(crate) fn complete(self, config: TargetFrontendConfig) -> Result<(), Error> {
        match self.failure {
            // The builder's context is not clean then; the workspace makes a new one.
            Some(error) => Err(error),
            None => {
                self.builder.finalize(config);
                Ok(())
            }
        }
    }

    fn frame(&self) -> &Frame {
        self.frames
            .last()
            .expect("`begin` opens a frame and `finish` is last")
    }

    fn ins(&mut self) -> cranelift_frontend::FuncInstBuilder<'_, 'a> {
        self.builder.ins()
    }

    fn type_of(&self, value: ir::Value) -> Type {
        self.builder.func.dfg.value_type(value)
    }

    /// The value in the form that crosses blocks: integers at full width, vectors as bytes.
    fn canonical(&mut self, operand: Operand) -> ir::Value {
        let value = self.scalar(operand);
        let ty = self.type_of(value);
        if ty.is_vector() && ty != types::I8X16 {
            return self.lanes(value, types::I8X16);
        }
        value
    }

    /// The value of a scalar operand.
    fn scalar(&mut self, operand: Operand) -> ir::Value {
        if operand.flag {
            self.ins().uextend(types::I32, operand.value)
        } else {
            operand.value
        }
    }

    /// A vector seen with lanes of another type.
    fn lanes(&mut self, value: ir::Value, ty: Type) -> ir::Value {
        if self.type_of(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(ir::Endianness::Little);
        self.ins().bitcast(ty, flags, value)
    }

    fn zero(&mut self, ty: Type) -> ir::Value {
        match ty {
            types::F32 => self.ins().f32const(0.0),
            types::F64 => self.ins().f64const(0.0),
            types::I8X16 => {
                let handle = self.builder.func.dfg.constants.insert([0; 16][..].into());
                self.ins().vconst(types::I8X16, handle)
            }
            _ => self.ins().iconst(ty, 0),
        }
    }

    fn block_arguments(&mut self, arguments: Vec<Operand>) -> Vec<BlockArg> {
        arguments
            .into_iter()
            .map(|a| BlockArg::Value(self.canonical(a)))
            .collect()
    }

    fn block_call(&mut self, target: BranchTarget<ir::Block, Operand>) -> BlockCall {
        let arguments = self.block_arguments(target.arguments);
        let pool = &mut self.builder.func.dfg.value_lists;
        BlockCall::new(target.block, arguments, pool)
    }

    /// Opens the function's own body: its entry block and parameters.
    fn open_function(&mut self, ty: &FunctionType) -> (Vec<ir::Value>, Exit) {
        self.builder.func.signature = signature_of(ty);
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.seal_block(entry);
        let params = self.builder.block_params(entry).to_vec();
        self.context = params[0];
        let fits = results_fit(ty);
        let first = abi::CONTEXT_ARGUMENTS as usize + usize::from(!fits);
        let area = (!fits).then(|| params[first - 1]);
        (params[first..].to_vec(), Exit::Return(area))
    }

    fn declare_locals(&mut self, params: &[ir::Value], locals: &[MachineType]) -> Locals {
        let count = (params.len() + locals.len()) as u64;
        let declared = locals.iter().map(|l| ir_type(*l));
        if count * u64::from(self.input.body_bytes) > SSA_LOCALS_TIMES_BYTES_MAX {
            return self.locals_in_memory(params, declared.collect());
        }
        let mut variables = Vec::with_capacity(count as usize);
        for param in params {
            let variable = self.builder.declare_var(self.type_of(*param));
            self.builder.def_var(variable, *param);
            variables.push(variable);
        }
        let mut zero: Option<(Type, ir::Value)> = None;
        for ty in declared {
            let value = match zero {
                Some((last, value)) if last == ty => value,
                _ => self.zero(ty),
            };
            zero = Some((ty, value));
            let variable = self.builder.declare_var(ty);
            self.builder.def_var(variable, value);
            variables.push(variable);
        }
        Locals::Variables(variables)
    }

    fn locals_in_memory(&mut self, params: &[ir::Value], declared: Vec<Type>) -> Locals {
        let mut types: Vec<Type> = params.iter().map(|p| self.type_of(*p)).collect();
        let slot = self.builder.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            (types.len() + declared.len()) as u32 * 16,
            4,
        ));
        for (index, param) in params.iter().enumerate() {
            self.builder
                .ins()
                .stack_store(types::I64, *param, slot, index as i32 * 16);
        }
        for (index, ty) in declared.iter().enumerate() {
            let zero = self.zero(*ty);
            let at = (params.len() + index) as i32 * 16;
            self.builder.ins().stack_store(types::I64, zero, slot, at);
        }
        types.extend(declared);
        Locals::Memory(slot, types)
    }
}

/// The IR's type of a value.
fn ir_type(ty: MachineType) -> Type {
    match ty {
        MachineType::I32 => types::I32,
        MachineType::I64 | MachineType::Reference => types::I64,
        MachineType::F32 => types::F32,
        MachineType::F64 => types::F64,
        MachineType::V128 => types::I8X16,
    }
}

fn int_type(ty: IntType) -> Type {
    match ty {
        IntType::I32 => types::I32,
        IntType::I64 => types::I64,
    }
}

fn trap_code(code: TrapCode) -> ir::TrapCode {
    ir::TrapCode::unwrap_user(code as u8)
}

fn results_fit(ty: &FunctionType) -> bool {
    abi::results_fit_registers(ty.results.iter().map(|r| r.machine()))
}

/// The signature of a function, as [`silica_contract::abi`] says.
fn signature_of(ty: &FunctionType) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    let fits = results_fit(ty);
    let pointers = abi::CONTEXT_ARGUMENTS as usize + usize::from(!fits);
    signature.params = std::iter::repeat_n(types::I64, pointers)
        .chain(ty.params.iter().map(|p| ir_type(p.machine())))
        .map(AbiParam::new)
        .collect();
    if fits {
        let results = ty.results.iter().map(|r| ir_type(r.machine()));
        signature.returns = results.map(AbiParam::new).collect();
    }
    signature
}

impl Backend for CraneliftBackend<'_> {
    type Value = Operand;
    type Block = ir::Block;

    fn begin(&mut self, ty: &FunctionType, locals: &[MachineType]) {
        let (params, exit, function) = match self.inline_arguments.take() {
            Some((function, arguments)) => {
                (arguments, Exit::Join(Self::open_inlined(ty)), function)
            }
            None => {
                let (params, exit) = self.open_function(ty);
                (params, exit, self.input.function)
            }
        };
        let locals = self.declare_locals(&params, locals);
        self.frames.push(Frame {
            function,
            locals,
            exit,
        });
    }

    fn set_module_offset(&mut self, offset: u32) {
        self.builder.set_srcloc(SourceLoc::new(offset));
    }

    fn finish(&mut self) {}

    fn duplicate(&mut self, value: &Operand) -> Operand {
        *value
    }

    fn discard(&mut self, _value: Operand) {}

    fn constant(&mut self, ty: MachineType, bits: u128) -> Operand {
        Operand::plain(match ty {
            MachineType::I32 => self.ins().iconst(types::I32, i64::from(bits as u32)),
            MachineType::I64 | MachineType::Reference => self.ins().iconst(types::I64, bits as i64),
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
                self.ins().vconst(types::I8X16, handle)
            }
        })
    }

    fn local_get(&mut self, local: u32) -> Operand {
        let place = match &self.frame().locals {
            Locals::Variables(variables) => Ok(variables[local as usize]),
            Locals::Memory(slot, types) => Err((types[local as usize], *slot)),
        };
        Operand::plain(match place {
            Ok(variable) => self.builder.use_var(variable),
            Err((ty, slot)) => self
                .ins()
                .stack_load(types::I64, ty, slot, local as i32 * 16),
        })
    }

    fn local_set(&mut self, local: u32, value: Operand) {
        let value = self.canonical(value);
        match &self.frame().locals {
            Locals::Variables(variables) => {
                let variable = variables[local as usize];
                self.builder.def_var(variable, value);
            }
            Locals::Memory(slot, _) => {
                let slot = *slot;
                self.ins()
                    .stack_store(types::I64, value, slot, local as i32 * 16);
            }
        }
    }

    fn select(
        &mut self,
        _ty: MachineType,
        condition: Operand,
        yes: Operand,
        no: Operand,
    ) -> Operand {
        let (yes, no) = (self.canonical(yes), self.canonical(no));
        Operand::plain(self.ins().select(condition.value, yes, no))
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

    fn pointer_add(&mut self, pointer: Operand, bytes: Operand) -> Operand {
        Operand::plain(self.ins().iadd(pointer.value, bytes.value))
    }

    fn speculation_guard(&mut self, condition: Operand, pointer: Operand) -> Operand {
        let null = self.ins().iconst(types::I64, 0);
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
        let fuel = self.ins().get_pinned_reg(types::I64);
        let left = self.ins().iadd_imm_s(fuel, -i64::from(amount));
        self.ins().set_pinned_reg(left);
    }

    fn fuel_check(&mut self) {
        let fuel = self.ins().get_pinned_reg(types::I64);
        let spent = self.ins().icmp_imm_s(IntCC::SignedLessThan, fuel, 0);
        self.ins().trapnz(spent, trap_code(TrapCode::OutOfFuel));
    }

    fn block(&mut self, params: &[MachineType], _is_loop: bool) -> ir::Block {
        let block = self.builder.create_block();
        for param in params {
            self.builder.append_block_param(block, ir_type(*param));
        }
        block
    }

    fn mark_cold(&mut self, block: ir::Block) {
        self.builder.set_cold_block(block);
    }

    fn enter_block(&mut self, block: ir::Block) -> Vec<Operand> {
        self.settle_return();
        self.builder.switch_to_block(block);
        let params = self.builder.block_params(block).iter();
        params.map(|p| Operand::plain(*p)).collect()
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
        let index = self.scalar(index);
        let calls: Vec<BlockCall> = targets.into_iter().map(|t| self.block_call(t)).collect();
        let default = self.block_call(default);
        let table = self
            .builder
            .create_jump_table(JumpTableData::new(default, &calls));
        self.ins().br_table(index, table);
    }

    fn call(
        &mut self,
        target: CallTarget<Operand>,
        ty: &FunctionType,
        arguments: Vec<Operand>,
    ) -> Vec<Operand> {
        let arguments: Vec<ir::Value> = arguments.into_iter().map(|a| self.canonical(a)).collect();
        let results = match target {
            CallTarget::Direct(function) if self.may_inline(function) => {
                self.inline_call(function, ty, arguments)
            }
            CallTarget::Direct(_) | CallTarget::Pointer { .. } => {
                self.emit_call(target, ty, arguments)
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

    fn call_builtin(&mut self, builtin: Builtin, arguments: Vec<Operand>) -> Option<Operand> {
        let arguments = arguments.into_iter().map(|a| a.value).collect();
        self.emit_builtin_call(builtin, arguments)
            .map(Operand::plain)
    }
}
