//! What a caller may say about a compilation that does not change what comes out of it.

use std::sync::atomic::AtomicBool;

/// Is told a function's index, and why a tier refuses it.
pub type Refused<'a> = &'a (dyn Fn(u32, &str) + Sync);

/// What does not change the image.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Is told how many functions are compiled, and of how many, from any thread.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
    /// Is told, from any thread, of each function that the tier which was asked for refuses, with why. The other
    /// tier compiles it.
    pub refused: Option<Refused<'a>>,
    /// Ends the compilation soon after it is set.
    pub cancelled: Option<&'a AtomicBool>,
    /// Compile on the calling thread only.
    pub single_threaded: bool,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("single_threaded", &self.single_threaded)
            .finish_non_exhaustive()
    }
}
