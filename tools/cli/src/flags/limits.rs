//! How much a program may use of time, memory and stack.

use std::num::NonZeroU32;

use silica::wasi::threads::THREADS_MAX;

use crate::flags::{Bytes, Span};

/// Limits of one run.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitFlags {
    /// Stops the program at the first call or turn of a loop after this many operators
    #[arg(long, value_name = "N")]
    pub(crate) fuel: Option<u64>,

    /// Stops the program after this time: 500ms, 10s, 2min
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<Span>,

    /// The most that each memory and each table of the program may grow to: 64MiB, 1GiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_memory: Option<Bytes>,

    /// The most threads that the program may have at once, its first included; 64 unless given; always 1 with `--fuel`
    #[arg(long, value_name = "N")]
    pub(crate) max_threads: Option<NonZeroU32>,

    /// The most stack that the program's calls may use: 512KiB, 8MiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_stack: Option<Bytes>,
}

impl LimitFlags {
    /// Lets the limits of others hold where they have any.
    pub(crate) fn replace_by(&mut self, others: LimitFlags) {
        *self = LimitFlags {
            fuel: others.fuel.or(self.fuel),
            timeout: others.timeout.or(self.timeout),
            max_memory: others.max_memory.or(self.max_memory),
            max_threads: others.max_threads.or(self.max_threads),
            max_stack: others.max_stack.or(self.max_stack),
        };
    }

    /// The most threads at once. Where fuel is counted there is one: what others would use up is nobody's.
    pub(crate) fn threads_max(&self) -> u32 {
        match (self.fuel, self.max_threads) {
            (Some(_), _) => 1,
            (None, Some(count)) => count.get(),
            (None, None) => THREADS_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitFlags,
    }

    #[test]
    fn limits_have_units() {
        let line = [
            "x",
            "--fuel=9",
            "--timeout=2s",
            "--max-memory=1MiB",
            "--max-stack",
            "8k",
        ];
        let limits = Line::try_parse_from(line).unwrap().limits;
        assert_eq!(limits.fuel, Some(9));
        assert_eq!(limits.timeout.unwrap().0.as_secs(), 2);
        assert_eq!(limits.max_memory, Some(Bytes(1 << 20)));
        assert_eq!(limits.max_stack, Some(Bytes(8192)));
        assert_eq!(limits.threads_max(), 1);
    }

    #[test]
    fn threads_are_limited() {
        let parse = |line: &[&str]| Line::try_parse_from(line).map(|line| line.limits);
        assert_eq!(parse(&["x"]).unwrap().threads_max(), THREADS_MAX);
        let limits = parse(&["x", "--max-threads=3"]).unwrap();
        assert_eq!(limits.threads_max(), 3);
        assert!(parse(&["x", "--max-threads=0"]).is_err());
        let limits = parse(&["x", "--max-threads=2", "--fuel=1"]).unwrap();
        assert_eq!(limits.threads_max(), 1);
    }
}
