//! What came out of a script.

use std::fmt;
use std::path::PathBuf;

use silica_module::{DecodeError, Feature};

/// Failures beyond this many are counted and not kept.
const FAILURES_KEPT: usize = 1000;

/// Totals of one script or of several.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Assertions that hold.
    pub passed: u64,
    /// Assertions that do not hold, and other directives that failed.
    pub failed: u64,
    /// The first of those.
    pub failures: Vec<Failure>,
}

/// A directive that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The script.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// What happened and what was expected.
    pub message: String,
    /// The proposal without which it had to fail: the module needs it, and it is off.
    pub proposal: Option<Feature>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "{path}:{}:{}: {}", self.line, self.column, self.message)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Report {
    /// Adds another script's totals.
    pub fn merge(&mut self, other: Report) {
        self.passed += other.passed;
        self.failed += other.failed;
        let room = FAILURES_KEPT.saturating_sub(self.failures.len());
        self.failures.extend(other.failures.into_iter().take(room));
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failed += 1;
        if self.failures.len() < FAILURES_KEPT {
            self.failures.push(failure);
        }
    }
}

/// Why a directive failed, before it is known where it stands.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) message: String,
    pub(crate) proposal: Option<Feature>,
}

impl Failed {
    pub(crate) fn new(message: impl Into<String>) -> Failed {
        Failed {
            message: message.into(),
            proposal: None,
        }
    }

    /// A module that is not there because `proposal` is off.
    pub(crate) fn missing(proposal: Feature) -> Failed {
        Failed {
            message: format!("the module needs the `{proposal}` proposal, which is off"),
            proposal: Some(proposal),
        }
    }

    /// An error of the engine; one because of a proposal that is off is told apart.
    pub(crate) fn engine(context: &str, error: &silica::Error) -> Failed {
        Failed {
            // The backtrace, which stands above the cause, would fill the page.
            message: format!("{context}: {}", error.root_cause()),
            proposal: missing_proposal(error),
        }
    }
}

impl From<silica::Error> for Failed {
    fn from(error: silica::Error) -> Failed {
        Failed {
            message: format!("{error:#}"),
            proposal: missing_proposal(&error),
        }
    }
}

impl From<wast::Error> for Failed {
    fn from(error: wast::Error) -> Failed {
        Failed::new(error.message())
    }
}

fn missing_proposal(error: &silica::Error) -> Option<Feature> {
    match error.downcast_ref::<DecodeError>()? {
        DecodeError::FeatureOff { feature, .. } => Some(*feature),
        DecodeError::NotExecuted { .. } => Some(Feature::CustomDescriptors),
        _ => None,
    }
}
