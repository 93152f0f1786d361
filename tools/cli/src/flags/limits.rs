//! How much a program may use of time, memory and stack.

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

    /// The most stack that the program's calls may use: 512KiB, 8MiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_stack: Option<Bytes>,
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
    }
}
