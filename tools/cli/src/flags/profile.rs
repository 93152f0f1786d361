//! `--profile`: tells a profiler which machine code belongs to which function, or a person what was compiled.

/// Who is told, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Writes /tmp/perf-PID.map, which `perf report` reads
    Perfmap,
    /// Writes jit-PID.dump into the directory it is started from, for `perf inject --jit`
    Jitdump,
    /// Writes to standard error which functions were compiled when they were called, and what it cost
    Tiers,
}
