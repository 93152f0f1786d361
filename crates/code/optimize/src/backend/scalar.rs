//! Scalar operators in Cranelift IR.
//!
//! Division, remainder and truncation trap by themselves there, with the processor's own fault where it has one.

use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, Value,
    condcodes::{FloatCC, IntCC},
    types,
};
use silica_operator::{
    Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary, IntCompare, IntType,
    IntUnary, WideBinary,
};

use super::{
    state::{CraneliftBackend, Operand},
    types::int_type,
};

pub(super) fn int_condition(op: IntCompare) -> IntCC {
    match op {
        IntCompare::Eq => IntCC::Equal,
        IntCompare::Ne => IntCC::NotEqual,
        IntCompare::LtS => IntCC::SignedLessThan,
        IntCompare::LtU => IntCC::UnsignedLessThan,
        IntCompare::GtS => IntCC::SignedGreaterThan,
        IntCompare::GtU => IntCC::UnsignedGreaterThan,
        IntCompare::LeS => IntCC::SignedLessThanOrEqual,
        IntCompare::LeU => IntCC::UnsignedLessThanOrEqual,
        IntCompare::GeS => IntCC::SignedGreaterThanOrEqual,
        IntCompare::GeU => IntCC::UnsignedGreaterThanOrEqual,
    }
}

pub(super) fn float_condition(op: FloatCompare) -> FloatCC {
    match op {
        FloatCompare::Eq => FloatCC::Equal,
        FloatCompare::Ne => FloatCC::NotEqual,
        FloatCompare::Lt => FloatCC::LessThan,
        FloatCompare::Gt => FloatCC::GreaterThan,
        FloatCompare::Le => FloatCC::LessThanOrEqual,
        FloatCompare::Ge => FloatCC::GreaterThanOrEqual,
    }
}

fn float_type(ty: FloatType) -> types::Type {
    match ty {
        FloatType::F32 => types::F32,
        FloatType::F64 => types::F64,
    }
}

impl CraneliftBackend<'_> {
    pub(super) fn emit_int_unary(&mut self, op: IntUnary, ty: IntType, a: Operand) -> Operand {
        if op == IntUnary::Eqz {
            return Operand::flag(self.ins().icmp_imm_s(IntCC::Equal, a.value, 0));
        }
        let a = self.scalar(a);
        Operand::plain(match op {
            IntUnary::Eqz => unreachable!("handled above"),
            IntUnary::Clz => self.ins().clz(a),
            IntUnary::Ctz => self.ins().ctz(a),
            IntUnary::Popcnt => self.ins().popcnt(a),
            IntUnary::Extend8S => self.sign_extend_from(types::I8, ty, a),
            IntUnary::Extend16S => self.sign_extend_from(types::I16, ty, a),
            IntUnary::Extend32S => self.sign_extend_from(types::I32, ty, a),
        })
    }

    fn sign_extend_from(&mut self, narrow: types::Type, ty: IntType, a: Value) -> Value {
        let low = self.ins().ireduce(narrow, a);
        self.ins().sextend(int_type(ty), low)
    }

    pub(super) fn emit_int_binary(&mut self, op: IntBinary, a: Operand, b: Operand) -> Operand {
        let (a, b) = (self.scalar(a), self.scalar(b));
        let ins = self.ins();
        Operand::plain(match op {
            IntBinary::Add => ins.iadd(a, b),
            IntBinary::Sub => ins.isub(a, b),
            IntBinary::Mul => ins.imul(a, b),
            IntBinary::DivS => ins.sdiv(a, b),
            IntBinary::DivU => ins.udiv(a, b),
            IntBinary::RemS => ins.srem(a, b),
            IntBinary::RemU => ins.urem(a, b),
            IntBinary::And => ins.band(a, b),
            IntBinary::Or => ins.bor(a, b),
            IntBinary::Xor => ins.bxor(a, b),
            IntBinary::Shl => ins.ishl(a, b),
            IntBinary::ShrS => ins.sshr(a, b),
            IntBinary::ShrU => ins.ushr(a, b),
            IntBinary::Rotl => ins.rotl(a, b),
            IntBinary::Rotr => ins.rotr(a, b),
        })
    }

    pub(super) fn emit_float_unary(&mut self, op: FloatUnary, a: Value) -> Value {
        let ins = self.ins();
        match op {
            FloatUnary::Abs => ins.fabs(a),
            FloatUnary::Neg => ins.fneg(a),
            FloatUnary::Ceil => ins.ceil(a),
            FloatUnary::Floor => ins.floor(a),
            FloatUnary::Trunc => ins.trunc(a),
            FloatUnary::Nearest => ins.nearest(a),
            FloatUnary::Sqrt => ins.sqrt(a),
        }
    }

    pub(super) fn emit_float_binary(&mut self, op: FloatBinary, a: Value, b: Value) -> Value {
        let ins = self.ins();
        match op {
            FloatBinary::Add => ins.fadd(a, b),
            FloatBinary::Sub => ins.fsub(a, b),
            FloatBinary::Mul => ins.fmul(a, b),
            FloatBinary::Div => ins.fdiv(a, b),
            FloatBinary::Min => ins.fmin(a, b),
            FloatBinary::Max => ins.fmax(a, b),
            FloatBinary::Copysign => ins.fcopysign(a, b),
        }
    }

    pub(super) fn emit_convert(&mut self, op: Convert, a: Value) -> Value {
        let ins = self.ins();
        match op {
            Convert::Wrap => ins.ireduce(types::I32, a),
            Convert::Extend { signed: true } => ins.sextend(types::I64, a),
            Convert::Extend { signed: false } => ins.uextend(types::I64, a),
            Convert::Trunc { to, signed, .. } => match signed {
                true => ins.fcvt_to_sint(int_type(to), a),
                false => ins.fcvt_to_uint(int_type(to), a),
            },
            Convert::TruncSat { to, signed, .. } => match signed {
                true => ins.fcvt_to_sint_sat(int_type(to), a),
                false => ins.fcvt_to_uint_sat(int_type(to), a),
            },
            Convert::FromInt { to, signed, .. } => match signed {
                true => ins.fcvt_from_sint(float_type(to), a),
                false => ins.fcvt_from_uint(float_type(to), a),
            },
            Convert::Demote => ins.fdemote(types::F32, a),
            Convert::Promote => ins.fpromote(types::F64, a),
            Convert::ReinterpretToInt(ty) => ins.bitcast(int_type(ty), MemFlagsData::new(), a),
            Convert::ReinterpretToFloat(ty) => ins.bitcast(float_type(ty), MemFlagsData::new(), a),
        }
    }

    /// 128-bit arithmetic; Cranelift makes add-with-carry and one widening multiplication of it.
    pub(super) fn emit_wide_binary(
        &mut self,
        op: WideBinary,
        a: (Value, Option<Value>),
        b: (Value, Option<Value>),
    ) -> (Value, Value) {
        let wide = |this: &mut Self, (low, high): (Value, Option<Value>)| match (op, high) {
            (WideBinary::Add128 | WideBinary::Sub128, Some(high)) => this.ins().iconcat(low, high),
            (WideBinary::MulWideS, _) => this.ins().sextend(types::I128, low),
            (WideBinary::MulWideU | WideBinary::Add128 | WideBinary::Sub128, _) => {
                this.ins().uextend(types::I128, low)
            }
        };
        let (a, b) = (wide(self, a), wide(self, b));
        let result = match op {
            WideBinary::Add128 => self.ins().iadd(a, b),
            WideBinary::Sub128 => self.ins().isub(a, b),
            WideBinary::MulWideS | WideBinary::MulWideU => self.ins().imul(a, b),
        };
        self.ins().isplit(result)
    }
}
