//! Matrices: a layer of a neural network, 32-bit floats in slices that compilers vectorise.

use programs::{Digest, Random, run};

const SIZE: usize = 192;

struct State {
    weights: Vec<f32>,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    bias: Vec<f32>,
}

fn setup() -> State {
    let mut random = Random::new(34);
    let mut fill = |count: usize| {
        (0..count)
            .map(|_| random.unit() as f32 - 0.5)
            .collect::<Vec<f32>>()
    };
    State {
        weights: fill(SIZE * SIZE),
        inputs: fill(SIZE * SIZE),
        outputs: fill(SIZE * SIZE),
        bias: fill(SIZE),
    }
}

/// Four rows at a time: each row of `b` is loaded once for four rows of the result.
#[inline(never)]
fn multiply(a: &[f32], b: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (rows, a) in out.chunks_exact_mut(4 * SIZE).zip(a.chunks_exact(4 * SIZE)) {
        let (row0, rest) = rows.split_at_mut(SIZE);
        let (row1, rest) = rest.split_at_mut(SIZE);
        let (row2, row3) = rest.split_at_mut(SIZE);
        for (k, b) in b.chunks_exact(SIZE).enumerate() {
            let factors = [a[k], a[SIZE + k], a[2 * SIZE + k], a[3 * SIZE + k]];
            for ((((&b, w), x), y), z) in b
                .iter()
                .zip(&mut *row0)
                .zip(&mut *row1)
                .zip(&mut *row2)
                .zip(&mut *row3)
            {
                *w += factors[0] * b;
                *x += factors[1] * b;
                *y += factors[2] * b;
                *z += factors[3] * b;
            }
        }
    }
}

#[inline(never)]
fn activate(out: &mut [f32], bias: &[f32]) {
    for row in out.chunks_exact_mut(SIZE) {
        for (value, &bias) in row.iter_mut().zip(bias) {
            let x = *value + bias;
            *value = if x > 0.0 { x } else { x * 0.125 };
        }
        let scale = 1.0
            / (1.0
                + row
                    .iter()
                    .fold(0.0f32, |most, &x| if x > most { x } else { most }));
        row.iter_mut().for_each(|value| *value *= scale);
    }
}

#[inline(never)]
fn round(state: &mut State, index: u32) -> u64 {
    multiply(&state.inputs, &state.weights, &mut state.outputs);
    activate(&mut state.outputs, &state.bias);
    std::mem::swap(&mut state.inputs, &mut state.outputs);
    state.bias[index as usize % SIZE] += 0.01;
    let mut sum = Digest::new();
    state
        .inputs
        .iter()
        .step_by(101)
        .for_each(|value| sum.add(u64::from(value.to_bits())));
    sum.get()
}

fn main() {
    run("gemm", 820, setup, round);
}
