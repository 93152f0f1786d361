//! What code is made for, by each tier, and why a function was not compiled.

use std::sync::OnceLock;

use silica_contract::settings::{Architecture, Settings, Tier};
use silica_translate::TranslateError;

use crate::error::CodeError;

/// What code is made for, by each tier. What only a fallback needs is prepared when it is first needed.
#[derive(Debug)]
pub(crate) struct Targets {
    settings: Settings,
    baseline: OnceLock<Result<silica_baseline::Target, CodeError>>,
    optimize: OnceLock<Result<silica_optimize::Target, CodeError>>,
}

impl Targets {
    /// Prepares the tier that the settings ask for.
    pub(crate) fn new(settings: &Settings) -> Result<Targets, CodeError> {
        let targets = Targets {
            settings: settings.clone(),
            baseline: OnceLock::new(),
            optimize: OnceLock::new(),
        };
        match settings.tier {
            Tier::Baseline => targets.baseline().map(drop)?,
            Tier::Optimize => targets.optimize().map(drop)?,
        }
        Ok(targets)
    }

    pub(crate) fn baseline(&self) -> Result<&silica_baseline::Target, CodeError> {
        let made = self.baseline.get_or_init(|| {
            silica_baseline::Target::new(&self.settings).map_err(CodeError::Baseline)
        });
        made.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn optimize(&self) -> Result<&silica_optimize::Target, CodeError> {
        let made = self.optimize.get_or_init(|| {
            silica_optimize::Target::new(&self.settings).map_err(CodeError::Optimize)
        });
        made.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn architecture(&self) -> Architecture {
        self.settings.processor.architecture
    }

    /// Bytes to which a function's start is aligned: what is enough for either tier.
    pub(crate) fn function_alignment(&self) -> u32 {
        16
    }
}

/// Why a function was not compiled.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the translation said.
    Translation(TranslateError),
    /// What the tiers said.
    Code(CodeError),
}

impl Failure {
    /// Whether the fault is that of a function that this one would have taken in.
    pub(crate) fn is_of_callee(&self) -> bool {
        matches!(
            self,
            Failure::Code(CodeError::Optimize(silica_optimize::Error::InvalidCallee(
                _
            )))
        )
    }
}

impl From<silica_optimize::Failure<TranslateError>> for Failure {
    fn from(failure: silica_optimize::Failure<TranslateError>) -> Failure {
        match failure {
            silica_optimize::Failure::Translation(error) => Failure::Translation(error),
            silica_optimize::Failure::Code(error) => Failure::Code(CodeError::Optimize(error)),
        }
    }
}

impl From<silica_baseline::Failure<TranslateError>> for Failure {
    fn from(failure: silica_baseline::Failure<TranslateError>) -> Failure {
        match failure {
            silica_baseline::Failure::Translation(error) => Failure::Translation(error),
            silica_baseline::Failure::Code(error) => Failure::Code(CodeError::Baseline(error)),
        }
    }
}
