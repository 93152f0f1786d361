//! Integer operators and comparisons.

use silica_operator::{
    IntBinary, IntCompare, IntType, IntUnary, MachineType, evaluate_int_binary, evaluate_int_unary,
};

use super::{
    BaselineBackend,
    assembler::{Memory, Operand},
    place::Source,
    register::{RCX, Register, SCRATCH},
    table::{
        Alu, BSF, BSR, Condition, IMUL, IMUL_IMM32, LZCNT, MOVSX8, MOVSX16, MOVSXD, POPCNT, SARX,
        SHLX, SHRX, Shift, TZCNT,
    },
};
use crate::{
    Value,
    value::{Id, Lazy, State},
};

pub(super) const fn is_wide_int(ty: IntType) -> bool {
    match ty {
        IntType::I32 => false,
        IntType::I64 => true,
    }
}

pub(super) const fn int_machine(ty: IntType) -> MachineType {
    match ty {
        IntType::I32 => MachineType::I32,
        IntType::I64 => MachineType::I64,
    }
}

impl BaselineBackend {
    // ---- one operand ----

    pub(super) fn emit_int_unary(&mut self, op: IntUnary, ty: IntType, a: Value) -> Value {
        if op == IntUnary::Eqz {
            return self.is_zero(ty, a);
        }
        let a = self.simple(a);
        if let Some(bits) = self.constant_of(a) {
            self.release(a);
            let bits = evaluate_int_unary(op, ty, bits);
            return self.value(int_machine(ty), State::Constant(bits));
        }
        let wide = is_wide_int(ty);
        let operand = match op {
            // Parts of what is in memory are read as parts, too.
            IntUnary::Extend8S | IntUnary::Extend16S | IntUnary::Extend32S => {
                self.operand(a, false)
            }
            IntUnary::Clz | IntUnary::Ctz | IntUnary::Popcnt | IntUnary::Eqz => {
                self.operand(a, wide)
            }
        };
        let to = self.allocate(false);
        match op {
            IntUnary::Clz => self.count_leading_zeros(wide, to, operand),
            IntUnary::Ctz => self.count_trailing_zeros(wide, to, operand),
            IntUnary::Popcnt => self.asm.op(POPCNT, wide, to, operand),
            IntUnary::Extend8S => self.asm.op(MOVSX8, wide, to, operand),
            IntUnary::Extend16S => self.asm.op(MOVSX16, wide, to, operand),
            IntUnary::Extend32S => self.asm.op(MOVSXD, true, to, operand),
            IntUnary::Eqz => unreachable!("handled above"),
        }
        self.release(a);
        self.in_register(to, int_machine(ty))
    }

    fn count_leading_zeros(&mut self, wide: bool, to: Register, from: Operand) {
        if self.target.has_lzcnt {
            return self.asm.op(LZCNT, wide, to, from);
        }
        // The index of the highest bit, or twice the width less one where there is none.
        let bits: u64 = if wide { 64 } else { 32 };
        self.asm.mov_imm(SCRATCH, 2 * bits - 1);
        self.asm.op(BSR, wide, to, from);
        self.asm.cmov(Condition::Equal, wide, to, SCRATCH);
        self.asm.alu_imm(Alu::Xor, false, to, bits as i32 - 1);
    }

    fn count_trailing_zeros(&mut self, wide: bool, to: Register, from: Operand) {
        if self.target.has_bmi1 {
            return self.asm.op(TZCNT, wide, to, from);
        }
        self.asm.mov_imm(SCRATCH, if wide { 64 } else { 32 });
        self.asm.op(BSF, wide, to, from);
        self.asm.cmov(Condition::Equal, wide, to, SCRATCH);
    }

    fn is_zero(&mut self, ty: IntType, a: Value) -> Value {
        if let State::Lazy(lazy) = self.values.state(a.0)
            && self.is_last_use(a.0)
        {
            let negated = match lazy {
                Lazy::Compare(op, ty, a, b) => Some(Lazy::Compare(op.inverse(), ty, a, b)),
                Lazy::FloatCompare {
                    op,
                    ty,
                    a,
                    b,
                    negated,
                } => Some(Lazy::FloatCompare {
                    op,
                    ty,
                    a,
                    b,
                    negated: !negated,
                }),
                Lazy::Int(IntBinary::And, of, a, b) if of == ty => Some(Lazy::AndIsZero(ty, a, b)),
                Lazy::Int(..) | Lazy::AndIsZero(..) | Lazy::Float(..) | Lazy::Address(..) => None,
            };
            if let Some(negated) = negated {
                self.values.set_state(a.0, State::Lazy(negated));
                let entry = self.values.entry_mut(a.0);
                entry.ty = MachineType::I32;
                entry.clean = true;
                return a;
            }
        }
        let zero = self.value(int_machine(ty), State::Constant(0));
        self.emit_int_compare(IntCompare::Eq, ty, a, zero)
    }

    // ---- two operands ----

    pub(super) fn emit_int_binary(
        &mut self,
        op: IntBinary,
        ty: IntType,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        if let (Some(left), Some(right)) = (self.constant_of(a), self.constant_of(b))
            && let Ok(bits) = evaluate_int_binary(op, ty, left, right)
        {
            self.release(a);
            self.release(b);
            return self.value(int_machine(ty), State::Constant(bits));
        }
        self.value(int_machine(ty), State::Lazy(Lazy::Int(op, ty, a, b)))
    }

    /// Emits an operator whose operands are not lazy, into `destination` if there is one. The register is locked.
    pub(super) fn emit_int(
        &mut self,
        op: IntBinary,
        ty: IntType,
        a: Id,
        b: Id,
        destination: Option<Register>,
    ) -> Register {
        let wide = is_wide_int(ty);
        match op {
            IntBinary::Add => self.emit_add(wide, a, b, destination),
            IntBinary::Sub => self.emit_alu(Alu::Sub, wide, a, b, destination),
            IntBinary::And => self.emit_alu(Alu::And, wide, a, b, destination),
            IntBinary::Or => self.emit_alu(Alu::Or, wide, a, b, destination),
            IntBinary::Xor => self.emit_alu(Alu::Xor, wide, a, b, destination),
            IntBinary::Mul => self.emit_mul(wide, a, b, destination),
            IntBinary::Shl => self.emit_shift(Shift::Shl, wide, a, b, destination),
            IntBinary::ShrS => self.emit_shift(Shift::Sar, wide, a, b, destination),
            IntBinary::ShrU => self.emit_shift(Shift::Shr, wide, a, b, destination),
            IntBinary::Rotl => self.emit_shift(Shift::Rol, wide, a, b, destination),
            IntBinary::Rotr => self.emit_shift(Shift::Ror, wide, a, b, destination),
            IntBinary::DivS | IntBinary::DivU | IntBinary::RemS | IntBinary::RemU => {
                unreachable!("division is never lazy")
            }
        }
    }

    /// The better order of the operands of an operator for which it does not matter: a constant last, and first what
    /// is in the destination or may be changed.
    pub(super) fn ordered(&self, a: Id, b: Id, destination: Option<Register>) -> (Id, Id) {
        let rank = |id: Id| {
            if self.constant_of(id).is_some() {
                3
            } else if destination.is_some() && self.register_of(id) == destination {
                0
            } else if self.is_takable(id) {
                1
            } else {
                2
            }
        };
        if rank(b) < rank(a) { (b, a) } else { (a, b) }
    }

    /// Brings `a` into a register that may be changed and is not read as `b`; uses `a` up.
    fn first_operand(&mut self, a: Id, b: Id, destination: Option<Register>) -> Register {
        match destination {
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
        }
    }

    /// Brings the only operand that is left into a register that may be changed; uses it up.
    fn only_operand(&mut self, a: Id, destination: Option<Register>) -> Register {
        match destination {
            Some(register) => {
                self.take_into(register, a);
                register
            }
            None => self.take_register(a),
        }
    }

    /// Brings a result to where it should go.
    fn deliver(&mut self, from: Register, wide: bool, destination: Option<Register>) -> Register {
        match destination {
            Some(to) if to != from => {
                let ty = if wide {
                    MachineType::I64
                } else {
                    MachineType::I32
                };
                self.move_register(to, from, ty);
                to
            }
            Some(_) | None => from,
        }
    }

    fn emit_add(&mut self, wide: bool, a: Id, b: Id, destination: Option<Register>) -> Register {
        let (a, b) = self.ordered(a, b, destination);
        let in_place = match destination {
            Some(register) => self.register_of(a) == Some(register),
            None => self.is_takable(a),
        };
        if let (Some(base), false) = (self.register_of(a), in_place) {
            let memory = match (self.constant_of(b), self.register_of(b)) {
                (Some(bits), _) => {
                    let bits = if wide {
                        bits as i64
                    } else {
                        i64::from(bits as i32)
                    };
                    i32::try_from(bits)
                        .ok()
                        .map(|value| Memory::new(base, value))
                }
                (None, Some(index)) => Some(Memory {
                    base,
                    index: Some(index),
                    scale_log2: 0,
                    displacement: 0,
                }),
                (None, None) => None,
            };
            if let Some(memory) = memory {
                self.release(a);
                self.release(b);
                let to = destination.unwrap_or_else(|| self.allocate(false));
                self.asm.lea(wide, to, memory);
                return to;
            }
        }
        self.emit_alu(Alu::Add, wide, a, b, destination)
    }

    fn emit_alu(
        &mut self,
        op: Alu,
        wide: bool,
        a: Id,
        b: Id,
        destination: Option<Register>,
    ) -> Register {
        let (a, b) = match op {
            Alu::Sub => (a, b),
            Alu::Add | Alu::Or | Alu::Adc | Alu::Sbb | Alu::And | Alu::Xor | Alu::Cmp => {
                self.ordered(a, b, destination)
            }
        };
        let to = self.first_operand(a, b, destination);
        match self.source(b, wide) {
            Source::Immediate(value) => self.asm.alu_imm(op, wide, to, value),
            Source::Operand(operand) => self.asm.alu(op, wide, to, operand),
        }
        self.release(b);
        self.deliver(to, wide, destination)
    }

    fn emit_mul(&mut self, wide: bool, a: Id, b: Id, destination: Option<Register>) -> Register {
        let (a, b) = self.ordered(a, b, destination);
        if let Some(bits) = self.constant_of(b) {
            // Of a product that was wrapped only the lower half counts.
            let bits = if wide { bits } else { u64::from(bits as u32) };
            if bits.is_power_of_two() && bits > 1 {
                self.release(b);
                let to = self.only_operand(a, destination);
                let count = bits.trailing_zeros() as u8;
                self.asm.shift(Shift::Shl, wide, to, Some(count));
                return self.deliver(to, wide, destination);
            }
            if let Source::Immediate(value) = self.source(b, wide) {
                let operand = self.operand(a, wide);
                self.release(a);
                self.release(b);
                let to = destination.unwrap_or_else(|| self.allocate(false));
                self.asm.op_imm32(IMUL_IMM32, wide, to, operand, value);
                return to;
            }
        }
        let to = self.first_operand(a, b, destination);
        let operand = self.operand(b, wide);
        self.asm.op(IMUL, wide, to, operand);
        self.release(b);
        self.deliver(to, wide, destination)
    }

    // ---- shifts ----

    fn emit_shift(
        &mut self,
        op: Shift,
        wide: bool,
        a: Id,
        b: Id,
        destination: Option<Register>,
    ) -> Register {
        if let Some(count) = self.constant_of(b) {
            let count = (count & if wide { 63 } else { 31 }) as u8;
            self.release(b);
            let to = self.only_operand(a, destination);
            self.asm.shift(op, wide, to, Some(count));
            return self.deliver(to, wide, destination);
        }
        let extended = match op {
            Shift::Shl => Some(SHLX),
            Shift::Sar => Some(SARX),
            Shift::Shr => Some(SHRX),
            Shift::Rol | Shift::Ror => None,
        };
        if let Some(extended) = extended.filter(|_| self.target.has_bmi2) {
            let count = self.use_register(b);
            let operand = self.operand(a, wide);
            self.release(a);
            self.release(b);
            let to = destination.unwrap_or_else(|| self.allocate(false));
            self.asm.vex(extended, wide, to, count, operand);
            return to;
        }
        self.shift_by_cl(op, wide, a, b, destination)
    }

    fn shift_by_cl(
        &mut self,
        op: Shift,
        wide: bool,
        a: Id,
        b: Id,
        destination: Option<Register>,
    ) -> Register {
        if self.register_of(b) == Some(RCX) {
            self.lock(RCX);
        } else {
            self.claim(RCX);
            self.load_into(RCX, b);
        }
        let to = self.first_operand(a, b, destination.filter(|d| *d != RCX));
        self.asm.shift(op, wide, to, None);
        self.release(b);
        self.deliver(to, wide, destination)
    }
}
