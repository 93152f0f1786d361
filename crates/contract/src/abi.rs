//! How a call passes its values.
//!
//! Compiled functions use Cranelift's `tail` convention: arguments of the integer class (integers, references)
//! and of the float class (floats, vectors) go in registers as long as there are some, then to the stack in
//! 8-byte slots (vectors: 16 bytes, aligned), which the callee pops. A callee preserves the registers that the platform's C
//! convention has it preserve: code counts on that across each call, also of the host. Before the WebAssembly parameters come:
//!
//! 1. the callee's context,
//! 2. the caller's context,
//! 3. where the results do not fit in registers, a pointer to the result area.
//!
//! Results go in registers (six integers, eight floats) if all of them fit, else all go to the result
//! area, 16 bytes for each.
//!
//! [`CallLayout`] computes this, so that the one assembly routine which enters code, and the one that
//! leaves it for the host, work for every signature with no compiled trampoline. A test in
//! `optimize` holds it against Cranelift.

use silica_module::FunctionType;
use silica_operator::MachineType;

use crate::settings::Architecture;

/// Integer arguments before the WebAssembly parameters: callee's and caller's context.
pub const CONTEXT_ARGUMENTS: u32 = 2;
/// Results in registers, of the integer class, at most: what the convention has on each architecture
/// (eight on x86-64; on aarch64 it begins at x2).
pub const RESULT_REGISTERS: u32 = 6;
/// Results in registers, of the float class, at most.
pub const FLOAT_RESULT_REGISTERS: u32 = 8;
/// Bytes of a slot of the result area.
pub const RESULT_SLOT_BYTES: u32 = 16;

/// Bytes of each value that a function passes to code of its own that goes on at one of its loops: its locals, then the operands below the
/// loop, then the parameters of the loop.
pub const PASSED_SLOT_BYTES: u32 = 16;

/// Where a value is at the moment of a call or a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// The integer register with this position in the convention's order.
    Integer(u8),
    /// The float register with this position.
    Float(u8),
    /// So many bytes above the stack pointer of the caller just before the call instruction.
    Stack(u32),
    /// So many bytes into the result area.
    Area(u32),
}

/// Where each value of a call of some signature goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLayout {
    /// One for each WebAssembly parameter.
    pub params: Vec<Location>,
    /// One for each result.
    pub results: Vec<Location>,
    /// Bytes of arguments on the stack, a multiple of 16.
    pub stack_bytes: u32,
    /// Bytes of the result area; 0 where results are in registers and no pointer is passed.
    pub area_bytes: u32,
}

/// Registers for arguments: (integer, float). On aarch64 integers begin at x2.
#[must_use]
pub const fn argument_registers(architecture: Architecture) -> (u32, u32) {
    match architecture {
        Architecture::X86_64 => (6, 8),
        Architecture::Aarch64 => (6, 8),
    }
}

/// Whether results of these types all go in registers.
#[must_use]
pub fn results_fit_registers(results: impl Iterator<Item = MachineType>) -> bool {
    let (mut integers, mut floats) = (0, 0);
    for ty in results {
        if ty.is_integer_class() {
            integers += 1;
        } else {
            floats += 1;
        }
    }
    integers <= RESULT_REGISTERS && floats <= FLOAT_RESULT_REGISTERS
}

/// Hands out the places of arguments or results one after the other: registers, then the stack.
#[derive(Clone, Debug)]
pub struct Assigner {
    integers: u32,
    floats: u32,
    integers_max: u32,
    floats_max: u32,
    stack: u32,
}

impl Assigner {
    /// For the parameters of a function. `results_fit`: its results do not need an area, whose address would be passed.
    #[must_use]
    pub fn arguments(architecture: Architecture, results_fit: bool) -> Assigner {
        let (integers_max, floats_max) = argument_registers(architecture);
        Assigner {
            integers: CONTEXT_ARGUMENTS + u32::from(!results_fit),
            floats: 0,
            integers_max,
            floats_max,
            stack: 0,
        }
    }

    /// For results that fit in registers.
    #[must_use]
    pub fn results() -> Assigner {
        Assigner {
            integers: 0,
            floats: 0,
            integers_max: RESULT_REGISTERS,
            floats_max: FLOAT_RESULT_REGISTERS,
            stack: 0,
        }
    }

    /// The place of the next one.
    pub fn assign(&mut self, ty: MachineType) -> Location {
        let (used, max, make): (&mut u32, u32, fn(u8) -> Location) = if ty.is_integer_class() {
            (&mut self.integers, self.integers_max, Location::Integer)
        } else {
            (&mut self.floats, self.floats_max, Location::Float)
        };
        if *used < max {
            *used += 1;
            return make((*used - 1) as u8);
        }
        let size = ty.bytes().max(8);
        let offset = self.stack.next_multiple_of(size);
        self.stack = offset + size;
        Location::Stack(offset)
    }

    /// Bytes of the stack that those so far take, a multiple of 16.
    #[must_use]
    pub fn stack_bytes(&self) -> u32 {
        self.stack.next_multiple_of(16)
    }
}

impl CallLayout {
    /// The layout of a call of a function of type `ty`.
    #[must_use]
    pub fn new(architecture: Architecture, ty: &FunctionType) -> CallLayout {
        let in_registers = results_fit_registers(ty.results.iter().map(|r| r.machine()));
        let mut arguments = Assigner::arguments(architecture, in_registers);
        let params = ty
            .params
            .iter()
            .map(|p| arguments.assign(p.machine()))
            .collect();
        let (results, area_bytes) = if in_registers {
            let mut registers = Assigner::results();
            (
                ty.results
                    .iter()
                    .map(|r| registers.assign(r.machine()))
                    .collect(),
                0,
            )
        } else {
            let slots = (0..ty.results.len() as u32).map(|i| Location::Area(i * RESULT_SLOT_BYTES));
            (slots.collect(), ty.results.len() as u32 * RESULT_SLOT_BYTES)
        };
        CallLayout {
            params,
            results,
            stack_bytes: arguments.stack_bytes(),
            area_bytes,
        }
    }
}
