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

/// The first bytes of one instruction: prefixes, opcode, ModRM and SIB are never more than seven.
struct Head {
    bits: u64,
    length: u32,
}

impl Head {
    #[inline]
    fn push(&mut self, byte: u8) {
        self.bits |= u64::from(byte) << (8 * self.length);
        self.length += 1;
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

    /// Takes back the code from here on.
    pub(crate) fn cut(&mut self, start: u32) {
        self.code.truncate(start as usize);
    }

    /// Prefixes and opcode of an instruction.
    #[inline]
    fn head(op: Instruction, wide: bool, reg: u8, operand: Operand) -> Head {
        let mut head = Head { bits: 0, length: 0 };
        if op.prefix != 0 {
            head.push(op.prefix);
        }
        let (x, b) = extension(operand);
        let rex = 0x40 | u8::from(wide) << 3 | (reg >> 3) << 2 | x << 1 | b;
        let in_register = matches!(operand, Operand::Register(r) if r.code() >= 4);
        // Without a REX prefix, 4 to 7 as byte registers are ah, ch, dh and bh.
        if rex != 0x40 || (op.byte && (reg >= 4 || in_register)) {
            head.push(rex);
        }
        match op.map {
            0 => {}
            1 => head.push(0x0f),
            2 => {
                head.push(0x0f);
                head.push(0x38);
            }
            _ => {
                head.push(0x0f);
                head.push(0x3a);
            }
        }
        head.push(op.opcode);
        head
    }

    /// Writes what has been begun, its operands and its displacement. All pieces are written at their largest and then cut,
    /// so that copies have a length that the compiler knows.
    #[inline]
    fn operands(&mut self, mut head: Head, reg: u8, operand: Operand) {
        let reg = (reg & 7) << 3;
        let memory = match operand {
            Operand::Register(register) => {
                head.push(0xc0 | reg | (register.code() & 7));
                return self.append(head);
            }
            Operand::Memory(memory) => memory,
        };
        let base = memory.base.code() & 7;
        let (mode, bytes) = match memory.displacement {
            0 if base != 5 => (0x00, 0),
            -128..=127 => (0x40, 1),
            _ => (0x80, 4),
        };
        match memory.index {
            None if base != RSP.code() => head.push(mode | reg | base),
            None => {
                head.push(mode | reg | 4);
                head.push(0x24);
            }
            Some(index) => {
                head.push(mode | reg | 4);
                head.push(memory.scale_log2 << 6 | (index.code() & 7) << 3 | base);
            }
        }
        self.append(head);
        self.immediate(memory.displacement, bytes);
    }

    #[inline]
    fn append(&mut self, head: Head) {
        let end = self.code.len() + head.length as usize;
        self.code.extend_from_slice(&head.bits.to_le_bytes());
        self.code.truncate(end);
    }

    /// The lowest bytes of a number, at most four.
    #[inline]
    fn immediate(&mut self, value: i32, bytes: usize) {
        let end = self.code.len() + bytes;
        self.code.extend_from_slice(&value.to_le_bytes());
        self.code.truncate(end);
    }

    fn instruction(&mut self, op: Instruction, wide: bool, reg: u8, operand: Operand) {
        let head = Self::head(op, wide, reg, operand);
        self.operands(head, reg, operand);
    }

    /// An instruction of a register and an operand.
    pub(crate) fn op(
        &mut self,
        op: Instruction,
        wide: bool,
        reg: Register,
        operand: impl Into<Operand>,
    ) {
        self.instruction(op, wide, reg.code(), operand.into());
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
        self.instruction(op, wide, reg.code(), operand.into());
        self.code.push(immediate);
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
        self.instruction(op, wide, reg.code(), operand.into());
        self.immediate(immediate, 4);
    }

    /// An instruction of one operand, whose opcode is extended by `digit`.
    pub(crate) fn digit(
        &mut self,
        op: Instruction,
        wide: bool,
        digit: u8,
        operand: impl Into<Operand>,
    ) {
        self.instruction(op, wide, digit, operand.into());
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
        let high = (reg_bit ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map;
        let low = u8::from(wide) << 7 | (middle.code() ^ 15) << 3 | pp;
        let head = Head {
            bits: u32::from_le_bytes([0xc4, high, low, op.opcode]).into(),
            length: 4,
        };
        self.operands(head, reg.code(), operand);
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
            if code >= 8 {
                self.code.push(0x41);
            }
            self.code.push(0xb8 | (code & 7));
            self.code.extend_from_slice(&low.to_le_bytes());
        } else if let Ok(signed) = i32::try_from(bits as i64) {
            self.store_imm(8, Operand::Register(to), signed);
        } else {
            self.code
                .extend_from_slice(&[0x48 | code >> 3, 0xb8 | (code & 7)]);
            self.code.extend_from_slice(&bits.to_le_bytes());
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
        self.instruction(op, bytes == 8, 0, to.into());
        self.immediate(value, bytes.min(4) as usize);
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
        self.instruction(instruction, wide, op as u8, to.into());
        self.immediate(value, if short { 1 } else { 4 });
    }

    /// Shifts by a constant, or by `cl`.
    pub(crate) fn shift(&mut self, op: Shift, wide: bool, to: Register, count: Option<u8>) {
        let instruction = Instruction {
            prefix: 0,
            map: 0,
            opcode: if count.is_some() { 0xc1 } else { 0xd3 },
            byte: false,
        };
        self.instruction(instruction, wide, op as u8, to.into());
        self.code.extend(count);
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

    /// As [`Assembler::op_relative`], of an instruction of one operand, whose opcode is extended by `digit`.
    pub(crate) fn relative(&mut self, op: Instruction, digit: u8) -> u32 {
        self.op_relative(op, false, Register(digit))
    }

    /// An instruction whose operand is at an address relative to the next instruction; gives the offset of the four
    /// bytes of the distance, which are its last.
    pub(crate) fn op_relative(&mut self, op: Instruction, wide: bool, reg: Register) -> u32 {
        // Its ModRM is that of [rbp] without displacement.
        let mut head = Self::head(op, wide, reg.code(), Operand::Register(RBP));
        head.push((reg.code() & 7) << 3 | RBP.code());
        self.append(head);
        self.immediate(0, 4);
        self.offset() - 4
    }
}
