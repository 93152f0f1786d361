//! Vector operators in Cranelift IR.
//!
//! A vector operand may have any 128-bit vector type; each operator looks at it with the lanes that it needs
//! ([`CraneliftBackend::lanes`]). Relaxed operators have up to three forms: the deterministic one, which every
//! processor can do, and where it is faster x86-64's own instruction or a fused multiply-add.

use cranelift_codegen::ir::{
    InstBuilder, Value,
    condcodes::{FloatCC, IntCC},
    types::{self, Type},
};
use silica_operator::{
    LaneShape, VectorBinary, VectorCompare, VectorReduce, VectorShift, VectorTernary, VectorUnary,
};

use super::state::{CraneliftBackend, Operand};

pub(super) fn lane_type(shape: LaneShape) -> Type {
    match shape {
        LaneShape::I8x16 => types::I8X16,
        LaneShape::I16x8 => types::I16X8,
        LaneShape::I32x4 => types::I32X4,
        LaneShape::I64x2 => types::I64X2,
        LaneShape::F32x4 => types::F32X4,
        LaneShape::F64x2 => types::F64X2,
    }
}

fn is_float(shape: LaneShape) -> bool {
    match shape {
        LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 | LaneShape::I64x2 => false,
        LaneShape::F32x4 | LaneShape::F64x2 => true,
    }
}

fn int_condition(op: VectorCompare) -> IntCC {
    match op {
        VectorCompare::Eq => IntCC::Equal,
        VectorCompare::Ne => IntCC::NotEqual,
        VectorCompare::LtS => IntCC::SignedLessThan,
        VectorCompare::LtU => IntCC::UnsignedLessThan,
        VectorCompare::GtS => IntCC::SignedGreaterThan,
        VectorCompare::GtU => IntCC::UnsignedGreaterThan,
        VectorCompare::LeS => IntCC::SignedLessThanOrEqual,
        VectorCompare::LeU => IntCC::UnsignedLessThanOrEqual,
        VectorCompare::GeS => IntCC::SignedGreaterThanOrEqual,
        VectorCompare::GeU => IntCC::UnsignedGreaterThanOrEqual,
    }
}

fn float_condition(op: VectorCompare) -> FloatCC {
    match op {
        VectorCompare::Eq => FloatCC::Equal,
        VectorCompare::Ne => FloatCC::NotEqual,
        VectorCompare::LtS | VectorCompare::LtU => FloatCC::LessThan,
        VectorCompare::GtS | VectorCompare::GtU => FloatCC::GreaterThan,
        VectorCompare::LeS | VectorCompare::LeU => FloatCC::LessThanOrEqual,
        VectorCompare::GeS | VectorCompare::GeU => FloatCC::GreaterThanOrEqual,
    }
}

impl CraneliftBackend<'_> {
    pub(super) fn shaped(&mut self, value: Value, shape: LaneShape) -> Value {
        self.lanes(value, lane_type(shape))
    }

    pub(super) fn shaped_pair(&mut self, a: Value, b: Value, shape: LaneShape) -> (Value, Value) {
        (self.shaped(a, shape), self.shaped(b, shape))
    }

    /// The lower or upper half of the lanes, each twice as wide.
    fn widen_half(&mut self, a: Value, high: bool, signed: bool) -> Value {
        let ins = self.ins();
        match (high, signed) {
            (false, true) => ins.swiden_low(a),
            (false, false) => ins.uwiden_low(a),
            (true, true) => ins.swiden_high(a),
            (true, false) => ins.uwiden_high(a),
        }
    }

    fn pairwise_sum(&mut self, a: Value, signed: bool) -> Value {
        let low = self.widen_half(a, false, signed);
        let high = self.widen_half(a, true, signed);
        self.ins().iadd_pairwise(low, high)
    }

    pub(super) fn emit_vector_unary(&mut self, op: VectorUnary, a: Value) -> Value {
        match op {
            VectorUnary::Not => self.ins().bnot(a),
            VectorUnary::Abs(shape) => {
                let a = self.shaped(a, shape);
                match is_float(shape) {
                    true => self.ins().fabs(a),
                    false => self.ins().iabs(a),
                }
            }
            VectorUnary::Neg(shape) => {
                let a = self.shaped(a, shape);
                match is_float(shape) {
                    true => self.ins().fneg(a),
                    false => self.ins().ineg(a),
                }
            }
            VectorUnary::Popcnt => {
                let a = self.shaped(a, LaneShape::I8x16);
                self.ins().popcnt(a)
            }
            VectorUnary::Ceil(shape) => {
                let a = self.shaped(a, shape);
                self.ins().ceil(a)
            }
            VectorUnary::Floor(shape) => {
                let a = self.shaped(a, shape);
                self.ins().floor(a)
            }
            VectorUnary::Trunc(shape) => {
                let a = self.shaped(a, shape);
                self.ins().trunc(a)
            }
            VectorUnary::Nearest(shape) => {
                let a = self.shaped(a, shape);
                self.ins().nearest(a)
            }
            VectorUnary::Sqrt(shape) => {
                let a = self.shaped(a, shape);
                self.ins().sqrt(a)
            }
            VectorUnary::ExtAddPairwise { from, signed } => {
                let a = self.shaped(a, from);
                self.pairwise_sum(a, signed)
            }
            VectorUnary::Extend { from, high, signed } => {
                let a = self.shaped(a, from);
                self.widen_half(a, high, signed)
            }
            VectorUnary::TruncSatF32x4 { signed, relaxed } => self.trunc_f32x4(a, signed, relaxed),
            VectorUnary::TruncSatF64x2Zero { signed, relaxed } => {
                self.trunc_f64x2(a, signed, relaxed)
            }
            VectorUnary::ConvertI32x4 { signed } => {
                let a = self.shaped(a, LaneShape::I32x4);
                self.convert_from_int(types::F32X4, a, signed)
            }
            VectorUnary::ConvertLowI32x4 { signed } => {
                let a = self.shaped(a, LaneShape::I32x4);
                let wide = self.widen_half(a, false, signed);
                self.convert_from_int(types::F64X2, wide, signed)
            }
            VectorUnary::DemoteF64x2Zero => {
                let a = self.shaped(a, LaneShape::F64x2);
                self.ins().fvdemote(a)
            }
            VectorUnary::PromoteLowF32x4 => {
                let a = self.shaped(a, LaneShape::F32x4);
                self.ins().fvpromote_low(a)
            }
        }
    }

    fn convert_from_int(&mut self, ty: Type, a: Value, signed: bool) -> Value {
        match signed {
            true => self.ins().fcvt_from_sint(ty, a),
            false => self.ins().fcvt_from_uint(ty, a),
        }
    }

    fn trunc_f32x4(&mut self, a: Value, signed: bool, relaxed: bool) -> Value {
        let a = self.shaped(a, LaneShape::F32x4);
        match (signed, relaxed && self.target.relaxes_for_x86()) {
            (true, true) => self.ins().x86_cvtt2dq(types::I32X4, a),
            (true, false) => self.ins().fcvt_to_sint_sat(types::I32X4, a),
            (false, _) => self.ins().fcvt_to_uint_sat(types::I32X4, a),
        }
    }

    fn trunc_f64x2(&mut self, a: Value, signed: bool, relaxed: bool) -> Value {
        let a = self.shaped(a, LaneShape::F64x2);
        // The code generator knows this conversion only beside a constant of just this type.
        let zero = self.builder.func.dfg.constants.insert([0; 16][..].into());
        let zero = self.ins().vconst(types::I64X2, zero);
        if !signed {
            let wide = self.ins().fcvt_to_uint_sat(types::I64X2, a);
            return self.ins().uunarrow(wide, zero);
        }
        let wide = if relaxed && self.target.relaxes_for_x86() {
            self.ins().x86_cvtt2dq(types::I64X2, a)
        } else {
            self.ins().fcvt_to_sint_sat(types::I64X2, a)
        };
        self.ins().snarrow(wide, zero)
    }

    pub(super) fn emit_vector_binary(&mut self, op: VectorBinary, a: Value, b: Value) -> Value {
        match op {
            VectorBinary::And => self.bitwise(a, b, |ins, a, b| ins.band(a, b)),
            VectorBinary::Or => self.bitwise(a, b, |ins, a, b| ins.bor(a, b)),
            VectorBinary::Xor => self.bitwise(a, b, |ins, a, b| ins.bxor(a, b)),
            VectorBinary::AndNot => self.bitwise(a, b, |ins, a, b| ins.band_not(a, b)),
            VectorBinary::Add(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match is_float(shape) {
                    true => self.ins().fadd(a, b),
                    false => self.ins().iadd(a, b),
                }
            }
            VectorBinary::Sub(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match is_float(shape) {
                    true => self.ins().fsub(a, b),
                    false => self.ins().isub(a, b),
                }
            }
            VectorBinary::Mul(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match is_float(shape) {
                    true => self.ins().fmul(a, b),
                    false => self.ins().imul(a, b),
                }
            }
            VectorBinary::Div(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                self.ins().fdiv(a, b)
            }
            VectorBinary::AddSat { shape, signed } => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match signed {
                    true => self.ins().sadd_sat(a, b),
                    false => self.ins().uadd_sat(a, b),
                }
            }
            VectorBinary::SubSat { shape, signed } => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match signed {
                    true => self.ins().ssub_sat(a, b),
                    false => self.ins().usub_sat(a, b),
                }
            }
            VectorBinary::IntMin { shape, signed } => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match signed {
                    true => self.ins().smin(a, b),
                    false => self.ins().umin(a, b),
                }
            }
            VectorBinary::IntMax { shape, signed } => {
                let (a, b) = self.shaped_pair(a, b, shape);
                match signed {
                    true => self.ins().smax(a, b),
                    false => self.ins().umax(a, b),
                }
            }
            VectorBinary::FloatMin { shape, relaxed } => {
                if relaxed && self.target.relaxes_for_x86() {
                    return self.pseudo_min(a, b, shape);
                }
                let (a, b) = self.shaped_pair(a, b, shape);
                self.ins().fmin(a, b)
            }
            VectorBinary::FloatMax { shape, relaxed } => {
                if relaxed && self.target.relaxes_for_x86() {
                    return self.pseudo_max(a, b, shape);
                }
                let (a, b) = self.shaped_pair(a, b, shape);
                self.ins().fmax(a, b)
            }
            VectorBinary::PMin(shape) => self.pseudo_min(a, b, shape),
            VectorBinary::PMax(shape) => self.pseudo_max(a, b, shape),
            VectorBinary::AvgrU(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                self.ins().avg_round(a, b)
            }
            VectorBinary::Q15MulrSatS { relaxed } => {
                let (a, b) = self.shaped_pair(a, b, LaneShape::I16x8);
                match relaxed && self.target.relaxes_for_x86() {
                    true => self.ins().x86_pmulhrsw(a, b),
                    false => self.ins().sqmul_round_sat(a, b),
                }
            }
            VectorBinary::Narrow { from, signed } => {
                let (a, b) = self.shaped_pair(a, b, from);
                match signed {
                    true => self.ins().snarrow(a, b),
                    false => self.ins().unarrow(a, b),
                }
            }
            VectorBinary::ExtMul { from, high, signed } => {
                let (a, b) = self.shaped_pair(a, b, from);
                let a = self.widen_half(a, high, signed);
                let b = self.widen_half(b, high, signed);
                self.ins().imul(a, b)
            }
            VectorBinary::DotI16x8S => self.dot(a, b, LaneShape::I16x8),
            VectorBinary::Swizzle { relaxed } => {
                let (a, b) = self.shaped_pair(a, b, LaneShape::I8x16);
                match relaxed && self.target.relaxes_for_x86() {
                    true => self.ins().x86_pshufb(a, b),
                    false => self.ins().swizzle(a, b),
                }
            }
            VectorBinary::RelaxedDotI8x16I7x16S => self.relaxed_dot(a, b),
        }
    }

    fn bitwise(
        &mut self,
        a: Value,
        b: Value,
        op: impl FnOnce(cranelift_frontend::FuncInstBuilder<'_, '_>, Value, Value) -> Value,
    ) -> Value {
        let ty = self.type_of(a);
        let b = self.lanes(b, ty);
        op(self.builder.ins(), a, b)
    }

    /// `b < a ? b : a`, in the order that x86-64's own minimum has.
    fn pseudo_min(&mut self, a: Value, b: Value, shape: LaneShape) -> Value {
        let (a, b) = self.shaped_pair(a, b, shape);
        let less = self.ins().fcmp(FloatCC::LessThan, b, a);
        let less = self.shaped(less, shape);
        self.ins().bitselect(less, b, a)
    }

    /// `a < b ? b : a`
    fn pseudo_max(&mut self, a: Value, b: Value, shape: LaneShape) -> Value {
        let (a, b) = self.shaped_pair(a, b, shape);
        let less = self.ins().fcmp(FloatCC::LessThan, a, b);
        let less = self.shaped(less, shape);
        self.ins().bitselect(less, b, a)
    }

    /// Products of the lanes, twice as wide, neighbours added.
    fn dot(&mut self, a: Value, b: Value, shape: LaneShape) -> Value {
        let (a, b) = self.shaped_pair(a, b, shape);
        let [a_low, b_low] = [a, b].map(|v| self.widen_half(v, false, true));
        let [a_high, b_high] = [a, b].map(|v| self.widen_half(v, true, true));
        let low = self.ins().imul(a_low, b_low);
        let high = self.ins().imul(a_high, b_high);
        self.ins().iadd_pairwise(low, high)
    }

    /// `i16x8.relaxed_dot_i8x16_i7x16_s`: on x86-64 the 7-bit operand is taken as unsigned.
    fn relaxed_dot(&mut self, a: Value, b: Value) -> Value {
        if self.target.relaxes_for_x86() {
            let (a, b) = self.shaped_pair(a, b, LaneShape::I8x16);
            return self.ins().x86_pmaddubsw(a, b);
        }
        self.dot(a, b, LaneShape::I8x16)
    }

    pub(super) fn emit_vector_ternary(
        &mut self,
        op: VectorTernary,
        a: Value,
        b: Value,
        c: Value,
    ) -> Value {
        match op {
            VectorTernary::Bitselect => self.bitselect(a, b, c),
            VectorTernary::RelaxedLaneselect(shape) => self.laneselect(shape, a, b, c),
            VectorTernary::RelaxedMadd(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                let c = self.shaped(c, shape);
                if self.fuses() {
                    return self.ins().fma(a, b, c);
                }
                let product = self.ins().fmul(a, b);
                self.ins().fadd(product, c)
            }
            VectorTernary::RelaxedNmadd(shape) => {
                let (a, b) = self.shaped_pair(a, b, shape);
                let c = self.shaped(c, shape);
                if self.fuses() {
                    let a = self.ins().fneg(a);
                    return self.ins().fma(a, b, c);
                }
                let product = self.ins().fmul(a, b);
                self.ins().fsub(c, product)
            }
            VectorTernary::RelaxedDotI8x16I7x16AddS => {
                let dot = self.relaxed_dot(a, b);
                let sums = self.pairwise_sum(dot, true);
                let c = self.shaped(c, LaneShape::I32x4);
                self.ins().iadd(sums, c)
            }
        }
    }

    fn fuses(&self) -> bool {
        self.target.has_fma() && !self.target.is_deterministic()
    }

    fn bitselect(&mut self, a: Value, b: Value, mask: Value) -> Value {
        let ty = self.type_of(mask);
        let (a, b) = (self.lanes(a, ty), self.lanes(b, ty));
        self.ins().bitselect(mask, a, b)
    }

    fn laneselect(&mut self, shape: LaneShape, a: Value, b: Value, mask: Value) -> Value {
        // Only these widths have a blend by the lane's highest bit.
        let blends = match shape {
            LaneShape::I8x16 | LaneShape::I32x4 | LaneShape::I64x2 => true,
            LaneShape::I16x8 | LaneShape::F32x4 | LaneShape::F64x2 => false,
        };
        if !(blends && self.target.relaxes_for_x86()) {
            return self.bitselect(a, b, mask);
        }
        let (a, b) = self.shaped_pair(a, b, shape);
        let mask = self.shaped(mask, shape);
        self.ins().blendv(mask, a, b)
    }

    pub(super) fn emit_vector_shift(
        &mut self,
        op: VectorShift,
        shape: LaneShape,
        a: Value,
        count: Value,
    ) -> Value {
        let a = self.shaped(a, shape);
        match op {
            VectorShift::Shl => self.ins().ishl(a, count),
            VectorShift::ShrS => self.ins().sshr(a, count),
            VectorShift::ShrU => self.ins().ushr(a, count),
        }
    }

    pub(super) fn emit_vector_compare(
        &mut self,
        op: VectorCompare,
        shape: LaneShape,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = self.shaped_pair(a, b, shape);
        match is_float(shape) {
            true => self.ins().fcmp(float_condition(op), a, b),
            false => self.ins().icmp(int_condition(op), a, b),
        }
    }

    pub(super) fn emit_vector_reduce(&mut self, op: VectorReduce, a: Value) -> Operand {
        match op {
            VectorReduce::AnyTrue => Operand::flag(self.ins().vany_true(a)),
            VectorReduce::AllTrue(shape) => {
                let a = self.shaped(a, shape);
                Operand::flag(self.ins().vall_true(a))
            }
            VectorReduce::Bitmask(shape) => {
                let a = self.shaped(a, shape);
                Operand::plain(self.ins().vhigh_bits(types::I32, a))
            }
        }
    }
}
