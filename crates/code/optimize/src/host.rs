//! Which features the processor has that this program runs on, under the names of Cranelift's settings.
//!
//! What is not listed here is not used, even where Cranelift knows it.

use silica_contract::settings::{Architecture, ProcessorFeatures};

/// The features of the processor that this program runs on.
#[must_use]
pub fn host_processor() -> ProcessorFeatures {
    let mut enabled: Vec<String> = detected()
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(name, _)| name.to_owned())
        .collect();
    enabled.sort_unstable();
    ProcessorFeatures {
        architecture: Architecture::HOST,
        enabled,
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Vec<(&'static str, bool)> {
    use std::arch::is_x86_feature_detected as has;
    vec![
        ("has_avx", has!("avx")),
        ("has_avx2", has!("avx2")),
        ("has_avx512bitalg", has!("avx512bitalg")),
        ("has_avx512dq", has!("avx512dq")),
        ("has_avx512f", has!("avx512f")),
        ("has_avx512vbmi", has!("avx512vbmi")),
        ("has_avx512vl", has!("avx512vl")),
        ("has_bmi1", has!("bmi1")),
        ("has_bmi2", has!("bmi2")),
        ("has_cmpxchg16b", has!("cmpxchg16b")),
        ("has_fma", has!("fma")),
        ("has_lzcnt", has!("lzcnt")),
        ("has_popcnt", has!("popcnt")),
        ("has_sse3", has!("sse3")),
        ("has_sse41", has!("sse4.1")),
        ("has_sse42", has!("sse4.2")),
        ("has_ssse3", has!("ssse3")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn detected() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected as has;
    vec![
        ("has_dotprod", has!("dotprod")),
        ("has_fp16", has!("fp16")),
        ("has_i8mm", has!("i8mm")),
        ("has_lse", has!("lse")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detected() -> Vec<(&'static str, bool)> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_sorted() {
        let features = host_processor().enabled;
        assert!(features.is_sorted());
    }
}
