//! Hashing and ciphers: the ChaCha20 block function (RFC 8439) and a polynomial of 32-bit limbs.

use programs::{Digest, run};

fn quarter(state: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    state[a] = state[a].wrapping_add(state[b]);
    state[d] = (state[d] ^ state[a]).rotate_left(16);
    state[c] = state[c].wrapping_add(state[d]);
    state[b] = (state[b] ^ state[c]).rotate_left(12);
    state[a] = state[a].wrapping_add(state[b]);
    state[d] = (state[d] ^ state[a]).rotate_left(8);
    state[c] = state[c].wrapping_add(state[d]);
    state[b] = (state[b] ^ state[c]).rotate_left(7);
}

fn block(input: &[u32; 16]) -> [u32; 16] {
    let mut state = *input;
    for _ in 0..10 {
        for i in 0..4 {
            quarter(&mut state, i, 4 + i, 8 + i, 12 + i);
        }
        quarter(&mut state, 0, 5, 10, 15);
        quarter(&mut state, 1, 6, 11, 12);
        quarter(&mut state, 2, 7, 8, 13);
        quarter(&mut state, 3, 4, 9, 14);
    }
    for (word, input) in state.iter_mut().zip(input) {
        *word = word.wrapping_add(*input);
    }
    state
}

#[inline(never)]
fn encrypt(key: &[u32; 8], nonce: u32, data: &mut [u8]) {
    let mut input = [
        0x6170_7865,
        0x3320_646e,
        0x7962_2d32,
        0x6b20_6574,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        nonce,
    ];
    input[4..12].copy_from_slice(key);
    for (counter, chunk) in data.chunks_mut(64).enumerate() {
        input[12] = counter as u32;
        let stream = block(&input);
        for (bytes, word) in chunk.chunks_mut(4).zip(stream) {
            bytes
                .iter_mut()
                .zip(word.to_le_bytes())
                .for_each(|(byte, key)| *byte ^= key);
        }
    }
}

/// A polynomial over the prime 2^61 - 1, one multiplication for seven bytes.
#[inline(never)]
fn authenticate(data: &[u8], point: u64) -> u64 {
    const PRIME: u64 = (1 << 61) - 1;
    let mut sum = 0;
    for chunk in data.chunks(7) {
        let word = chunk
            .iter()
            .fold(1, |word, &byte| word << 8 | u64::from(byte));
        let product = u128::from((sum + word) % PRIME) * u128::from(point);
        let folded = (product as u64 & PRIME) + (product >> 61) as u64;
        sum = if folded >= PRIME {
            folded - PRIME
        } else {
            folded
        };
    }
    sum
}

fn setup() -> Vec<u8> {
    vec![0; 1 << 18]
}

#[inline(never)]
fn round(data: &mut Vec<u8>, index: u32) -> u64 {
    encrypt(&[index, 1, 2, 3, 4, 5, 6, 7], index ^ 0x5a5a, data);
    let mut sum = Digest::new();
    sum.add(authenticate(data, 0x0123_4567_89ab_cdef));
    sum.get()
}

fn main() {
    run("chacha", 500, setup, round);
}
