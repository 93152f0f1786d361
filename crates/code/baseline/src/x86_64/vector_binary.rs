//! Vector operators of two operands.

use silica_operator::{LaneShape, VectorBinary};

use super::{
    BaselineBackend,
    register::{FLOAT_SCRATCH, Register},
    table::{
        ADD, ANDN, CMP, CMP_UNORDERED, DIV, Instruction, MAX, MIN, MOVAPS, MUL, OR, PACKSSDW,
        PACKSSWB, PACKUSDW, PACKUSWB, PADDB, PADDD, PADDQ, PADDSB, PADDSW, PADDUSB, PADDUSW, PADDW,
        PAND, PANDN, PAVGB, PAVGW, PCMPEQW, PHADDW, PMADDUBSW, PMADDWD, PMAXSB, PMAXSD, PMAXSW,
        PMAXUB, PMAXUD, PMAXUW, PMINSB, PMINSD, PMINSW, PMINUB, PMINUD, PMINUW, PMULDQ, PMULHRSW,
        PMULLD, PMULLW, PMULUDQ, POR, PSHIFTD, PSHIFTQ, PSHUFB, PSHUFD, PSUBB, PSUBD, PSUBQ,
        PSUBSB, PSUBSW, PSUBUSB, PSUBUSW, PSUBW, PXOR, SLL_DIGIT, SRL_DIGIT, SUB, XOR,
    },
    vector::{by_width, bytes, float_prefix, is_float_shape, words},
};
use crate::{Value, value::Id};

/// Of the instructions for bytes and words, that of the shape.
const fn narrow(of: [Instruction; 2], shape: LaneShape) -> Instruction {
    match shape {
        LaneShape::I8x16 => of[0],
        LaneShape::I16x8
        | LaneShape::I32x4
        | LaneShape::I64x2
        | LaneShape::F32x4
        | LaneShape::F64x2 => of[1],
    }
}

const fn signed_or(signed: bool, yes: Instruction, no: Instruction) -> Instruction {
    if signed { yes } else { no }
}

/// The one instruction that does it, if there is one, for operands in their order.
fn direct(op: VectorBinary) -> Option<Instruction> {
    let float = |instruction: Instruction, shape| instruction.prefixed(float_prefix(shape));
    Some(match op {
        VectorBinary::And => PAND,
        VectorBinary::Or => POR,
        VectorBinary::Xor => PXOR,
        VectorBinary::Add(shape) if is_float_shape(shape) => float(ADD, shape),
        VectorBinary::Add(shape) => by_width([PADDB, PADDW, PADDD, PADDQ], shape),
        VectorBinary::Sub(shape) if is_float_shape(shape) => float(SUB, shape),
        VectorBinary::Sub(shape) => by_width([PSUBB, PSUBW, PSUBD, PSUBQ], shape),
        VectorBinary::Mul(LaneShape::I64x2) => return None,
        VectorBinary::Mul(shape) if is_float_shape(shape) => float(MUL, shape),
        VectorBinary::Mul(shape) => by_width([PMULLW, PMULLW, PMULLD, PMULLD], shape),
        VectorBinary::Div(shape) => float(DIV, shape),
        VectorBinary::AddSat { shape, signed } => signed_or(
            signed,
            narrow([PADDSB, PADDSW], shape),
            narrow([PADDUSB, PADDUSW], shape),
        ),
        VectorBinary::SubSat { shape, signed } => signed_or(
            signed,
            narrow([PSUBSB, PSUBSW], shape),
            narrow([PSUBUSB, PSUBUSW], shape),
        ),
        VectorBinary::IntMin { shape, signed } => signed_or(
            signed,
            by_width([PMINSB, PMINSW, PMINSD, PMINSD], shape),
            by_width([PMINUB, PMINUW, PMINUD, PMINUD], shape),
        ),
        VectorBinary::IntMax { shape, signed } => signed_or(
            signed,
            by_width([PMAXSB, PMAXSW, PMAXSD, PMAXSD], shape),
            by_width([PMAXUB, PMAXUW, PMAXUD, PMAXUD], shape),
        ),
        VectorBinary::AvgrU(shape) => narrow([PAVGB, PAVGW], shape),
        VectorBinary::Narrow {
            from: LaneShape::I16x8,
            signed,
        } => signed_or(signed, PACKSSWB, PACKUSWB),
        VectorBinary::Narrow { from: _, signed } => signed_or(signed, PACKSSDW, PACKUSDW),
        VectorBinary::DotI16x8S => PMADDWD,
        VectorBinary::AndNot
        | VectorBinary::FloatMin { .. }
        | VectorBinary::FloatMax { .. }
        | VectorBinary::PMin(_)
        | VectorBinary::PMax(_)
        | VectorBinary::Q15MulrSatS { .. }
        | VectorBinary::ExtMul { .. }
        | VectorBinary::Swizzle { .. }
        | VectorBinary::RelaxedDotI8x16I7x16S => return None,
    })
}

impl BaselineBackend {
    pub(super) fn emit_vector_binary(&mut self, op: VectorBinary, a: Value, b: Value) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let to = match direct(op) {
            Some(instruction) => {
                let (to, other) = self.take_pair(a, b);
                self.vop(instruction, to, other);
                self.release(b);
                to
            }
            None => self.indirect(op, a, b),
        };
        self.canonicalize_lanes(op.arithmetic_shape(), to);
        self.vector_in(to)
    }

    /// What takes more than one instruction, or its operands the other way round.
    fn indirect(&mut self, op: VectorBinary, a: Id, b: Id) -> Register {
        let relaxes = !self.target.deterministic_relaxed_simd;
        match op {
            VectorBinary::AndNot => self.reversed(PANDN, a, b),
            // The processor's own minimum gives its second operand unless the first is less.
            VectorBinary::PMin(shape) => self.reversed(MIN.prefixed(float_prefix(shape)), a, b),
            VectorBinary::PMax(shape) => self.reversed(MAX.prefixed(float_prefix(shape)), a, b),
            VectorBinary::FloatMin { shape, relaxed } if relaxed && relaxes => {
                self.reversed(MIN.prefixed(float_prefix(shape)), a, b)
            }
            VectorBinary::FloatMax { shape, relaxed } if relaxed && relaxes => {
                self.reversed(MAX.prefixed(float_prefix(shape)), a, b)
            }
            VectorBinary::RelaxedDotI8x16I7x16S => {
                let to = self.relaxed_dot(a, b);
                self.release(b);
                to
            }
            _ => {
                let (to, other) = self.take_pair(a, b);
                let to = self.sequence(op, relaxes, to, other);
                self.release(b);
                to
            }
        }
    }

    /// An instruction with its operands exchanged.
    fn reversed(&mut self, op: Instruction, a: Id, b: Id) -> Register {
        let (to, other) = self.take_pair(b, a);
        self.vop(op, to, other);
        self.release(a);
        to
    }

    fn sequence(
        &mut self,
        op: VectorBinary,
        relaxes: bool,
        to: Register,
        other: Register,
    ) -> Register {
        match op {
            VectorBinary::Mul(_) => self.multiply_i64x2(to, other),
            VectorBinary::FloatMin { shape, .. } => self.minimum(shape, to, other),
            VectorBinary::FloatMax { shape, .. } => self.maximum(shape, to, other),
            VectorBinary::Q15MulrSatS { relaxed } => {
                self.vop(PMULHRSW, to, other);
                if !(relaxed && relaxes) {
                    // Only the product of the two smallest overflows.
                    let overflow = self.scratch_constant(words(0x8000));
                    self.vop(PCMPEQW, overflow, to);
                    self.vop(PXOR, to, overflow);
                }
            }
            VectorBinary::ExtMul { from, high, signed } => {
                self.multiply_wide(from, high, signed, to, other);
            }
            VectorBinary::Swizzle { relaxed } if relaxed && relaxes => {
                self.vop(PSHUFB, to, other);
            }
            VectorBinary::Swizzle { .. } => {
                // Indices beyond the end get their highest bit set, which chooses 0.
                let indices = self.scratch_constant(bytes(0x70));
                self.vop(PADDUSB, indices, other);
                self.vop(PSHUFB, to, indices);
            }
            VectorBinary::And
            | VectorBinary::AndNot
            | VectorBinary::Or
            | VectorBinary::Xor
            | VectorBinary::Add(_)
            | VectorBinary::Sub(_)
            | VectorBinary::Div(_)
            | VectorBinary::AddSat { .. }
            | VectorBinary::SubSat { .. }
            | VectorBinary::IntMin { .. }
            | VectorBinary::IntMax { .. }
            | VectorBinary::PMin(_)
            | VectorBinary::PMax(_)
            | VectorBinary::AvgrU(_)
            | VectorBinary::Narrow { .. }
            | VectorBinary::DotI16x8S
            | VectorBinary::RelaxedDotI8x16I7x16S => {
                unreachable!("one instruction, or handled before")
            }
        }
        to
    }

    /// The products of low and high halves, shifted, and of the low halves.
    fn multiply_i64x2(&mut self, to: Register, other: Register) {
        let cross = self.copy_of(to);
        self.shift_quadwords(cross, SRL_DIGIT, 32);
        self.vop(PMULUDQ, cross, other);
        self.vop(MOVAPS, FLOAT_SCRATCH, other);
        self.shift_quadwords(FLOAT_SCRATCH, SRL_DIGIT, 32);
        self.vop(PMULUDQ, FLOAT_SCRATCH, to);
        self.vop(PADDQ, cross, FLOAT_SCRATCH);
        self.shift_quadwords(cross, SLL_DIGIT, 32);
        self.vop(PMULUDQ, to, other);
        self.vop(PADDQ, to, cross);
    }

    fn shift_quadwords(&mut self, register: Register, digit: u8, by: u8) {
        self.asm.digit(PSHIFTQ, false, digit, register);
        self.asm.bytes(&[by]);
    }

    /// The minimum in both orders: they differ in zeros, whose signs are joined, and where there is a NaN.
    fn minimum(&mut self, shape: LaneShape, to: Register, other: Register) {
        let op = MIN.prefixed(float_prefix(shape));
        self.vop(MOVAPS, FLOAT_SCRATCH, other);
        self.vop(op, FLOAT_SCRATCH, to);
        self.vop(op, to, other);
        self.vop(OR, FLOAT_SCRATCH, to);
        self.quiet(shape, to);
    }

    fn maximum(&mut self, shape: LaneShape, to: Register, other: Register) {
        let prefix = float_prefix(shape);
        let op = MAX.prefixed(prefix);
        self.vop(MOVAPS, FLOAT_SCRATCH, other);
        self.vop(op, FLOAT_SCRATCH, to);
        self.vop(op, to, other);
        // Where both orders agree the difference is 0; of zeros it is the sign, which the subtraction takes off.
        self.vop(XOR, to, FLOAT_SCRATCH);
        self.vop(OR, FLOAT_SCRATCH, to);
        self.vop(SUB.prefixed(prefix), FLOAT_SCRATCH, to);
        self.quiet(shape, to);
    }

    /// The result from the scratch register, in which NaNs lose the lower bits of their payload.
    fn quiet(&mut self, shape: LaneShape, to: Register) {
        let compare = CMP.prefixed(float_prefix(shape));
        self.asm
            .op_imm8(compare, false, to, FLOAT_SCRATCH, CMP_UNORDERED);
        self.vop(OR, FLOAT_SCRATCH, to);
        match shape {
            LaneShape::F64x2 => self.shift_quadwords(to, SRL_DIGIT, 13),
            LaneShape::F32x4
            | LaneShape::I8x16
            | LaneShape::I16x8
            | LaneShape::I32x4
            | LaneShape::I64x2 => {
                self.asm.digit(PSHIFTD, false, SRL_DIGIT, to);
                self.asm.bytes(&[10]);
            }
        }
        self.vop(ANDN, to, FLOAT_SCRATCH);
    }

    /// Products of half of the lanes, twice as wide.
    fn multiply_wide(
        &mut self,
        from: LaneShape,
        high: bool,
        signed: bool,
        to: Register,
        other: Register,
    ) {
        if from == LaneShape::I32x4 {
            let lanes = if high { 0xfa } else { 0x50 };
            self.asm.op_imm8(PSHUFD, false, to, to, lanes);
            self.asm.op_imm8(PSHUFD, false, FLOAT_SCRATCH, other, lanes);
            let op = if signed { PMULDQ } else { PMULUDQ };
            return self.vop(op, to, FLOAT_SCRATCH);
        }
        self.vop(MOVAPS, FLOAT_SCRATCH, other);
        self.widen_half(from, high, signed, FLOAT_SCRATCH);
        self.widen_half(from, high, signed, to);
        let op = narrow([PMULLW, PMULLD], from);
        self.vop(op, to, FLOAT_SCRATCH);
    }

    /// `i16x8.relaxed_dot_i8x16_i7x16_s`: the processor takes the 7-bit operand as unsigned. Uses `a` up.
    pub(super) fn relaxed_dot(&mut self, a: Id, b: Id) -> Register {
        let (to, other) = self.take_pair(a, b);
        if !self.target.deterministic_relaxed_simd {
            self.vop(MOVAPS, FLOAT_SCRATCH, other);
            self.vop(PMADDUBSW, FLOAT_SCRATCH, to);
            self.vop(MOVAPS, to, FLOAT_SCRATCH);
            return to;
        }
        let high = self.copy_of(to);
        for (half, is_high) in [(to, false), (high, true)] {
            self.vop(MOVAPS, FLOAT_SCRATCH, other);
            self.widen_half(LaneShape::I8x16, is_high, true, FLOAT_SCRATCH);
            self.widen_half(LaneShape::I8x16, is_high, true, half);
            self.vop(PMULLW, half, FLOAT_SCRATCH);
        }
        self.vop(PHADDW, to, high);
        to
    }
}
