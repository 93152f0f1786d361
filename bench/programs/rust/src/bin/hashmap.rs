//! Hash maps: the standard library's, with a multiplying hasher: numbers and strings as keys.

use programs::{Digest, Random, run};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Multiply>>;

#[inline(never)]
fn numbers(seed: u64) -> u64 {
    let mut map: Map<u32, u32> = Map::default();
    let mut random = Random::new(seed);
    for _ in 0..60_000 {
        *map.entry(random.below(30_000)).or_insert(0) += 1;
    }
    let mut sum = 0;
    for key in 0..60_000 {
        sum += u64::from(map.get(&key).copied().unwrap_or(7)) * u64::from(key & 15);
    }
    map.retain(|key, _| key & 1 == 0);
    sum + map.len() as u64
}

#[inline(never)]
fn strings(words: &[String], seed: u64) -> u64 {
    let mut counts: Map<&str, u32> = Map::default();
    let mut random = Random::new(seed);
    for _ in 0..30_000 {
        let word = &words[random.below(words.len() as u32) as usize];
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut sum = Digest::new();
    for word in words {
        sum.add(u64::from(counts.get(word.as_str()).copied().unwrap_or(0)));
    }
    sum.get()
}

fn setup() -> Vec<String> {
    (0..5000u32)
        .map(|i| format!("word-{}", i.wrapping_mul(0x9e37_79b9)))
        .collect()
}

#[inline(never)]
fn round(words: &mut Vec<String>, index: u32) -> u64 {
    numbers(u64::from(index)) ^ strings(words, u64::from(index))
}

fn main() {
    run("hashmap", 160, setup, round);
}
