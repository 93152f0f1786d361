//! Values that translation holds, and where each one is.
//!
//! A [`Value`] names an entry here. An entry may be held several times (`duplicate`), and is given back when its last holder
//! uses it. What needs no code yet has none: constants, reads of locals, fields that never change, and one operator
//! deep, arithmetic, comparisons and addresses ([`Lazy`]).

use silica_operator::{
    FloatBinary, FloatCompare, FloatType, IntBinary, IntCompare, IntType, MachineType,
};

use crate::{frame::Place, x86_64::Register};

/// A value that was computed, or will be when it is used.
#[derive(Debug)]
pub struct Value(pub(crate) Id);

/// Names an entry.
pub(crate) type Id = u32;

/// No entry.
pub(crate) const NONE: u32 = u32::MAX;

/// The entry that is the context, of each function.
pub(crate) const CONTEXT: Id = 0;
/// The entry that is the address of the first memory's bytes, of each function that has one.
pub(crate) const MEMORY_BASE: Id = 1;

/// How many entries may be unsettled; more, and one of them is put into the frame. So looking at all of them
/// costs no more than a constant.
pub(crate) const UNSETTLED_MAX: usize = 48;

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// The entry is not in use; the next such.
    Free(Id),
    /// A constant; the bits of an integer or float.
    Constant(u64),
    /// A constant vector, by its index among those of the function.
    Vector(u32),
    Register(Register),
    /// In the frame, in a place of its own.
    Frame(Place),
    /// What the local holds, until that is written.
    Local(u32),
    /// The context.
    Context,
    /// A field that never changes, of the context or, `via` a pointer there, beyond it.
    Field {
        via: Option<u32>,
        offset: u32,
    },
    /// Not computed yet.
    Lazy(Lazy),
}

impl State {
    /// Whether it may change before the value is used.
    #[inline]
    pub(crate) const fn is_unsettled(self) -> bool {
        match self {
            State::Register(_) | State::Local(_) | State::Lazy(_) => true,
            State::Free(_)
            | State::Constant(_)
            | State::Vector(_)
            | State::Frame(_)
            | State::Context
            | State::Field { .. } => false,
        }
    }
}

/// What is computed when it is used. The operands are not lazy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lazy {
    Int(IntBinary, IntType, Id, Id),
    Compare(IntCompare, IntType, Id, Id),
    /// Whether `a & b` is zero.
    AndIsZero(IntType, Id, Id),
    Float(FloatBinary, FloatType, Id, Id),
    /// A comparison of floats, or its negation.
    FloatCompare {
        op: FloatCompare,
        ty: FloatType,
        a: Id,
        b: Id,
        negated: bool,
    },
    /// A pointer and so many bytes: the second operand, shifted left by the third.
    Address(Id, Id, u8),
}

impl Lazy {
    /// Whether it is made by instructions that leave the upper half of a register zero.
    pub(crate) fn is_narrow(self) -> bool {
        match self {
            Lazy::Int(_, ty, ..) => ty == IntType::I32,
            Lazy::Compare(..) | Lazy::AndIsZero(..) | Lazy::FloatCompare { .. } => true,
            Lazy::Float(..) | Lazy::Address(..) => false,
        }
    }

    pub(crate) fn operands(self) -> [Id; 2] {
        match self {
            Lazy::Int(_, _, a, b)
            | Lazy::Compare(_, _, a, b)
            | Lazy::AndIsZero(_, a, b)
            | Lazy::Float(_, _, a, b)
            | Lazy::FloatCompare { a, b, .. }
            | Lazy::Address(a, b, _) => [a, b],
        }
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) state: State,
    pub(crate) ty: MachineType,
    /// How many hold it.
    pub(crate) holders: u32,
    /// Whether the bits above a 32-bit integer are known to be zero, in its register or its place in the frame.
    pub(crate) clean: bool,
    /// Whether it is used up at the edge or call at hand, and need not be saved there.
    pub(crate) exempt: bool,
    /// Where it is among the unsettled.
    position: u8,
}

const NOT_LISTED: u8 = u8::MAX;

/// All values of the function at hand.
#[derive(Debug)]
pub(crate) struct Values {
    entries: Vec<Entry>,
    free: Id,
    /// Values whose state may change before they are used: all that are not constant and not in the frame.
    unsettled: Vec<Id>,
}

impl Default for Values {
    fn default() -> Values {
        Values {
            entries: Vec::new(),
            free: NONE,
            unsettled: Vec::with_capacity(UNSETTLED_MAX),
        }
    }
}

impl Values {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.free = NONE;
        self.unsettled.clear();
    }

    #[inline]
    pub(crate) fn entry(&self, id: Id) -> &Entry {
        &self.entries[id as usize]
    }

    #[inline]
    pub(crate) fn entry_mut(&mut self, id: Id) -> &mut Entry {
        &mut self.entries[id as usize]
    }

    #[inline]
    pub(crate) fn state(&self, id: Id) -> State {
        self.entries[id as usize].state
    }

    #[inline]
    pub(crate) fn insert(&mut self, ty: MachineType, state: State, clean: bool) -> Id {
        let entry = Entry {
            state,
            ty,
            holders: 1,
            clean,
            exempt: false,
            position: NOT_LISTED,
        };
        let id = self.place(entry);
        if state.is_unsettled() {
            self.list(id);
        }
        id
    }

    #[inline]
    fn place(&mut self, entry: Entry) -> Id {
        if let Some(place) = self.entries.get_mut(self.free as usize) {
            let id = self.free;
            if let State::Free(next) = place.state {
                self.free = next;
            }
            *place = entry;
            return id;
        }
        self.entries.push(entry);
        self.entries.len() as Id - 1
    }

    fn list(&mut self, id: Id) {
        self.entries[id as usize].position = self.unsettled.len() as u8;
        self.unsettled.push(id);
    }

    fn unlist(&mut self, id: Id) {
        let entry = &mut self.entries[id as usize];
        let position = std::mem::replace(&mut entry.position, NOT_LISTED);
        self.unsettled.swap_remove(position as usize);
        if let Some(&moved) = self.unsettled.get(position as usize) {
            self.entries[moved as usize].position = position;
        }
    }

    #[inline]
    pub(crate) fn set_state(&mut self, id: Id, state: State) {
        let entry = &mut self.entries[id as usize];
        entry.state = state;
        match (state.is_unsettled(), entry.position == NOT_LISTED) {
            (true, true) => self.list(id),
            (false, false) => self.unlist(id),
            (true, false) | (false, true) => {}
        }
    }

    /// Gives the entry back; what its state holds must have been given back before.
    #[inline]
    pub(crate) fn remove(&mut self, id: Id) {
        self.set_state(id, State::Free(self.free));
        self.free = id;
    }

    #[inline]
    pub(crate) fn unsettled(&self) -> &[Id] {
        &self.unsettled
    }
}
