//! `--profile`: tells a profiler which machine code belongs to which function.

/// The profiler's way of being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Writes /tmp/perf-PID.map, which `perf report` reads
    Perfmap,
    /// Writes jit-PID.dump into the directory it is started from, for `perf inject --jit`
    Jitdump,
}
