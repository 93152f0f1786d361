//! Random bytes: secure ones from the host, or reproducible ones from a seed.

use crate::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// A source of random bytes. Clones share it: no two are given the same bytes.
#[derive(Debug, Clone)]
pub struct Random {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Secure,
    Seeded(Arc<Mutex<Xoshiro256>>),
}

impl Random {
    /// The host's secure generator.
    pub const fn secure() -> Self {
        Self {
            source: Source::Secure,
        }
    }

    /// The same bytes for the same seed, on every host; not for secrets.
    ///
    /// ```
    /// use silica_wasi_host::Random;
    /// let (mut one, mut other) = ([0; 9], [0; 9]);
    /// Random::seeded(7).fill(&mut one)?;
    /// Random::seeded(7).fill(&mut other)?;
    /// assert_eq!(one, other);
    /// # Ok::<(), silica_wasi_host::Error>(())
    /// ```
    pub fn seeded(seed: u64) -> Self {
        Self {
            source: Source::Seeded(Arc::new(Mutex::new(Xoshiro256::new(seed)))),
        }
    }

    /// Fills the buffer.
    ///
    /// # Errors
    /// [`Error::Io`] where the host has no secure generator.
    pub fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        match &self.source {
            Source::Secure => getrandom::fill(buffer).map_err(|_| Error::Io),
            Source::Seeded(generator) => {
                // Whatever happened elsewhere, any state is as good as another.
                let mut generator = generator.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in buffer.chunks_mut(8) {
                    chunk.copy_from_slice(&generator.next().to_le_bytes()[..chunk.len()]);
                }
                Ok(())
            }
        }
    }
}

/// xoshiro256++ 1.0 by Blackman and Vigna, its state filled by splitmix64.
#[derive(Debug, Clone)]
struct Xoshiro256 {
    state: [u64; 4],
}

impl Xoshiro256 {
    fn new(seed: u64) -> Self {
        let mut counter = seed;
        let mut next = || {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = counter;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        Self {
            state: [next(), next(), next(), next()],
        }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_matches_its_reference() {
        // The first outputs of the authors' C program for this state.
        let mut generator = Xoshiro256 {
            state: [1, 2, 3, 4],
        };
        assert_eq!(generator.next(), 41_943_041);
        assert_eq!(generator.next(), 58_720_359);
        assert_eq!(generator.next(), 3_588_806_011_781_223);
    }

    #[test]
    fn clones_draw_from_one_sequence() {
        let (one, alone) = (Random::seeded(7), Random::seeded(7));
        let other = one.clone();
        let (mut first, mut second, mut both) = ([0; 8], [0; 8], [0; 16]);
        one.fill(&mut first).unwrap();
        other.fill(&mut second).unwrap();
        alone.fill(&mut both).unwrap();
        assert_eq!([first, second].concat(), both);
    }

    #[test]
    fn secure_bytes_differ() {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        Random::secure().fill(&mut one).unwrap();
        Random::secure().fill(&mut other).unwrap();
        assert_ne!(one, other);
    }
}
