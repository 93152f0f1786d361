//! Values as operands: where an instruction finds them, and how they are brought into a register from there.

use silica_operator::MachineType;

use super::{
    BaselineBackend, Home, Local,
    assembler::{Memory, Operand},
    place::{Source, is_narrow, is_wide},
    register::{Register, SCRATCH},
    table::{MOVD, MOVU, PCMPEQD, XOR},
};
use crate::{
    frame::Place,
    value::{Id, State},
};

impl BaselineBackend {
    /// Copies the value, which is not lazy, into this register.
    pub(super) fn load_into(&mut self, to: Register, id: Id) {
        let ty = self.ty(id);
        if let Some(from) = self.register_of(id) {
            self.move_register(to, from, ty);
            return;
        }
        match self.values.state(id) {
            State::Constant(bits) if ty.is_integer_class() => match bits {
                0 => self.asm.zero(to),
                _ => self.asm.mov_imm(to, bits),
            },
            State::Constant(0) => self.asm.op(XOR, false, to, to),
            State::Constant(bits) => {
                self.asm.mov_imm(SCRATCH, bits);
                self.asm.op(MOVD, ty == MachineType::F64, to, SCRATCH);
            }
            State::Vector(index) => match self.vectors[index as usize] {
                0 => self.asm.op(XOR, false, to, to),
                u128::MAX => self.asm.op(PCMPEQD, false, to, to),
                bits => self.load_pool(to, bits),
            },
            State::Frame(place) => self.load_register(to, Memory::frame(place), ty),
            State::Local(local) => {
                let Local { ty: of_local, home } = self.local(local);
                if let Home::Frame(place) = home {
                    let ty = if is_narrow(of_local) {
                        MachineType::I32
                    } else {
                        ty
                    };
                    self.load_register(to, Memory::frame(place), ty);
                }
            }
            State::Context => {
                if let Home::Frame(place) = self.context {
                    self.asm.mov(true, to, Memory::frame(place));
                }
            }
            State::Field { via, offset } => {
                let memory = self.field_memory(to, via, offset);
                self.asm.mov(is_wide(ty), to, memory);
            }
            State::Free(_) | State::Register(_) | State::Lazy(_) => {
                debug_assert!(false, "forced, and in no register");
            }
        }
    }

    #[inline]
    fn local(&self, local: u32) -> Local {
        self.locals[local as usize]
    }

    /// Where a field that never changes is; `through` may be used to get there.
    fn field_memory(&mut self, through: Register, via: Option<u32>, offset: u32) -> Memory {
        let mut base = match self.context {
            Home::Register(register) => register,
            Home::Frame(place) => {
                self.asm.mov(true, through, Memory::frame(place));
                through
            }
        };
        if let Some(via) = via {
            self.asm.mov(true, through, Memory::new(base, via as i32));
            base = through;
        }
        Memory::new(base, offset as i32)
    }

    /// The value as an operand of an instruction of its width: in a register, in the frame, or a constant.
    pub(super) fn source(&mut self, id: Id, wide: bool) -> Source {
        self.force(id);
        if let Some(register) = self.register_of(id) {
            self.lock(register);
            return Source::Operand(register.into());
        }
        let frame = |place: Place| Source::Operand(Memory::frame(place).into());
        match self.values.state(id) {
            State::Constant(bits) if !self.is_float(id) => {
                let value = if wide {
                    bits as i64
                } else {
                    i64::from(bits as i32)
                };
                if let Ok(value) = i32::try_from(value) {
                    return Source::Immediate(value);
                }
            }
            State::Frame(place) => return frame(place),
            State::Local(local) => {
                let Local { ty, home } = self.local(local);
                if let Home::Frame(place) = home
                    && !(wide && is_narrow(ty))
                {
                    return frame(place);
                }
            }
            State::Field { via: None, offset } => {
                if let Home::Register(context) = self.context {
                    return Source::Operand(Memory::new(context, offset as i32).into());
                }
            }
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Register(_)
            | State::Context
            | State::Field { .. }
            | State::Lazy(_) => {}
        }
        Source::Operand(self.use_register(id).into())
    }

    /// The value as an operand that is no constant.
    pub(super) fn operand(&mut self, id: Id, wide: bool) -> Operand {
        match self.source(id, wide) {
            Source::Operand(operand) => operand,
            Source::Immediate(_) => self.use_register(id).into(),
        }
    }

    /// The value's bits if it is a constant integer.
    #[inline]
    pub(super) fn constant_of(&self, id: Id) -> Option<u64> {
        if let State::Constant(bits) = self.values.state(id) {
            return Some(bits);
        }
        None
    }

    /// A constant vector from memory beside the code.
    pub(super) fn load_pool(&mut self, to: Register, bits: u128) {
        let at = self.asm.op_relative(MOVU, false, to);
        self.pool_use(at, bits);
    }

    /// Remembers that the distance at `at` is to a constant. Few are alike, and those close to each other.
    pub(super) fn pool_use(&mut self, at: u32, bits: u128) {
        let recent = self.pool.len().saturating_sub(16);
        let found = self.pool[recent..].iter().position(|&c| c == bits);
        let index = match found {
            Some(position) => recent + position,
            None => {
                self.pool.push(bits);
                self.pool.len() - 1
            }
        };
        self.pool_uses.push((at, index as u32));
    }
}
