//! Conversions between scalar types.

use silica_contract::trap::TrapCode;
use silica_operator::{Convert, FloatType, IntBinary, IntType, MachineType};

use super::{
    BaselineBackend,
    assembler::ShortJump,
    float::{float_machine, is_wide_float, parallel, scalar},
    integer::{int_machine, is_wide_int},
    register::{FLOAT_SCRATCH, Register, SCRATCH},
    table::{
        ADD, Alu, CVTF2F, CVTSI2F, CVTTF2SI, Condition, MOVAPS, MOVD, MOVD_TO, MOVSXD, SUB, Shift,
        TEST, UCOMIS, XOR,
    },
};
use crate::{
    Value,
    value::{Lazy, State},
};

/// What becomes of a float that no integer of the type equals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Misfit {
    Traps,
    Saturates,
}

impl BaselineBackend {
    pub(super) fn emit_convert(&mut self, op: Convert, a: Value) -> Value {
        match op {
            Convert::Wrap => self.wrap(a),
            Convert::Extend { signed: false } => self.extend(a),
            Convert::Extend { signed: true } => self.extend_signed(a),
            Convert::Trunc { from, to, signed } => {
                self.truncate(from, to, signed, Misfit::Traps, a)
            }
            Convert::TruncSat { from, to, signed } => {
                self.truncate(from, to, signed, Misfit::Saturates, a)
            }
            Convert::FromInt { from, to, signed } => self.convert_int(from, to, signed, a),
            Convert::Demote => self.change_width(FloatType::F64, FloatType::F32, a),
            Convert::Promote => self.change_width(FloatType::F32, FloatType::F64, a),
            Convert::ReinterpretToInt(ty) => self.reinterpret_to_int(ty, a),
            Convert::ReinterpretToFloat(ty) => self.reinterpret_to_float(ty, a),
        }
    }

    /// The lower half is where it was; nothing is known of what is above it then.
    fn wrap(&mut self, a: Value) -> Value {
        let id = a.0;
        if let Some(bits) = self.constant_of(id) {
            self.release(id);
            let bits = u64::from(bits as u32);
            return self.value(MachineType::I32, State::Constant(bits));
        }
        if !self.is_last_use(id) || matches!(self.values.state(id), State::Field { .. }) {
            self.force(id);
            let to = self.allocate(false);
            self.load_into(to, id);
            self.move_register(to, to, MachineType::I32);
            self.release(id);
            return self.in_register(to, MachineType::I32);
        }
        let mut clean = false;
        if let State::Lazy(Lazy::Int(op, IntType::I64, x, y)) = self.values.state(id) {
            match op {
                // The lower half of these depends on the lower halves alone.
                IntBinary::Add
                | IntBinary::Sub
                | IntBinary::Mul
                | IntBinary::And
                | IntBinary::Or
                | IntBinary::Xor => {
                    let narrow = Lazy::Int(op, IntType::I32, x, y);
                    self.values.set_state(id, State::Lazy(narrow));
                    clean = true;
                }
                IntBinary::DivS
                | IntBinary::DivU
                | IntBinary::RemS
                | IntBinary::RemU
                | IntBinary::Shl
                | IntBinary::ShrS
                | IntBinary::ShrU
                | IntBinary::Rotl
                | IntBinary::Rotr => self.force(id),
            }
        } else {
            self.force(id);
        }
        let entry = self.values.entry_mut(id);
        entry.ty = MachineType::I32;
        entry.clean = clean;
        a
    }

    /// What was a number is from here on a reference.
    pub(super) fn emit_object(&mut self, value: Value) -> Value {
        let id = self.simple(value);
        let to = self.take_register(id);
        self.move_register(to, to, MachineType::Object);
        self.in_register(to, MachineType::Object)
    }

    /// Zero-extension: nothing to do where the upper half is known to be zero.
    fn extend(&mut self, a: Value) -> Value {
        let id = a.0;
        if let Some(bits) = self.constant_of(id) {
            self.release(id);
            let bits = u64::from(bits as u32);
            return self.value(MachineType::I64, State::Constant(bits));
        }
        let narrow = match self.values.state(id) {
            // The collector knows this place as that of an object.
            State::Frame(_) if self.ty(id) == MachineType::Object => false,
            State::Lazy(lazy) => lazy.is_narrow(),
            State::Field { .. } => false,
            State::Register(_) | State::Frame(_) | State::Local(_) => self.values.entry(id).clean,
            State::Free(_) | State::Constant(_) | State::Vector(_) | State::Context => false,
        };
        if narrow && self.is_last_use(id) {
            self.values.entry_mut(id).ty = MachineType::I64;
            return a;
        }
        // A 32-bit move clears what is above.
        self.force(id);
        let to = self.allocate(false);
        self.load_into(to, id);
        self.release(id);
        self.in_register(to, MachineType::I64)
    }

    fn extend_signed(&mut self, a: Value) -> Value {
        let a = self.simple(a);
        if let Some(bits) = self.constant_of(a) {
            self.release(a);
            let bits = i64::from(bits as i32) as u64;
            return self.value(MachineType::I64, State::Constant(bits));
        }
        let operand = self.operand(a, false);
        self.release(a);
        let to = self.allocate(false);
        self.asm.op(MOVSXD, true, to, operand);
        self.in_register(to, MachineType::I64)
    }

    fn change_width(&mut self, from: FloatType, to: FloatType, a: Value) -> Value {
        let a = self.simple(a);
        let operand = self.operand(a, false);
        self.release(a);
        let register = self.allocate(true);
        self.clear_vector(register, operand);
        self.asm
            .op(CVTF2F.prefixed(scalar(from)), false, register, operand);
        self.canonicalize(to, register);
        self.in_register(register, float_machine(to))
    }

    /// An instruction that writes a part of a register would wait for what wrote the rest.
    fn clear_vector(&mut self, register: Register, operand: super::assembler::Operand) {
        if operand != register.into() {
            self.asm.op(XOR, false, register, register);
        }
    }

    fn reinterpret_to_int(&mut self, ty: IntType, a: Value) -> Value {
        let a = self.simple(a);
        let from = self.use_register(a);
        self.release(a);
        let to = self.allocate(false);
        self.asm.op(MOVD_TO, is_wide_int(ty), from, to);
        self.in_register(to, int_machine(ty))
    }

    fn reinterpret_to_float(&mut self, ty: FloatType, a: Value) -> Value {
        let a = self.simple(a);
        if let Some(bits) = self.constant_of(a) {
            self.release(a);
            return self.value(float_machine(ty), State::Constant(bits));
        }
        let operand = self.operand(a, is_wide_float(ty));
        self.release(a);
        let to = self.allocate(true);
        self.asm.op(MOVD, is_wide_float(ty), to, operand);
        self.in_register(to, float_machine(ty))
    }

    // ---- integers to floats ----

    fn convert_int(&mut self, from: IntType, to: FloatType, signed: bool, a: Value) -> Value {
        let a = self.simple(a);
        let op = CVTSI2F.prefixed(scalar(to));
        let register = self.allocate(true);
        self.asm.op(XOR, false, register, register);
        match (from, signed) {
            (IntType::I32, true) => {
                let operand = self.operand(a, false);
                self.asm.op(op, false, register, operand);
                self.release(a);
            }
            (IntType::I64, true) => {
                let operand = self.operand(a, true);
                self.asm.op(op, true, register, operand);
                self.release(a);
            }
            (IntType::I32, false) => {
                self.load_into(SCRATCH, a);
                self.release(a);
                self.asm.op(op, true, register, SCRATCH);
            }
            (IntType::I64, false) => {
                let value = self.take_register(a);
                self.convert_unsigned(to, register, value);
            }
        }
        self.in_register(register, float_machine(to))
    }

    /// Of a value with the highest bit set the half is converted, with the lost bit kept for the rounding, and doubled.
    fn convert_unsigned(&mut self, to: FloatType, register: Register, value: Register) {
        let op = CVTSI2F.prefixed(scalar(to));
        self.asm.op(TEST, true, value, value);
        let large = self.asm.jcc_short(Condition::Sign);
        self.asm.op(op, true, register, value);
        let done = self.asm.jmp_short();
        self.asm.bind_short(large);
        self.asm.mov(true, SCRATCH, value);
        self.shift_register(Shift::Shr, true, SCRATCH, 1);
        self.asm.alu_imm(Alu::And, false, value, 1);
        self.asm.alu(Alu::Or, true, SCRATCH, value);
        self.asm.op(op, true, register, SCRATCH);
        self.asm
            .op(ADD.prefixed(scalar(to)), false, register, register);
        self.asm.bind_short(done);
    }

    // ---- floats to integers ----

    fn truncate(
        &mut self,
        from: FloatType,
        to: IntType,
        signed: bool,
        misfit: Misfit,
        a: Value,
    ) -> Value {
        let a = self.simple(a);
        let value = self.use_register(a);
        let result = self.allocate(false);
        match (to, signed) {
            (IntType::I64, false) => self.truncate_unsigned(from, misfit, value, result),
            _ => self.truncate_plain(from, (to, signed), misfit, value, result),
        }
        self.release(a);
        self.in_register(result, int_machine(to))
    }

    fn truncating(&mut self, from: FloatType, to: Register, value: Register) {
        self.asm
            .op(CVTTF2SI.prefixed(scalar(from)), true, to, value);
    }

    /// All but `u64`: truncates to 64 bits and looks whether the result fits.
    fn truncate_plain(
        &mut self,
        from: FloatType,
        (to, signed): (IntType, bool),
        misfit: Misfit,
        value: Register,
        result: Register,
    ) {
        self.truncating(from, result, value);
        let fits = match (to, signed) {
            (IntType::I32, true) => {
                self.asm.op(MOVSXD, true, SCRATCH, result);
                self.asm.alu(Alu::Cmp, true, SCRATCH, result);
                self.asm.jcc_short(Condition::Equal)
            }
            (IntType::I32, false) => {
                self.asm.mov(false, SCRATCH, result);
                self.asm.alu(Alu::Cmp, true, SCRATCH, result);
                self.asm.jcc_short(Condition::Equal)
            }
            // The smallest integer stands for all that do not fit.
            (IntType::I64, _) => {
                self.asm.alu_imm(Alu::Cmp, true, result, 1);
                self.asm.jcc_short(Condition::NotOverflow)
            }
        };
        let (least, most) = match (to, signed) {
            (IntType::I32, true) => (i64::from(i32::MIN), i64::from(i32::MAX)),
            (IntType::I32, false) => (0, i64::from(u32::MAX)),
            (IntType::I64, _) => (i64::MIN, i64::MAX),
        };
        match misfit {
            Misfit::Traps => {
                self.trap_unordered(from, value);
                if to == IntType::I64 {
                    // It may be the smallest integer itself.
                    self.compare_with(from, value, smallest_i64(from));
                    self.trap_on(Condition::NotEqual, TrapCode::IntegerOverflow);
                } else {
                    self.emit_trap(TrapCode::IntegerOverflow);
                }
            }
            Misfit::Saturates => self.saturate(from, value, result, (least, most)),
        }
        self.asm.bind_short(fits);
        if to == IntType::I32 {
            self.move_register(result, result, MachineType::I32);
        }
    }

    fn compare_with(&mut self, ty: FloatType, value: Register, bits: u64) {
        self.float_scratch(ty, bits);
        let op = UCOMIS.prefixed(parallel(ty));
        self.asm.op(op, false, value, FLOAT_SCRATCH);
    }

    fn trap_unordered(&mut self, ty: FloatType, value: Register) {
        let op = UCOMIS.prefixed(parallel(ty));
        self.asm.op(op, false, value, value);
        self.trap_on(Condition::Parity, TrapCode::BadConversionToInteger);
    }

    /// 0 of a NaN, the least of what is negative, else the most.
    fn saturate(
        &mut self,
        ty: FloatType,
        value: Register,
        result: Register,
        (least, most): (i64, i64),
    ) {
        self.asm.zero(result);
        self.compare_with(ty, value, 0);
        let nan = self.asm.jcc_short(Condition::Parity);
        self.asm.mov_imm(result, least as u64);
        let negative = self.asm.jcc_short(Condition::Below);
        self.asm.mov_imm(result, most as u64);
        self.asm.bind_short(nan);
        self.asm.bind_short(negative);
    }

    /// What is at least 2^63 is truncated without that, which is added again.
    fn truncate_unsigned(
        &mut self,
        from: FloatType,
        misfit: Misfit,
        value: Register,
        result: Register,
    ) {
        // Taken before the ways part.
        let rest = self.allocate(true);
        self.compare_with(from, value, two_to_63(from));
        let large = self.asm.jcc_short(Condition::AboveEqual);
        // A NaN compares as below, and becomes the smallest integer.
        self.truncating(from, result, value);
        self.asm.op(TEST, true, result, result);
        let fits_at_once = self.asm.jcc_short(Condition::NotSign);
        let mut done: [Option<ShortJump>; 2] = [None, None];
        match misfit {
            Misfit::Traps => self.misfit_below(from, value),
            Misfit::Saturates => {
                self.asm.zero(result);
                done[0] = Some(self.asm.jmp_short());
            }
        }
        self.asm.bind_short(large);
        self.asm.op(MOVAPS, false, rest, value);
        let subtract = SUB.prefixed(scalar(from));
        self.asm.op(subtract, false, rest, FLOAT_SCRATCH);
        self.truncating(from, result, rest);
        self.asm.op(TEST, true, result, result);
        match misfit {
            Misfit::Traps => self.trap_on(Condition::Sign, TrapCode::IntegerOverflow),
            Misfit::Saturates => {
                let fits = self.asm.jcc_short(Condition::NotSign);
                self.asm.mov_imm(result, u64::MAX);
                done[1] = Some(self.asm.jmp_short());
                self.asm.bind_short(fits);
            }
        }
        self.asm.mov_imm(SCRATCH, 1 << 63);
        self.asm.alu(Alu::Xor, true, result, SCRATCH);
        self.asm.bind_short(fits_at_once);
        for jump in done.into_iter().flatten() {
            self.asm.bind_short(jump);
        }
    }

    /// What is negative or no number traps; nothing goes on from here.
    fn misfit_below(&mut self, from: FloatType, value: Register) {
        self.trap_unordered(from, value);
        self.emit_trap(TrapCode::IntegerOverflow);
    }
}

const fn two_to_63(ty: FloatType) -> u64 {
    match ty {
        FloatType::F32 => 0x5f00_0000,
        FloatType::F64 => 0x43e0_0000_0000_0000,
    }
}

const fn smallest_i64(ty: FloatType) -> u64 {
    match ty {
        FloatType::F32 => 0xdf00_0000,
        FloatType::F64 => 0xc3e0_0000_0000_0000,
    }
}
