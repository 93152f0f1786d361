//! Comparisons, and what conditions become.

use silica_contract::trap::TrapCode;
use silica_operator::{
    FloatCompare, FloatType, IntBinary, IntCompare, IntType, MachineType, evaluate_int_compare,
};

use super::{
    BaselineBackend, Parity, Test,
    integer::{int_machine, is_wide_int},
    place::Source,
    register::{Register, SCRATCH},
    table::{Alu, Condition, MOVZX8, TEST, TEST_IMM},
};
use crate::{
    Value,
    value::{Id, Lazy, State},
};

const fn condition(op: IntCompare) -> Condition {
    match op {
        IntCompare::Eq => Condition::Equal,
        IntCompare::Ne => Condition::NotEqual,
        IntCompare::LtS => Condition::Less,
        IntCompare::LtU => Condition::Below,
        IntCompare::GtS => Condition::Greater,
        IntCompare::GtU => Condition::Above,
        IntCompare::LeS => Condition::LessEqual,
        IntCompare::LeU => Condition::BelowEqual,
        IntCompare::GeS => Condition::GreaterEqual,
        IntCompare::GeU => Condition::AboveEqual,
    }
}

/// The comparison with its operands exchanged.
const fn exchanged(op: IntCompare) -> IntCompare {
    match op {
        IntCompare::Eq => IntCompare::Eq,
        IntCompare::Ne => IntCompare::Ne,
        IntCompare::LtS => IntCompare::GtS,
        IntCompare::LtU => IntCompare::GtU,
        IntCompare::GtS => IntCompare::LtS,
        IntCompare::GtU => IntCompare::LtU,
        IntCompare::LeS => IntCompare::GeS,
        IntCompare::LeU => IntCompare::GeU,
        IntCompare::GeS => IntCompare::LeS,
        IntCompare::GeU => IntCompare::LeU,
    }
}

impl BaselineBackend {
    pub(super) fn emit_int_compare(
        &mut self,
        op: IntCompare,
        ty: IntType,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        if let (Some(left), Some(right)) = (self.constant_of(a), self.constant_of(b)) {
            self.release(a);
            self.release(b);
            let bits = u64::from(evaluate_int_compare(op, ty, left, right));
            return self.value(MachineType::I32, State::Constant(bits));
        }
        self.value(MachineType::I32, State::Lazy(Lazy::Compare(op, ty, a, b)))
    }

    /// Sets the flags by a value that is a condition; uses it up.
    pub(super) fn test(&mut self, value: Value) -> Test {
        let id = value.0;
        if let State::Lazy(lazy) = self.values.state(id)
            && self.is_last_use(id)
        {
            match lazy {
                Lazy::Compare(..) | Lazy::AndIsZero(..) | Lazy::FloatCompare { .. } => {
                    self.values.set_state(id, State::Constant(0));
                    self.release(id);
                    return self.emit_test(lazy);
                }
                Lazy::Int(IntBinary::And, ty, a, b) if self.ty(id) == int_machine(ty) => {
                    self.values.set_state(id, State::Constant(0));
                    self.release(id);
                    let mut test = self.emit_test(Lazy::AndIsZero(ty, a, b));
                    test.condition = Condition::NotEqual;
                    return test;
                }
                Lazy::Int(..) | Lazy::Float(..) | Lazy::Address(..) => {}
            }
        }
        let register = self.use_register(id);
        self.asm.op(TEST, false, register, register);
        self.release(id);
        Test {
            condition: Condition::NotEqual,
            parity: Parity::Ignored,
        }
    }

    /// Sets the flags by a comparison whose operands are not lazy; uses them up.
    pub(super) fn emit_test(&mut self, lazy: Lazy) -> Test {
        let condition = match lazy {
            Lazy::Compare(op, ty, a, b) => self.compare(op, ty, a, b),
            Lazy::AndIsZero(ty, a, b) => {
                self.test_bits(ty, a, b);
                Condition::Equal
            }
            Lazy::FloatCompare {
                op,
                ty,
                a,
                b,
                negated,
            } => return self.compare_floats(op, ty, a, b, negated),
            Lazy::Int(..) | Lazy::Float(..) | Lazy::Address(..) => {
                unreachable!("not a comparison")
            }
        };
        Test {
            condition,
            parity: Parity::Ignored,
        }
    }

    fn compare(&mut self, op: IntCompare, ty: IntType, a: Id, b: Id) -> Condition {
        let wide = is_wide_int(ty);
        let exchange = self.constant_of(a).is_some()
            || (self.register_of(a).is_none() && self.register_of(b).is_some());
        let (op, a, b) = if exchange {
            (exchanged(op), b, a)
        } else {
            (op, a, b)
        };
        match self.source(b, wide) {
            Source::Immediate(0) => {
                let register = self.use_register(a);
                self.asm.op(TEST, wide, register, register);
            }
            Source::Immediate(value) => {
                let operand = self.operand(a, wide);
                self.asm.alu_imm(Alu::Cmp, wide, operand, value);
            }
            Source::Operand(operand) => {
                let register = self.use_register(a);
                self.asm.alu(Alu::Cmp, wide, register, operand);
            }
        }
        self.release(a);
        self.release(b);
        condition(op)
    }

    fn test_bits(&mut self, ty: IntType, a: Id, b: Id) {
        let wide = is_wide_int(ty);
        let (a, b) = self.ordered(a, b, None);
        let register = self.use_register(a);
        match self.source(b, wide) {
            Source::Immediate(value) => {
                let mut bytes = [0; 4];
                bytes.copy_from_slice(&value.to_le_bytes());
                self.asm.digit(TEST_IMM, wide, 0, register);
                self.asm.bytes(&bytes);
            }
            Source::Operand(operand) => self.asm.op(TEST, wide, register, operand),
        }
        self.release(a);
        self.release(b);
    }

    /// The condition as 0 or 1, in `destination` if there is one. The register is locked.
    pub(super) fn emit_flag(&mut self, test: Test, destination: Option<Register>) -> Register {
        let to = destination.unwrap_or_else(|| self.allocate(false));
        self.asm.setcc(test.condition, to);
        let (unordered, combine) = match test.parity {
            Parity::Ignored => (None, Alu::And),
            Parity::False => (Some(Condition::NotParity), Alu::And),
            Parity::True => (Some(Condition::Parity), Alu::Or),
        };
        if let Some(unordered) = unordered {
            self.asm.setcc(unordered, SCRATCH);
            self.asm.alu(combine, false, to, SCRATCH);
        }
        self.asm.op(MOVZX8, false, to, to);
        to
    }

    pub(super) fn emit_float_compare_value(
        &mut self,
        op: FloatCompare,
        ty: FloatType,
        a: Value,
        b: Value,
    ) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let lazy = Lazy::FloatCompare {
            op,
            ty,
            a,
            b,
            negated: false,
        };
        self.value(MachineType::I32, State::Lazy(lazy))
    }

    /// Traps if a value is not zero.
    pub(super) fn emit_trap_if(&mut self, condition: Value, code: TrapCode) {
        let test = self.test(condition);
        self.unlock();
        match test.parity {
            Parity::Ignored => self.trap_on(test.condition, code),
            Parity::True => {
                self.trap_on(Condition::Parity, code);
                self.trap_on(test.condition, code);
            }
            Parity::False => {
                let unordered = self.asm.jcc_short(Condition::Parity);
                self.trap_on(test.condition, code);
                self.asm.bind_short(unordered);
            }
        }
    }
}
