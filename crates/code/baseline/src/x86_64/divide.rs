//! Division and remainder, and 128-bit arithmetic: what needs rax and rdx.

use silica_contract::trap::TrapCode;
use silica_operator::{IntBinary, IntType, WideBinary};

use super::{
    BaselineBackend,
    integer::{int_machine, is_wide_int},
    place::Source,
    register::{RAX, RDX, Register, SCRATCH},
    table::{Alu, Condition, DIV_DIGIT, IDIV_DIGIT, IMUL_DIGIT, MUL_DIGIT, Shift, TEST, UNARY},
};
use crate::{
    Value,
    value::{Id, Lazy, State},
};

impl BaselineBackend {
    /// Division with its traps. A divisor of zero is looked for; a quotient that does not fit faults by itself.
    pub(super) fn emit_divide(&mut self, op: IntBinary, ty: IntType, a: Value, b: Value) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let divisor = self.constant_of(b);
        if let Some(value) = divisor
            && value.is_power_of_two()
            && let Some(lazy) = self.by_power(op, ty, value, a, b)
        {
            return lazy;
        }
        let signed = matches!(op, IntBinary::DivS | IntBinary::RemS);
        let remainder = matches!(op, IntBinary::RemS | IntBinary::RemU);
        let wide = is_wide_int(ty);
        self.take_dividend(a);
        let by = self.use_register(b);
        if divisor.is_none_or(|value| value == 0) {
            self.asm.op(TEST, wide, by, by);
            self.trap_on(Condition::Equal, TrapCode::IntegerDivisionByZero);
        }
        let minus_one = if wide { u64::MAX } else { u64::from(u32::MAX) };
        let by_minus_one = op == IntBinary::RemS && divisor.is_none_or(|value| value == minus_one);
        self.divide(wide, signed, by, by_minus_one, remainder);
        self.release(b);
        let result = if remainder { RDX } else { RAX };
        self.in_register(result, int_machine(ty))
    }

    /// Unsigned division by a power of two, as a shift or a mask.
    fn by_power(&mut self, op: IntBinary, ty: IntType, by: u64, a: Id, b: Id) -> Option<Value> {
        let (op, bits) = match op {
            IntBinary::DivU => (IntBinary::ShrU, u64::from(by.trailing_zeros())),
            IntBinary::RemU => (IntBinary::And, by - 1),
            _ => return None,
        };
        self.release(b);
        let machine = int_machine(ty);
        let b = self.value(machine, State::Constant(bits)).0;
        Some(self.value(machine, State::Lazy(Lazy::Int(op, ty, a, b))))
    }

    /// Brings a value into rax and frees rdx; both are locked.
    fn take_dividend(&mut self, a: Id) {
        self.take_into_fixed(RAX, a);
        self.claim(RDX);
    }

    /// Brings a value that is not lazy into a register that others may be in.
    pub(super) fn take_into_fixed(&mut self, to: Register, id: Id) {
        if self.is_last_use(id) && self.register_of(id) == Some(to) {
            self.take_register(id);
            return;
        }
        self.claim(to);
        self.take_into(to, id);
    }

    fn divide(
        &mut self,
        wide: bool,
        signed: bool,
        by: Register,
        may_be_minus_one: bool,
        remainder: bool,
    ) {
        if !signed {
            self.asm.zero(RDX);
            self.asm.digit(UNARY, wide, DIV_DIGIT, by);
            return;
        }
        // The remainder by -1 is 0, and the instruction would fault for the smallest integer.
        let skip = may_be_minus_one.then(|| {
            self.asm.zero(RDX);
            self.asm.alu_imm(Alu::Cmp, wide, by, -1);
            self.asm.jcc_short(Condition::Equal)
        });
        // cdq, cqo
        self.asm.bytes(if wide { &[0x48, 0x99] } else { &[0x99] });
        if !remainder {
            self.trap_site(TrapCode::IntegerOverflow);
        }
        self.asm.digit(UNARY, wide, IDIV_DIGIT, by);
        if let Some(skip) = skip {
            self.asm.bind_short(skip);
        }
    }

    // ---- 128 bits ----

    pub(super) fn emit_wide(
        &mut self,
        op: WideBinary,
        a: (Value, Option<Value>),
        b: (Value, Option<Value>),
    ) -> (Value, Value) {
        let (a_low, b_low) = (self.simple(a.0), self.simple(b.0));
        if let (Some(a_high), Some(b_high)) = (a.1, b.1) {
            let (low_op, high_op) = match op {
                WideBinary::Sub128 => (Alu::Sub, Alu::Sbb),
                WideBinary::Add128 | WideBinary::MulWideS | WideBinary::MulWideU => {
                    (Alu::Add, Alu::Adc)
                }
            };
            let (a_high, b_high) = (self.simple(a_high), self.simple(b_high));
            return self.add_wide((low_op, high_op), (a_low, a_high), (b_low, b_high));
        }
        let digit = match op {
            WideBinary::MulWideS => IMUL_DIGIT,
            WideBinary::MulWideU | WideBinary::Add128 | WideBinary::Sub128 => MUL_DIGIT,
        };
        self.take_dividend(a_low);
        let operand = self.operand(b_low, true);
        self.asm.digit(UNARY, true, digit, operand);
        self.release(b_low);
        self.lock(RDX);
        self.wide_results(RAX, RDX)
    }

    fn wide_results(&mut self, low: Register, high: Register) -> (Value, Value) {
        // The first value's making must not take the second's register.
        let i64 = int_machine(IntType::I64);
        self.lock(high);
        let low = self.in_register(low, i64);
        (low, self.in_register(high, i64))
    }

    fn add_wide(
        &mut self,
        (low_op, high_op): (Alu, Alu),
        (a_low, a_high): (Id, Id),
        (b_low, b_high): (Id, Id),
    ) -> (Value, Value) {
        let low = self.take_register(a_low);
        let high = self.take_register(a_high);
        // What is brought into registers between the two instructions leaves the carry alone.
        self.load_wide(low_op, low, b_low);
        let operand = match self.source(b_high, true) {
            Source::Operand(operand) => operand,
            Source::Immediate(value) => {
                self.asm.mov_imm(SCRATCH, i64::from(value) as u64);
                SCRATCH.into()
            }
        };
        self.asm.alu(high_op, true, high, operand);
        self.release(b_low);
        self.release(b_high);
        self.wide_results(low, high)
    }

    fn load_wide(&mut self, op: Alu, to: Register, from: Id) {
        match self.source(from, true) {
            Source::Operand(operand) => self.asm.alu(op, true, to, operand),
            Source::Immediate(value) => self.asm.alu_imm(op, true, to, value),
        }
    }

    /// A shift of a value in a register, by a constant.
    pub(super) fn shift_register(&mut self, op: Shift, wide: bool, register: Register, by: u8) {
        self.asm.shift(op, wide, register, Some(by));
    }
}
