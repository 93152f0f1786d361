//! Calls through tables: trait objects of several types in a simulated circuit, and closures.

use programs::{Digest, Random, run};

trait Gate {
    fn step(&mut self, inputs: (u32, u32)) -> u32;
    fn reset(&mut self);
}

struct And;
struct Delay(u32);
struct Counter {
    limit: u32,
    count: u32,
}
struct Mixer {
    state: u32,
    turn: u32,
}

impl Gate for And {
    fn step(&mut self, (a, b): (u32, u32)) -> u32 {
        a & b | a >> 3
    }
    fn reset(&mut self) {}
}

impl Gate for Delay {
    fn step(&mut self, (a, b): (u32, u32)) -> u32 {
        std::mem::replace(&mut self.0, a ^ b)
    }
    fn reset(&mut self) {
        self.0 = 0;
    }
}

impl Gate for Counter {
    fn step(&mut self, (a, b): (u32, u32)) -> u32 {
        self.count += (a ^ b) & 1;
        if self.count > self.limit {
            self.count = 0;
            return b;
        }
        self.count
    }
    fn reset(&mut self) {
        self.count = 0;
    }
}

impl Gate for Mixer {
    fn step(&mut self, (a, b): (u32, u32)) -> u32 {
        self.state = (self.state ^ a).rotate_left(self.turn).wrapping_add(b);
        self.state
    }
    fn reset(&mut self) {
        self.state = 1;
    }
}

struct Circuit {
    gates: Vec<Box<dyn Gate>>,
    wires: Vec<(u16, u16)>,
    values: Vec<u32>,
    filters: Vec<Box<dyn Fn(u32) -> u32>>,
}

const GATES: u32 = 512;

fn setup() -> Circuit {
    let mut random = Random::new(33);
    let mut circuit = Circuit {
        gates: vec![],
        wires: vec![],
        values: vec![1; GATES as usize],
        filters: vec![],
    };
    for _ in 0..GATES {
        let (limit, turn) = (random.below(9), random.below(31));
        circuit.gates.push(match random.below(4) {
            0 => Box::new(And),
            1 => Box::new(Delay(turn)),
            2 => Box::new(Counter { limit, count: 0 }),
            _ => Box::new(Mixer { state: 1, turn }),
        });
        circuit
            .wires
            .push((random.below(GATES) as u16, random.below(GATES) as u16));
    }
    for i in 0..6u32 {
        let key = random.bits() as u32;
        circuit.filters.push(if i % 2 == 0 {
            Box::new(move |x| x ^ key)
        } else {
            Box::new(move |x| x.wrapping_mul(key | 1))
        });
    }
    circuit
}

#[inline(never)]
fn step(circuit: &mut Circuit) {
    for (index, gate) in circuit.gates.iter_mut().enumerate() {
        let (a, b) = circuit.wires[index];
        circuit.values[index] = gate.step((
            circuit.values[usize::from(a)],
            circuit.values[usize::from(b)],
        ));
    }
}

#[inline(never)]
fn round(circuit: &mut Circuit, index: u32) -> u64 {
    circuit.gates[(index % GATES) as usize].reset();
    let mut sum = Digest::new();
    for _ in 0..200 {
        step(circuit);
        let value = circuit.values[(index % GATES) as usize];
        sum.add(u64::from(
            circuit
                .filters
                .iter()
                .fold(value, |value, filter| filter(value)),
        ));
    }
    sum.get()
}

fn main() {
    run("objects", 760, setup, round);
}
