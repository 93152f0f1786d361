//! The machine that the figures are of.

use serde::Serialize;

/// What a reader needs to know of the machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) threads: usize,
    pub(crate) memory_gib: u64,
    pub(crate) system: String,
}

impl Machine {
    /// Asks the system; what it does not say is called unknown.
    pub(crate) fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
        };
        let kib = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| format!("unknown {} processor", std::env::consts::ARCH)),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: kib.unwrap_or(0).div_ceil(1 << 20),
            system: format!(
                "{} {}",
                std::env::consts::OS,
                read("/proc/sys/kernel/osrelease").trim()
            ),
        }
    }

    /// One line.
    pub(crate) fn line(&self) -> String {
        let Self {
            processor,
            threads,
            memory_gib,
            system,
        } = self;
        format!("{processor}, {threads} threads, {memory_gib} GiB, {system}")
    }
}
