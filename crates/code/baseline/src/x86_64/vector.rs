//! Vector operators: what they have in common, comparisons, shifts, and operators of three operands.

use silica_operator::{LaneShape, MachineType, VectorCompare, VectorShift, VectorTernary};

use super::{
    BaselineBackend,
    register::{FLOAT_SCRATCH, Register, SCRATCH},
    table::{
        ADD, AND, ANDN, Alu, CMP, CMP_EQ, CMP_LE, CMP_LT, CMP_NE, CMP_UNORDERED, Instruction,
        MOVAPS, MOVD, MUL, OR, PACKSSWB, PACKUSWB, PADDD, PAND, PANDN, PCMPEQB, PCMPEQD, PCMPEQQ,
        PCMPEQW, PCMPGTB, PCMPGTD, PCMPGTQ, PCMPGTW, PD, PMADDWD, PMAXUB, PMAXUD, PMAXUW, PMINUB,
        PMINUD, PMINUW, PMOVSXBW, PMOVZXBW, POR, PS, PSLLD, PSLLQ, PSLLW, PSRAD, PSRAW, PSRLD,
        PSRLQ, PSRLW, PSUBQ, PUNPCKHBW, PXOR, SUB, VFMADD213P, VFNMADD213P,
    },
};
use crate::{Value, value::Id};

/// The same 64 bits twice.
pub(super) const fn twice(bits: u64) -> u128 {
    (bits as u128) << 64 | bits as u128
}

/// The same byte sixteen times.
pub(super) const fn bytes(byte: u8) -> u128 {
    twice(u64::from_ne_bytes([byte; 8]))
}

/// The same 16 bits eight times.
pub(super) const fn words(word: u16) -> u128 {
    let word = word as u64;
    twice(word << 48 | word << 32 | word << 16 | word)
}

/// The same 32 bits four times.
pub(super) const fn doublewords(bits: u32) -> u128 {
    twice((bits as u64) << 32 | bits as u64)
}

pub(super) const fn is_float_shape(shape: LaneShape) -> bool {
    shape.if_float().is_some()
}

/// The prefix of an instruction on floats of this shape.
pub(super) const fn float_prefix(shape: LaneShape) -> u8 {
    match shape {
        LaneShape::F64x2 => PD,
        LaneShape::F32x4
        | LaneShape::I8x16
        | LaneShape::I16x8
        | LaneShape::I32x4
        | LaneShape::I64x2 => PS,
    }
}

/// Of the instructions for lanes of 8, 16, 32 and 64 bits, that of the shape.
pub(super) const fn by_width(of: [Instruction; 4], shape: LaneShape) -> Instruction {
    match shape {
        LaneShape::I8x16 => of[0],
        LaneShape::I16x8 => of[1],
        LaneShape::I32x4 | LaneShape::F32x4 => of[2],
        LaneShape::I64x2 | LaneShape::F64x2 => of[3],
    }
}

const EQUAL: [Instruction; 4] = [PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ];
const GREATER: [Instruction; 4] = [PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ];
// There is none for 64 bits, nor an operator that would need it.
const MAX_UNSIGNED: [Instruction; 4] = [PMAXUB, PMAXUW, PMAXUD, PMAXUD];
const MIN_UNSIGNED: [Instruction; 4] = [PMINUB, PMINUW, PMINUD, PMINUD];
const SHIFT_LEFT: [Instruction; 4] = [PSLLW, PSLLW, PSLLD, PSLLQ];
const SHIFT_RIGHT: [Instruction; 4] = [PSRLW, PSRLW, PSRLD, PSRLQ];
const SHIFT_RIGHT_SIGNED: [Instruction; 4] = [PSRAW, PSRAW, PSRAD, PSRLQ];

impl BaselineBackend {
    // ---- in common ----

    /// An instruction of two vector registers.
    pub(super) fn vop(&mut self, op: Instruction, to: Register, from: Register) {
        self.asm.op(op, false, to, from);
    }

    /// A value in a register that may be changed, and another in one that may not.
    pub(super) fn take_pair(&mut self, a: Id, b: Id) -> (Register, Register) {
        let other = self.use_register(b);
        let to = self.take_register(a);
        (to, other)
    }

    pub(super) fn vector_in(&mut self, register: Register) -> Value {
        self.in_register(register, MachineType::V128)
    }

    /// A register of ours with a copy of another.
    pub(super) fn copy_of(&mut self, from: Register) -> Register {
        let to = self.allocate(true);
        self.vop(MOVAPS, to, from);
        to
    }

    /// A constant in the vector register that no value is in.
    pub(super) fn scratch_constant(&mut self, bits: u128) -> Register {
        self.vector_constant(FLOAT_SCRATCH, bits);
        FLOAT_SCRATCH
    }

    pub(super) fn vector_constant(&mut self, to: Register, bits: u128) {
        match bits {
            0 => self.vop(PXOR, to, to),
            u128::MAX => self.vop(PCMPEQD, to, to),
            _ => self.load_pool(to, bits),
        }
    }

    /// All bits become their opposites.
    pub(super) fn invert(&mut self, register: Register) {
        self.vop(PCMPEQD, FLOAT_SCRATCH, FLOAT_SCRATCH);
        self.vop(PXOR, register, FLOAT_SCRATCH);
    }

    /// Where the settings ask for it, NaNs become the canonical one.
    pub(super) fn canonicalize_lanes(&mut self, shape: Option<LaneShape>, register: Register) {
        let Some(shape) = shape.filter(|_| self.target.canonicalize_nans) else {
            return;
        };
        let canonical = match shape {
            LaneShape::F64x2 => twice(0x7ff8_0000_0000_0000),
            LaneShape::F32x4
            | LaneShape::I8x16
            | LaneShape::I16x8
            | LaneShape::I32x4
            | LaneShape::I64x2 => doublewords(0x7fc0_0000),
        };
        let is_nan = self.copy_of(register);
        let compare = CMP.prefixed(float_prefix(shape));
        self.asm
            .op_imm8(compare, false, is_nan, is_nan, CMP_UNORDERED);
        self.vop(MOVAPS, FLOAT_SCRATCH, is_nan);
        self.vop(ANDN, FLOAT_SCRATCH, register);
        self.vector_constant(register, canonical);
        self.vop(AND, register, is_nan);
        self.vop(OR, register, FLOAT_SCRATCH);
    }

    // ---- comparisons ----

    pub(super) fn emit_vector_compare(
        &mut self,
        op: VectorCompare,
        shape: LaneShape,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let to = match is_float_shape(shape) {
            true => self.compare_float_lanes(op, shape, a, b),
            false => self.compare_int_lanes(op, shape, a, b),
        };
        self.vector_in(to)
    }

    fn compare_float_lanes(
        &mut self,
        op: VectorCompare,
        shape: LaneShape,
        a: Id,
        b: Id,
    ) -> Register {
        let (predicate, a, b) = match op {
            VectorCompare::Eq => (CMP_EQ, a, b),
            VectorCompare::Ne => (CMP_NE, a, b),
            VectorCompare::LtS | VectorCompare::LtU => (CMP_LT, a, b),
            VectorCompare::LeS | VectorCompare::LeU => (CMP_LE, a, b),
            VectorCompare::GtS | VectorCompare::GtU => (CMP_LT, b, a),
            VectorCompare::GeS | VectorCompare::GeU => (CMP_LE, b, a),
        };
        let (to, other) = self.take_pair(a, b);
        let compare = CMP.prefixed(float_prefix(shape));
        self.asm.op_imm8(compare, false, to, other, predicate);
        self.release(b);
        to
    }

    fn compare_int_lanes(&mut self, op: VectorCompare, shape: LaneShape, a: Id, b: Id) -> Register {
        let (a, b, instruction, inverted) = match op {
            VectorCompare::Eq => (a, b, by_width(EQUAL, shape), false),
            VectorCompare::Ne => (a, b, by_width(EQUAL, shape), true),
            VectorCompare::GtS => (a, b, by_width(GREATER, shape), false),
            VectorCompare::LtS => (b, a, by_width(GREATER, shape), false),
            VectorCompare::LeS => (a, b, by_width(GREATER, shape), true),
            VectorCompare::GeS => (b, a, by_width(GREATER, shape), true),
            VectorCompare::GeU => return self.compare_unsigned(MAX_UNSIGNED, false, shape, a, b),
            VectorCompare::LtU => return self.compare_unsigned(MAX_UNSIGNED, true, shape, a, b),
            VectorCompare::LeU => return self.compare_unsigned(MIN_UNSIGNED, false, shape, a, b),
            VectorCompare::GtU => return self.compare_unsigned(MIN_UNSIGNED, true, shape, a, b),
        };
        let (to, other) = self.take_pair(a, b);
        self.vop(instruction, to, other);
        self.release(b);
        if inverted {
            self.invert(to);
        }
        to
    }

    /// Whether `a` is the extreme of both.
    fn compare_unsigned(
        &mut self,
        extreme: [Instruction; 4],
        inverted: bool,
        shape: LaneShape,
        a: Id,
        b: Id,
    ) -> Register {
        let (to, other) = self.take_pair(a, b);
        self.vop(MOVAPS, FLOAT_SCRATCH, to);
        self.vop(by_width(extreme, shape), FLOAT_SCRATCH, other);
        self.vop(by_width(EQUAL, shape), to, FLOAT_SCRATCH);
        self.release(b);
        if inverted {
            self.invert(to);
        }
        to
    }

    // ---- shifts ----

    pub(super) fn emit_vector_shift(
        &mut self,
        op: VectorShift,
        shape: LaneShape,
        a: Value,
        count: Value,
    ) -> Value {
        let (a, count) = (self.simple(a), self.simple(count));
        self.load_into(SCRATCH, count);
        self.release(count);
        let to = self.take_register(a);
        let mask = shape.lane_bits() as i32 - 1;
        self.asm.alu_imm(Alu::And, false, SCRATCH, mask);
        self.asm.op(MOVD, false, FLOAT_SCRATCH, SCRATCH);
        match (op, shape) {
            (_, LaneShape::I8x16) => self.shift_bytes(op, to),
            (VectorShift::Shl, _) => self.vop(by_width(SHIFT_LEFT, shape), to, FLOAT_SCRATCH),
            (VectorShift::ShrU, _) => self.vop(by_width(SHIFT_RIGHT, shape), to, FLOAT_SCRATCH),
            (VectorShift::ShrS, LaneShape::I64x2 | LaneShape::F64x2) => {
                // The sign bit, shifted as well, is taken off and put on again with all bits above it.
                let sign = self.allocate(true);
                self.load_pool(sign, twice(1 << 63));
                self.vop(PSRLQ, sign, FLOAT_SCRATCH);
                self.vop(PSRLQ, to, FLOAT_SCRATCH);
                self.vop(PXOR, to, sign);
                self.vop(PSUBQ, to, sign);
            }
            (VectorShift::ShrS, _) => {
                self.vop(by_width(SHIFT_RIGHT_SIGNED, shape), to, FLOAT_SCRATCH);
            }
        }
        self.vector_in(to)
    }

    /// Bytes are shifted as words. The count is in the scratch register.
    fn shift_bytes(&mut self, op: VectorShift, to: Register) {
        let signed = op == VectorShift::ShrS;
        let high = self.copy_of(to);
        let zero = self.allocate(true);
        self.vop(PXOR, zero, zero);
        if signed {
            // The byte above the zero byte, so that an arithmetic shift extends it.
            self.vop(PUNPCKHBW, zero, high);
            self.vop(MOVAPS, high, zero);
            self.shift_words(high, 8, true);
            self.vop(PMOVSXBW, to, to);
        } else {
            self.vop(PUNPCKHBW, high, zero);
            self.vop(PMOVZXBW, to, to);
        }
        let shift = match op {
            VectorShift::Shl => PSLLW,
            VectorShift::ShrS => PSRAW,
            VectorShift::ShrU => PSRLW,
        };
        self.vop(shift, to, FLOAT_SCRATCH);
        self.vop(shift, high, FLOAT_SCRATCH);
        if op == VectorShift::Shl {
            let mask = self.scratch_constant(words(0xff));
            self.vop(PAND, to, mask);
            self.vop(PAND, high, mask);
        }
        let pack = if signed { PACKSSWB } else { PACKUSWB };
        self.vop(pack, to, high);
    }

    /// Shifts words right by a constant.
    pub(super) fn shift_words(&mut self, register: Register, by: u8, signed: bool) {
        use super::table::{PSHIFTW, SRA_DIGIT, SRL_DIGIT};
        let digit = if signed { SRA_DIGIT } else { SRL_DIGIT };
        self.asm.digit(PSHIFTW, false, digit, register);
        self.asm.bytes(&[by]);
    }

    // ---- three operands ----

    pub(super) fn emit_vector_ternary(
        &mut self,
        op: VectorTernary,
        a: Value,
        b: Value,
        c: Value,
    ) -> Value {
        let (a, b, c) = (self.simple(a), self.simple(b), self.simple(c));
        let to = match op {
            VectorTernary::Bitselect | VectorTernary::RelaxedLaneselect(_) => {
                let mask = self.use_register(c);
                let (to, other) = self.take_pair(a, b);
                self.vop(MOVAPS, FLOAT_SCRATCH, mask);
                self.vop(PANDN, FLOAT_SCRATCH, other);
                self.vop(PAND, to, mask);
                self.vop(POR, to, FLOAT_SCRATCH);
                to
            }
            VectorTernary::RelaxedMadd(shape) => self.multiply_add(shape, false, a, b, c),
            VectorTernary::RelaxedNmadd(shape) => self.multiply_add(shape, true, a, b, c),
            VectorTernary::RelaxedDotI8x16I7x16AddS => {
                let addend = self.use_register(c);
                let to = self.relaxed_dot(a, b);
                let ones = self.scratch_constant(words(1));
                self.vop(PMADDWD, to, ones);
                self.vop(PADDD, to, addend);
                to
            }
        };
        self.release(b);
        self.release(c);
        self.canonicalize_lanes(op.arithmetic_shape(), to);
        self.vector_in(to)
    }

    /// `a * b + c`, or `-(a * b) + c`; `b` and `c` are not used up.
    fn multiply_add(&mut self, shape: LaneShape, negated: bool, a: Id, b: Id, c: Id) -> Register {
        let addend = self.use_register(c);
        let (to, other) = self.take_pair(a, b);
        let prefix = float_prefix(shape);
        if self.target.has_fma && !self.target.deterministic_relaxed_simd {
            let op = if negated { VFNMADD213P } else { VFMADD213P };
            self.asm.vex(op, prefix == PD, to, other, addend);
            return to;
        }
        self.vop(MUL.prefixed(prefix), to, other);
        if !negated {
            self.vop(ADD.prefixed(prefix), to, addend);
            return to;
        }
        self.vop(MOVAPS, FLOAT_SCRATCH, addend);
        self.vop(SUB.prefixed(prefix), FLOAT_SCRATCH, to);
        self.vop(MOVAPS, to, FLOAT_SCRATCH);
        to
    }
}
