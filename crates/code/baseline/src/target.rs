//! What code is made for, and what it may use.

use silica_contract::settings::{Architecture, Settings};

use crate::Error;

/// Features without which there would be a second form of many operators.
const REQUIRED: [&str; 5] = [
    "has_popcnt",
    "has_sse3",
    "has_sse41",
    "has_sse42",
    "has_ssse3",
];

/// A processor and settings that code is made for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub(crate) has_lzcnt: bool,
    pub(crate) has_bmi1: bool,
    pub(crate) has_bmi2: bool,
    pub(crate) has_fma: bool,
    pub(crate) fuel: bool,
    pub(crate) counters: bool,
    pub(crate) canonicalize_nans: bool,
    pub(crate) deterministic_relaxed_simd: bool,
}

impl Target {
    /// Prepares to make code with these settings.
    ///
    /// # Errors
    /// [`Error::Processor`] if this tier makes no code for the architecture, or a feature that it needs is missing.
    pub fn new(settings: &Settings) -> Result<Target, Error> {
        let processor = &settings.processor;
        match processor.architecture {
            Architecture::X86_64 => {}
            Architecture::Aarch64 => {
                return Err(Error::Processor("it needs x86-64, found aarch64".into()));
            }
        }
        let has = |name: &str| processor.enabled.iter().any(|f| f == name);
        if let Some(missing) = REQUIRED.iter().find(|feature| !has(feature)) {
            return Err(Error::Processor(format!(
                "it needs x86-64-v2, but `{missing}` is not enabled"
            )));
        }
        Ok(Target {
            has_lzcnt: has("has_lzcnt"),
            has_bmi1: has("has_bmi1"),
            has_bmi2: has("has_bmi2"),
            has_fma: has("has_fma"),
            fuel: settings.fuel,
            counters: settings.counters,
            canonicalize_nans: settings.canonicalize_nans,
            deterministic_relaxed_simd: settings.deterministic_relaxed_simd,
        })
    }

    /// Bytes to which a function's start is aligned.
    #[must_use]
    pub fn function_alignment(&self) -> u32 {
        16
    }
}

#[cfg(test)]
mod tests {
    use silica_contract::settings::ProcessorFeatures;

    use super::*;

    #[test]
    fn another_architecture_is_an_error() {
        let processor = ProcessorFeatures::baseline(Architecture::Aarch64);
        let error = Target::new(&Settings::new(processor)).unwrap_err();
        assert!(error.to_string().contains("aarch64"), "{error}");
    }

    #[test]
    fn a_processor_that_is_too_old_is_an_error() {
        let processor = ProcessorFeatures {
            architecture: Architecture::X86_64,
            enabled: vec![],
        };
        let error = Target::new(&Settings::new(processor)).unwrap_err();
        assert!(error.to_string().contains("x86-64-v2"), "{error}");
    }
}
