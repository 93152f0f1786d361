//! `wasi:random`: random numbers, those for secrets apart from those for speed.

use silica_component::Linker;
use silica_engine::{Error, Result};
use silica_wasi_host::Random;

use crate::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::context::WasiContext;
use crate::view::{HasWasi, WasiContextView, WasiView};

/// Bytes that one call may ask for: what a guest can make the host hold for it.
const BYTES_MAX: u64 = 1 << 26;

/// Grants `wasi:random`.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    random::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    insecure::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    insecure_seed::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

fn bytes(random: &Random, count: u64) -> Result<Vec<u8>> {
    if count > BYTES_MAX {
        return Err(Error::msg(
            "more random bytes are asked for than one call gives",
        ));
    }
    // At most 64 MiB.
    let mut bytes = vec![0; count as usize];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

fn number(random: &Random) -> Result<u64> {
    let mut bytes = [0; 8];
    random.fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

impl WasiContext {
    /// Made when it is first asked for, since most programs never do.
    fn insecure_random(&mut self) -> Result<&Random> {
        let random = match self.insecure_random.take() {
            Some(random) => random,
            None => Random::seeded(number(&self.random)?),
        };
        Ok(self.insecure_random.insert(random))
    }
}

impl random::Host for WasiContextView<'_> {
    fn get_random_bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        bytes(&self.context.random, count)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        number(&self.context.random)
    }
}

impl insecure::Host for WasiContextView<'_> {
    fn get_insecure_random_bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        bytes(self.context.insecure_random()?, count)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        number(self.context.insecure_random()?)
    }
}

impl insecure_seed::Host for WasiContextView<'_> {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        // The same in each call, as the standard wants it.
        let seed = match self.context.insecure_seed {
            Some(seed) => seed,
            None => (number(&self.context.random)?, number(&self.context.random)?),
        };
        self.context.insecure_seed = Some(seed);
        Ok(seed)
    }
}
