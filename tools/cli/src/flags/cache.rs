//! Whether compiled code is kept, and where.

use std::path::PathBuf;

use silica::Cache;

/// Whether `run` uses the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum CacheUse {
    /// Compiled code is kept, and what was kept is used
    #[default]
    On,
    /// Neither
    Off,
}

impl CacheUse {
    /// The cache, if there is one and it is to be used.
    pub(crate) fn cache(self) -> Option<Cache> {
        match self {
            CacheUse::On => of_environment(),
            CacheUse::Off => None,
        }
    }
}

/// Where compiled code is kept: in `$SILICA_CACHE`, or in the user's cache folder. Nowhere if the variable is empty.
pub(crate) fn of_environment() -> Option<Cache> {
    match std::env::var_os("SILICA_CACHE") {
        Some(path) if path.is_empty() => None,
        Some(path) => Some(Cache::new(PathBuf::from(path))),
        None => Cache::of_user(),
    }
}
