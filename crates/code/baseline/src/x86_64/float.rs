//! Operators on scalar floats.

use silica_operator::{FloatBinary, FloatCompare, FloatType, FloatUnary, MachineType};

use super::{
    BaselineBackend, Parity, Test,
    register::{FLOAT_SCRATCH, Register, SCRATCH},
    table::{
        ADD, AND, ANDN, CEIL, Condition, DIV, FLOOR, Instruction, MAX, MIN, MOVAPS, MOVD, MUL,
        NEAREST, OR, PD, PS, ROUNDSD, ROUNDSS, SD, SQRT, SS, SUB, TRUNC, UCOMIS, XOR,
    },
};
use crate::{
    Value,
    value::{Id, Lazy, State},
};

pub(super) const fn float_machine(ty: FloatType) -> MachineType {
    match ty {
        FloatType::F32 => MachineType::F32,
        FloatType::F64 => MachineType::F64,
    }
}

/// The prefix of an instruction on one float.
pub(super) const fn scalar(ty: FloatType) -> u8 {
    match ty {
        FloatType::F32 => SS,
        FloatType::F64 => SD,
    }
}

/// The prefix of an instruction on as many floats as a register holds.
pub(super) const fn parallel(ty: FloatType) -> u8 {
    match ty {
        FloatType::F32 => PS,
        FloatType::F64 => PD,
    }
}

const fn sign_bit(ty: FloatType) -> u64 {
    match ty {
        FloatType::F32 => 1 << 31,
        FloatType::F64 => 1 << 63,
    }
}

const fn canonical_nan(ty: FloatType) -> u64 {
    match ty {
        FloatType::F32 => 0x7fc0_0000,
        FloatType::F64 => 0x7ff8_0000_0000_0000,
    }
}

impl BaselineBackend {
    /// Brings bits into the vector register that no value is in.
    pub(super) fn float_scratch(&mut self, ty: FloatType, bits: u64) {
        self.float_constant(FLOAT_SCRATCH, ty, bits);
    }

    pub(super) fn float_constant(&mut self, to: Register, ty: FloatType, bits: u64) {
        self.asm.mov_imm(SCRATCH, bits);
        self.asm.op(MOVD, is_wide_float(ty), to, SCRATCH);
    }

    pub(super) fn emit_float_unary(&mut self, op: FloatUnary, ty: FloatType, a: Value) -> Value {
        let a = self.simple(a);
        let machine = float_machine(ty);
        let round = match ty {
            FloatType::F32 => ROUNDSS,
            FloatType::F64 => ROUNDSD,
        };
        let mode = match op {
            FloatUnary::Abs | FloatUnary::Neg => return self.change_sign(op, ty, a),
            FloatUnary::Sqrt => None,
            FloatUnary::Ceil => Some(CEIL),
            FloatUnary::Floor => Some(FLOOR),
            FloatUnary::Trunc => Some(TRUNC),
            FloatUnary::Nearest => Some(NEAREST),
        };
        let to = self.take_register(a);
        match mode {
            None => self.asm.op(SQRT.prefixed(scalar(ty)), false, to, to),
            Some(mode) => self.asm.op_imm8(round, false, to, to, mode),
        }
        self.canonicalize(ty, to);
        self.in_register(to, machine)
    }

    fn change_sign(&mut self, op: FloatUnary, ty: FloatType, a: Id) -> Value {
        let to = self.take_register(a);
        if op == FloatUnary::Abs {
            self.float_scratch(ty, sign_bit(ty) - 1);
            self.asm.op(AND, false, to, FLOAT_SCRATCH);
        } else {
            self.float_scratch(ty, sign_bit(ty));
            self.asm.op(XOR, false, to, FLOAT_SCRATCH);
        }
        self.in_register(to, float_machine(ty))
    }

    pub(super) fn emit_float_binary(
        &mut self,
        op: FloatBinary,
        ty: FloatType,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let machine = float_machine(ty);
        match op {
            FloatBinary::Add | FloatBinary::Sub | FloatBinary::Mul | FloatBinary::Div => {
                self.value(machine, State::Lazy(Lazy::Float(op, ty, a, b)))
            }
            FloatBinary::Min | FloatBinary::Max => {
                let other = self.use_register(b);
                let to = self.take_register(a);
                self.extremum(op == FloatBinary::Min, ty, to, other);
                self.canonicalize(ty, to);
                self.release(b);
                self.in_register(to, machine)
            }
            FloatBinary::Copysign => {
                let sign = self.use_register(b);
                let to = self.take_register(a);
                self.float_scratch(ty, sign_bit(ty));
                // What is not the sign of `a`, and the sign of `b`.
                let rest = self.allocate(true);
                self.asm.op(MOVAPS, false, rest, FLOAT_SCRATCH);
                self.asm.op(ANDN, false, rest, to);
                self.asm.op(AND, false, FLOAT_SCRATCH, sign);
                self.asm.op(OR, false, rest, FLOAT_SCRATCH);
                self.release(b);
                self.in_register(rest, machine)
            }
        }
    }

    /// Emits arithmetic whose operands are not lazy, into `destination` if there is one. The register is locked.
    pub(super) fn emit_float(
        &mut self,
        op: FloatBinary,
        ty: FloatType,
        a: Id,
        b: Id,
        destination: Option<Register>,
    ) -> Register {
        let op = match op {
            FloatBinary::Add => ADD,
            FloatBinary::Sub => SUB,
            FloatBinary::Mul => MUL,
            FloatBinary::Div => DIV,
            FloatBinary::Min | FloatBinary::Max | FloatBinary::Copysign => {
                unreachable!("never lazy")
            }
        };
        let to = match destination {
            Some(register) if self.register_of(b) != Some(register) => {
                self.take_into(register, a);
                register
            }
            Some(_) | None => {
                if let Some(register) = self.register_of(b) {
                    self.lock(register);
                }
                self.take_register(a)
            }
        };
        let operand = self.operand(b, false);
        self.asm.op(op.prefixed(scalar(ty)), false, to, operand);
        self.release(b);
        self.canonicalize(ty, to);
        match destination {
            Some(register) if register != to => {
                self.asm.op(MOVAPS, false, register, to);
                register
            }
            Some(_) | None => to,
        }
    }

    /// `to` becomes the smaller or larger: of zeros the one with the right sign, a NaN if either is one.
    fn extremum(&mut self, min: bool, ty: FloatType, to: Register, other: Register) {
        let prefix = scalar(ty);
        let (choose, combine): (Instruction, Instruction) =
            if min { (MIN, OR) } else { (MAX, AND) };
        self.asm.op(UCOMIS.prefixed(parallel(ty)), false, to, other);
        let unordered = self.asm.jcc_short(Condition::Parity);
        let differ = self.asm.jcc_short(Condition::NotEqual);
        self.asm.op(combine, false, to, other);
        let equal = self.asm.jmp_short();
        self.asm.bind_short(unordered);
        self.asm.op(ADD.prefixed(prefix), false, to, other);
        let nan = self.asm.jmp_short();
        self.asm.bind_short(differ);
        self.asm.op(choose.prefixed(prefix), false, to, other);
        self.asm.bind_short(equal);
        self.asm.bind_short(nan);
    }

    /// Where the settings ask for it, a NaN becomes the canonical one.
    pub(super) fn canonicalize(&mut self, ty: FloatType, register: Register) {
        if !self.target.canonicalize_nans {
            return;
        }
        let compare = UCOMIS.prefixed(parallel(ty));
        self.asm.op(compare, false, register, register);
        let ordered = self.asm.jcc_short(Condition::NotParity);
        self.float_constant(register, ty, canonical_nan(ty));
        self.asm.bind_short(ordered);
    }

    /// Sets the flags by a comparison; uses its operands up.
    pub(super) fn compare_floats(
        &mut self,
        op: FloatCompare,
        ty: FloatType,
        a: Id,
        b: Id,
        negated: bool,
    ) -> Test {
        // "Above" is false if unordered, "below" would be true.
        let (condition, a, b) = match op {
            FloatCompare::Eq => (Condition::Equal, a, b),
            FloatCompare::Ne => (Condition::NotEqual, a, b),
            FloatCompare::Gt => (Condition::Above, a, b),
            FloatCompare::Ge => (Condition::AboveEqual, a, b),
            FloatCompare::Lt => (Condition::Above, b, a),
            FloatCompare::Le => (Condition::AboveEqual, b, a),
        };
        let left = self.use_register(a);
        let right = self.operand(b, false);
        self.asm
            .op(UCOMIS.prefixed(parallel(ty)), false, left, right);
        self.release(a);
        self.release(b);
        let condition = if negated {
            condition.inverse()
        } else {
            condition
        };
        let parity = match condition {
            Condition::Equal => Parity::False,
            Condition::NotEqual => Parity::True,
            _ => Parity::Ignored,
        };
        Test { condition, parity }
    }
}

pub(super) const fn is_wide_float(ty: FloatType) -> bool {
    match ty {
        FloatType::F32 => false,
        FloatType::F64 => true,
    }
}
