//! `silica cache`: the compiled code that `silica run` keeps for the next time.

use std::process::ExitCode;
use std::time::SystemTime;

use silica::CacheEntry;

use crate::failure::{Failure, Result};
use crate::flags::{cache, show_bytes};
use crate::output;
use crate::status::Status;

/// The arguments of `silica cache`.
#[derive(clap::Args)]
#[command(
    after_help = "`silica run` keeps what it compiled in the user's cache folder, and removes what was not used for\n\
    longest. The folder is for the user alone: if it belongs to somebody else or is open to others, it is not used.\n\
    $SILICA_CACHE names another folder; empty, there is none. `--cache off` leaves it alone for one run."
)]
pub(crate) struct Cache {
    /// What to do
    #[arg(value_enum, default_value = "list")]
    action: Action,
}

/// What to do with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    /// Each entry: the BLAKE3 hash of its module, bytes, when it was last used
    List,
    /// How many entries there are, and their bytes
    Size,
    /// Removes all entries
    Clear,
    /// Where it is
    Dir,
}

impl Cache {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let cache = cache::of_environment().ok_or_else(|| {
            let message = "there is no cache: $SILICA_CACHE is empty, or $HOME is not set";
            Failure::new(Status::NoInput, message)
        })?;
        let failed = |status, error: std::io::Error| {
            Failure::new(status, format!("{}: {error}", cache.directory().display()))
        };
        let entries = || (cache.entries()).map_err(|error| failed(Status::NoInput, error));
        output::print(match self.action {
            Action::List => listed(&entries()?),
            Action::Size => size(&entries()?),
            Action::Clear => match cache.clear().map_err(|e| failed(Status::Output, e))? {
                1 => "1 entry removed\n".to_owned(),
                count => format!("{count} entries removed\n"),
            },
            Action::Dir => format!("{}\n", cache.directory().display()),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Digits of a hash that are shown.
const DIGITS: usize = 16;

fn listed(entries: &[CacheEntry]) -> String {
    let lines = entries.iter().map(|entry| {
        let hash = &entry.module[..DIGITS.min(entry.module.len())];
        let bytes = show_bytes(entry.bytes);
        format!("{hash}  {bytes:>12}  {}\n", age(entry.used))
    });
    lines.collect()
}

fn size(entries: &[CacheEntry]) -> String {
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    let noun = match entries.len() {
        1 => "entry",
        _ => "entries",
    };
    format!("{} {noun}, {}\n", entries.len(), show_bytes(bytes))
}

/// How long ago that is, to the hour.
fn age(time: SystemTime) -> String {
    let hours = time.elapsed().unwrap_or_default().as_secs() / 3600;
    match hours {
        0 => "used within the hour".to_owned(),
        1..48 => format!("used {hours} h ago"),
        _ => format!("used {} days ago", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn entries_are_lines() {
        let entry = |hours: u64, bytes| CacheEntry {
            module: "0123456789abcdef".repeat(4),
            bytes,
            used: SystemTime::now() - Duration::from_secs(hours * 3600 + 60),
        };
        let entries = [entry(0, 4096), entry(3, 1 << 20), entry(100, 1)];
        let text = listed(&entries);
        let ages: Vec<_> = text.lines().filter_map(|l| l.split_once("used")).collect();
        assert_eq!(ages.len(), 3, "{text}");
        assert!(ages[1].1.contains("3 h ago") && ages[2].1.contains("4 days ago"));
        assert!(
            ages.iter()
                .all(|(start, _)| start.starts_with("0123456789abcdef "))
        );
        assert!(size(&entries[..1]).starts_with("1 entry, "));
    }
}
