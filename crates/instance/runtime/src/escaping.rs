//! Places of functions among those of a module that escape, found at once: each element of a table asks for one.

/// For each 64 functions: which escape, and how many of those before do.
pub(crate) struct Escaping(Box<[(u64, u32)]>);

impl Escaping {
    /// Of these functions, which ascend, out of `count`.
    pub(crate) fn new(functions: &[u32], count: usize) -> Escaping {
        let mut words = vec![(0_u64, 0_u32); count.div_ceil(64)];
        for function in functions {
            if let Some((bits, _)) = words.get_mut((function / 64) as usize) {
                *bits |= 1 << (function % 64);
            }
        }
        let mut before = 0;
        for (bits, place) in &mut words {
            *place = before;
            before += bits.count_ones();
        }
        Escaping(words.into())
    }

    /// The place of `function` among them, if it is one.
    #[inline]
    pub(crate) fn place(&self, function: u32) -> Option<u32> {
        let (bits, before) = *self.0.get((function / 64) as usize)?;
        let bit = 1_u64 << (function % 64);
        (bits & bit != 0).then(|| before + (bits & (bit - 1)).count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_place() {
        let functions = [0, 3, 63, 64, 65, 200, 255, 256];
        let escaping = Escaping::new(&functions, 257);
        for function in 0..600 {
            let place = functions.iter().position(|it| *it == function);
            assert_eq!(escaping.place(function), place.map(|place| place as u32));
        }
        assert_eq!(Escaping::new(&[], 0).place(0), None);
    }
}
