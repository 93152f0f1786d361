//! The registers of x86-64, under the names of its manual, and what each is for here.

/// A general register (0 to 15) or a vector register (16 to 31).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register(pub(crate) u8);

pub(crate) const RAX: Register = Register(0);
pub(crate) const RCX: Register = Register(1);
pub(crate) const RDX: Register = Register(2);
pub(crate) const RBX: Register = Register(3);
pub(crate) const RSP: Register = Register(4);
pub(crate) const RBP: Register = Register(5);
pub(crate) const RSI: Register = Register(6);
pub(crate) const RDI: Register = Register(7);
pub(crate) const R8: Register = Register(8);
pub(crate) const R9: Register = Register(9);
pub(crate) const R10: Register = Register(10);
pub(crate) const R11: Register = Register(11);
pub(crate) const R12: Register = Register(12);
pub(crate) const R13: Register = Register(13);
pub(crate) const R14: Register = Register(14);
pub(crate) const R15: Register = Register(15);
pub(crate) const XMM0: Register = Register(16);

/// Holds what one instruction hands to the next; never a value. Of the general registers.
pub(crate) const SCRATCH: Register = R11;
/// The same of the vector registers.
pub(crate) const FLOAT_SCRATCH: Register = Register(31);
/// Holds the fuel where it is counted.
pub(crate) const FUEL: Register = R15;

/// Arguments of the integer class, in the order of the convention.
pub(crate) const ARGUMENTS: [Register; 6] = [RDI, RSI, RDX, RCX, R8, R9];
/// Results of the integer class, in the order of the convention.
pub(crate) const RESULTS: [Register; 6] = [RAX, RCX, RDX, RSI, RDI, R8];
/// Registers that a callee preserves, in the order in which they are given out. The last is [`FUEL`].
pub(crate) const PRESERVED: [Register; 5] = [RBX, R12, R13, R14, R15];
/// Registers that may hold locals where few calls are made.
pub(crate) const VOLATILE: [Register; 2] = [R9, R8];
/// Vector registers that may hold locals where few calls are made.
pub(crate) const VOLATILE_FLOATS: [Register; 7] = [
    Register(30),
    Register(29),
    Register(28),
    Register(27),
    Register(26),
    Register(25),
    Register(24),
];
/// Every register that may hold a value for a while, as a set.
pub(crate) const TEMPORARIES: u32 = 0x7fff_0000
    | bit(RAX)
    | bit(RCX)
    | bit(RDX)
    | bit(RSI)
    | bit(RDI)
    | bit(R8)
    | bit(R9)
    | bit(R10);
/// All vector registers, as a set.
pub(crate) const FLOATS: u32 = 0xffff_0000;

/// The set of this register alone.
pub(crate) const fn bit(register: Register) -> u32 {
    1 << register.0
}

impl Register {
    /// The four bits by which instructions name it.
    pub(crate) const fn code(self) -> u8 {
        self.0 & 15
    }

    pub(crate) const fn is_float(self) -> bool {
        self.0 >= 16
    }

    /// The vector register with this number.
    pub(crate) const fn float(number: u8) -> Register {
        Register(16 + number)
    }
}
