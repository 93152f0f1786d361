//! The evaluator's side of [`Backend`]: each method finds its operator's meaning in `silica-operator`.

use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator as op;
use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, MachineType, StoreKind, VectorBinary,
    VectorCompare, VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};

use super::{Block, BlockState, Evaluator, Outcome, Reason, State, Value, truncate};
use crate::{Access, Backend, BranchTarget, CallTarget, Field, FieldType};

impl Evaluator {
    /// The NaNs that an operator chose, made canonical if that was asked for.
    fn settle_float(&self, ty: FloatType, arithmetic: bool, bits: u64) -> u128 {
        if !(arithmetic && self.canonical_nans) {
            return bits.into();
        }
        match ty {
            FloatType::F32 => op::canonicalize_f32(bits as u32).into(),
            FloatType::F64 => op::canonicalize_f64(bits).into(),
        }
    }

    fn settle_vector(&self, shape: Option<LaneShape>, bits: u128) -> u128 {
        match shape {
            Some(shape) if self.canonical_nans => op::canonicalize_vector(shape, bits),
            Some(_) | None => bits,
        }
    }

    /// Results of a call that nothing is known of.
    fn call_results(&mut self, ty: &FunctionType) -> Vec<Value> {
        self.stop(Reason::Call);
        vec![Value::Unknown; ty.results.len()]
    }
}

impl Backend for Evaluator {
    type Value = Value;
    type Block = Block;
    /// Whether the run that it is for is executed.
    type Charge = bool;
    const ASKS_FOR_EDGES: bool = false;

    fn begin(&mut self, ty: &FunctionType, locals: &[MachineType], _edges: u64) {
        assert_eq!(self.locals.len(), ty.params.len(), "arguments of the call");
        for (argument, ty) in self.locals.iter_mut().zip(&ty.params) {
            if let Value::Known(bits) = argument {
                *bits = truncate(ty.machine(), *bits);
            }
        }
        self.locals.extend(locals.iter().map(|_| Value::Known(0)));
    }

    fn set_module_offset(&mut self, offset: u32) {
        if self.is_running() {
            self.module_offset = offset;
        }
    }

    fn finish(&mut self) {}

    fn duplicate(&mut self, value: &Value) -> Value {
        *value
    }

    fn discard(&mut self, _value: Value) {}

    fn constant(&mut self, ty: MachineType, bits: u128) -> Value {
        Value::Known(truncate(ty, bits))
    }

    fn local_get(&mut self, local: u32) -> Value {
        self.locals[local as usize]
    }

    fn local_set(&mut self, local: u32, value: Value) {
        if self.is_running() {
            self.locals[local as usize] = value;
        }
    }

    fn select(&mut self, _ty: MachineType, condition: Value, yes: Value, no: Value) -> Value {
        match condition {
            Value::Known(bits) if truncate(MachineType::I32, bits) != 0 => yes,
            Value::Known(_) => no,
            Value::Context | Value::Unknown => Value::Unknown,
        }
    }

    fn int_unary(&mut self, op: IntUnary, ty: IntType, a: Value) -> Value {
        self.pure([a], |[a]| op::evaluate_int_unary(op, ty, a as u64).into())
    }

    fn int_binary(&mut self, op: IntBinary, ty: IntType, a: Value, b: Value) -> Value {
        match op {
            IntBinary::DivS | IntBinary::DivU | IntBinary::RemS | IntBinary::RemU => {
                self.int_divide(op, ty, a, b)
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
            | IntBinary::Rotr => self.pure([a, b], |[a, b]| {
                // Only the four operators above have a trap.
                let result = op::evaluate_int_binary(op, ty, a as u64, b as u64);
                result.unwrap_or_default().into()
            }),
        }
    }

    fn int_divide(&mut self, op: IntBinary, ty: IntType, a: Value, b: Value) -> Value {
        let (Some(a), Some(b)) = (self.need(a), self.need(b)) else {
            return Value::Unknown;
        };
        self.or_trap(op::evaluate_int_binary(op, ty, a as u64, b as u64))
    }

    fn int_compare(&mut self, op: IntCompare, ty: IntType, a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| {
            op::evaluate_int_compare(op, ty, a as u64, b as u64).into()
        })
    }

    fn float_unary(&mut self, op: FloatUnary, ty: FloatType, a: Value) -> Value {
        self.pure([a], |[a]| {
            let bits = op::evaluate_float_unary(op, ty, a as u64);
            self.settle_float(ty, op.is_arithmetic(), bits)
        })
    }

    fn float_binary(&mut self, op: FloatBinary, ty: FloatType, a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| {
            let bits = op::evaluate_float_binary(op, ty, a as u64, b as u64);
            self.settle_float(ty, op.is_arithmetic(), bits)
        })
    }

    fn float_compare(&mut self, op: FloatCompare, ty: FloatType, a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| {
            op::evaluate_float_compare(op, ty, a as u64, b as u64).into()
        })
    }

    fn convert(&mut self, op: Convert, a: Value) -> Value {
        let traps = match op {
            Convert::Trunc { .. } => true,
            Convert::Wrap
            | Convert::Extend { .. }
            | Convert::TruncSat { .. }
            | Convert::FromInt { .. }
            | Convert::Demote
            | Convert::Promote
            | Convert::ReinterpretToInt(_)
            | Convert::ReinterpretToFloat(_) => false,
        };
        if traps {
            let Some(a) = self.need(a) else {
                return Value::Unknown;
            };
            return self.or_trap(op::evaluate_convert(op, a as u64));
        }
        self.pure([a], |[a]| {
            // Only `Trunc` has a trap.
            let bits = op::evaluate_convert(op, a as u64).unwrap_or_default();
            match op.arithmetic_type() {
                Some(ty) => self.settle_float(ty, true, bits),
                None => bits.into(),
            }
        })
    }

    fn wide_binary(
        &mut self,
        op: WideBinary,
        a: (Value, Option<Value>),
        b: (Value, Option<Value>),
    ) -> (Value, Value) {
        let zero = Value::Known(0);
        let operands = [a.0, a.1.unwrap_or(zero), b.0, b.1.unwrap_or(zero)];
        let join = |low: u128, high: u128| truncate(MachineType::I64, low) | high << 64;
        let result = self.pure(operands, |[a_low, a_high, b_low, b_high]| {
            op::evaluate_wide_binary(op, join(a_low, a_high), join(b_low, b_high))
        });
        let low = self.pure([result], |[bits]| truncate(MachineType::I64, bits));
        let high = self.pure([result], |[bits]| bits >> 64);
        (low, high)
    }

    fn vector_unary(&mut self, op: VectorUnary, a: Value) -> Value {
        self.pure([a], |[a]| {
            self.settle_vector(op.arithmetic_shape(), op::evaluate_vector_unary(op, a))
        })
    }

    fn vector_binary(&mut self, op: VectorBinary, a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| {
            let bits = op::evaluate_vector_binary(op, a, b);
            self.settle_vector(op.arithmetic_shape(), bits)
        })
    }

    fn vector_ternary(&mut self, op: VectorTernary, a: Value, b: Value, c: Value) -> Value {
        self.pure([a, b, c], |[a, b, c]| {
            let bits = op::evaluate_vector_ternary(op, a, b, c);
            self.settle_vector(op.arithmetic_shape(), bits)
        })
    }

    fn vector_shift(&mut self, op: VectorShift, shape: LaneShape, a: Value, count: Value) -> Value {
        self.pure([a, count], |[a, count]| {
            op::evaluate_vector_shift(op, shape, a, count as u32)
        })
    }

    fn vector_compare(&mut self, op: VectorCompare, shape: LaneShape, a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| {
            op::evaluate_vector_compare(op, shape, a, b)
        })
    }

    fn vector_reduce(&mut self, op: VectorReduce, a: Value) -> Value {
        self.pure([a], |[a]| op::evaluate_vector_reduce(op, a).into())
    }

    fn vector_splat(&mut self, shape: LaneShape, a: Value) -> Value {
        self.pure([a], |[a]| op::evaluate_splat(shape, a as u64))
    }

    fn vector_extract_lane(&mut self, shape: LaneShape, lane: u8, signed: bool, a: Value) -> Value {
        self.pure([a], |[a]| {
            op::evaluate_extract_lane(shape, lane, signed, a).into()
        })
    }

    fn vector_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Value,
        scalar: Value,
    ) -> Value {
        self.pure([a, scalar], |[a, scalar]| {
            op::evaluate_replace_lane(shape, lane, a, scalar as u64)
        })
    }

    fn vector_shuffle(&mut self, lanes: [u8; 16], a: Value, b: Value) -> Value {
        self.pure([a, b], |[a, b]| op::evaluate_shuffle(lanes, a, b))
    }

    fn context(&mut self) -> Value {
        Value::Context
    }

    fn field_get(&mut self, pointer: Value, field: Field) -> Value {
        match (pointer, field.ty, self.fields.get(&field.offset)) {
            (Value::Context, FieldType::Value(ty), Some(&bits)) => Value::Known(truncate(ty, bits)),
            (Value::Context, FieldType::Value(_), None)
            | (
                Value::Context,
                FieldType::Pointer | FieldType::I8 { .. } | FieldType::I16 { .. },
                _,
            ) => Value::Unknown,
            (Value::Known(_) | Value::Unknown, _, _) if field.trap.is_some() => {
                self.stop(Reason::Pointer)
            }
            (Value::Known(_) | Value::Unknown, _, _) => Value::Unknown,
        }
    }

    fn field_set(&mut self, pointer: Value, field: Field, value: Value) {
        if let (Value::Context, FieldType::Value(ty), Value::Known(bits)) =
            (pointer, field.ty, value)
            && self.is_running()
        {
            self.fields.insert(field.offset, truncate(ty, bits));
            self.written.insert(field.offset, truncate(ty, bits));
        } else {
            self.stop(Reason::Pointer);
        }
    }

    fn object(&mut self, value: Value) -> Value {
        value
    }

    fn pointer_add(&mut self, pointer: Value, bytes: Value) -> Value {
        self.pure([pointer, bytes], |[pointer, bytes]| {
            (pointer as u64).wrapping_add(bytes as u64).into()
        })
    }

    fn speculation_guard(&mut self, condition: Value, pointer: Value) -> Value {
        self.select(MachineType::I64, condition, pointer, Value::Known(0))
    }

    fn load(&mut self, _kind: LoadKind, _access: Access, _address: Value) -> Value {
        self.stop(Reason::Memory)
    }

    fn store(&mut self, _kind: StoreKind, _access: Access, _address: Value, _value: Value) {
        self.stop(Reason::Memory);
    }

    fn vector_load(&mut self, _kind: VectorLoad, _access: Access, _address: Value) -> Value {
        self.stop(Reason::Memory)
    }

    fn atomic_load(
        &mut self,
        _ty: IntType,
        _width: AtomicWidth,
        _access: Access,
        _address: Value,
    ) -> Value {
        self.stop(Reason::Memory)
    }

    fn atomic_store(
        &mut self,
        _ty: IntType,
        _width: AtomicWidth,
        _access: Access,
        _address: Value,
        _value: Value,
    ) {
        self.stop(Reason::Memory);
    }

    fn atomic_rmw(
        &mut self,
        _op: AtomicRmw,
        _ty: IntType,
        _width: AtomicWidth,
        _access: Access,
        _address: Value,
        _value: Value,
    ) -> Value {
        self.stop(Reason::Memory)
    }

    fn atomic_compare_exchange(
        &mut self,
        _ty: IntType,
        _width: AtomicWidth,
        _access: Access,
        _address: Value,
        _expected: Value,
        _replacement: Value,
    ) -> Value {
        self.stop(Reason::Memory)
    }

    fn atomic_fence(&mut self) {}

    fn trap_if(&mut self, condition: Value, code: TrapCode) {
        if let Some(bits) = self.need(condition)
            && truncate(MachineType::I32, bits) != 0
        {
            self.end(Outcome::Trapped(code));
        }
    }

    fn trap(&mut self, code: TrapCode) {
        self.end(Outcome::Trapped(code));
    }

    fn fuel_take(&mut self, amount: u32) {
        if self.is_running() {
            self.fuel += u64::from(amount);
        }
    }

    fn fuel_charge(&mut self) -> bool {
        self.is_running()
    }

    fn fuel_settle(&mut self, charge: bool, amount: u32) {
        if charge {
            self.fuel += u64::from(amount);
        }
    }

    fn block(&mut self, params: &[MachineType], _is_loop: bool) -> Block {
        self.blocks.push(BlockState {
            params: params.to_vec(),
            arrived: None,
            entered: false,
        });
        Block(self.blocks.len() - 1)
    }

    fn handler(&mut self) -> Block {
        self.block(&[MachineType::Object], false)
    }

    fn mark_cold(&mut self, _block: Block) {}

    fn enter_block(&mut self, block: Block) -> Vec<Value> {
        assert!(!self.is_running(), "the block before has ended");
        let entered = &mut self.blocks[block.0];
        entered.entered = true;
        match entered.arrived.take() {
            Some(arguments) => {
                if let State::Skipping = self.state {
                    self.state = State::Running;
                }
                arguments
            }
            None => vec![Value::Unknown; entered.params.len()],
        }
    }

    fn seal(&mut self, _block: Block) {}

    fn jump(&mut self, target: BranchTarget<Block, Value>) {
        self.go(target.block, target.arguments);
    }

    fn branch(
        &mut self,
        condition: Value,
        yes: BranchTarget<Block, Value>,
        no: BranchTarget<Block, Value>,
    ) {
        if let Some(bits) = self.need(condition) {
            let taken = if truncate(MachineType::I32, bits) != 0 {
                yes
            } else {
                no
            };
            self.go(taken.block, taken.arguments);
        }
    }

    fn branch_table(
        &mut self,
        index: Value,
        targets: Vec<BranchTarget<Block, Value>>,
        default: BranchTarget<Block, Value>,
    ) {
        if let Some(bits) = self.need(index) {
            let index = bits as u32 as usize;
            let taken = targets.into_iter().nth(index).unwrap_or(default);
            self.go(taken.block, taken.arguments);
        }
    }

    fn call(
        &mut self,
        _target: CallTarget<Value>,
        ty: &FunctionType,
        _arguments: Vec<Value>,
        _handler: Option<Block>,
    ) -> Vec<Value> {
        self.call_results(ty)
    }

    fn return_call(
        &mut self,
        _target: CallTarget<Value>,
        _ty: &FunctionType,
        _arguments: Vec<Value>,
    ) {
        self.stop(Reason::Call);
    }

    fn return_(&mut self, values: Vec<Value>) {
        let bits: Option<Vec<u128>> = values.into_iter().map(|value| self.need(value)).collect();
        if let Some(bits) = bits {
            self.end(Outcome::Returned(bits));
        }
    }

    fn call_builtin(&mut self, builtin: Builtin, _arguments: Vec<Value>) -> Option<Value> {
        self.stop(Reason::Call);
        builtin.result().map(|_| Value::Unknown)
    }

    fn throw(&mut self, _exception: Value, _handler: Option<Block>) {
        self.stop(Reason::Throw);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldKind, Region};

    const GLOBAL: Field = Field {
        offset: 48,
        ty: FieldType::Value(MachineType::I32),
        kind: FieldKind::Mutable,
        region: Region::Global,
        trap: None,
    };

    fn to(block: Block, arguments: Vec<Value>) -> BranchTarget<Block, Value> {
        BranchTarget { block, arguments }
    }

    fn stopped(evaluator: Evaluator) -> Option<Reason> {
        evaluator
            .finish_evaluation()
            .err()
            .map(|error| error.reason)
    }

    #[test]
    fn a_block_not_reached_has_no_effect() {
        let mut evaluator = Evaluator::new(vec![]).with_field(48, 5);
        let skipped = evaluator.block(&[], false);
        let end = evaluator.block(&[MachineType::I32], false);
        let zero = evaluator.constant(MachineType::I32, 0);
        let seven = evaluator.constant(MachineType::I32, 7);
        evaluator.branch(zero, to(skipped, vec![]), to(end, vec![seven]));
        evaluator.enter_block(skipped);
        let context = evaluator.context();
        evaluator.field_set(context, GLOBAL, zero);
        evaluator.trap_if(seven, TrapCode::Unreachable);
        evaluator.fuel_take(1);
        evaluator.call_builtin(Builtin::DataDrop, vec![]);
        let divided = evaluator.int_divide(IntBinary::DivU, IntType::I32, seven, zero);
        evaluator.jump(to(end, vec![divided]));
        let results = evaluator.enter_block(end);
        let global = evaluator.field_get(context, GLOBAL);
        evaluator.return_(vec![results[0], global]);
        let evaluation = evaluator.finish_evaluation().expect("everything is known");
        assert_eq!(evaluation.outcome, Outcome::Returned(vec![7, 5]));
        assert_eq!(evaluation.written.len(), 0);
        assert_eq!(evaluation.fuel, 0);
    }

    #[test]
    fn a_trap_ends_the_path_before_later_effects() {
        let mut evaluator = Evaluator::new(vec![]);
        let one = evaluator.constant(MachineType::I32, 1);
        let zero = evaluator.constant(MachineType::I32, 0);
        let quotient = evaluator.int_divide(IntBinary::DivS, IntType::I32, one, zero);
        evaluator.trap(TrapCode::Unreachable);
        evaluator.return_(vec![quotient]);
        let evaluation = evaluator.finish_evaluation().expect("a trap is a result");
        assert_eq!(
            evaluation.outcome,
            Outcome::Trapped(TrapCode::IntegerDivisionByZero)
        );
    }

    #[test]
    fn an_unknown_value_that_decides_nothing_does_no_harm() {
        let mut evaluator = Evaluator::new(vec![]);
        let context = evaluator.context();
        let unknown = evaluator.field_get(context, GLOBAL);
        let one = evaluator.constant(MachineType::I32, 1);
        let sum = evaluator.int_binary(IntBinary::Add, IntType::I32, unknown, one);
        evaluator.discard(sum);
        evaluator.return_(vec![one]);
        assert!(evaluator.finish_evaluation().is_ok());
    }

    #[test]
    fn an_unknown_value_that_decides_stops_it() {
        let unknown = |evaluator: &mut Evaluator| {
            let context = evaluator.context();
            evaluator.field_get(context, GLOBAL)
        };
        let mut evaluator = Evaluator::new(vec![]);
        let value = unknown(&mut evaluator);
        evaluator.return_(vec![value]);
        assert_eq!(stopped(evaluator), Some(Reason::Unknown));

        let mut evaluator = Evaluator::new(vec![]);
        let value = unknown(&mut evaluator);
        evaluator.trap_if(value, TrapCode::Unreachable);
        evaluator.return_(vec![]);
        assert_eq!(stopped(evaluator), Some(Reason::Unknown));
    }

    #[test]
    fn a_branch_backwards_stops_it() {
        let mut evaluator = Evaluator::new(vec![]);
        let head = evaluator.block(&[], true);
        evaluator.jump(to(head, vec![]));
        evaluator.enter_block(head);
        evaluator.jump(to(head, vec![]));
        evaluator.seal(head);
        assert_eq!(stopped(evaluator), Some(Reason::Loop));
    }

    #[test]
    fn memory_and_calls_stop_it() {
        let mut evaluator = Evaluator::new(vec![]);
        let results = evaluator.call_builtin(Builtin::MemoryGrow, vec![]);
        assert_eq!(results, Some(Value::Unknown));
        assert_eq!(stopped(evaluator), Some(Reason::Call));
        assert_eq!(stopped(Evaluator::new(vec![])), Some(Reason::Unfinished));
    }

    #[test]
    fn a_branch_table_goes_to_its_default_beyond_the_end() {
        let mut evaluator = Evaluator::new(vec![]);
        let (first, last) = (evaluator.block(&[], false), evaluator.block(&[], false));
        let index = evaluator.constant(MachineType::I32, 0xffff_ffff);
        evaluator.branch_table(index, vec![to(first, vec![])], to(last, vec![]));
        for block in [first, last] {
            evaluator.enter_block(block);
            let number = evaluator.constant(MachineType::I32, block.0 as u128);
            evaluator.return_(vec![number]);
        }
        let evaluation = evaluator.finish_evaluation().expect("everything is known");
        assert_eq!(evaluation.outcome, Outcome::Returned(vec![1]));
    }

    #[test]
    fn only_chosen_nans_are_made_canonical() {
        let mut evaluator = Evaluator::new(vec![]).with_canonical_nans();
        let nan = evaluator.constant(MachineType::F32, 0xffc0_0001);
        let negated = evaluator.float_unary(FloatUnary::Neg, FloatType::F32, nan);
        let ceiling = evaluator.float_unary(FloatUnary::Ceil, FloatType::F32, nan);
        let lanes = evaluator.vector_splat(LaneShape::F32x4, nan);
        let sum = evaluator.vector_binary(VectorBinary::Add(LaneShape::F32x4), lanes, lanes);
        let lane = evaluator.vector_extract_lane(LaneShape::F32x4, 3, false, sum);
        evaluator.return_(vec![negated, ceiling, lane]);
        let evaluation = evaluator.finish_evaluation().expect("everything is known");
        let expected = Outcome::Returned(vec![0x7fc0_0001, 0x7fc0_0000, 0x7fc0_0000]);
        assert_eq!(evaluation.outcome, expected);
    }
}
