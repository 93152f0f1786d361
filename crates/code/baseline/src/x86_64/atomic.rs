//! Atomic accesses: each is one locked instruction, or a loop around a compare-exchange. All are sequentially consistent.

use silica_operator::{AtomicRmw, AtomicWidth, IntType, LoadKind};
use silica_translate::Access;

use super::{
    BaselineBackend,
    assembler::Memory,
    integer::int_machine,
    register::{RAX, Register},
    table::{
        Alu, CMPXCHG, CMPXCHG8, CMPXCHG16, Condition, Instruction, MOV, MOVZX8, MOVZX16, NEG_DIGIT,
        UNARY, XADD, XADD8, XADD16, XCHG, XCHG8, XCHG16,
    },
};
use crate::{
    Value,
    value::{Lazy, State},
};

/// One instruction in its forms for 8, 16, and 32 or 64 bits.
const fn form(of: [Instruction; 3], width: AtomicWidth) -> Instruction {
    match width {
        AtomicWidth::B1 => of[0],
        AtomicWidth::B2 => of[1],
        AtomicWidth::B4 | AtomicWidth::B8 => of[2],
    }
}

const EXCHANGE: [Instruction; 3] = [XCHG8, XCHG16, XCHG];
const EXCHANGE_ADD: [Instruction; 3] = [XADD8, XADD16, XADD];
const COMPARE_EXCHANGE: [Instruction; 3] = [CMPXCHG8, CMPXCHG16, CMPXCHG];

const fn is_wide(width: AtomicWidth) -> bool {
    matches!(width, AtomicWidth::B8)
}

const fn load_kind(ty: IntType, width: AtomicWidth) -> LoadKind {
    match (ty, width) {
        (IntType::I32, AtomicWidth::B1) => LoadKind::I32Load8U,
        (IntType::I32, AtomicWidth::B2) => LoadKind::I32Load16U,
        (IntType::I32, AtomicWidth::B4 | AtomicWidth::B8) => LoadKind::I32,
        (IntType::I64, AtomicWidth::B1) => LoadKind::I64Load8U,
        (IntType::I64, AtomicWidth::B2) => LoadKind::I64Load16U,
        (IntType::I64, AtomicWidth::B4) => LoadKind::I64Load32U,
        (IntType::I64, AtomicWidth::B8) => LoadKind::I64,
    }
}

impl BaselineBackend {
    pub(super) fn emit_atomic_load(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
    ) -> Value {
        self.emit_load(load_kind(ty, width), access, address)
    }

    pub(super) fn emit_atomic_store(
        &mut self,
        width: AtomicWidth,
        access: Access,
        address: Value,
        value: Value,
    ) {
        self.exchange(width, access, address, value);
        self.unlock();
    }

    fn exchange(
        &mut self,
        width: AtomicWidth,
        access: Access,
        address: Value,
        value: Value,
    ) -> Register {
        let value = self.simple(value);
        self.force_address(&address);
        let register = self.take_register(value);
        let memory = self.access_memory(access, address.0);
        self.access_site(access);
        self.asm
            .op(form(EXCHANGE, width), is_wide(width), register, memory);
        self.release(address.0);
        register
    }

    /// Computes of an address what is more than a sum, before registers are locked.
    fn force_address(&mut self, address: &Value) {
        if let State::Lazy(Lazy::Address(..)) = self.values.state(address.0) {
            return;
        }
        self.force(address.0);
    }

    /// The upper bits of a narrow result become zero.
    fn widen(&mut self, width: AtomicWidth, register: Register) {
        match width {
            AtomicWidth::B1 => self.asm.op(MOVZX8, false, register, register),
            AtomicWidth::B2 => self.asm.op(MOVZX16, false, register, register),
            AtomicWidth::B4 => self.asm.op(MOV, false, register, register),
            AtomicWidth::B8 => {}
        }
    }

    fn finish_atomic(&mut self, ty: IntType, width: AtomicWidth, register: Register) -> Value {
        self.widen(width, register);
        self.in_register(register, int_machine(ty))
    }

    pub(super) fn emit_atomic_rmw(
        &mut self,
        op: AtomicRmw,
        (ty, width): (IntType, AtomicWidth),
        access: Access,
        address: Value,
        value: Value,
    ) -> Value {
        let alu = match op {
            AtomicRmw::Xchg => {
                let register = self.exchange(width, access, address, value);
                return self.finish_atomic(ty, width, register);
            }
            AtomicRmw::Add | AtomicRmw::Sub => {
                return self.exchange_add(op, (ty, width), access, address, value);
            }
            AtomicRmw::And => Alu::And,
            AtomicRmw::Or => Alu::Or,
            AtomicRmw::Xor => Alu::Xor,
        };
        let value = self.simple(value);
        self.force_address(&address);
        self.claim(RAX);
        let operand = self.use_register(value);
        let memory = self.access_memory(access, address.0);
        let changed = self.allocate(false);
        self.access_site(access);
        self.load_atomic(width, RAX, memory);
        let again = self.asm.offset();
        self.asm.mov(true, changed, RAX);
        self.asm.alu(alu, is_wide(width), changed, operand);
        self.access_site(access);
        self.asm.locked(
            form(COMPARE_EXCHANGE, width),
            is_wide(width),
            changed,
            memory,
        );
        self.jump_back_unless_equal(again);
        self.release(value);
        self.release(address.0);
        self.finish_atomic(ty, width, RAX)
    }

    fn jump_back_unless_equal(&mut self, to: u32) {
        let at = self.asm.jcc(Condition::NotEqual);
        self.asm.patch32(at, to.wrapping_sub(at + 4) as i32);
    }

    fn load_atomic(&mut self, width: AtomicWidth, to: Register, memory: Memory) {
        match width {
            AtomicWidth::B1 => self.asm.op(MOVZX8, false, to, memory),
            AtomicWidth::B2 => self.asm.op(MOVZX16, false, to, memory),
            AtomicWidth::B4 | AtomicWidth::B8 => self.asm.mov(is_wide(width), to, memory),
        }
    }

    fn exchange_add(
        &mut self,
        op: AtomicRmw,
        (ty, width): (IntType, AtomicWidth),
        access: Access,
        address: Value,
        value: Value,
    ) -> Value {
        let value = self.simple(value);
        self.force_address(&address);
        let register = self.take_register(value);
        if op == AtomicRmw::Sub {
            self.asm.digit(UNARY, is_wide(width), NEG_DIGIT, register);
        }
        let memory = self.access_memory(access, address.0);
        self.access_site(access);
        self.asm
            .locked(form(EXCHANGE_ADD, width), is_wide(width), register, memory);
        self.release(address.0);
        self.finish_atomic(ty, width, register)
    }

    pub(super) fn emit_compare_exchange(
        &mut self,
        (ty, width): (IntType, AtomicWidth),
        access: Access,
        address: Value,
        expected: Value,
        replacement: Value,
    ) -> Value {
        let (expected, replacement) = (self.simple(expected), self.simple(replacement));
        self.force_address(&address);
        self.take_into_fixed(RAX, expected);
        let new = self.use_register(replacement);
        let memory = self.access_memory(access, address.0);
        self.access_site(access);
        self.asm
            .locked(form(COMPARE_EXCHANGE, width), is_wide(width), new, memory);
        self.release(replacement);
        self.release(address.0);
        self.finish_atomic(ty, width, RAX)
    }

    pub(super) fn emit_atomic_fence(&mut self) {
        // mfence
        self.asm.bytes(&[0x0f, 0xae, 0xf0]);
    }
}
