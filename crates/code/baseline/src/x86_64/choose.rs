//! What stays in a register while a function runs: what is used most.

use silica_operator::MachineType;

use super::{
    BaselineBackend, Home, Kept,
    register::{FUEL, PRESERVED, Register, TEMPORARIES, VOLATILE, VOLATILE_FLOATS, bit},
};

/// Uses that a register which a callee preserves must save, to be worth its saving.
const PRESERVED_WEIGHT_MIN: u32 = 3;

/// What may stay in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Candidate {
    Local(u32),
    Context,
    MemoryBase,
}

/// The heaviest candidates, the heaviest first.
#[derive(Debug)]
struct Heaviest<const COUNT: usize> {
    rows: [(u32, Candidate); COUNT],
    length: usize,
}

impl<const COUNT: usize> Heaviest<COUNT> {
    fn new() -> Self {
        Heaviest {
            rows: [(0, Candidate::Context); COUNT],
            length: 0,
        }
    }

    fn offer(&mut self, weight: u32, candidate: Candidate) {
        let rank = self.rows[..self.length].partition_point(|row| row.0 >= weight);
        if rank == COUNT || weight < PRESERVED_WEIGHT_MIN {
            return;
        }
        self.length = (self.length + 1).min(COUNT);
        self.rows[rank..self.length].rotate_right(1);
        self.rows[rank] = (weight, candidate);
    }
}

impl BaselineBackend {
    /// Decides what stays in registers.
    pub(super) fn choose_registers(&mut self) {
        let mut integers = Heaviest::<7>::new();
        let mut floats = Heaviest::<7>::new();
        integers.offer(self.context_weight, Candidate::Context);
        if self.base_field.is_some() {
            integers.offer(self.memory_weight, Candidate::MemoryBase);
        }
        for (index, (local, weight)) in self.locals.iter().zip(&self.weights).enumerate() {
            let candidate = Candidate::Local(index as u32);
            match local.ty {
                MachineType::I32 | MachineType::I64 | MachineType::Reference => {
                    integers.offer(*weight, candidate);
                }
                // Objects move at calls, and so stay in the frame.
                MachineType::Object => {}
                MachineType::F32 | MachineType::F64 | MachineType::V128 => {
                    floats.offer(*weight, candidate);
                }
            }
        }
        self.available = TEMPORARIES;
        self.context = Home::Frame(0);
        let preserved = match self.target.fuel {
            true => &PRESERVED[..4],
            false => &PRESERVED[..],
        };
        debug_assert_eq!(PRESERVED[4], FUEL);
        let (mut preserved, mut volatile) = (preserved.iter(), VOLATILE.iter());
        for &(weight, candidate) in &integers.rows[..integers.length] {
            let register = match preserved.next() {
                Some(register) => *register,
                None if candidate != Candidate::Context && self.is_worth_saving(weight) => {
                    match volatile.next() {
                        Some(register) => *register,
                        None => break,
                    }
                }
                None => continue,
            };
            if PRESERVED.contains(&register) {
                self.saved.push((register, 0));
            }
            self.keep(register, candidate);
        }
        for (&(weight, candidate), register) in
            floats.rows[..floats.length].iter().zip(&VOLATILE_FLOATS)
        {
            if self.is_worth_saving(weight) {
                self.keep(*register, candidate);
            }
        }
        if self.has_handlers {
            // What callees have not restored when an exception passed them, this function restores.
            for &register in preserved {
                self.saved.push((register, 0));
            }
        }
    }

    /// Whether so many uses are worth a save and a restore at each call.
    fn is_worth_saving(&self, weight: u32) -> bool {
        weight / 3 > self.calls_weight
    }

    fn keep(&mut self, register: Register, candidate: Candidate) {
        self.available &= !bit(register);
        let ty = match candidate {
            Candidate::Local(local) => self.locals[local as usize].ty,
            Candidate::Context | Candidate::MemoryBase => MachineType::I64,
        };
        self.kept.push(Kept {
            register,
            ty,
            preserved: PRESERVED.contains(&register),
            place: None,
        });
        match candidate {
            Candidate::Local(local) => {
                self.locals[local as usize].home = Home::Register(register);
            }
            Candidate::Context => self.context = Home::Register(register),
            Candidate::MemoryBase => self.base = Some(register),
        }
    }
}
