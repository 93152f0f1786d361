//! Vector operators of one operand, and those that give a scalar.

use silica_operator::{LaneShape, MachineType, VectorReduce, VectorUnary};

use super::{
    BaselineBackend, Parity, Test,
    register::{FLOAT_SCRATCH, Register},
    table::{
        ADD, AND, CEIL, CMP, CMP_EQ, CMP_LE, CVTDQ2PD, CVTDQ2PS, CVTF2F, CVTTPD2DQ, CVTTPS2DQ,
        Condition, FLOOR, Instruction, MAX, MIN, MOVAPS, MOVMSKPD, MOVMSKPS, MOVZX8, MUL, NEAREST,
        PABSB, PABSD, PABSW, PACKSSWB, PADDB, PADDD, PAND, PCMPEQB, PCMPEQD, PCMPEQQ, PCMPEQW,
        PCMPGTQ, PD, PMADDUBSW, PMADDWD, PMAXSD, PMOVMSKB, PMOVSXBW, PMOVSXDQ, PMOVSXWD, PMOVZXBW,
        PMOVZXDQ, PMOVZXWD, PS, PSHIFTD, PSHUFB, PSHUFD, PSUBB, PSUBD, PSUBQ, PSUBW, PTEST, PXOR,
        ROUNDPD, ROUNDPS, SHUFPS, SLL_DIGIT, SQRT, SRL_DIGIT, SUB, TRUNC, UNPCKLPS, XOR,
    },
    vector::{by_width, bytes, doublewords, float_prefix, is_float_shape, twice, words},
};
use crate::Value;

/// 2^31 as an `f32`.
const TWO_TO_31: u32 = 0x4f00_0000;
/// 2^52 as an `f64`: the lowest bits of a sum with it are an integer.
const TWO_TO_52: u64 = 0x4330_0000_0000_0000;

/// Sign bits of floats, in all lanes.
const fn signs(shape: LaneShape) -> u128 {
    match shape {
        LaneShape::F64x2 => twice(1 << 63),
        LaneShape::F32x4
        | LaneShape::I8x16
        | LaneShape::I16x8
        | LaneShape::I32x4
        | LaneShape::I64x2 => doublewords(1 << 31),
    }
}

impl BaselineBackend {
    pub(super) fn emit_vector_unary(&mut self, op: VectorUnary, a: Value) -> Value {
        let a = self.simple(a);
        let to = self.take_register(a);
        let to = match op {
            VectorUnary::Not => {
                self.invert(to);
                to
            }
            VectorUnary::Abs(shape) => self.absolute(shape, to),
            VectorUnary::Neg(shape) => self.negate(shape, to),
            VectorUnary::Popcnt => self.count_bits(to),
            VectorUnary::Ceil(shape) => self.round(shape, CEIL, to),
            VectorUnary::Floor(shape) => self.round(shape, FLOOR, to),
            VectorUnary::Trunc(shape) => self.round(shape, TRUNC, to),
            VectorUnary::Nearest(shape) => self.round(shape, NEAREST, to),
            VectorUnary::Sqrt(shape) => self.same(SQRT.prefixed(float_prefix(shape)), to),
            VectorUnary::ExtAddPairwise { from, signed } => self.add_pairwise(from, signed, to),
            VectorUnary::Extend { from, high, signed } => {
                self.widen_half(from, high, signed, to);
                to
            }
            VectorUnary::TruncSatF32x4 { signed, relaxed } => self.trunc_f32x4(signed, relaxed, to),
            VectorUnary::TruncSatF64x2Zero { signed, relaxed } => {
                self.trunc_f64x2(signed, relaxed, to)
            }
            VectorUnary::ConvertI32x4 { signed } => self.convert_i32x4(signed, to),
            VectorUnary::ConvertLowI32x4 { signed } => self.convert_low_i32x4(signed, to),
            VectorUnary::DemoteF64x2Zero => self.same(CVTF2F.prefixed(PD), to),
            VectorUnary::PromoteLowF32x4 => self.same(CVTF2F.prefixed(PS), to),
        };
        self.canonicalize_lanes(op.arithmetic_shape(), to);
        self.vector_in(to)
    }

    /// An instruction from a register to itself.
    fn same(&mut self, op: Instruction, to: Register) -> Register {
        self.vop(op, to, to);
        to
    }

    fn absolute(&mut self, shape: LaneShape, to: Register) -> Register {
        match shape {
            LaneShape::I8x16 => self.same(PABSB, to),
            LaneShape::I16x8 => self.same(PABSW, to),
            LaneShape::I32x4 => self.same(PABSD, to),
            LaneShape::I64x2 => {
                let negative = self.scratch_constant(0);
                self.vop(PCMPGTQ, negative, to);
                self.vop(PXOR, to, negative);
                self.vop(PSUBQ, to, negative);
                to
            }
            LaneShape::F32x4 | LaneShape::F64x2 => {
                let mask = self.scratch_constant(!signs(shape));
                self.vop(AND, to, mask);
                to
            }
        }
    }

    fn negate(&mut self, shape: LaneShape, to: Register) -> Register {
        if is_float_shape(shape) {
            let mask = self.scratch_constant(signs(shape));
            self.vop(XOR, to, mask);
            return to;
        }
        let subtract = by_width([PSUBB, PSUBW, PSUBD, PSUBQ], shape);
        let difference = self.scratch_constant(0);
        self.vop(subtract, difference, to);
        self.vop(MOVAPS, to, difference);
        to
    }

    /// The number of bits of each half of a byte, from a table.
    fn count_bits(&mut self, to: Register) -> Register {
        let table = 0x0403_0302_0302_0201_0302_0201_0201_0100;
        let low = self.copy_of(to);
        let mask = self.scratch_constant(bytes(0x0f));
        self.vop(PAND, low, mask);
        self.shift_words(to, 4, false);
        self.vop(PAND, to, mask);
        let counts = self.allocate(true);
        self.load_pool(counts, table);
        self.vop(MOVAPS, FLOAT_SCRATCH, counts);
        self.vop(PSHUFB, counts, low);
        self.vop(PSHUFB, FLOAT_SCRATCH, to);
        self.vop(PADDB, counts, FLOAT_SCRATCH);
        counts
    }

    fn round(&mut self, shape: LaneShape, mode: u8, to: Register) -> Register {
        let op = match shape {
            LaneShape::F64x2 => ROUNDPD,
            LaneShape::F32x4
            | LaneShape::I8x16
            | LaneShape::I16x8
            | LaneShape::I32x4
            | LaneShape::I64x2 => ROUNDPS,
        };
        self.asm.op_imm8(op, false, to, to, mode);
        to
    }

    fn add_pairwise(&mut self, from: LaneShape, signed: bool, to: Register) -> Register {
        match (from == LaneShape::I8x16, signed) {
            // One factor is unsigned, the other signed.
            (true, true) => {
                let ones = self.scratch_constant(bytes(1));
                self.vop(PMADDUBSW, ones, to);
                self.vop(MOVAPS, to, ones);
            }
            (true, false) => {
                let ones = self.scratch_constant(bytes(1));
                self.vop(PMADDUBSW, to, ones);
            }
            (false, true) => {
                let ones = self.scratch_constant(words(1));
                self.vop(PMADDWD, to, ones);
            }
            (false, false) => {
                // 2^15 less each, and so 2^16 less the sum.
                let bias = self.scratch_constant(words(0x8000));
                self.vop(PXOR, to, bias);
                let ones = self.scratch_constant(words(1));
                self.vop(PMADDWD, to, ones);
                let back = self.scratch_constant(doublewords(0x0001_0000));
                self.vop(PADDD, to, back);
            }
        }
        to
    }

    /// The lower or upper half of the lanes, each twice as wide.
    pub(super) fn widen_half(&mut self, from: LaneShape, high: bool, signed: bool, to: Register) {
        if high {
            self.asm.op_imm8(PSHUFD, false, to, to, 0xee);
        }
        let op = match (from, signed) {
            (LaneShape::I8x16, true) => PMOVSXBW,
            (LaneShape::I8x16, false) => PMOVZXBW,
            (LaneShape::I16x8, true) => PMOVSXWD,
            (LaneShape::I16x8, false) => PMOVZXWD,
            (_, true) => PMOVSXDQ,
            (_, false) => PMOVZXDQ,
        };
        self.vop(op, to, to);
    }

    fn is_relaxed(&self, relaxed: bool) -> bool {
        relaxed && !self.target.deterministic_relaxed_simd
    }

    fn compare_packed(&mut self, prefix: u8, to: Register, from: Register, predicate: u8) {
        let op = CMP.prefixed(prefix);
        self.asm.op_imm8(op, false, to, from, predicate);
    }

    fn trunc_f32x4(&mut self, signed: bool, relaxed: bool, to: Register) -> Register {
        if signed && self.is_relaxed(relaxed) {
            return self.same(CVTTPS2DQ, to);
        }
        if signed {
            // NaNs become 0.
            self.vop(MOVAPS, FLOAT_SCRATCH, to);
            self.compare_packed(PS, FLOAT_SCRATCH, to, CMP_EQ);
            self.vop(AND, to, FLOAT_SCRATCH);
            // What is too large becomes 0x80000000, and by the mask its opposite.
            let limit = self.scratch_constant(doublewords(TWO_TO_31));
            self.compare_packed(PS, limit, to, CMP_LE);
            self.vop(CVTTPS2DQ, to, to);
            self.vop(PXOR, to, limit);
            return to;
        }
        // NaNs and what is negative become 0.
        let zero = self.scratch_constant(0);
        self.vop(MAX, to, zero);
        // What is above 2^31, saturated as signed, is added to the 2^31 that the rest becomes.
        let above = self.copy_of(to);
        let limit = self.scratch_constant(doublewords(TWO_TO_31));
        self.vop(SUB, above, limit);
        self.compare_packed(PS, limit, above, CMP_LE);
        self.vop(CVTTPS2DQ, above, above);
        self.vop(PXOR, above, limit);
        let zero = self.scratch_constant(0);
        self.vop(PMAXSD, above, zero);
        self.vop(CVTTPS2DQ, to, to);
        self.vop(PADDD, to, above);
        to
    }

    fn trunc_f64x2(&mut self, signed: bool, relaxed: bool, to: Register) -> Register {
        if signed && self.is_relaxed(relaxed) {
            return self.same(CVTTPD2DQ, to);
        }
        if signed {
            // The limit where there is a number; the minimum with what is no number is the second operand, 0.
            self.vop(MOVAPS, FLOAT_SCRATCH, to);
            self.compare_packed(PD, FLOAT_SCRATCH, to, CMP_EQ);
            let limit = self.allocate(true);
            self.load_pool(limit, twice(f64::from(i32::MAX).to_bits()));
            self.vop(AND, limit, FLOAT_SCRATCH);
            self.vop(MIN.prefixed(PD), to, limit);
            return self.same(CVTTPD2DQ, to);
        }
        let zero = self.scratch_constant(0);
        self.vop(MAX.prefixed(PD), to, zero);
        let limit = self.scratch_constant(twice(f64::from(u32::MAX).to_bits()));
        self.vop(MIN.prefixed(PD), to, limit);
        self.round(LaneShape::F64x2, TRUNC, to);
        let shift = self.scratch_constant(twice(TWO_TO_52));
        self.vop(ADD.prefixed(PD), to, shift);
        let zero = self.scratch_constant(0);
        self.asm.op_imm8(SHUFPS, false, to, zero, 0x88);
        to
    }

    fn shift_doublewords(&mut self, register: Register, digit: u8, by: u8) {
        self.asm.digit(PSHIFTD, false, digit, register);
        self.asm.bytes(&[by]);
    }

    fn convert_i32x4(&mut self, signed: bool, to: Register) -> Register {
        if signed {
            return self.same(CVTDQ2PS, to);
        }
        // Both halves are exact, and so is the product: their sum is rounded once.
        let low = self.copy_of(to);
        self.shift_doublewords(low, SLL_DIGIT, 16);
        self.shift_doublewords(low, SRL_DIGIT, 16);
        self.shift_doublewords(to, SRL_DIGIT, 16);
        self.vop(CVTDQ2PS, to, to);
        self.vop(CVTDQ2PS, low, low);
        let factor = self.scratch_constant(doublewords(65536f32.to_bits()));
        self.vop(MUL, to, factor);
        self.vop(ADD, to, low);
        to
    }

    fn convert_low_i32x4(&mut self, signed: bool, to: Register) -> Register {
        if signed {
            return self.same(CVTDQ2PD, to);
        }
        let exponents = self.scratch_constant(doublewords((TWO_TO_52 >> 32) as u32));
        self.vop(UNPCKLPS, to, exponents);
        let shift = self.scratch_constant(twice(TWO_TO_52));
        self.vop(SUB.prefixed(PD), to, shift);
        to
    }

    // ---- scalars ----

    pub(super) fn emit_vector_reduce(&mut self, op: VectorReduce, a: Value) -> Value {
        let a = self.simple(a);
        let from = self.use_register(a);
        let to = match op {
            VectorReduce::AnyTrue => {
                self.vop(PTEST, from, from);
                self.flag_of(Condition::NotEqual)
            }
            VectorReduce::AllTrue(shape) => {
                let zeros = self.scratch_constant(0);
                let equal = by_width([PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ], shape);
                self.vop(equal, zeros, from);
                self.vop(PTEST, zeros, zeros);
                self.flag_of(Condition::Equal)
            }
            VectorReduce::Bitmask(shape) => self.bitmask(shape, from),
        };
        self.release(a);
        self.in_register(to, MachineType::I32)
    }

    fn flag_of(&mut self, condition: Condition) -> Register {
        let test = Test {
            condition,
            parity: Parity::Ignored,
        };
        self.emit_flag(test, None)
    }

    fn bitmask(&mut self, shape: LaneShape, from: Register) -> Register {
        let to = self.allocate(false);
        match shape {
            LaneShape::I8x16 => self.asm.op(PMOVMSKB, false, to, from),
            LaneShape::I16x8 => {
                self.vop(MOVAPS, FLOAT_SCRATCH, from);
                self.vop(PACKSSWB, FLOAT_SCRATCH, FLOAT_SCRATCH);
                self.asm.op(PMOVMSKB, false, to, FLOAT_SCRATCH);
                self.asm.op(MOVZX8, false, to, to);
            }
            LaneShape::I32x4 | LaneShape::F32x4 => self.asm.op(MOVMSKPS, false, to, from),
            LaneShape::I64x2 | LaneShape::F64x2 => self.asm.op(MOVMSKPD, false, to, from),
        }
        to
    }
}
