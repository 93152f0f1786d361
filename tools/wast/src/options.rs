//! What can be chosen about a run.

use std::time::Duration;

/// How scripts are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long one directive may run.
    pub timeout: Duration,
    /// Whether `spectest.print` prints to standard output.
    pub print: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            timeout: Duration::from_secs(60),
            print: false,
        }
    }
}
