//! Numeric and vector operators: operands off the stack, through the backend, result on it.

use silica_operator::{
    Convert, FloatType, IntType, IntUnary, LaneShape, LoadKind, MachineType, VectorReduce,
    WideBinary,
};

use crate::{Backend, class::Class, function::Translator};

pub(crate) const fn int_machine(ty: IntType) -> MachineType {
    match ty {
        IntType::I32 => MachineType::I32,
        IntType::I64 => MachineType::I64,
    }
}

const fn float_machine(ty: FloatType) -> MachineType {
    match ty {
        FloatType::F32 => MachineType::F32,
        FloatType::F64 => MachineType::F64,
    }
}

const fn lane_machine(shape: LaneShape) -> MachineType {
    match shape {
        LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 => MachineType::I32,
        LaneShape::I64x2 => MachineType::I64,
        LaneShape::F32x4 => MachineType::F32,
        LaneShape::F64x2 => MachineType::F64,
    }
}

/// Type of what a load gives.
pub(crate) const fn load_machine(kind: LoadKind) -> MachineType {
    match kind {
        LoadKind::I32
        | LoadKind::I32Load8S
        | LoadKind::I32Load8U
        | LoadKind::I32Load16S
        | LoadKind::I32Load16U => MachineType::I32,
        LoadKind::I64
        | LoadKind::I64Load8S
        | LoadKind::I64Load8U
        | LoadKind::I64Load16S
        | LoadKind::I64Load16U
        | LoadKind::I64Load32S
        | LoadKind::I64Load32U => MachineType::I64,
        LoadKind::F32 => MachineType::F32,
        LoadKind::F64 => MachineType::F64,
        LoadKind::V128 => MachineType::V128,
    }
}

const fn convert_machine(op: Convert) -> MachineType {
    match op {
        Convert::Wrap => MachineType::I32,
        Convert::Extend { .. } => MachineType::I64,
        Convert::Trunc { to, .. }
        | Convert::TruncSat { to, .. }
        | Convert::ReinterpretToInt(to) => int_machine(to),
        Convert::FromInt { to, .. } | Convert::ReinterpretToFloat(to) => float_machine(to),
        Convert::Demote => MachineType::F32,
        Convert::Promote => MachineType::F64,
    }
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn numeric(&mut self, class: Class) {
        match class {
            Class::IntUnary(..)
            | Class::IntBinary(..)
            | Class::IntDivide(..)
            | Class::IntCompare(..)
            | Class::FloatUnary(..)
            | Class::FloatBinary(..)
            | Class::FloatCompare(..)
            | Class::Convert(_) => self.scalar(class),
            Class::WideBinary(op) => self.wide(op),
            Class::VectorUnary(_)
            | Class::VectorBinary(_)
            | Class::VectorTernary(_)
            | Class::VectorShift(..)
            | Class::VectorCompare(..)
            | Class::VectorReduce(_)
            | Class::Splat(_)
            | Class::ExtractLane { .. }
            | Class::ReplaceLane(..)
            | Class::Shuffle(_) => self.vector(class),
            Class::Load(..)
            | Class::Store(..)
            | Class::VectorLoad(..)
            | Class::LoadLane(..)
            | Class::StoreLane(..) => self.memory_access(class),
            Class::AtomicLoad(..)
            | Class::AtomicStore(..)
            | Class::AtomicRmw(..)
            | Class::AtomicCompareExchange(..) => self.atomic_access(class),
        }
    }

    fn unary(&mut self, ty: MachineType, emit: impl FnOnce(&mut B, B::Value) -> B::Value) {
        let a = self.pop();
        let value = emit(self.backend, a);
        self.push(ty, value);
    }

    fn binary(
        &mut self,
        ty: MachineType,
        emit: impl FnOnce(&mut B, B::Value, B::Value) -> B::Value,
    ) {
        let b = self.pop();
        let a = self.pop();
        let value = emit(self.backend, a, b);
        self.push(ty, value);
    }

    fn scalar(&mut self, class: Class) {
        match class {
            Class::IntUnary(op @ IntUnary::Eqz, ty) => {
                self.unary(MachineType::I32, |backend, a| backend.int_unary(op, ty, a));
            }
            Class::IntUnary(op, ty) => {
                self.unary(int_machine(ty), |backend, a| backend.int_unary(op, ty, a));
            }
            Class::IntBinary(op, ty) => {
                self.binary(int_machine(ty), |backend, a, b| {
                    backend.int_binary(op, ty, a, b)
                });
            }
            Class::IntDivide(op, ty) => {
                self.binary(int_machine(ty), |backend, a, b| {
                    backend.int_divide(op, ty, a, b)
                });
            }
            Class::IntCompare(op, ty) => {
                self.binary(MachineType::I32, |backend, a, b| {
                    backend.int_compare(op, ty, a, b)
                });
            }
            Class::FloatUnary(op, ty) => {
                self.unary(float_machine(ty), |backend, a| {
                    backend.float_unary(op, ty, a)
                });
            }
            Class::FloatBinary(op, ty) => {
                self.binary(float_machine(ty), |backend, a, b| {
                    backend.float_binary(op, ty, a, b)
                });
            }
            Class::FloatCompare(op, ty) => {
                self.binary(MachineType::I32, |backend, a, b| {
                    backend.float_compare(op, ty, a, b)
                });
            }
            Class::Convert(op) => {
                self.unary(convert_machine(op), |backend, a| backend.convert(op, a));
            }
            _ => unreachable!("`numeric` sends only scalar classes here"),
        }
    }

    fn wide(&mut self, op: WideBinary) {
        let (low, high) = match op {
            WideBinary::Add128 | WideBinary::Sub128 => {
                let (b_high, b_low) = (self.pop(), self.pop());
                let (a_high, a_low) = (self.pop(), self.pop());
                self.backend
                    .wide_binary(op, (a_low, Some(a_high)), (b_low, Some(b_high)))
            }
            WideBinary::MulWideS | WideBinary::MulWideU => {
                let b = self.pop();
                let a = self.pop();
                self.backend.wide_binary(op, (a, None), (b, None))
            }
        };
        self.push(MachineType::I64, low);
        self.push(MachineType::I64, high);
    }

    fn vector(&mut self, class: Class) {
        const V128: MachineType = MachineType::V128;
        match class {
            Class::VectorUnary(op) => self.unary(V128, |backend, a| backend.vector_unary(op, a)),
            Class::VectorBinary(op) => {
                self.binary(V128, |backend, a, b| backend.vector_binary(op, a, b));
            }
            Class::VectorTernary(op) => {
                let c = self.pop();
                self.binary(V128, |backend, a, b| backend.vector_ternary(op, a, b, c));
            }
            Class::VectorShift(op, shape) => {
                self.binary(V128, |backend, a, count| {
                    backend.vector_shift(op, shape, a, count)
                });
            }
            Class::VectorCompare(op, shape) => {
                self.binary(V128, |backend, a, b| {
                    backend.vector_compare(op, shape, a, b)
                });
            }
            Class::VectorReduce(
                op @ (VectorReduce::AnyTrue | VectorReduce::AllTrue(_) | VectorReduce::Bitmask(_)),
            ) => self.unary(MachineType::I32, |backend, a| backend.vector_reduce(op, a)),
            Class::Splat(shape) => self.unary(V128, |backend, a| backend.vector_splat(shape, a)),
            Class::ExtractLane {
                shape,
                lane,
                signed,
            } => {
                self.unary(lane_machine(shape), |backend, a| {
                    backend.vector_extract_lane(shape, lane, signed, a)
                });
            }
            Class::ReplaceLane(shape, lane) => {
                self.binary(V128, |backend, a, scalar| {
                    backend.vector_replace_lane(shape, lane, a, scalar)
                });
            }
            Class::Shuffle(lanes) => {
                self.binary(V128, |backend, a, b| backend.vector_shuffle(lanes, a, b));
            }
            _ => unreachable!("`numeric` sends only vector classes here"),
        }
    }
}
