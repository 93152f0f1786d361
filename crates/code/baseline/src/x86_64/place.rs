//! How values come into registers and leave them.
//!
//! While an instruction is made, the registers that it uses are locked. A locked register is not given out again and what is in it
//! is not moved away; each operator unlocks at its end.

use silica_operator::MachineType;

use super::{
    BaselineBackend, Home,
    assembler::{Memory, Operand},
    register::{FLOAT_SCRATCH, FLOATS, Register, SCRATCH, bit},
    table::{MOV, MOVAPS, MOVU, MOVU_TO, PS, SD, SS},
};
use crate::{
    Value,
    frame::Place,
    value::{Id, Lazy, NONE, State, UNSETTLED_MAX},
};

/// An operand that an instruction may take as it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Operand(Operand),
    Immediate(i32),
}

/// Whether values of this type are 64 bits wide integers.
pub(super) const fn is_wide(ty: MachineType) -> bool {
    match ty {
        MachineType::I64 | MachineType::Reference => true,
        MachineType::I32
        | MachineType::Object
        | MachineType::F32
        | MachineType::F64
        | MachineType::V128 => false,
    }
}

/// Whether values of this type are 32 bits wide integers.
pub(super) const fn is_narrow(ty: MachineType) -> bool {
    match ty {
        MachineType::I32 | MachineType::Object => true,
        MachineType::I64
        | MachineType::Reference
        | MachineType::F32
        | MachineType::F64
        | MachineType::V128 => false,
    }
}

/// The prefix of moves of this type.
const fn float_prefix(ty: MachineType) -> u8 {
    match ty {
        MachineType::F32 => SS,
        MachineType::F64 => SD,
        MachineType::I32
        | MachineType::I64
        | MachineType::Reference
        | MachineType::Object
        | MachineType::V128 => PS,
    }
}

impl BaselineBackend {
    // ---- entries ----

    #[inline]
    pub(super) fn ty(&self, id: Id) -> MachineType {
        self.values.entry(id).ty
    }

    pub(super) fn is_float(&self, id: Id) -> bool {
        !self.ty(id).is_integer_class()
    }

    #[inline]
    pub(super) fn is_last_use(&self, id: Id) -> bool {
        self.values.entry(id).holders == 1
    }

    /// A new value in this state.
    #[inline]
    pub(super) fn value(&mut self, ty: MachineType, state: State) -> Value {
        if state.is_unsettled() && self.values.unsettled().len() == UNSETTLED_MAX {
            self.settle_oldest();
        }
        Value(self.values.insert(ty, state, true))
    }

    #[cold]
    fn settle_oldest(&mut self) {
        let oldest = self.values.unsettled()[0];
        self.settle(oldest);
    }

    /// A new value in a register, whose upper bits are zero if it is narrow.
    pub(super) fn in_register(&mut self, register: Register, ty: MachineType) -> Value {
        self.locked |= bit(register);
        let value = self.value(ty, State::Register(register));
        self.own(register, value.0);
        self.locked = 0;
        value
    }

    /// Sees to it that as many values as a call may give can be made without another going to the frame.
    pub(super) fn make_room(&mut self) {
        const RESULTS_MAX: usize = 14;
        while self.values.unsettled().len() > UNSETTLED_MAX - RESULTS_MAX {
            self.settle_oldest();
        }
    }

    /// The value is from now on in this register, which is nobody's.
    pub(super) fn give_register(&mut self, id: Id, register: Register) {
        self.values.set_state(id, State::Register(register));
        self.own(register, id);
    }

    /// The value is no longer in its register, but in this state.
    pub(super) fn leave_register(&mut self, id: Id, state: State) {
        if let State::Register(register) = self.values.state(id) {
            self.disown(register);
        }
        self.values.set_state(id, state);
        self.values.entry_mut(id).clean = true;
    }

    #[inline]
    fn own(&mut self, register: Register, id: Id) {
        debug_assert_eq!(self.owned & bit(register), 0, "{register:?} has an owner");
        self.owners[register.0 as usize] = id;
        self.owned |= bit(register);
    }

    #[inline]
    fn disown(&mut self, register: Register) {
        self.owners[register.0 as usize] = NONE;
        self.owned &= !bit(register);
    }

    /// One holder of the value is done with it.
    #[inline]
    pub(super) fn release(&mut self, id: Id) {
        let entry = self.values.entry_mut(id);
        entry.holders -= 1;
        if entry.holders == 0 {
            self.release_last(id);
        }
    }

    #[inline(never)]
    fn release_last(&mut self, id: Id) {
        let entry = self.values.entry(id);
        let (state, ty) = (entry.state, entry.ty);
        self.values.remove(id);
        match state {
            State::Register(register) => self.disown(register),
            State::Frame(place) => {
                self.forget_object(place, ty);
                self.frame.give_back(place, ty.bytes());
            }
            State::Lazy(lazy) => {
                for operand in lazy.operands() {
                    self.release(operand);
                }
            }
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Local(_)
            | State::Context
            | State::Field { .. } => {}
        }
    }

    /// Remembers a value's place in the frame for the collector, if the value is an object.
    pub(super) fn note_object(&mut self, place: Place, ty: MachineType) {
        if ty == MachineType::Object {
            self.object_places.push(place);
        }
    }

    fn forget_object(&mut self, place: Place, ty: MachineType) {
        if ty == MachineType::Object
            && let Some(index) = self.object_places.iter().rposition(|p| *p == place)
        {
            self.object_places.swap_remove(index);
        }
    }

    // ---- registers ----

    /// A free register, locked. If there is none, a value is put into the frame.
    #[inline]
    pub(super) fn allocate(&mut self, float: bool) -> Register {
        let class = if float { FLOATS } else { !FLOATS };
        let usable = self.available & class & !self.locked;
        let free = usable & !self.owned;
        let register = if free == 0 {
            self.take_away(usable)
        } else {
            Register(free.trailing_zeros() as u8)
        };
        self.locked |= bit(register);
        register
    }

    /// Puts the value of one of these registers into the frame.
    #[cold]
    fn take_away(&mut self, usable: u32) -> Register {
        debug_assert_ne!(usable, 0, "an instruction locks only a few registers");
        let later = usable & (u32::MAX << (self.turn & 31));
        let candidates = if later == 0 { usable } else { later };
        let register = Register(candidates.trailing_zeros() as u8);
        self.turn = u32::from(register.0) + 1;
        self.spill(self.owners[register.0 as usize]);
        register
    }

    pub(super) fn allocate_for(&mut self, ty: MachineType) -> Register {
        self.allocate(!ty.is_integer_class())
    }

    pub(super) fn lock(&mut self, register: Register) {
        self.locked |= bit(register);
    }

    pub(super) fn unlock(&mut self) {
        self.locked = 0;
    }

    /// Frees this register and locks it.
    pub(super) fn claim(&mut self, register: Register) {
        self.lock(register);
        if self.owned & bit(register) == 0 {
            return;
        }
        let id = self.owners[register.0 as usize];
        let class = if register.is_float() { FLOATS } else { !FLOATS };
        let free = self.available & class & !self.locked & !self.owned;
        if free == 0 {
            self.spill(id);
            return;
        }
        let to = Register(free.trailing_zeros() as u8);
        // All 64 bits: what is known of the upper ones stays true.
        let ty = match self.ty(id) {
            MachineType::I32 | MachineType::Object => MachineType::I64,
            ty => ty,
        };
        self.move_register(to, register, ty);
        self.disown(register);
        self.values.set_state(id, State::Register(to));
        self.own(to, id);
    }

    // ---- the frame ----

    /// Moves a value from its register to the frame.
    pub(super) fn spill(&mut self, id: Id) {
        let State::Register(register) = self.values.state(id) else {
            return;
        };
        let ty = self.ty(id);
        let place = self.frame.take(ty.bytes());
        self.store_register(Memory::frame(place), register, ty, true);
        self.disown(register);
        self.values.set_state(id, State::Frame(place));
        self.note_object(place, ty);
    }

    /// Makes the value's state one that does not change before it is used.
    pub(super) fn settle(&mut self, id: Id) {
        let locked = self.locked;
        match self.values.state(id) {
            State::Lazy(_) => {
                self.force(id);
                self.spill(id);
            }
            State::Register(_) => self.spill(id),
            State::Local(_) => {
                let ty = self.ty(id);
                let place = self.frame.take(ty.bytes());
                let scratch = if ty.is_integer_class() {
                    SCRATCH
                } else {
                    FLOAT_SCRATCH
                };
                self.load_into(scratch, id);
                self.store_register(Memory::frame(place), scratch, ty, true);
                self.values.set_state(id, State::Frame(place));
                self.values.entry_mut(id).clean = true;
                self.note_object(place, ty);
            }
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Frame(_)
            | State::Context
            | State::Field { .. } => {}
        }
        self.locked = locked;
    }

    /// Writes a register to memory. A place in the frame of a value takes all 64 bits of an integer register, so that what is
    /// known of the upper ones stays true.
    pub(super) fn store_register(
        &mut self,
        to: Memory,
        from: Register,
        ty: MachineType,
        whole: bool,
    ) {
        if ty.is_integer_class() {
            self.asm.store(whole || is_wide(ty), to, from);
        } else {
            let op = MOVU_TO.prefixed(float_prefix(ty));
            self.asm.op(op, false, from, to);
        }
    }

    pub(super) fn load_register(&mut self, to: Register, from: Memory, ty: MachineType) {
        if ty.is_integer_class() {
            self.asm.mov(is_wide(ty), to, from);
        } else {
            let op = MOVU.prefixed(float_prefix(ty));
            self.asm.op(op, false, to, from);
        }
    }

    /// A 32-bit move clears the upper bits, also where both are the same register.
    pub(super) fn move_register(&mut self, to: Register, from: Register, ty: MachineType) {
        if !ty.is_integer_class() {
            if to != from {
                self.asm.op(MOVAPS, false, to, from);
            }
        } else if to != from || !is_wide(ty) {
            self.asm.op(MOV, is_wide(ty), to, from);
        }
    }

    // ---- values into registers ----

    /// Computes what is lazy into a register of its own.
    #[inline]
    pub(super) fn force(&mut self, id: Id) {
        if let State::Lazy(lazy) = self.values.state(id) {
            self.force_lazy(id, lazy);
        }
    }

    #[inline(never)]
    fn force_lazy(&mut self, id: Id, lazy: Lazy) {
        let locked = self.locked;
        let register = self.emit_lazy(lazy, None);
        self.locked = locked;
        self.values.set_state(id, State::Register(register));
        self.own(register, id);
        let entry = self.values.entry_mut(id);
        entry.clean = lazy.is_narrow() || !is_narrow(entry.ty);
    }

    /// The value with what is lazy computed.
    #[inline]
    pub(super) fn simple(&mut self, value: Value) -> Id {
        self.force(value.0);
        value.0
    }

    /// Emits what was lazy, into `destination` if there is one; uses its operands up. The register is locked.
    pub(super) fn emit_lazy(&mut self, lazy: Lazy, destination: Option<Register>) -> Register {
        if let Some(register) = destination {
            self.lock(register);
        }
        match lazy {
            Lazy::Int(op, ty, a, b) => self.emit_int(op, ty, a, b, destination),
            Lazy::Float(op, ty, a, b) => self.emit_float(op, ty, a, b, destination),
            Lazy::Compare(..) | Lazy::AndIsZero(..) | Lazy::FloatCompare { .. } => {
                let test = self.emit_test(lazy);
                self.emit_flag(test, destination)
            }
            Lazy::Address(base, index, scale) => {
                let memory = self.sum_memory(base, index, scale, 0);
                self.release(base);
                self.release(index);
                let register = destination.unwrap_or_else(|| self.allocate(false));
                self.asm.lea(true, register, memory);
                register
            }
        }
    }

    /// A register that has the value, which is not changed there; locked.
    pub(super) fn use_register(&mut self, id: Id) -> Register {
        self.force(id);
        let register = match self.register_of(id) {
            Some(register) => register,
            None => {
                let register = self.allocate(self.is_float(id));
                self.load_into(register, id);
                register
            }
        };
        self.lock(register);
        register
    }

    /// The register that has the value, if one does.
    #[inline]
    pub(super) fn register_of(&self, id: Id) -> Option<Register> {
        match self.values.state(id) {
            State::Register(register) => Some(register),
            State::Local(local) => match self.locals[local as usize].home {
                Home::Register(register) => Some(register),
                Home::Frame(_) => None,
            },
            State::Context => match self.context {
                Home::Register(register) => Some(register),
                Home::Frame(_) => None,
            },
            State::Field { via, offset } => {
                self.base.filter(|_| self.base_field == Some((via, offset)))
            }
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Frame(_)
            | State::Lazy(_) => None,
        }
    }

    /// Whether the value is in a register that nothing else will want.
    pub(super) fn is_takable(&self, id: Id) -> bool {
        self.is_last_use(id) && matches!(self.values.state(id), State::Register(_))
    }

    /// A register that has the value and may be changed; locked. Uses the value up.
    pub(super) fn take_register(&mut self, id: Id) -> Register {
        self.force(id);
        if let State::Register(register) = self.values.state(id)
            && self.is_last_use(id)
        {
            self.release(id);
            self.lock(register);
            return register;
        }
        let register = self.allocate(self.is_float(id));
        self.load_into(register, id);
        self.release(id);
        register
    }

    /// Brings the value into this register. Uses it up.
    pub(super) fn take_into(&mut self, to: Register, id: Id) {
        if let State::Lazy(lazy) = self.values.state(id)
            && self.is_last_use(id)
        {
            // The operands are used up in its place.
            self.values.set_state(id, State::Constant(0));
            let ty = self.ty(id);
            self.release(id);
            self.emit_lazy(lazy, Some(to));
            if is_narrow(ty) && !lazy.is_narrow() {
                self.move_register(to, to, ty);
            }
            return;
        }
        self.force(id);
        self.load_into(to, id);
        self.release(id);
    }
}
