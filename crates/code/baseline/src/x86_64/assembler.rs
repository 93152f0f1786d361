//! Instructions to bytes.
//!
//! An instruction is a row of `table`; this file knows how prefixes, REX, VEX, ModRM and SIB are written, and nothing of
//! what an instruction does.

use super::register::{RBP, RSP, Register};
use super::table::{Alu, CMOV, Condition, Instruction, LEA, MOV, MOV_TO, SETCC, Shift};

/// An operand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) base: Register,
    pub(crate) index: Option<Register>,
    /// The index is shifted left by this.
    pub(crate) scale_log2: u8,
    pub(crate) displacement: i32,
}

/// The operand that may be in a register or in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(Register),
    Memory(Memory),
}

impl From<Register> for Operand {
    fn from(register: Register) -> Operand {
        Operand::Register(register)
    }
}

impl From<Memory> for Operand {
    fn from(memory: Memory) -> Operand {
        Operand::Memory(memory)
    }
}

impl Memory {
    pub(crate) const fn new(base: Register, displacement: i32) -> Memory {
        Memory {
            base,
            index: None,
            scale_log2: 0,
            displacement,
        }
    }

    /// In the frame, so many bytes above the frame pointer.
    pub(crate) const fn frame(displacement: i32) -> Memory {
        Memory::new(RBP, displacement)
    }
}

/// Bytes of one instruction.
struct Buffer {
    bytes: [u8; 24],
    length: usize,
}

impl Buffer {
    fn new() -> Buffer {
        Buffer {
            bytes: [0; 24],
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn push_all(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn modrm(&mut self, reg: u8, operand: Operand) {
        let reg = (reg & 7) << 3;
        let memory = match operand {
            Operand::Register(register) => return self.push(0xc0 | reg | (register.code() & 7)),
            Operand::Memory(memory) => memory,
        };
        let base = memory.base.code() & 7;
        let (mode, bytes) = match memory.displacement {
            0 if base != 5 => (0x00, 0),
            -128..=127 => (0x40, 1),
            _ => (0x80, 4),
        };
        match memory.index {
            None if base != RSP.code() => self.push(mode | reg | base),
            None => self.push_all(&[mode | reg | 4, 0x24]),
            Some(index) => {
                let sib = memory.scale_log2 << 6 | (index.code() & 7) << 3 | base;
                self.push_all(&[mode | reg | 4, sib]);
            }
        }
        self.push_all(&memory.displacement.to_le_bytes()[..bytes]);
    }
}

/// The X and B bits of an operand.
fn extension(operand: Operand) -> (u8, u8) {
    match operand {
        Operand::Register(register) => (0, register.code() >> 3),
        Operand::Memory(memory) => (
            memory.index.map_or(0, |index| index.code() >> 3),
            memory.base.code() >> 3,
        ),
    }
}

/// A jump whose distance is one byte, to be filled in.
#[must_use]
pub(crate) struct ShortJump(usize);

/// Code that is being written.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    pub(crate) code: Vec<u8>,
}

impl Assembler {
    pub(crate) fn offset(&self) -> u32 {
        self.code.len() as u32
    }

    fn instruction(&self, op: Instruction, wide: bool, reg: u8, operand: Operand) -> Buffer {
        let mut buffer = Buffer::new();
        if op.prefix != 0 {
            buffer.push(op.prefix);
        }
        let (x, b) = extension(operand);
        let rex = 0x40 | u8::from(wide) << 3 | (reg >> 3) << 2 | x << 1 | b;
        let in_register = matches!(operand, Operand::Register(r) if r.code() >= 4);
        // Without a REX prefix, 4 to 7 as byte registers are ah, ch, dh and bh.
        if rex != 0x40 || (op.byte && (reg >= 4 || in_register)) {
            buffer.push(rex);
        }
        match op.map {
            0 => {}
            1 => buffer.push(0x0f),
            2 => buffer.push_all(&[0x0f, 0x38]),
            _ => buffer.push_all(&[0x0f, 0x3a]),
        }
        buffer.push(op.opcode);
        buffer.modrm(reg, operand);
        buffer
    }

    fn write(&mut self, buffer: &Buffer) {
        self.code.extend_from_slice(&buffer.bytes[..buffer.length]);
    }

    /// An instruction of a register and an operand.
    pub(crate) fn op(
        &mut self,
        op: Instruction,
        wide: bool,
        reg: Register,
        operand: impl Into<Operand>,
    ) {
        let buffer = self.instruction(op, wide, reg.code(), operand.into());
        self.write(&buffer);
    }

    /// The same with `lock` before it.
    pub(crate) fn locked(&mut self, op: Instruction, wide: bool, reg: Register, memory: Memory) {
        self.code.push(0xf0);
        self.op(op, wide, reg, memory);
    }

    /// The same with a byte after it.
    pub(crate) fn op_imm8(
        &mut self,
        op: Instruction,
        wide: bool,
        reg: Register,
        operand: impl Into<Operand>,
        immediate: u8,
    ) {
        let mut buffer = self.instruction(op, wide, reg.code(), operand.into());
        buffer.push(immediate);
        self.write(&buffer);
    }

    /// The same with four bytes after it.
    pub(crate) fn op_imm32(
        &mut self,
        op: Instruction,
        wide: bool,
        reg: Register,
        operand: impl Into<Operand>,
        immediate: i32,
    ) {
        let mut buffer = self.instruction(op, wide, reg.code(), operand.into());
        buffer.push_all(&immediate.to_le_bytes());
        self.write(&buffer);
    }

    /// An instruction of one operand, whose opcode is extended by `digit`.
    pub(crate) fn digit(
        &mut self,
        op: Instruction,
        wide: bool,
        digit: u8,
        operand: impl Into<Operand>,
    ) {
        let buffer = self.instruction(op, wide, digit, operand.into());
        self.write(&buffer);
    }

    /// An instruction in VEX encoding, with three operands.
    pub(crate) fn vex(
        &mut self,
        op: Instruction,
        wide: bool,
        reg: Register,
        middle: Register,
        operand: impl Into<Operand>,
    ) {
        let operand = operand.into();
        let (x, b) = extension(operand);
        let reg_bit = reg.code() >> 3;
        let pp = match op.prefix {
            0x66 => 1,
            0xf3 => 2,
            0xf2 => 3,
            _ => 0,
        };
        let mut buffer = Buffer::new();
        let high = (reg_bit ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map;
        let low = u8::from(wide) << 7 | (middle.code() ^ 15) << 3 | pp;
        buffer.push_all(&[0xc4, high, low, op.opcode]);
        buffer.modrm(reg.code(), operand);
        self.write(&buffer);
    }

    // ---- general registers ----

    pub(crate) fn mov(&mut self, wide: bool, to: Register, from: impl Into<Operand>) {
        self.op(MOV, wide, to, from);
    }

    pub(crate) fn store(&mut self, wide: bool, to: Memory, from: Register) {
        self.op(MOV_TO, wide, from, to);
    }

    pub(crate) fn lea(&mut self, wide: bool, to: Register, memory: Memory) {
        self.op(LEA, wide, to, memory);
    }

    /// `to = bits`, without a change of the flags.
    pub(crate) fn mov_imm(&mut self, to: Register, bits: u64) {
        let code = to.code();
        if let Ok(low) = u32::try_from(bits) {
            let mut buffer = Buffer::new();
            if code >= 8 {
                buffer.push(0x41);
            }
            buffer.push(0xb8 | (code & 7));
            buffer.push_all(&low.to_le_bytes());
            self.write(&buffer);
        } else if let Ok(signed) = i32::try_from(bits as i64) {
            self.store_imm(8, Operand::Register(to), signed);
        } else {
            let mut buffer = Buffer::new();
            buffer.push_all(&[0x48 | code >> 3, 0xb8 | (code & 7)]);
            buffer.push_all(&bits.to_le_bytes());
            self.write(&buffer);
        }
    }

    /// `to = 0`; changes the flags.
    pub(crate) fn zero(&mut self, to: Register) {
        self.alu(Alu::Xor, false, to, to);
    }

    /// Moves a sign-extended constant of so many bytes (1, 2, 4 or 8).
    pub(crate) fn store_imm(&mut self, bytes: u32, to: impl Into<Operand>, value: i32) {
        let (prefix, opcode) = match bytes {
            1 => (0, 0xc6),
            2 => (0x66, 0xc7),
            _ => (0, 0xc7),
        };
        let op = Instruction {
            prefix,
            map: 0,
            opcode,
            byte: false,
        };
        let mut buffer = self.instruction(op, bytes == 8, 0, to.into());
        let width = bytes.min(4) as usize;
        buffer.push_all(&value.to_le_bytes()[..width]);
        self.write(&buffer);
    }

    pub(crate) fn alu(&mut self, op: Alu, wide: bool, to: Register, from: impl Into<Operand>) {
        self.op(op.instruction(), wide, to, from);
    }

    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, to: impl Into<Operand>, value: i32) {
        let short = i8::try_from(value).is_ok();
        let instruction = Instruction {
            prefix: 0,
            map: 0,
            opcode: if short { 0x83 } else { 0x81 },
            byte: false,
        };
        let mut buffer = self.instruction(instruction, wide, op as u8, to.into());
        let width = if short { 1 } else { 4 };
        buffer.push_all(&value.to_le_bytes()[..width]);
        self.write(&buffer);
    }

    /// Shifts by a constant, or by `cl`.
    pub(crate) fn shift(&mut self, op: Shift, wide: bool, to: Register, count: Option<u8>) {
        let instruction = Instruction {
            prefix: 0,
            map: 0,
            opcode: if count.is_some() { 0xc1 } else { 0xd3 },
            byte: false,
        };
        let mut buffer = self.instruction(instruction, wide, op as u8, to.into());
        if let Some(count) = count {
            buffer.push(count);
        }
        self.write(&buffer);
    }

    pub(crate) fn cmov(
        &mut self,
        condition: Condition,
        wide: bool,
        to: Register,
        from: impl Into<Operand>,
    ) {
        self.op(CMOV.with(condition), wide, to, from);
    }

    /// The lowest byte of `to` is the condition.
    pub(crate) fn setcc(&mut self, condition: Condition, to: Register) {
        self.digit(SETCC.with(condition), false, 0, to);
    }

    pub(crate) fn push(&mut self, register: Register) {
        if register.code() >= 8 {
            self.code.push(0x41);
        }
        self.code.push(0x50 | (register.code() & 7));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    pub(crate) fn ud2(&mut self) {
        self.bytes(&[0x0f, 0x0b]);
    }

    // ---- jumps ----

    /// A jump whose distance is the last four bytes; gives their offset.
    pub(crate) fn jmp(&mut self) -> u32 {
        self.bytes(&[0xe9, 0, 0, 0, 0]);
        self.offset() - 4
    }

    /// A conditional jump whose distance is the last four bytes; gives their offset.
    pub(crate) fn jcc(&mut self, condition: Condition) -> u32 {
        self.bytes(&[0x0f, 0x80 | condition as u8, 0, 0, 0, 0]);
        self.offset() - 4
    }

    /// A call whose distance is the last four bytes; gives their offset.
    pub(crate) fn call(&mut self) -> u32 {
        self.bytes(&[0xe8, 0, 0, 0, 0]);
        self.offset() - 4
    }

    pub(crate) fn jcc_short(&mut self, condition: Condition) -> ShortJump {
        self.bytes(&[0x70 | condition as u8, 0]);
        ShortJump(self.code.len())
    }

    pub(crate) fn jmp_short(&mut self) -> ShortJump {
        self.bytes(&[0xeb, 0]);
        ShortJump(self.code.len())
    }

    /// The jump goes here.
    pub(crate) fn bind_short(&mut self, jump: ShortJump) {
        let distance = self.code.len() - jump.0;
        debug_assert!(distance < 128, "a short jump over {distance} bytes");
        self.code[jump.0 - 1] = distance as u8;
    }

    /// Writes four bytes that were left open.
    pub(crate) fn patch32(&mut self, at: u32, value: i32) {
        self.code[at as usize..at as usize + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// An instruction whose operand is at an address relative to the next instruction; gives the offset of the four
    /// bytes of the distance, which are its last.
    pub(crate) fn op_relative(&mut self, op: Instruction, wide: bool, reg: Register) -> u32 {
        // ModRM of [rip + distance] is that of [rbp] without displacement.
        let mut buffer = self.instruction(op, wide, reg.code(), Operand::Register(RBP));
        buffer.bytes[buffer.length - 1] &= 0x3f;
        buffer.push_all(&[0; 4]);
        self.write(&buffer);
        self.offset() - 4
    }
}
