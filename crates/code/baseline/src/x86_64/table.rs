//! Instructions as rows: mandatory prefix, opcode map, opcode. Names are those of the processor's manual.

/// How an instruction of a register and an operand is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Mandatory prefix, or 0.
    pub(crate) prefix: u8,
    /// 0: one byte; 1: `0f`; 2: `0f 38`; 3: `0f 3a`.
    pub(crate) map: u8,
    pub(crate) opcode: u8,
    /// Whether a register is used as a byte.
    pub(crate) byte: bool,
}

impl Instruction {
    /// The form for a condition, of an instruction that has sixteen.
    pub(crate) const fn with(mut self, condition: Condition) -> Instruction {
        self.opcode |= condition as u8;
        self
    }

    /// The same opcode with another mandatory prefix.
    pub(crate) const fn prefixed(mut self, prefix: u8) -> Instruction {
        self.prefix = prefix;
        self
    }
}

const fn plain(opcode: u8) -> Instruction {
    row(0, 0, opcode)
}

const fn row(prefix: u8, map: u8, opcode: u8) -> Instruction {
    Instruction {
        prefix,
        map,
        opcode,
        byte: false,
    }
}

const fn byte(map: u8, opcode: u8) -> Instruction {
    Instruction {
        prefix: 0,
        map,
        opcode,
        byte: true,
    }
}

/// Condition codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Condition {
    Overflow = 0,
    NotOverflow = 1,
    Below = 2,
    AboveEqual = 3,
    Equal = 4,
    NotEqual = 5,
    BelowEqual = 6,
    Above = 7,
    Sign = 8,
    NotSign = 9,
    Parity = 10,
    NotParity = 11,
    Less = 12,
    GreaterEqual = 13,
    LessEqual = 14,
    Greater = 15,
}

impl Condition {
    const ALL: [Condition; 16] = [
        Condition::Overflow,
        Condition::NotOverflow,
        Condition::Below,
        Condition::AboveEqual,
        Condition::Equal,
        Condition::NotEqual,
        Condition::BelowEqual,
        Condition::Above,
        Condition::Sign,
        Condition::NotSign,
        Condition::Parity,
        Condition::NotParity,
        Condition::Less,
        Condition::GreaterEqual,
        Condition::LessEqual,
        Condition::Greater,
    ];

    /// The condition that holds where this one does not.
    pub(crate) const fn inverse(self) -> Condition {
        Condition::ALL[(self as u8 ^ 1) as usize]
    }
}

/// Arithmetic with two operands, by the digit of its immediate form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Alu {
    Add = 0,
    Or = 1,
    Adc = 2,
    Sbb = 3,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

impl Alu {
    /// Register and operand.
    pub(crate) const fn instruction(self) -> Instruction {
        plain((self as u8) << 3 | 3)
    }
}

/// Shifts, by digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Shift {
    Rol = 0,
    Ror = 1,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

pub(crate) const MOV: Instruction = plain(0x8b);
pub(crate) const MOV_TO: Instruction = plain(0x89);
pub(crate) const MOV_TO8: Instruction = byte(0, 0x88);
pub(crate) const MOV_TO16: Instruction = row(0x66, 0, 0x89);
pub(crate) const MOVZX8: Instruction = byte(1, 0xb6);
pub(crate) const MOVZX16: Instruction = row(0, 1, 0xb7);
pub(crate) const MOVSX8: Instruction = byte(1, 0xbe);
pub(crate) const MOVSX16: Instruction = row(0, 1, 0xbf);
pub(crate) const MOVSXD: Instruction = plain(0x63);
pub(crate) const LEA: Instruction = plain(0x8d);
pub(crate) const TEST: Instruction = plain(0x85);
pub(crate) const TEST_IMM: Instruction = plain(0xf7);
pub(crate) const IMUL: Instruction = row(0, 1, 0xaf);
pub(crate) const IMUL_IMM32: Instruction = plain(0x69);
/// One operand; the digit says which.
pub(crate) const UNARY: Instruction = plain(0xf7);
pub(crate) const NEG_DIGIT: u8 = 3;
pub(crate) const MUL_DIGIT: u8 = 4;
pub(crate) const IMUL_DIGIT: u8 = 5;
pub(crate) const DIV_DIGIT: u8 = 6;
pub(crate) const IDIV_DIGIT: u8 = 7;
/// `call` (digit 2) and `jmp` (digit 4) through an operand.
pub(crate) const INDIRECT: Instruction = plain(0xff);
pub(crate) const DEC_DIGIT: u8 = 1;
pub(crate) const CALL_DIGIT: u8 = 2;
pub(crate) const JMP_DIGIT: u8 = 4;
pub(crate) const BSF: Instruction = row(0, 1, 0xbc);
pub(crate) const BSR: Instruction = row(0, 1, 0xbd);
pub(crate) const LZCNT: Instruction = row(0xf3, 1, 0xbd);
pub(crate) const TZCNT: Instruction = row(0xf3, 1, 0xbc);
pub(crate) const POPCNT: Instruction = row(0xf3, 1, 0xb8);
pub(crate) const CMOV: Instruction = row(0, 1, 0x40);
pub(crate) const SETCC: Instruction = byte(1, 0x90);
/// VEX, with the count in the middle operand.
pub(crate) const SHLX: Instruction = row(0x66, 2, 0xf7);
pub(crate) const SARX: Instruction = row(0xf3, 2, 0xf7);
pub(crate) const SHRX: Instruction = row(0xf2, 2, 0xf7);

pub(crate) const XCHG: Instruction = plain(0x87);
pub(crate) const XCHG8: Instruction = byte(0, 0x86);
pub(crate) const XCHG16: Instruction = row(0x66, 0, 0x87);
pub(crate) const XADD: Instruction = row(0, 1, 0xc1);
pub(crate) const XADD8: Instruction = byte(1, 0xc0);
pub(crate) const XADD16: Instruction = row(0x66, 1, 0xc1);
pub(crate) const CMPXCHG: Instruction = row(0, 1, 0xb1);
pub(crate) const CMPXCHG8: Instruction = byte(1, 0xb0);
pub(crate) const CMPXCHG16: Instruction = row(0x66, 1, 0xb1);

/// The prefixes by which an instruction on floats is of scalars or vectors, of 32 or 64 bits.
pub(crate) const SS: u8 = 0xf3;
pub(crate) const SD: u8 = 0xf2;
pub(crate) const PS: u8 = 0;
pub(crate) const PD: u8 = 0x66;

const fn float(opcode: u8) -> Instruction {
    row(0, 1, opcode)
}

/// Integer vectors.
const fn packed(opcode: u8) -> Instruction {
    row(0x66, 1, opcode)
}

const fn packed38(opcode: u8) -> Instruction {
    row(0x66, 2, opcode)
}

const fn packed3a(opcode: u8) -> Instruction {
    row(0x66, 3, opcode)
}

// Loads and stores of floats; with `SS` and `SD` of scalars, with `PS` of vectors.
pub(crate) const MOVU: Instruction = float(0x10);
pub(crate) const MOVU_TO: Instruction = float(0x11);
/// 64 bits of memory, twice.
pub(crate) const MOVDDUP: Instruction = row(0xf2, 1, 0x12);
pub(crate) const MOVAPS: Instruction = float(0x28);
pub(crate) const MOVLHPS: Instruction = float(0x16);
/// From a general register or memory; wide: 64 bits.
pub(crate) const MOVD: Instruction = packed(0x6e);
/// To a general register or memory.
pub(crate) const MOVD_TO: Instruction = packed(0x7e);
pub(crate) const ADD: Instruction = float(0x58);
pub(crate) const MUL: Instruction = float(0x59);
pub(crate) const SUB: Instruction = float(0x5c);
pub(crate) const DIV: Instruction = float(0x5e);
pub(crate) const MIN: Instruction = float(0x5d);
pub(crate) const MAX: Instruction = float(0x5f);
pub(crate) const SQRT: Instruction = float(0x51);
pub(crate) const AND: Instruction = float(0x54);
pub(crate) const ANDN: Instruction = float(0x55);
pub(crate) const OR: Instruction = float(0x56);
pub(crate) const XOR: Instruction = float(0x57);
pub(crate) const UCOMIS: Instruction = float(0x2e);
/// Comparison by a predicate in the immediate byte.
pub(crate) const CMP: Instruction = float(0xc2);
pub(crate) const CMP_EQ: u8 = 0;
pub(crate) const CMP_LT: u8 = 1;
pub(crate) const CMP_LE: u8 = 2;
pub(crate) const CMP_UNORDERED: u8 = 3;
pub(crate) const CMP_NE: u8 = 4;
pub(crate) const SHUFPS: Instruction = float(0xc6);
pub(crate) const CVTSI2F: Instruction = float(0x2a);
pub(crate) const CVTTF2SI: Instruction = float(0x2c);
/// Between the widths of floats: the prefix is the source's.
pub(crate) const CVTF2F: Instruction = float(0x5a);
pub(crate) const CVTDQ2PS: Instruction = float(0x5b);
pub(crate) const CVTTPS2DQ: Instruction = row(0xf3, 1, 0x5b);
pub(crate) const CVTDQ2PD: Instruction = row(0xf3, 1, 0xe6);
pub(crate) const CVTTPD2DQ: Instruction = packed(0xe6);
pub(crate) const ROUNDSS: Instruction = packed3a(0x0a);
pub(crate) const ROUNDSD: Instruction = packed3a(0x0b);
pub(crate) const ROUNDPS: Instruction = packed3a(0x08);
pub(crate) const ROUNDPD: Instruction = packed3a(0x09);
/// Rounding modes of those, with no exception for an inexact result.
pub(crate) const NEAREST: u8 = 8;
pub(crate) const FLOOR: u8 = 9;
pub(crate) const CEIL: u8 = 10;
pub(crate) const TRUNC: u8 = 11;

pub(crate) const PAND: Instruction = packed(0xdb);
pub(crate) const PANDN: Instruction = packed(0xdf);
pub(crate) const POR: Instruction = packed(0xeb);
pub(crate) const PXOR: Instruction = packed(0xef);
pub(crate) const PADDB: Instruction = packed(0xfc);
pub(crate) const PADDW: Instruction = packed(0xfd);
pub(crate) const PADDD: Instruction = packed(0xfe);
pub(crate) const PADDQ: Instruction = packed(0xd4);
pub(crate) const PSUBB: Instruction = packed(0xf8);
pub(crate) const PSUBW: Instruction = packed(0xf9);
pub(crate) const PSUBD: Instruction = packed(0xfa);
pub(crate) const PSUBQ: Instruction = packed(0xfb);
pub(crate) const PADDSB: Instruction = packed(0xec);
pub(crate) const PADDSW: Instruction = packed(0xed);
pub(crate) const PADDUSB: Instruction = packed(0xdc);
pub(crate) const PADDUSW: Instruction = packed(0xdd);
pub(crate) const PSUBSB: Instruction = packed(0xe8);
pub(crate) const PSUBSW: Instruction = packed(0xe9);
pub(crate) const PSUBUSB: Instruction = packed(0xd8);
pub(crate) const PSUBUSW: Instruction = packed(0xd9);
pub(crate) const PMULLW: Instruction = packed(0xd5);
pub(crate) const PMULUDQ: Instruction = packed(0xf4);
pub(crate) const PMULDQ: Instruction = packed38(0x28);
pub(crate) const PMULLD: Instruction = packed38(0x40);
pub(crate) const PMULHRSW: Instruction = packed38(0x0b);
pub(crate) const PHADDW: Instruction = packed38(0x01);
pub(crate) const PMADDWD: Instruction = packed(0xf5);
pub(crate) const PMADDUBSW: Instruction = packed38(0x04);
pub(crate) const PMINSB: Instruction = packed38(0x38);
pub(crate) const PMINSW: Instruction = packed(0xea);
pub(crate) const PMINSD: Instruction = packed38(0x39);
pub(crate) const PMINUB: Instruction = packed(0xda);
pub(crate) const PMINUW: Instruction = packed38(0x3a);
pub(crate) const PMINUD: Instruction = packed38(0x3b);
pub(crate) const PMAXSB: Instruction = packed38(0x3c);
pub(crate) const PMAXSW: Instruction = packed(0xee);
pub(crate) const PMAXSD: Instruction = packed38(0x3d);
pub(crate) const PMAXUB: Instruction = packed(0xde);
pub(crate) const PMAXUW: Instruction = packed38(0x3e);
pub(crate) const PMAXUD: Instruction = packed38(0x3f);
pub(crate) const PAVGB: Instruction = packed(0xe0);
pub(crate) const PAVGW: Instruction = packed(0xe3);
pub(crate) const PABSB: Instruction = packed38(0x1c);
pub(crate) const PABSW: Instruction = packed38(0x1d);
pub(crate) const PABSD: Instruction = packed38(0x1e);
pub(crate) const PCMPEQB: Instruction = packed(0x74);
pub(crate) const PCMPEQW: Instruction = packed(0x75);
pub(crate) const PCMPEQD: Instruction = packed(0x76);
pub(crate) const PCMPEQQ: Instruction = packed38(0x29);
pub(crate) const PCMPGTB: Instruction = packed(0x64);
pub(crate) const PCMPGTW: Instruction = packed(0x65);
pub(crate) const PCMPGTD: Instruction = packed(0x66);
pub(crate) const PCMPGTQ: Instruction = packed38(0x37);
pub(crate) const PACKSSWB: Instruction = packed(0x63);
pub(crate) const PACKUSWB: Instruction = packed(0x67);
pub(crate) const PACKSSDW: Instruction = packed(0x6b);
pub(crate) const PACKUSDW: Instruction = packed38(0x2b);
pub(crate) const PUNPCKHBW: Instruction = packed(0x68);
pub(crate) const UNPCKLPS: Instruction = float(0x14);
pub(crate) const PSHUFB: Instruction = packed38(0x00);
pub(crate) const PSHUFD: Instruction = packed(0x70);
pub(crate) const PSHUFLW: Instruction = row(0xf2, 1, 0x70);
pub(crate) const PMOVSXBW: Instruction = packed38(0x20);
pub(crate) const PMOVSXWD: Instruction = packed38(0x23);
pub(crate) const PMOVSXDQ: Instruction = packed38(0x25);
pub(crate) const PMOVZXBW: Instruction = packed38(0x30);
pub(crate) const PMOVZXWD: Instruction = packed38(0x33);
pub(crate) const PMOVZXDQ: Instruction = packed38(0x35);
pub(crate) const PMOVMSKB: Instruction = packed(0xd7);
pub(crate) const MOVMSKPS: Instruction = float(0x50);
pub(crate) const MOVMSKPD: Instruction = packed(0x50);
pub(crate) const PTEST: Instruction = packed38(0x17);
pub(crate) const PINSRB: Instruction = packed3a(0x20);
pub(crate) const PINSRW: Instruction = packed(0xc4);
pub(crate) const PINSRD: Instruction = packed3a(0x22);
pub(crate) const INSERTPS: Instruction = packed3a(0x21);
pub(crate) const PEXTRB: Instruction = packed3a(0x14);
pub(crate) const PEXTRW: Instruction = packed(0xc5);
pub(crate) const PEXTRD: Instruction = packed3a(0x16);
/// Shifts by the low 64 bits of the operand.
pub(crate) const PSLLW: Instruction = packed(0xf1);
pub(crate) const PSLLD: Instruction = packed(0xf2);
pub(crate) const PSLLQ: Instruction = packed(0xf3);
pub(crate) const PSRLW: Instruction = packed(0xd1);
pub(crate) const PSRLD: Instruction = packed(0xd2);
pub(crate) const PSRLQ: Instruction = packed(0xd3);
pub(crate) const PSRAW: Instruction = packed(0xe1);
pub(crate) const PSRAD: Instruction = packed(0xe2);
/// Shifts by the immediate byte; the digit says which.
pub(crate) const PSHIFTW: Instruction = packed(0x71);
pub(crate) const PSHIFTD: Instruction = packed(0x72);
pub(crate) const PSHIFTQ: Instruction = packed(0x73);
pub(crate) const SRL_DIGIT: u8 = 2;
pub(crate) const SRA_DIGIT: u8 = 4;
pub(crate) const SLL_DIGIT: u8 = 6;
/// VEX: `reg = middle * reg + operand`; wide: of 64 bits.
pub(crate) const VFMADD213P: Instruction = packed38(0xa8);
/// VEX: `reg = -(middle * reg) + operand`
pub(crate) const VFNMADD213P: Instruction = packed38(0xac);
