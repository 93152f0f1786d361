//! What code is made for: Cranelift's description of the processor, built once from the settings and shared by all
//! threads.

use cranelift_codegen::{
    isa::{self, OwnedTargetIsa, TargetIsa},
    settings::{self, Configurable},
};
use silica_contract::settings::{Architecture, OptimizationLevel, Settings};
use target_lexicon::Triple;

use crate::Error;

/// Features of x86-64 without which Cranelift would call library routines that we do not have.
const X86_64_REQUIRED: [&str; 4] = ["has_sse3", "has_sse41", "has_sse42", "has_ssse3"];

/// A processor and settings that code is made for.
pub struct Target {
    isa: OwnedTargetIsa,
    /// Compiles what `isa` refuses; `None` where that is unoptimized already.
    plain: Option<OwnedTargetIsa>,
    architecture: Architecture,
    has_fma: bool,
    deterministic_relaxed_simd: bool,
    function_alignment: u32,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("architecture", &self.architecture)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Prepares to make code with these settings.
    ///
    /// # Errors
    /// [`Error::Processor`] if a feature is unknown, or one that is needed is missing.
    pub fn new(settings: &Settings) -> Result<Target, Error> {
        let architecture = settings.processor.architecture;
        let has = |name: &str| settings.processor.enabled.iter().any(|f| f == name);
        if architecture == Architecture::X86_64
            && let Some(missing) = X86_64_REQUIRED.iter().find(|f| !has(f))
        {
            return Err(Error::Processor(format!(
                "it needs SSE4.2 (x86-64-v2), but `{missing}` is not enabled"
            )));
        }
        let plain = match settings.optimization {
            OptimizationLevel::None => None,
            OptimizationLevel::Speed | OptimizationLevel::SpeedAndSize => {
                Some(build(settings, OptimizationLevel::None)?)
            }
        };
        Ok(Target {
            isa: build(settings, settings.optimization)?,
            plain,
            architecture,
            has_fma: architecture == Architecture::Aarch64 || has("has_fma"),
            deterministic_relaxed_simd: settings.deterministic_relaxed_simd,
            function_alignment: match settings.optimization {
                OptimizationLevel::None | OptimizationLevel::SpeedAndSize => 16,
                // Processors fetch from such blocks: how fast a loop is should not depend on the functions before it.
                OptimizationLevel::Speed => 32,
            },
        })
    }

    /// The architecture.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Bytes to which a function's start is aligned.
    #[must_use]
    pub fn function_alignment(&self) -> u32 {
        self.function_alignment
    }

    /// For the first attempt, and then for what that refused.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &dyn TargetIsa> {
        std::iter::once(&*self.isa).chain(self.plain.as_deref())
    }

    /// Whether a fused multiply-add is an instruction.
    pub(crate) fn has_fma(&self) -> bool {
        self.has_fma
    }

    /// Whether relaxed operators may do what this processor does best. Only x86-64 has instructions
    /// that differ from the deterministic choice and are worth it.
    pub(crate) fn relaxes_for_x86(&self) -> bool {
        self.architecture == Architecture::X86_64 && !self.deterministic_relaxed_simd
    }

    /// Whether relaxed operators must do the same everywhere.
    pub(crate) fn is_deterministic(&self) -> bool {
        self.deterministic_relaxed_simd
    }
}

fn build(settings: &Settings, level: OptimizationLevel) -> Result<OwnedTargetIsa, Error> {
    let flags = flags(settings, level).map_err(|e| Error::Internal(e.to_string()))?;
    let triple: Triple = match settings.processor.architecture {
        Architecture::X86_64 => "x86_64-unknown-unknown",
        Architecture::Aarch64 => "aarch64-unknown-unknown",
    }
    .parse()
    .map_err(|_| Error::Internal("the target triple is unknown".into()))?;
    let mut builder = isa::lookup(triple).map_err(|e| Error::Processor(e.to_string()))?;
    for feature in &settings.processor.enabled {
        builder
            .enable(feature)
            .map_err(|e| Error::Processor(format!("`{feature}`: {e}")))?;
    }
    builder
        .finish(flags)
        .map_err(|e| Error::Processor(e.to_string()))
}

fn flags(
    settings: &Settings,
    level: OptimizationLevel,
) -> Result<settings::Flags, settings::SetError> {
    let on_off = |on: bool| if on { "true" } else { "false" };
    let (opt_level, regalloc) = match level {
        OptimizationLevel::None => ("none", "single_pass"),
        OptimizationLevel::Speed => ("speed", "backtracking"),
        OptimizationLevel::SpeedAndSize => ("speed_and_size", "backtracking"),
    };
    let mut builder = settings::builder();
    for (name, value) in [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc),
        ("enable_alias_analysis", "true"),
        ("enable_verifier", on_off(cfg!(debug_assertions))),
        ("is_pic", "true"),
        (
            "enable_nan_canonicalization",
            on_off(settings.canonicalize_nans),
        ),
        ("enable_pinned_reg", on_off(settings.fuel)),
        // Our own frames are walked by frame pointers.
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "false"),
        ("machine_code_cfg_info", "false"),
        // Stacks end in a guard: a frame larger than a page touches each of its pages.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("probestack_size_log2", "12"),
        // Checked accesses get their guard from `Backend::speculation_guard`.
        ("enable_heap_access_spectre_mitigation", "false"),
        (
            "enable_table_access_spectre_mitigation",
            on_off(settings.spectre_guards),
        ),
    ] {
        builder.set(name, value)?;
    }
    Ok(settings::Flags::new(builder))
}

#[cfg(test)]
mod tests {
    use silica_contract::settings::ProcessorFeatures;

    use super::*;

    #[test]
    fn an_unknown_feature_is_an_error() {
        let mut processor = ProcessorFeatures::baseline(Architecture::X86_64);
        processor.enabled.push("has_no_such_thing".into());
        let error = Target::new(&Settings::new(processor)).unwrap_err();
        assert!(error.to_string().contains("has_no_such_thing"), "{error}");
    }

    #[test]
    fn a_processor_that_is_too_old_is_an_error() {
        let processor = ProcessorFeatures {
            architecture: Architecture::X86_64,
            enabled: vec![],
        };
        let error = Target::new(&Settings::new(processor)).unwrap_err();
        assert!(error.to_string().contains("SSE4.2"), "{error}");
    }

    #[test]
    fn both_architectures_have_a_baseline() {
        for architecture in [Architecture::X86_64, Architecture::Aarch64] {
            let settings = Settings::new(ProcessorFeatures::baseline(architecture));
            assert!(Target::new(&settings).is_ok());
        }
    }
}
