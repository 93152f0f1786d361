//! What every Rust program of the benchmark shares: the clock, the random numbers, the rounds.
//!
//! A program calls [`run`] with a `setup`, which is not timed, and a `round`, which does one
//! deterministic round of the work and returns a digest of its results. The digest of digests goes
//! to standard output, `time_ns N` to standard error. The optional first argument of a program is
//! a percentage of the rounds to run.

#![forbid(unsafe_code)]

use std::time::Instant;

/// Runs `rounds` rounds on the state that `setup` makes, prints their digest and their time.
pub fn run<S>(name: &str, rounds: u32, setup: fn() -> S, round: fn(&mut S, u32) -> u64) {
    let percent = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let scaled = u64::from(rounds) * percent.unwrap_or(100u64) / 100;
    let rounds = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
    let mut state = setup();
    let mut sum = Digest::new();
    let start = Instant::now();
    for index in 0..rounds {
        sum.add(round(&mut state, index));
    }
    let elapsed = start.elapsed().as_nanos();
    println!("{name} {:016x}", sum.get());
    eprintln!("time_ns {elapsed}");
}

/// A running digest of 64-bit values.
#[derive(Clone, Copy)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds one value.
    pub fn add(&mut self, value: u64) {
        let sum = (self.0 ^ value).wrapping_mul(0x100_0000_01b3);
        self.0 = sum ^ (sum >> 29);
    }

    /// Adds bytes.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.add(u64::from(byte));
        }
    }

    /// The digest so far.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A deterministic source of numbers: a 64-bit counter through a mixing function (SplitMix).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// A source that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}
